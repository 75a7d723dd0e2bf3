#pragma once

#include <optional>
#include <string>

#include "model/domain/chardev.h"
#include "model/domain/device_info.h"
#include "xml/description.h"

namespace innkeeper::model {

/// A source of entropy for the guest.
struct Rng {
    enum class Model { virtio, virtio_transitional, virtio_non_transitional };
    enum class Backend { random, egd, builtin };
    Model model = Model::virtio;
    std::optional<unsigned> rate_bytes, rate_period;  ///< bytes in milliseconds
    Backend backend = Backend::random;
    std::string device;    ///< random: the host's, "/dev/urandom"
    ChardevSource source;  ///< egd
    VirtioOptions virtio;
    DeviceInfo info;
    bool operator==(const Rng&) const = default;
};
constexpr auto names_of(Rng::Model) { return xml::names("virtio", "virtio-transitional", "virtio-non-transitional"); }
constexpr auto names_of(Rng::Backend) { return xml::names("random", "egd", "builtin"); }

extern const xml::Element<Rng> rng_element;

}  // namespace innkeeper::model
