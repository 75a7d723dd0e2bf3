#pragma once

#include <optional>
#include <string>

#include "xml/description.h"

namespace innkeeper::model {

/// How a security driver labels the guest's process and what it uses.
struct SecurityLabel {
    enum class Type { dynamic, static_, none };
    std::optional<Type> type;
    std::string model;  ///< the driver: selinux, apparmor, dac; empty: the default one
    std::optional<bool> relabel;
    std::string label, image_label, base_label;
    bool operator==(const SecurityLabel&) const = default;
};
constexpr auto names_of(SecurityLabel::Type) { return xml::names("dynamic", "static", "none"); }

/// The same for one source of a device only.
struct SourceLabel {
    std::string model;
    std::optional<bool> relabel;
    std::optional<bool> label_skip;  ///< set by the daemon where labelling was impossible
    std::string label;
    bool operator==(const SourceLabel&) const = default;
};

extern const xml::Element<SecurityLabel> security_label_element;
extern const xml::Element<SourceLabel> source_label_element;

}  // namespace innkeeper::model
