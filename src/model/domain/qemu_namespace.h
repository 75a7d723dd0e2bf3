#pragma once

#include <optional>
#include <string>
#include <vector>

#include "xml/description.h"

namespace innkeeper::model {

/// What is passed through to QEMU beside the model: elements of the namespace
/// `http://libvirt.org/schemas/domain/qemu/1.0`.
struct QemuNamespace {
    enum class Deprecation { none, omit, reject, crash };
    struct Environment {
        std::string name;
        std::optional<std::string> value;
        bool operator==(const Environment&) const = default;
    };
    /// A member of a device that QEMU gets otherwise than the model says, or not at all.
    struct Property {
        enum class Type { string, signed_, unsigned_, bool_, remove };
        std::string name;
        std::optional<Type> type;  ///< always there once read
        std::string value;         ///< fits the type once read
        bool operator==(const Property&) const = default;
    };
    struct Override {
        std::string alias;
        std::vector<Property> frontend;
        bool operator==(const Override&) const = default;
    };
    static constexpr std::string_view uri = "http://libvirt.org/schemas/domain/qemu/1.0";

    std::vector<std::string> arguments;
    std::vector<Environment> environment;
    std::vector<std::string> added_capabilities, removed_capabilities;
    std::vector<Override> overrides;
    std::optional<Deprecation> deprecation;

    bool is_empty() const { return *this == QemuNamespace{}; }
    bool operator==(const QemuNamespace&) const = default;
};
constexpr auto names_of(QemuNamespace::Property::Type) {
    return xml::names("string", "signed", "unsigned", "bool", "remove");
}
constexpr auto names_of(QemuNamespace::Deprecation) { return xml::names("none", "omit", "reject", "crash"); }

extern const xml::Element<QemuNamespace> qemu_namespace_parts;

}  // namespace innkeeper::model
