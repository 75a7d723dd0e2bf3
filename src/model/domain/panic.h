#pragma once

#include <optional>

#include "model/domain/device_info.h"
#include "xml/description.h"

namespace innkeeper::model {

/// Lets the guest's kernel tell that it has crashed.
struct Panic {
    enum class Model { isa, pseries, hyperv, s390, pvpanic };
    std::optional<Model> model;
    DeviceInfo info;
    bool operator==(const Panic&) const = default;
};
constexpr auto names_of(Panic::Model) { return xml::names("isa", "pseries", "hyperv", "s390", "pvpanic"); }

extern const xml::Element<Panic> panic_element;

}  // namespace innkeeper::model
