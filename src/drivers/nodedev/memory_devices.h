#pragma once

#include "drivers/nodedev/catalog.h"
#include "drivers/nodedev/questions.h"
#include "xml/node.h"

/// The devices of a machine that is made up: those that its document names, and virtual ports that come and go.
namespace innkeeper::nodedev {

class MemoryDevices final : public Source {
  public:
    MemoryDevices();

    const rpc::HandlerTable& handlers() const { return table_; }
    /// Takes in what a <device> describes.
    void add(const xml::Node& element);

    Task<> ready() override { co_return; }
    Task<DevicePtr> current(DevicePtr device) override { co_return device; }

  private:
    Task<protocol::remote::NodeDeviceCreateXmlRet> create_xml(rpc::Caller, protocol::remote::NodeDeviceCreateXmlArgs);
    void destroy(const rpc::Caller&, const protocol::remote::NodeDeviceDestroyArgs&);

    Catalog catalog_;
    Questions questions_;
    rpc::HandlerTable table_;
};

}  // namespace innkeeper::nodedev
