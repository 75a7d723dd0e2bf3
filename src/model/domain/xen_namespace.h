#pragma once

#include <string>
#include <vector>

#include "xml/description.h"

namespace innkeeper::model {

/// What is passed through to Xen's device model beside the model: elements of the namespace
/// `http://libvirt.org/schemas/domain/xen/1.0`.
struct XenNamespace {
    static constexpr std::string_view uri = "http://libvirt.org/schemas/domain/xen/1.0";

    std::vector<std::string> arguments;

    bool is_empty() const { return arguments.empty(); }
    bool operator==(const XenNamespace&) const = default;
};

extern const xml::Element<XenNamespace> xen_namespace_parts;

}  // namespace innkeeper::model
