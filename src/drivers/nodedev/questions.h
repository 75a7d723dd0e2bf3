#pragma once

#include <string>
#include <string_view>

#include "drivers/nodedev/catalog.h"
#include "loop/task.h"
#include "objects/event_hub.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/node_device.h"
#include "rpc/codec/handlers.h"

/// What can be asked about devices, and the events about them: the same for the host's own and for made-up ones.
namespace innkeeper::nodedev {

/// Where the catalog's devices come from.
class Source {
  public:
    virtual ~Source() = default;
    /// When it ends, the catalog says what there is.
    virtual Task<> ready() = 0;
    /// The device as it is now.
    virtual Task<DevicePtr> current(DevicePtr device) = 0;
};

/// In which two of the peer's drivers differ.
struct Manner {
    std::string_view list_all, num, list, xml;  ///< its functions, which are named where a flag is refused
    std::uint32_t list_flags;                   ///< those that it knows
    bool tells_all_abilities;                   ///< also those that stand within a capability
};

class Questions {
  public:
    Questions(Source& source, Catalog& catalog, Manner manner) : source_(source), catalog_(catalog), manner_(manner) {}

    void add_handlers(rpc::HandlerTable& table);
    void publish_lifecycle(const std::string& device, std::int32_t what);
    void publish_update(const std::string& device);

    /// For access rules.
    Task<protocol::Subject> subject(protocol::Subject asked);
    Task<std::vector<protocol::Subject>> subjects(protocol::Subject);

  private:
    Task<protocol::remote::NodeNumOfDevicesRet> num(rpc::Caller, protocol::remote::NodeNumOfDevicesArgs);
    Task<protocol::remote::NodeListDevicesRet> list(rpc::Caller, protocol::remote::NodeListDevicesArgs);
    Task<protocol::remote::ConnectListAllNodeDevicesRet> list_all(rpc::Caller,
                                                                  protocol::remote::ConnectListAllNodeDevicesArgs);
    Task<protocol::remote::NodeDeviceLookupByNameRet> by_name(rpc::Caller,
                                                              protocol::remote::NodeDeviceLookupByNameArgs);
    Task<protocol::remote::NodeDeviceGetXmlDescRet> xml(rpc::Caller, protocol::remote::NodeDeviceGetXmlDescArgs);
    Task<protocol::remote::NodeDeviceGetParentRet> parent(rpc::Caller, protocol::remote::NodeDeviceGetParentArgs);
    Task<protocol::remote::NodeDeviceNumOfCapsRet> num_of_abilities(rpc::Caller,
                                                                    protocol::remote::NodeDeviceNumOfCapsArgs);
    Task<protocol::remote::NodeDeviceListCapsRet> list_abilities(rpc::Caller, protocol::remote::NodeDeviceListCapsArgs);
    Task<protocol::remote::ConnectNodeDeviceEventRegisterAnyRet> register_event(
        rpc::Caller, protocol::remote::ConnectNodeDeviceEventRegisterAnyArgs);
    void deregister_event(const rpc::Caller&, const protocol::remote::ConnectNodeDeviceEventDeregisterAnyArgs&);

    /// The names of those with an ability; of all if none is named.
    std::vector<std::string> names_with(const rpc::Caller& caller, const std::optional<std::string>& ability) const;
    std::vector<std::string> ability_names(const model::nodedev::Device& device) const;

    Source& source_;
    Catalog& catalog_;
    Manner manner_;
    objects::EventHub events_;
};

}  // namespace innkeeper::nodedev
