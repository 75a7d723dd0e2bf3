#pragma once

#include <optional>

#include "model/domain/device_info.h"
#include "xml/description.h"

namespace innkeeper::model {

/// A device that encrypts for the guest.
struct Crypto {
    enum class Model { virtio };
    enum class Type { qemu };
    enum class Backend { builtin, lkcf };
    std::optional<Model> model;
    std::optional<Type> type;
    std::optional<Backend> backend;
    std::optional<unsigned> queues;
    VirtioOptions virtio;
    DeviceInfo info;
    bool operator==(const Crypto&) const = default;
};
constexpr auto names_of(Crypto::Model) { return xml::names("virtio"); }
constexpr auto names_of(Crypto::Type) { return xml::names("qemu"); }
constexpr auto names_of(Crypto::Backend) { return xml::names("builtin", "lkcf"); }

extern const xml::Element<Crypto> crypto_element;

}  // namespace innkeeper::model
