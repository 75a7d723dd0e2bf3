#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/uuid.h"
#include "model/complete/implied.h"

namespace innkeeper::model {

namespace {

[[noreturn]] void refuse(std::string sentence) {
    throw Error(ErrorCode::xml_detail, ErrorDomain::domain, std::move(sentence));
}

/// Pages without a nodeset are for all nodes that have none of their own: there can be one size of them. Where the
/// guest has no nodes it counts as one.
void check_pages(const DomainDef& def, std::size_t nodes) {
    const HugePage* master = nullptr;
    for (const HugePage& page : def.memory_backing.pages) {
        const bool is_master = !page.nodeset || (nodes == 0 && page.nodeset->contains(0));
        if (is_master) {
            if (master != nullptr)
                refuse(fmt::format("two master hugepages detected: {} and {}",
                                   std::min(master->size_kib, page.size_kib),
                                   std::max(master->size_kib, page.size_kib)));
            master = &page;
        } else if (!page.nodeset->empty() && page.nodeset->numbers().back() >= nodes) {
            for (const unsigned node : page.nodeset->numbers())
                if (node >= nodes) refuse(fmt::format("hugepages: node {} not found", node));
        }
    }
}

}  // namespace

void check_guest(const DomainDef& def) {
    const std::size_t nodes = def.cpu ? def.cpu->numa.size() : 0;
    for (const MemoryDevice& memory : def.devices.memories)
        if (memory.node && *memory.node >= nodes)
            refuse(fmt::format(
                "can't add memory backend for guest node '{}' as the guest has only '{}' NUMA nodes configured",
                *memory.node, nodes));
    check_pages(def, nodes);
    for (const Sysinfo& info : def.sysinfo)
        if (!info.system.uuid.empty() && Uuid::parse(info.system.uuid) != def.uuid)
            refuse("UUID mismatch between <uuid> and <sysinfo>");
}

void check_redirection(const DomainDef& def) {
    if (def.devices.redirdevs.empty()) return;
    const auto usable = [](const Controller& c) {
        return c.type == Controller::Type::usb && c.model != Controller::Model::none;
    };
    if (std::ranges::none_of(def.devices.controllers, usable))
        throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                    "cannot add redirected USB device: USB is disabled for this domain");
}

}  // namespace innkeeper::model
