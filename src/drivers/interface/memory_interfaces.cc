#include "drivers/interface/memory_interfaces.h"

#include <fmt/format.h>
#include <strings.h>

#include "base/error.h"
#include "base/in_domain.h"
#include "loop/pool.h"
#include "objects/requests.h"
#include "protocol/constants.h"

namespace innkeeper::host_interface {

namespace remote = protocol::remote;
using model::host_interface::Interface;

namespace {

constexpr std::string_view document_name = "(interface_definition)";
constexpr std::uint32_t active_flag = protocol::VIR_CONNECT_LIST_INTERFACES_ACTIVE,
                        inactive_flag = protocol::VIR_CONNECT_LIST_INTERFACES_INACTIVE;

void allow_flags(std::uint32_t flags, std::uint32_t known, std::string_view function) {
    objects::allow_flags(flags, known, ErrorDomain::none, function);
}

void validate(const std::string& text) {
    in_domain(ErrorDomain::interface, [&] { model::host_interface::validate_interface(text); });
}

Interface read(const std::string& text) {
    return in_domain(ErrorDomain::interface, [&] {
        const auto document = xml::Document::parse(text, document_name);
        return model::host_interface::interface.read(document.root("interface"));
    });
}

remote::Interface handle(const Interface& def) { return {.name = def.name, .mac = def.mac.value_or("")}; }

}  // namespace

MemoryInterfaces::MemoryInterfaces() {
    table_.add<remote::ConnectNumOfInterfaces>(*this, &MemoryInterfaces::num);
    table_.add<remote::ConnectNumOfDefinedInterfaces>(*this, &MemoryInterfaces::num_defined);
    table_.add<remote::ConnectListInterfaces>(*this, &MemoryInterfaces::list);
    table_.add<remote::ConnectListDefinedInterfaces>(*this, &MemoryInterfaces::list_defined);
    table_.add<remote::ConnectListAllInterfaces>(*this, &MemoryInterfaces::list_all);
    table_.add<remote::InterfaceLookupByName>(*this, &MemoryInterfaces::by_name);
    table_.add<remote::InterfaceLookupByMacString>(*this, &MemoryInterfaces::by_mac);
    table_.add<remote::InterfaceGetXmlDesc>(*this, &MemoryInterfaces::xml);
    table_.add<remote::InterfaceIsActive>(*this, &MemoryInterfaces::is_active);
    table_.add<remote::InterfaceDefineXml>(*this, &MemoryInterfaces::define);
    table_.add<remote::InterfaceUndefine>(*this, &MemoryInterfaces::undefine);
    table_.add<remote::InterfaceCreate>(*this, &MemoryInterfaces::create);
    table_.add<remote::InterfaceDestroy>(*this, &MemoryInterfaces::destroy);
    table_.add<remote::InterfaceChangeBegin>(*this, &MemoryInterfaces::begin);
    table_.add<remote::InterfaceChangeCommit>(*this, &MemoryInterfaces::commit);
    table_.add<remote::InterfaceChangeRollback>(*this, &MemoryInterfaces::rollback);
}

void MemoryInterfaces::add(const xml::Node& element) {
    auto def = std::make_shared<const Interface>(model::host_interface::interface.read(element));
    entries_[def->name] = {def, true};
}

MemoryInterfaces::Entry& MemoryInterfaces::find(std::string_view name) {
    const auto found = entries_.find(name);
    if (found == entries_.end())
        throw Error(ErrorCode::no_interface, fmt::format("no interface with matching name '{}'", name));
    return found->second;
}

std::vector<std::string> MemoryInterfaces::names(bool active) const {
    std::vector<std::string> all;
    for (const auto& [name, entry] : entries_)
        if (entry.is_active == active) all.push_back(name);
    return all;
}

// ---------------------------------------------------------------------------------------------------------- questions

remote::ConnectNumOfInterfacesRet MemoryInterfaces::num(const rpc::Caller&) {
    return {.num = static_cast<std::int32_t>(names(true).size())};
}
remote::ConnectNumOfDefinedInterfacesRet MemoryInterfaces::num_defined(const rpc::Caller&) {
    return {.num = static_cast<std::int32_t>(names(false).size())};
}
remote::ConnectListInterfacesRet MemoryInterfaces::list(const rpc::Caller&,
                                                        const remote::ConnectListInterfacesArgs& args) {
    return {.names = objects::at_most(names(true), args.maxnames)};
}
remote::ConnectListDefinedInterfacesRet MemoryInterfaces::list_defined(
    const rpc::Caller&, const remote::ConnectListDefinedInterfacesArgs& args) {
    return {.names = objects::at_most(names(false), args.maxnames)};
}

remote::ConnectListAllInterfacesRet MemoryInterfaces::list_all(const rpc::Caller&,
                                                               const remote::ConnectListAllInterfacesArgs& args) {
    allow_flags(args.flags, active_flag | inactive_flag, "testConnectListAllInterfaces");
    remote::ConnectListAllInterfacesRet ret;
    for (const auto& [name, entry] : entries_) {
        if (!objects::passes(args.flags, active_flag, inactive_flag, entry.is_active)) continue;
        ++ret.ret;
        if (args.need_results != 0) ret.ifaces.push_back(handle(*entry.def));
    }
    return ret;
}

remote::InterfaceLookupByNameRet MemoryInterfaces::by_name(const rpc::Caller&,
                                                           const remote::InterfaceLookupByNameArgs& args) {
    return {.iface = handle(*find(args.name).def)};
}

remote::InterfaceLookupByMacStringRet MemoryInterfaces::by_mac(const rpc::Caller&,
                                                               const remote::InterfaceLookupByMacStringArgs& args) {
    const Entry* match = nullptr;
    for (const auto& [name, entry] : entries_) {
        if (!entry.def->mac || strcasecmp(entry.def->mac->c_str(), args.mac.c_str()) != 0) continue;
        if (match != nullptr) throw Error(ErrorCode::multiple_interfaces);
        match = &entry;
    }
    if (match == nullptr)
        throw Error(ErrorCode::no_interface, fmt::format("no interface with matching mac '{}'", args.mac));
    // In the spelling that was asked for.
    return {.iface = {.name = match->def->name, .mac = args.mac}};
}

remote::InterfaceGetXmlDescRet MemoryInterfaces::xml(const rpc::Caller&, const remote::InterfaceGetXmlDescArgs& args) {
    allow_flags(args.flags, 0, "testInterfaceGetXMLDesc");
    return {.xml = model::host_interface::interface.format(*find(args.iface.name).def)};
}

remote::InterfaceIsActiveRet MemoryInterfaces::is_active(const rpc::Caller&,
                                                         const remote::InterfaceIsActiveArgs& args) {
    return {.active = find(args.iface.name).is_active};
}

// ------------------------------------------------------------------------------------------------------------ changes

Task<remote::InterfaceDefineXmlRet> MemoryInterfaces::define(rpc::Caller, remote::InterfaceDefineXmlArgs args) {
    allow_flags(args.flags, protocol::VIR_INTERFACE_DEFINE_VALIDATE, "testInterfaceDefineXML");
    if (args.flags != 0) co_await in_pool([text = args.xml] { validate(text); });
    const auto def = std::make_shared<const Interface>(read(args.xml));
    entries_[def->name].def = def;
    co_return remote::InterfaceDefineXmlRet{.iface = handle(*def)};
}

void MemoryInterfaces::undefine(const rpc::Caller&, const remote::InterfaceUndefineArgs& args) {
    find(args.iface.name);
    entries_.erase(args.iface.name);
}

void MemoryInterfaces::create(const rpc::Caller&, const remote::InterfaceCreateArgs& args) {
    allow_flags(args.flags, 0, "testInterfaceCreate");
    auto& entry = find(args.iface.name);
    if (entry.is_active) throw Error(ErrorCode::operation_invalid);
    entry.is_active = true;
}

void MemoryInterfaces::destroy(const rpc::Caller&, const remote::InterfaceDestroyArgs& args) {
    allow_flags(args.flags, 0, "testInterfaceDestroy");
    auto& entry = find(args.iface.name);
    if (!entry.is_active) throw Error(ErrorCode::operation_invalid);
    entry.is_active = false;
}

void MemoryInterfaces::begin(const rpc::Caller&, const remote::InterfaceChangeBeginArgs& args) {
    allow_flags(args.flags, 0, "testInterfaceChangeBegin");
    if (before_) throw Error(ErrorCode::operation_invalid, "there is another transaction running.");
    before_ = entries_;
    // As with the peer, what is taken back is there again and does not run.
    for (auto& [name, entry] : *before_) entry.is_active = false;
}

void MemoryInterfaces::commit(const rpc::Caller&, const remote::InterfaceChangeCommitArgs& args) {
    allow_flags(args.flags, 0, "testInterfaceChangeCommit");
    if (!before_) throw Error(ErrorCode::operation_invalid, "no transaction running, nothing to be committed.");
    before_.reset();
}

void MemoryInterfaces::rollback(const rpc::Caller&, const remote::InterfaceChangeRollbackArgs& args) {
    allow_flags(args.flags, 0, "testInterfaceChangeRollback");
    if (!before_) throw Error(ErrorCode::operation_invalid, "no transaction running, nothing to rollback.");
    entries_ = std::move(*before_);
    before_.reset();
}

}  // namespace innkeeper::host_interface
