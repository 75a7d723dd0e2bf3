#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "drivers/network/backend.h"
#include "drivers/network/network.h"
#include "loop/task.h"
#include "loop/turns.h"
#include "objects/definition_store.h"
#include "objects/event_hub.h"
#include "objects/network_addresses.h"
#include "objects/registry.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/network.h"
#include "rpc/codec/handlers.h"

namespace innkeeper::xml {
class Node;
}

/// Virtual networks: what is defined and what runs, their files and their events. What running means is the backend's.
namespace innkeeper::network {

class Networks final : public objects::NetworkAddresses {
  public:
    Networks(std::unique_ptr<objects::DefinitionStore> store, std::unique_ptr<Backend> backend);

    /// Reads what is on disk. Before that there are no networks.
    Task<> start();
    /// Takes up what appeared or changed on disk.
    Task<> reload();
    /// A <network> of a simulated machine's description: it is defined, and runs.
    Task<> add(xml::Node element);
    /// What runs under that name, or is defined; null if there is no such network.
    DefPtr definition(std::string_view name) const {
        const auto network = registry_.by_name(name);
        return network ? network->def() : nullptr;
    }
    const rpc::HandlerTable& handlers() const { return handlers_; }

    Task<std::string> address(std::string network) override;

  private:
    using Registry = objects::Registry<Network>;
    using Ptr = Registry::Ptr;

    // For access rules (directory.cc).
    void describe(rpc::HandlerTable& table);
    Task<protocol::Subject> subject(protocol::Subject asked);
    Task<std::vector<protocol::Subject>> subjects(protocol::Subject);
    Task<protocol::Subject> port_subject(protocol::Subject asked);
    Task<std::vector<protocol::Subject>> port_subjects(protocol::Subject network);

    // Questions (questions.cc).
    void add_questions(rpc::HandlerTable& table);
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
    protocol::remote::NetworkGetDhcpLeasesRet leases(const rpc::Caller&,
                                                     const protocol::remote::NetworkGetDhcpLeasesArgs&);
    protocol::remote::ConnectNetworkEventRegisterAnyRet register_event(
        const rpc::Caller&, const protocol::remote::ConnectNetworkEventRegisterAnyArgs&);
    void deregister_event(const rpc::Caller&, const protocol::remote::ConnectNetworkEventDeregisterAnyArgs&);

    // Changes (changes.cc).
    void add_changes(rpc::HandlerTable& table);
    Task<protocol::remote::NetworkDefineXmlRet> define(rpc::Caller, protocol::remote::NetworkDefineXmlArgs);
    Task<protocol::remote::NetworkDefineXmlFlagsRet> define_flags(rpc::Caller,
                                                                  protocol::remote::NetworkDefineXmlFlagsArgs);
    Task<protocol::remote::NetworkCreateXmlRet> create_xml(rpc::Caller, protocol::remote::NetworkCreateXmlArgs);
    Task<protocol::remote::NetworkCreateXmlFlagsRet> create_xml_flags(rpc::Caller,
                                                                      protocol::remote::NetworkCreateXmlFlagsArgs);
    Task<> create(rpc::Caller, protocol::remote::NetworkCreateArgs);
    Task<> destroy(rpc::Caller, protocol::remote::NetworkDestroyArgs);
    Task<> update(rpc::Caller, protocol::remote::NetworkUpdateArgs);
    Task<> undefine(rpc::Caller, protocol::remote::NetworkUndefineArgs);
    Task<> set_autostart(rpc::Caller, protocol::remote::NetworkSetAutostartArgs);

    // Ports (ports.cc).
    static Error no_port(const Uuid& uuid);
    void add_ports(rpc::HandlerTable& table);
    protocol::remote::NetworkListAllPortsRet list_ports(const rpc::Caller&,
                                                        const protocol::remote::NetworkListAllPortsArgs&);
    protocol::remote::NetworkPortLookupByUuidRet port_by_uuid(const rpc::Caller&,
                                                              const protocol::remote::NetworkPortLookupByUuidArgs&);
    Task<protocol::remote::NetworkPortCreateXmlRet> create_port(rpc::Caller,
                                                                protocol::remote::NetworkPortCreateXmlArgs);

    Ptr find_name(const std::string& name) const;
    Ptr find_uuid(const Uuid& uuid) const;
    Ptr find(const protocol::remote::Network& which) const;
    Ptr find_active(const protocol::remote::Network& which) const;
    void allow_flags(std::uint32_t flags, std::uint32_t known, std::string_view function) const;
    struct Asked {
        DefPtr def;
        Ptr network;  ///< that has its name and UUID already; null: none
    };
    /// What the document describes, with what is chosen for it here. The caller holds the turn.
    Asked read(std::string_view text) const;
    Task<Ptr> define_document(std::string text);
    Task<Ptr> create_document(std::string text);
    /// The caller holds the turn and knows that it is not active.
    Task<> start_network(Ptr network);
    void publish(const Network& network, std::int32_t what);

    std::unique_ptr<objects::DefinitionStore> store_;
    std::unique_ptr<Backend> backend_;
    Registry registry_;
    objects::EventHub events_;
    rpc::HandlerTable handlers_;
    /// One change at a time, for all networks: a definition may not take another's bridge.
    std::shared_ptr<Turns> turns_ = std::make_shared<Turns>();
};

}  // namespace innkeeper::network
