#include "drivers/nodedev/requests.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <cstdint>

#include "base/error.h"
#include "base/in_domain.h"
#include "loop/pool.h"
#include "xml/node.h"

namespace innkeeper::nodedev {

using namespace model::nodedev;

namespace {

constexpr std::string_view document_name = "(node_device_definition)";

/// Locally made names: the maker's number that stands for virtual machines, and the rest by chance.
std::string random_wwn() {
    std::uint64_t bits = 0;
    if (getrandom(&bits, sizeof bits, 0) != sizeof bits) throw Error::system(errno, "cannot get random bytes");
    return fmt::format("5001a4a{:09x}", bits & 0xf'ffff'ffff);
}

Device read_device(const std::string& text) {
    const auto document = xml::Document::parse(text, document_name);
    auto device = device_element.read(document.root("device"));
    // The peer writes these, and does not read them.
    for (const auto& capability : device.capabilities)
        for (const auto ability : {Ability::scsi_generic, Ability::vdpa})
            if (abilities({.capabilities = {capability}}).front() == ability)
                throw Error(ErrorCode::internal_error, fmt::format("unknown capability type '{}' for 'new device'",
                                                                   static_cast<unsigned>(ability)));
    device.name = "new device";
    return device;
}

}  // namespace

Task<Device> parse_device(std::string text, bool validate) {
    if (validate) co_await in_pool([text] { in_domain(ErrorDomain::nodedev, [&] { validate_device(text); }); });
    co_return in_domain(ErrorDomain::nodedev, [&] { return read_device(text); });
}

DevicePtr vport_parent(const Catalog& catalog, const Device& wanted) {
    const auto& parent = wanted.parent;
    const auto found = !parent.name.empty()         ? catalog.by_name(parent.name)
                       : !parent.wwnn.empty()       ? catalog.by_wwn(parent.wwnn, parent.wwpn)
                       : !parent.fabric_wwn.empty() ? catalog.by_fabric(parent.fabric_wwn)
                                                    : catalog.any_with_vports();
    const bool is_named = !parent.name.empty() || !parent.wwnn.empty() || !parent.fabric_wwn.empty();
    if (!found)
        throw Error(ErrorCode::internal_error, is_named ? "Could not find parent device for 'new device'"
                                                        : "Could not find any vport capable device");
    const auto* host = found->as<ScsiHost>();
    if (host == nullptr || host->vports() == nullptr)
        throw Error(ErrorCode::internal_error,
                    fmt::format("Parent device {} is not capable of vport operations", found->name));
    return found;
}

FcHost vport_names(const Device& wanted, Missing missing) {
    const auto* host = wanted.as<ScsiHost>();
    if (host == nullptr || host->fc_host() == nullptr)
        throw Error(ErrorCode::internal_error, ErrorDomain::nodedev, "Device is not a fibre channel HBA");
    FcHost names = *host->fc_host();
    for (auto [name, text] : {std::pair{"WWNN", &names.wwnn}, std::pair{"WWPN", &names.wwpn}}) {
        if (!text->empty()) continue;
        if (missing == Missing::refused)
            throw Error(ErrorCode::internal_error,
                        fmt::format("no {} supplied for 'new device', and auto-generation failed", name));
        *text = random_wwn();
    }
    return names;
}

}  // namespace innkeeper::nodedev
