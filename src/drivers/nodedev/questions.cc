#include "drivers/nodedev/questions.h"

#include <fmt/format.h>

#include <algorithm>

#include "objects/requests.h"
#include "protocol/constants.h"
#include "protocol/remote/events.h"

namespace innkeeper::nodedev {

namespace remote = protocol::remote;
using namespace model::nodedev;
using protocol::Subject;

namespace {

remote::NodeDevice handle(const std::string& name) { return {.name = name}; }

Subject subject_of(const std::string& name) {
    return {.kind = "node_device", .by = Subject::By::identity, .name = name};
}

std::uint32_t bits_of(const Device& device) {
    std::uint32_t bits = 0;
    for (const auto ability : abilities(device)) bits |= bit_of(ability);
    return bits;
}

}  // namespace

void Questions::add_handlers(rpc::HandlerTable& table) {
    table.describe("node_device", *this, &Questions::subject, &Questions::subjects);
    table.add<remote::NodeNumOfDevices>(*this, &Questions::num);
    table.add<remote::NodeListDevices>(*this, &Questions::list);
    table.add<remote::ConnectListAllNodeDevices>(*this, &Questions::list_all);
    table.add<remote::NodeDeviceLookupByName>(*this, &Questions::by_name);
    table.add<remote::NodeDeviceGetXmlDesc>(*this, &Questions::xml);
    table.add<remote::NodeDeviceGetParent>(*this, &Questions::parent);
    table.add<remote::NodeDeviceNumOfCaps>(*this, &Questions::num_of_abilities);
    table.add<remote::NodeDeviceListCaps>(*this, &Questions::list_abilities);
    table.add<remote::ConnectNodeDeviceEventRegisterAny>(*this, &Questions::register_event);
    table.add<remote::ConnectNodeDeviceEventDeregisterAny>(*this, &Questions::deregister_event);
}

Task<Subject> Questions::subject(Subject asked) {
    // Whoever makes a device names it: what a document calls it does not count.
    if (asked.by == Subject::By::document) co_return subject_of("new device");
    co_await source_.ready();
    if (asked.by != Subject::By::wwn) co_return subject_of(catalog_.find(asked.name)->name);
    co_return subject_of(catalog_.find_wwn(asked.name, asked.word)->name);
}

Task<std::vector<Subject>> Questions::subjects(Subject) {
    co_await source_.ready();
    std::vector<Subject> all;
    for (const auto& [name, device] : catalog_.all()) all.push_back(subject_of(name));
    co_return all;
}

std::vector<std::string> Questions::names_with(const rpc::Caller& caller,
                                               const std::optional<std::string>& ability) const {
    const auto wanted = ability ? xml::value_of<Ability>(*ability) : std::nullopt;
    std::vector<std::string> names;
    if (ability && !wanted) return names;
    for (const auto& [name, device] : catalog_.all())
        if ((!wanted || (bits_of(*device) & bit_of(*wanted)) != 0) && caller.sees(name)) names.push_back(name);
    return names;
}

Task<remote::NodeNumOfDevicesRet> Questions::num(rpc::Caller caller, remote::NodeNumOfDevicesArgs args) {
    objects::allow_flags(args.flags, 0, ErrorDomain::none, manner_.num);
    co_await source_.ready();
    co_return remote::NodeNumOfDevicesRet{.num = static_cast<std::int32_t>(names_with(caller, args.cap).size())};
}

Task<remote::NodeListDevicesRet> Questions::list(rpc::Caller caller, remote::NodeListDevicesArgs args) {
    objects::allow_flags(args.flags, 0, ErrorDomain::none, manner_.list);
    co_await source_.ready();
    co_return remote::NodeListDevicesRet{.names = objects::at_most(names_with(caller, args.cap), args.maxnames)};
}

Task<remote::ConnectListAllNodeDevicesRet> Questions::list_all(rpc::Caller caller,
                                                               remote::ConnectListAllNodeDevicesArgs args) {
    constexpr std::uint32_t active = protocol::VIR_CONNECT_LIST_NODE_DEVICES_ACTIVE,
                            inactive = protocol::VIR_CONNECT_LIST_NODE_DEVICES_INACTIVE;
    objects::allow_flags(args.flags, manner_.list_flags, ErrorDomain::none, manner_.list_all);
    co_await source_.ready();
    const auto wanted = args.flags & ~(active | inactive);
    remote::ConnectListAllNodeDevicesRet ret;
    for (const auto& [name, device] : catalog_.all()) {
        // What the catalog has is there: a mediated device that is only defined would be the exception.
        if (!objects::passes(args.flags, active, inactive, true)) break;
        if ((wanted != 0 && (bits_of(*device) & wanted) == 0) || !caller.sees(name)) continue;
        ++ret.ret;
        if (args.need_results != 0) ret.devices.push_back(handle(name));
    }
    co_return ret;
}

Task<remote::NodeDeviceLookupByNameRet> Questions::by_name(rpc::Caller, remote::NodeDeviceLookupByNameArgs args) {
    co_await source_.ready();
    co_return remote::NodeDeviceLookupByNameRet{.dev = handle(catalog_.find(args.name)->name)};
}

Task<remote::NodeDeviceGetXmlDescRet> Questions::xml(rpc::Caller, remote::NodeDeviceGetXmlDescArgs args) {
    objects::allow_flags(args.flags, 0, ErrorDomain::none, manner_.xml);
    co_await source_.ready();
    const auto device = co_await source_.current(catalog_.find(args.name));
    co_return remote::NodeDeviceGetXmlDescRet{.xml = device_element.format(*device)};
}

Task<remote::NodeDeviceGetParentRet> Questions::parent(rpc::Caller, remote::NodeDeviceGetParentArgs args) {
    co_await source_.ready();
    const auto parent = catalog_.find(args.name)->parent.name;
    co_return remote::NodeDeviceGetParentRet{.parentName = parent.empty() ? std::nullopt : std::optional(parent)};
}

std::vector<std::string> Questions::ability_names(const Device& device) const {
    std::vector<std::string> names;
    for (const auto ability : abilities(device)) names.emplace_back(xml::name(ability));
    if (!manner_.tells_all_abilities) names.resize(std::min(names.size(), device.capabilities.size()));
    return names;
}

Task<remote::NodeDeviceNumOfCapsRet> Questions::num_of_abilities(rpc::Caller, remote::NodeDeviceNumOfCapsArgs args) {
    co_await source_.ready();
    const auto device = co_await source_.current(catalog_.find(args.name));
    co_return remote::NodeDeviceNumOfCapsRet{.num = static_cast<std::int32_t>(ability_names(*device).size())};
}

Task<remote::NodeDeviceListCapsRet> Questions::list_abilities(rpc::Caller, remote::NodeDeviceListCapsArgs args) {
    co_await source_.ready();
    const auto device = co_await source_.current(catalog_.find(args.name));
    co_return remote::NodeDeviceListCapsRet{.names = objects::at_most(ability_names(*device), args.maxnames)};
}

// ------------------------------------------------------------------------------------------------------------- events

Task<remote::ConnectNodeDeviceEventRegisterAnyRet> Questions::register_event(
    rpc::Caller caller, remote::ConnectNodeDeviceEventRegisterAnyArgs args) {
    if (args.eventID < 0 || args.eventID > protocol::VIR_NODE_DEVICE_EVENT_ID_UPDATE)
        throw Error(ErrorCode::internal_error, fmt::format("unsupported node device event ID {}", args.eventID));
    // From now on something is to be heard of what changes.
    co_await source_.ready();
    const auto device = args.dev ? catalog_.find(args.dev->name)->name : std::string();
    co_return remote::ConnectNodeDeviceEventRegisterAnyRet{
        .callbackID = events_.add(caller.session, args.eventID, device, objects::EventHub::Style::callback)};
}

void Questions::deregister_event(const rpc::Caller& caller,
                                 const remote::ConnectNodeDeviceEventDeregisterAnyArgs& args) {
    events_.remove(*caller.session, args.callbackID);
}

void Questions::publish_lifecycle(const std::string& device, std::int32_t what) {
    const remote::NodeDeviceEventLifecycleMsg message{.dev = handle(device), .event = what};
    events_.publish(protocol::VIR_NODE_DEVICE_EVENT_ID_LIFECYCLE, device,
                    {.callback = &remote::NodeDeviceEventLifecycle::row}, rpc::encoded(message).substr(4));
}

void Questions::publish_update(const std::string& device) {
    const remote::NodeDeviceEventUpdateMsg message{.dev = handle(device)};
    events_.publish(protocol::VIR_NODE_DEVICE_EVENT_ID_UPDATE, device,
                    {.callback = &remote::NodeDeviceEventUpdate::row}, rpc::encoded(message).substr(4));
}

}  // namespace innkeeper::nodedev
