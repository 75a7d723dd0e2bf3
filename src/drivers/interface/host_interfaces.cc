#include "drivers/interface/host_interfaces.h"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>

#include "drivers/interface/read_interface.h"
#include "loop/pool.h"
#include "objects/requests.h"
#include "protocol/constants.h"

namespace innkeeper::host_interface {

namespace remote = protocol::remote;
using protocol::Subject;

namespace {

constexpr std::uint32_t active_flag = protocol::VIR_CONNECT_LIST_INTERFACES_ACTIVE,
                        inactive_flag = protocol::VIR_CONNECT_LIST_INTERFACES_INACTIVE;

remote::Interface handle(const Seen& seen) { return {.name = seen.name, .mac = seen.mac}; }
bool is_up(const Seen& seen) { return seen.state == "up"; }

/// The older lists ask for the kernel's own words, so that one that is neither up nor down is in none of them.
Task<std::vector<std::string>> names_in_state(rpc::Caller caller, std::string state) {
    std::vector<std::string> names;
    for (auto& seen : co_await in_pool([] { return list_interfaces(); }))
        if (seen.state == state && caller.sees(seen.name)) names.push_back(std::move(seen.name));
    co_return names;
}

Task<Seen> find(std::string name) {
    auto found = co_await in_pool([name] { return find_interface(name); });
    if (!found) throw Error(ErrorCode::no_interface, fmt::format("couldn't find interface named '{}'", name));
    co_return std::move(*found);
}

Task<Seen> find_address(std::string mac) {
    std::vector<Seen> found;
    for (auto& seen : co_await in_pool([] { return list_interfaces(); }))
        if (!mac.empty() && strcasecmp(seen.mac.c_str(), mac.c_str()) == 0) found.push_back(std::move(seen));
    if (found.empty())
        throw Error(ErrorCode::no_interface, fmt::format("couldn't find interface with MAC address '{}'", mac));
    if (found.size() > 1)
        throw Error(ErrorCode::multiple_interfaces,
                    fmt::format("the MAC address '{}' matches multiple interfaces", mac));
    co_return std::move(found.front());
}

Subject subject_of(Seen seen) {
    return {
        .kind = "interface", .by = Subject::By::identity, .name = std::move(seen.name), .word = std::move(seen.mac)};
}

}  // namespace

Task<Subject> HostInterfaces::subject(Subject asked) {
    if (asked.by == Subject::By::mac) co_return subject_of(co_await find_address(std::move(asked.word)));
    co_return subject_of(co_await find(std::move(asked.name)));
}

Task<std::vector<Subject>> HostInterfaces::subjects(Subject) {
    std::vector<Subject> all;
    for (auto& seen : co_await in_pool([] { return list_interfaces(); })) all.push_back(subject_of(std::move(seen)));
    co_return all;
}

rpc::HandlerTable HostInterfaces::handlers() {
    rpc::HandlerTable table;
    table.describe("interface", *this, &HostInterfaces::subject, &HostInterfaces::subjects);
    table.add<remote::ConnectNumOfInterfaces>(*this, &HostInterfaces::num);
    table.add<remote::ConnectNumOfDefinedInterfaces>(*this, &HostInterfaces::num_defined);
    table.add<remote::ConnectListInterfaces>(*this, &HostInterfaces::list);
    table.add<remote::ConnectListDefinedInterfaces>(*this, &HostInterfaces::list_defined);
    table.add<remote::ConnectListAllInterfaces>(*this, &HostInterfaces::list_all);
    table.add<remote::InterfaceLookupByName>(*this, &HostInterfaces::by_name);
    table.add<remote::InterfaceLookupByMacString>(*this, &HostInterfaces::by_mac);
    table.add<remote::InterfaceGetXmlDesc>(*this, &HostInterfaces::xml);
    table.add<remote::InterfaceIsActive>(*this, &HostInterfaces::is_active);
    return table;
}

Task<remote::ConnectNumOfInterfacesRet> HostInterfaces::num(rpc::Caller caller) {
    const auto names = co_await names_in_state(caller, "up");
    co_return remote::ConnectNumOfInterfacesRet{.num = static_cast<std::int32_t>(names.size())};
}

Task<remote::ConnectNumOfDefinedInterfacesRet> HostInterfaces::num_defined(rpc::Caller caller) {
    const auto names = co_await names_in_state(caller, "down");
    co_return remote::ConnectNumOfDefinedInterfacesRet{.num = static_cast<std::int32_t>(names.size())};
}

Task<remote::ConnectListInterfacesRet> HostInterfaces::list(rpc::Caller caller,
                                                            remote::ConnectListInterfacesArgs args) {
    auto names = co_await names_in_state(caller, "up");
    co_return remote::ConnectListInterfacesRet{.names = objects::at_most(std::move(names), args.maxnames)};
}

Task<remote::ConnectListDefinedInterfacesRet> HostInterfaces::list_defined(
    rpc::Caller caller, remote::ConnectListDefinedInterfacesArgs args) {
    auto names = co_await names_in_state(caller, "down");
    co_return remote::ConnectListDefinedInterfacesRet{.names = objects::at_most(std::move(names), args.maxnames)};
}

Task<remote::ConnectListAllInterfacesRet> HostInterfaces::list_all(rpc::Caller caller,
                                                                   remote::ConnectListAllInterfacesArgs args) {
    objects::allow_flags(args.flags, active_flag | inactive_flag, ErrorDomain::none, "udevConnectListAllInterfaces");
    remote::ConnectListAllInterfacesRet ret;
    for (const auto& seen : co_await in_pool([] { return list_interfaces(); })) {
        if (!objects::passes(args.flags, active_flag, inactive_flag, is_up(seen)) || !caller.sees(seen.name)) continue;
        ++ret.ret;
        if (args.need_results != 0) ret.ifaces.push_back(handle(seen));
    }
    co_return ret;
}

Task<remote::InterfaceLookupByNameRet> HostInterfaces::by_name(rpc::Caller, remote::InterfaceLookupByNameArgs args) {
    co_return remote::InterfaceLookupByNameRet{.iface = handle(co_await find(std::move(args.name)))};
}

Task<remote::InterfaceLookupByMacStringRet> HostInterfaces::by_mac(rpc::Caller,
                                                                   remote::InterfaceLookupByMacStringArgs args) {
    co_return remote::InterfaceLookupByMacStringRet{.iface = handle(co_await find_address(std::move(args.mac)))};
}

Task<remote::InterfaceGetXmlDescRet> HostInterfaces::xml(rpc::Caller, remote::InterfaceGetXmlDescArgs args) {
    objects::allow_flags(args.flags, protocol::VIR_INTERFACE_XML_INACTIVE, ErrorDomain::none,
                         "udevInterfaceGetXMLDesc");
    const auto seen = co_await find(std::move(args.iface.name));
    const auto definition = co_await in_pool([name = seen.name] { return read_interface(name); });
    co_return remote::InterfaceGetXmlDescRet{.xml = model::host_interface::interface.format(definition)};
}

Task<remote::InterfaceIsActiveRet> HostInterfaces::is_active(rpc::Caller, remote::InterfaceIsActiveArgs args) {
    co_return remote::InterfaceIsActiveRet{.active = is_up(co_await find(std::move(args.iface.name)))};
}

}  // namespace innkeeper::host_interface
