#pragma once

#include <deque>
#include <memory>
#include <string>

#include "drivers/nodedev/catalog.h"
#include "drivers/nodedev/pci_names.h"
#include "drivers/nodedev/questions.h"
#include "host/udev.h"
#include "loop/group.h"
#include "loop/turns.h"
#include "loop/watch.h"

/// The host's own devices. They are read when somebody asks for the first time; from then on udev tells what changes.
namespace innkeeper::nodedev {

class HostDevices final : public Source {
  public:
    HostDevices();

    rpc::HandlerTable handlers();
    /// Ends what still runs.
    Task<> stop();

    /// One by its name; throws Error (no_node_device).
    Task<DevicePtr> find(std::string name);

    /// What access rules know of them.
    Questions& questions() { return questions_; }

    Task<> ready() override;
    Task<DevicePtr> current(DevicePtr device) override;

  private:
    Task<protocol::remote::NodeDeviceLookupScsiHostByWwnRet> by_wwn(
        rpc::Caller, protocol::remote::NodeDeviceLookupScsiHostByWwnArgs);
    Task<protocol::remote::NodeDeviceGetAutostartRet> get_autostart(rpc::Caller,
                                                                    protocol::remote::NodeDeviceGetAutostartArgs);
    Task<protocol::remote::NodeDeviceIsPersistentRet> is_persistent(rpc::Caller,
                                                                    protocol::remote::NodeDeviceIsPersistentArgs);
    Task<protocol::remote::NodeDeviceIsActiveRet> is_active(rpc::Caller, protocol::remote::NodeDeviceIsActiveArgs);

    Task<protocol::remote::NodeDeviceCreateXmlRet> create_xml(rpc::Caller, protocol::remote::NodeDeviceCreateXmlArgs);
    Task<protocol::remote::NodeDeviceDefineXmlRet> define_xml(rpc::Caller, protocol::remote::NodeDeviceDefineXmlArgs);
    Task<> create(rpc::Caller, protocol::remote::NodeDeviceCreateArgs);
    Task<> destroy(rpc::Caller, protocol::remote::NodeDeviceDestroyArgs);
    Task<> undefine(rpc::Caller, protocol::remote::NodeDeviceUndefineArgs);
    Task<> set_autostart(rpc::Caller, protocol::remote::NodeDeviceSetAutostartArgs);

    Task<std::string> create_vport(model::nodedev::Device wanted);
    void check_mdev(const model::nodedev::Device& wanted) const;

    void listen();
    Task<> work_off();
    Task<> apply(host::UdevMonitor::Happening happening);
    void forget(const std::string& path);

    Catalog catalog_;
    Questions questions_;
    std::shared_ptr<const PciNames> names_;
    std::shared_ptr<Turns> turns_ = std::make_shared<Turns>();
    std::unique_ptr<host::UdevMonitor> monitor_;
    std::unique_ptr<Watch> watch_;
    std::deque<host::UdevMonitor::Happening> happenings_;
    bool is_ready_ = false, is_working_ = false;
    TaskGroup group_;
};

}  // namespace innkeeper::nodedev
