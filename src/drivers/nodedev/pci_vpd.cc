#include "drivers/nodedev/pci_vpd.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>

namespace innkeeper::nodedev {

namespace {

using namespace model::nodedev;

constexpr std::uint8_t name_tag = 0x82, read_only_tag = 0x90, read_write_tag = 0x91, end_tag = 0x78;

std::uint8_t byte(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }

/// The fields' texts may have these only; the peer leaves out a field that has others.
bool is_plain(std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view(" -_,.:;=").contains(c);
    });
}

struct Resource {
    std::uint8_t tag;
    std::size_t start;  ///< of what is in it
    std::string_view content;
};

/// The resource at a place; nothing where none can be.
std::optional<Resource> resource_at(std::string_view bytes, std::size_t at) {
    if (at >= bytes.size()) return std::nullopt;
    const auto tag = byte(bytes, at);
    const bool is_large = (tag & 0x80) != 0;
    if (!is_large) return Resource{static_cast<std::uint8_t>(tag & 0x78), at + 1, bytes.substr(at + 1, tag & 7)};
    if (at + 3 > bytes.size()) return std::nullopt;
    const std::size_t size = byte(bytes, at + 1) | std::size_t{byte(bytes, at + 2)} << 8;
    if (at + 3 + size > bytes.size()) return std::nullopt;
    return Resource{tag, at + 3, bytes.substr(at + 3, size)};
}

/// Calls with keyword, value and where the value begins. False if the fields do not fill the resource.
bool each_field(std::string_view fields,
                const std::function<void(std::string_view, std::string_view, std::size_t)>& call) {
    std::size_t at = 0;
    while (at + 3 <= fields.size()) {
        const std::size_t size = byte(fields, at + 2);
        if (at + 3 + size > fields.size()) return false;
        call(fields.substr(at, 2), fields.substr(at + 3, size), at + 3);
        at += 3 + size;
    }
    return true;
}

std::string trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(' '), last = text.find_last_not_of(' ');
    return first == text.npos ? "" : std::string(text.substr(first, last - first + 1));
}

bool is_custom(std::string_view keyword, char kind) {
    return keyword[0] == kind && ((keyword[1] >= '0' && keyword[1] <= '9') || (keyword[1] >= 'A' && keyword[1] <= 'Z'));
}
VpdCustomField custom(std::string_view keyword, std::string_view value) {
    return {std::string(keyword.substr(1)), trimmed(value)};
}

/// All bytes up to the checksum, and it, come to nothing.
bool sums_up(std::string_view bytes, std::size_t end) {
    std::uint8_t sum = 0;
    for (std::size_t at = 0; at < end; ++at) sum = static_cast<std::uint8_t>(sum + byte(bytes, at));
    return sum == 0;
}

std::optional<VpdReadOnly> read_only_fields(std::string_view bytes, const Resource& resource) {
    VpdReadOnly fields;
    bool is_right = false;
    const bool fits =
        each_field(resource.content, [&](std::string_view keyword, std::string_view value, std::size_t at) {
            if (keyword == "RV") {
                is_right = !value.empty() && sums_up(bytes, resource.start + at + 1);
            } else if (is_plain(value)) {
                if (keyword == "EC") fields.change_level = trimmed(value);
                if (keyword == "MN") fields.manufacture_id = trimmed(value);
                if (keyword == "PN") fields.part_number = trimmed(value);
                if (keyword == "SN") fields.serial_number = trimmed(value);
                if (is_custom(keyword, 'V')) fields.vendor_fields.push_back(custom(keyword, value));
            }
        });
    return fits && is_right ? std::optional(std::move(fields)) : std::nullopt;
}

std::optional<VpdReadWrite> read_write_fields(const Resource& resource) {
    VpdReadWrite fields;
    const bool fits = each_field(resource.content, [&](std::string_view keyword, std::string_view value, std::size_t) {
        if (!is_plain(value)) return;
        if (keyword == "YA")
            fields.asset_tag = trimmed(value);
        else if (is_custom(keyword, 'V'))
            fields.vendor_fields.push_back(custom(keyword, value));
        else if (is_custom(keyword, 'Y'))
            fields.system_fields.push_back(custom(keyword, value));
    });
    return fits ? std::optional(std::move(fields)) : std::nullopt;
}

}  // namespace

std::optional<Vpd> parse_vpd(std::string_view bytes) {
    Vpd vpd;
    bool has_read_only = false;
    for (std::size_t at = 0; const auto resource = resource_at(bytes, at);
         at = resource->start + resource->content.size()) {
        if (resource->tag == end_tag) return has_read_only ? std::optional(std::move(vpd)) : std::nullopt;
        if (resource->tag == name_tag) {
            if (!is_plain(resource->content)) return std::nullopt;
            vpd.name = trimmed(resource->content);
        } else if (resource->tag == read_only_tag) {
            auto fields = read_only_fields(bytes, *resource);
            if (!fields) return std::nullopt;
            vpd.fields.push_back({std::move(*fields)});
            has_read_only = true;
        } else if (resource->tag == read_write_tag) {
            auto fields = read_write_fields(*resource);
            if (!fields) return std::nullopt;
            vpd.fields.push_back({std::move(*fields)});
        }
    }
    return std::nullopt;
}

}  // namespace innkeeper::nodedev
