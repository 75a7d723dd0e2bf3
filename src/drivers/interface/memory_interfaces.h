#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "loop/task.h"
#include "model/interface/interface.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/interface.h"
#include "rpc/codec/handlers.h"
#include "xml/node.h"

/// The interfaces of a machine that is made up. What clients change between `begin` and `commit` can be taken back.
namespace innkeeper::host_interface {

class MemoryInterfaces {
  public:
    MemoryInterfaces();

    const rpc::HandlerTable& handlers() const { return table_; }
    /// Takes in what an <interface> describes, and starts it.
    void add(const xml::Node& element);

  private:
    using DefPtr = std::shared_ptr<const model::host_interface::Interface>;
    struct Entry {
        DefPtr def;
        bool is_active = false;
    };
    using Entries = std::map<std::string, Entry, std::less<>>;

    protocol::remote::ConnectNumOfInterfacesRet num(const rpc::Caller&);
    protocol::remote::ConnectNumOfDefinedInterfacesRet num_defined(const rpc::Caller&);
    protocol::remote::ConnectListInterfacesRet list(const rpc::Caller&,
                                                    const protocol::remote::ConnectListInterfacesArgs&);
    protocol::remote::ConnectListDefinedInterfacesRet list_defined(
        const rpc::Caller&, const protocol::remote::ConnectListDefinedInterfacesArgs&);
    protocol::remote::ConnectListAllInterfacesRet list_all(const rpc::Caller&,
                                                           const protocol::remote::ConnectListAllInterfacesArgs&);
    protocol::remote::InterfaceLookupByNameRet by_name(const rpc::Caller&,
                                                       const protocol::remote::InterfaceLookupByNameArgs&);
    protocol::remote::InterfaceLookupByMacStringRet by_mac(const rpc::Caller&,
                                                           const protocol::remote::InterfaceLookupByMacStringArgs&);
    protocol::remote::InterfaceGetXmlDescRet xml(const rpc::Caller&, const protocol::remote::InterfaceGetXmlDescArgs&);
    protocol::remote::InterfaceIsActiveRet is_active(const rpc::Caller&,
                                                     const protocol::remote::InterfaceIsActiveArgs&);

    Task<protocol::remote::InterfaceDefineXmlRet> define(rpc::Caller, protocol::remote::InterfaceDefineXmlArgs);
    void undefine(const rpc::Caller&, const protocol::remote::InterfaceUndefineArgs&);
    void create(const rpc::Caller&, const protocol::remote::InterfaceCreateArgs&);
    void destroy(const rpc::Caller&, const protocol::remote::InterfaceDestroyArgs&);
    void begin(const rpc::Caller&, const protocol::remote::InterfaceChangeBeginArgs&);
    void commit(const rpc::Caller&, const protocol::remote::InterfaceChangeCommitArgs&);
    void rollback(const rpc::Caller&, const protocol::remote::InterfaceChangeRollbackArgs&);

    Entry& find(std::string_view name);
    std::vector<std::string> names(bool active) const;

    Entries entries_;
    std::optional<Entries> before_;  ///< what was there when the changes began
    rpc::HandlerTable table_;
};

}  // namespace innkeeper::host_interface
