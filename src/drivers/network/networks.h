#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/paths.h"
#include "loop/task.h"
#include "loop/turns.h"
#include "model/network/network.h"
#include "objects/definition_store.h"
#include "objects/event_hub.h"
#include "objects/registry.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/network.h"
#include "rpc/codec/handlers.h"

/// Virtual networks: what is defined, its files and its events. Nothing here makes a network run yet: starting one is
/// answered "not supported".
namespace innkeeper::network {

using DefPtr = std::shared_ptr<const model::Network>;

/// A network that is defined.
class Network {
  public:
    Network(DefPtr def, bool autostart) : def_(std::move(def)), autostart_(autostart) {}

    const std::string& name() const { return def_->name; }
    const Uuid& uuid() const { return *def_->uuid; }
    const DefPtr& def() const { return def_; }
    bool autostarts() const { return autostart_; }

    void set_def(DefPtr def) { def_ = std::move(def); }
    void set_autostart(bool autostart) { autostart_ = autostart; }

  private:
    DefPtr def_;
    bool autostart_;
};

class Networks {
  public:
    explicit Networks(const Paths& paths);

    /// Reads what is on disk. Before that there are no networks.
    Task<> start();
    /// Takes up what appeared or changed on disk.
    Task<> reload();
    rpc::HandlerTable handlers();

  private:
    using Registry = objects::Registry<Network>;
    using Ptr = Registry::Ptr;

    // Questions.
    protocol::remote::ConnectNumOfNetworksRet num_of_active(const rpc::Caller&);
    protocol::remote::ConnectListNetworksRet list_active(const rpc::Caller&,
                                                         const protocol::remote::ConnectListNetworksArgs&);
    protocol::remote::ConnectNumOfDefinedNetworksRet num_of_defined(const rpc::Caller&);
    protocol::remote::ConnectListDefinedNetworksRet list_defined(
        const rpc::Caller&, const protocol::remote::ConnectListDefinedNetworksArgs&);
    protocol::remote::ConnectListAllNetworksRet list_all(const rpc::Caller&,
                                                         const protocol::remote::ConnectListAllNetworksArgs&);
    protocol::remote::NetworkLookupByNameRet by_name(const rpc::Caller&,
                                                     const protocol::remote::NetworkLookupByNameArgs&);
    protocol::remote::NetworkLookupByUuidRet by_uuid(const rpc::Caller&,
                                                     const protocol::remote::NetworkLookupByUuidArgs&);
    protocol::remote::NetworkGetXmlDescRet xml(const rpc::Caller&, const protocol::remote::NetworkGetXmlDescArgs&);
    protocol::remote::NetworkGetAutostartRet get_autostart(const rpc::Caller&,
                                                           const protocol::remote::NetworkGetAutostartArgs&);
    protocol::remote::NetworkGetBridgeNameRet bridge_name(const rpc::Caller&,
                                                          const protocol::remote::NetworkGetBridgeNameArgs&);
    protocol::remote::NetworkIsActiveRet is_active(const rpc::Caller&, const protocol::remote::NetworkIsActiveArgs&);
    protocol::remote::NetworkIsPersistentRet is_persistent(const rpc::Caller&,
                                                           const protocol::remote::NetworkIsPersistentArgs&);
    void destroy(const rpc::Caller&, const protocol::remote::NetworkDestroyArgs&);

    // Changes.
    Task<protocol::remote::NetworkDefineXmlRet> define(rpc::Caller, protocol::remote::NetworkDefineXmlArgs);
    Task<protocol::remote::NetworkDefineXmlFlagsRet> define_flags(rpc::Caller,
                                                                  protocol::remote::NetworkDefineXmlFlagsArgs);
    Task<> update(rpc::Caller, protocol::remote::NetworkUpdateArgs);
    Task<> undefine(rpc::Caller, protocol::remote::NetworkUndefineArgs);
    Task<> set_autostart(rpc::Caller, protocol::remote::NetworkSetAutostartArgs);

    // Events.
    protocol::remote::ConnectNetworkEventRegisterAnyRet register_event(
        const rpc::Caller&, const protocol::remote::ConnectNetworkEventRegisterAnyArgs&);
    void deregister_event(const rpc::Caller&, const protocol::remote::ConnectNetworkEventDeregisterAnyArgs&);

    Ptr find(const protocol::remote::Network& which) const;
    Task<Ptr> define_document(std::string text);
    void choose_bridge(model::Network& def) const;
    void publish(const Network& network, std::int32_t what);

    std::unique_ptr<objects::DefinitionStore> store_;
    Registry registry_;
    objects::EventHub events_;
    /// One change at a time, for all networks: a definition may not take another's bridge.
    std::shared_ptr<Turns> turns_ = std::make_shared<Turns>();
};

}  // namespace innkeeper::network
