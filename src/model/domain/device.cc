#include "model/domain/device.h"
#include "model/domain/domain_checks.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace innkeeper::model {

const xml::Description& device_description(std::ptrdiff_t offset) {
    for (const auto& part : devices_element.parts)
        if (part.description && part.offset == offset) return *part.description;
    std::unreachable();
}

Device parse_device(std::string_view text, const ParseOptions& options) try {
    const auto document = xml::Document::parse(text, "(device_definition)");
    const auto root = document.root();
    std::optional<Device> found;
    for_each_kind([&]<class Member>(Member Devices::* member) {
        const auto& description = device_description(xml::offset_of(member));
        if (description.tag != root.name()) return;
        typename xml::HolderOf<Member>::Value device{};
        xml::read_into(description, root, &device, {.live = options.live});
        found = std::move(device);
    });
    if (!found)
        throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                    fmt::format("unknown device type '{}'", root.name()));
    if (auto* disk = std::get_if<Disk>(&*found)) settle_bus(*disk);
    return *std::move(found);
} catch (Error& error) {
    error.set_domain_if_none(ErrorDomain::domain);
    throw;
}

std::string_view tag_of(const Device& device) {
    return std::visit([]<class T>(const T&) -> std::string_view { return tag_of(member_for<T>()); }, device);
}

}  // namespace innkeeper::model
