#pragma once

#include <optional>
#include <string>

#include "xml/description.h"

namespace innkeeper::model {

/// Which of the kernel's namespaces a container shares: elements of the namespace
/// `http://libvirt.org/schemas/domain/lxc/1.0`.
struct LxcNamespace {
    static constexpr std::string_view uri = "http://libvirt.org/schemas/domain/lxc/1.0";

    struct Share {
        enum class With { none, name, pid, netns };
        With with = With::none;
        std::string value;
        bool operator==(const Share&) const = default;
    };
    std::optional<Share> net, ipc, uts;

    bool is_empty() const { return *this == LxcNamespace{}; }
    bool operator==(const LxcNamespace&) const = default;
};
constexpr auto names_of(LxcNamespace::Share::With) { return xml::names("none", "name", "pid", "netns"); }

extern const xml::Element<LxcNamespace> lxc_namespace_parts;

}  // namespace innkeeper::model
