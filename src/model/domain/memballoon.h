#pragma once

#include <chrono>
#include <optional>

#include "model/domain/device_info.h"
#include "xml/description.h"

namespace innkeeper::model {

/// The balloon: takes memory back from a running guest and returns it. At most one per guest; without the element a
/// guest gets its hypervisor's default, `none` switches it off.
struct Memballoon {
    enum class Model { virtio, xen, none, virtio_transitional, virtio_non_transitional };
    Model model = Model::virtio;
    std::optional<bool> autodeflate;  ///< give memory back before the guest runs out of it
    std::optional<bool> free_page_reporting;
    std::optional<std::chrono::seconds> stats_period;  ///< how often the guest reports
    VirtioOptions virtio;
    DeviceInfo info;
    bool operator==(const Memballoon&) const = default;
};
constexpr auto names_of(Memballoon::Model) {
    return xml::names("virtio", "xen", "none", "virtio-transitional", "virtio-non-transitional");
}

extern const xml::Element<Memballoon> memballoon_element;

}  // namespace innkeeper::model
