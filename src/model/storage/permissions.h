#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "xml/description.h"

namespace innkeeper::model {

/// Access bits of a file, octal in documents; the peer writes them with a leading zero of their own ("00").
struct FileMode {
    unsigned bits = 0;
    static std::optional<FileMode> parse(std::string_view text);
    std::string text() const;
    bool operator==(const FileMode&) const = default;
};

/// A numeric user or group. -1 stands for "whoever it happens to be", as absence does.
struct FileOwner {
    static constexpr std::uint32_t nobody_in_particular = UINT32_MAX;
    std::uint32_t id = nobody_in_particular;
    static std::optional<FileOwner> parse(std::string_view text);
    std::string text() const;
    bool operator==(const FileOwner&) const = default;
};

/// Whose a pool's folder or a volume is.
struct Permissions {
    std::optional<FileMode> mode;
    std::optional<FileOwner> owner, group;
    std::string label;
    bool operator==(const Permissions&) const = default;
};

extern const xml::Element<Permissions> permissions;

}  // namespace innkeeper::model
