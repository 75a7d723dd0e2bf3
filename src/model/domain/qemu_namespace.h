#pragma once

#include <optional>
#include <string>
#include <vector>

#include "xml/description.h"
#include "xml/fragment.h"

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
    std::vector<std::string> arguments;
    std::vector<Environment> environment;
    std::vector<std::string> added_capabilities, removed_capabilities;
    std::vector<xml::Fragment> overrides;  ///< the `<qemu:override>` element
    std::optional<Deprecation> deprecation;

    bool is_empty() const { return *this == QemuNamespace{}; }
    bool operator==(const QemuNamespace&) const = default;
};
constexpr auto names_of(QemuNamespace::Deprecation) { return xml::names("none", "omit", "reject", "crash"); }

extern const xml::Element<QemuNamespace> qemu_namespace_parts;

}  // namespace innkeeper::model
