#pragma once

#include <optional>

#include "model/domain/device_info.h"
#include "xml/description.h"

namespace innkeeper::model {

/// A socket between the guest and the host, addressed by a number (CID).
struct Vsock {
    enum class Model { virtio, virtio_transitional, virtio_non_transitional };
    std::optional<Model> model;
    std::optional<bool> auto_cid;
    std::optional<unsigned> cid;
    VirtioOptions virtio;
    DeviceInfo info;
    bool operator==(const Vsock&) const = default;
};
constexpr auto names_of(Vsock::Model) { return xml::names("virtio", "virtio-transitional", "virtio-non-transitional"); }

extern const xml::Element<Vsock> vsock_element;

}  // namespace innkeeper::model
