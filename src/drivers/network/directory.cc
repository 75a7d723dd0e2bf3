#include <fmt/format.h>

#include "base/error.h"
#include "drivers/network/networks.h"
#include "objects/subjects.h"

/// Networks and their ports as access rules know them.
namespace innkeeper::network {

using protocol::Subject;

namespace {

Subject subject_of(const Network& network) {
    return {.kind = "network", .by = Subject::By::identity, .name = network.name(), .uuid = network.uuid()};
}

}  // namespace

void Networks::describe(rpc::HandlerTable& table) {
    table.describe("network", *this, &Networks::subject, &Networks::subjects);
    table.describe("network_port", *this, &Networks::port_subject, &Networks::port_subjects);
}

Networks::Ptr Networks::find_name(const std::string& name) const {
    if (auto found = registry_.by_name(name)) return found;
    throw Error(ErrorCode::no_network, fmt::format("no network with matching name '{}'", name));
}

Networks::Ptr Networks::find_uuid(const Uuid& uuid) const {
    if (auto found = registry_.by_uuid(uuid)) return found;
    throw Error(ErrorCode::no_network, fmt::format("no network with matching uuid '{}'", uuid.text()));
}

Task<Subject> Networks::subject(Subject asked) {
    switch (asked.by) {
        case Subject::By::document:
            co_return objects::described("network", asked.word, "network", "(network_definition)");
        case Subject::By::name:
            co_return subject_of(*find_name(asked.name));
        case Subject::By::uuid:
            co_return subject_of(*find_uuid(asked.uuid));
        default:
            co_return subject_of(*find({.name = asked.name, .uuid = asked.uuid}));
    }
}

Task<std::vector<Subject>> Networks::subjects(Subject) {
    std::vector<Subject> all;
    for (const auto& [name, network] : registry_.all()) all.push_back(subject_of(*network));
    co_return all;
}

Task<Subject> Networks::port_subject(Subject asked) {
    const auto network = find({.name = asked.parent, .uuid = asked.parent_uuid});
    if (asked.by != Subject::By::document) throw no_port(asked.uuid);
    Subject port = objects::described("network_port", asked.word, "networkport", "(networkport)");
    port.parent = network->name();
    port.parent_uuid = network->uuid();
    co_return port;
}

Task<std::vector<Subject>> Networks::port_subjects(Subject network) {
    find_active({.name = network.name, .uuid = network.uuid});
    co_return std::vector<Subject>();
}

}  // namespace innkeeper::network
