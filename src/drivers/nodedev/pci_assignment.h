#pragma once

#include <string>

#include "drivers/nodedev/host_devices.h"
#include "protocol/remote/node_device.h"
#include "rpc/codec/handlers.h"

/// Taking PCI devices from the host, so that guests can have them, and giving them back. It is the hypervisor of the
/// connection that answers these calls, since it is its guests that get them.
namespace innkeeper::nodedev {

class PciAssignment {
  public:
    explicit PciAssignment(HostDevices& devices);

    const rpc::HandlerTable& handlers() const { return table_; }

  private:
    Task<> detach(rpc::Caller, protocol::remote::NodeDeviceDettachArgs);
    Task<> detach_flags(rpc::Caller, protocol::remote::NodeDeviceDetachFlagsArgs);
    Task<> reattach(rpc::Caller, protocol::remote::NodeDeviceReAttachArgs);
    Task<> reset(rpc::Caller, protocol::remote::NodeDeviceResetArgs);

    Task<> give_away(std::string name);
    /// Its address as the kernel writes it. Throws Error where there is no such device, or it is none of PCI.
    Task<std::string> address_of(std::string name);

    HostDevices& devices_;
    rpc::HandlerTable table_;
};

}  // namespace innkeeper::nodedev
