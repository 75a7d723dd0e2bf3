#include "drivers/qemu/placement.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"

namespace innkeeper::qemu {

namespace {

void require_nodes(const model::CpuSet& nodes) {
    for (const unsigned node : nodes.numbers())
        // A kernel that knows no nodes has one.
        if (node != 0 && !path_exists(fmt::format("/sys/devices/system/node/node{}", node)))
            throw Error(ErrorCode::config_unsupported, fmt::format("NUMA node {} is unavailable", node));
}

}  // namespace

void check_modules(const model::DomainDef& def) {
    for (const auto& memory : def.devices.memories)
        if (memory.source_nodes) require_nodes(*memory.source_nodes);
}

void check_placement(const model::DomainDef& def, WhenPlaced when) {
    const auto& tune = def.numa_tune;
    if (def.vcpus.placement == model::Vcpus::Placement::auto_ ||
        (tune.has_memory && tune.placement == model::NumaTune::Placement::auto_)) {
        if (when == WhenPlaced::start)
            throw Error(ErrorCode::operation_failed, "Failed to query numad for the advisory nodeset");
        throw Error(ErrorCode::internal_error, ErrorDomain::domain,
                    "Advice from numad is needed in case of automatic numa placement");
    }
    if (tune.nodeset) require_nodes(*tune.nodeset);
    for (const auto& one : tune.nodes) require_nodes(one.nodeset);
}

}  // namespace innkeeper::qemu
