#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/domain/device_info.h"
#include "xml/description.h"

namespace innkeeper::model {

/// A folder of the host's that the guest can mount.
struct Filesystem {
    enum class Type { mount, block, file, template_, ram, bind, volume };
    enum class AccessMode { passthrough, mapped, squash };
    enum class Multidevs { default_, remap, forbid, warn };
    enum class Model { virtio, virtio_transitional, virtio_non_transitional };
    enum class Driver { default_, path, handle, loop, nbd, ploop, virtiofs };
    enum class WritePolicy { default_, immediate };
    enum class CacheMode { default_, none, always };
    enum class Sandbox { default_, namespace_, chroot };

    Type type = Type::mount;
    std::optional<AccessMode> access_mode;
    std::optional<Multidevs> multidevs;
    std::string fmode, dmode;  ///< octal
    std::optional<Model> model;

    std::optional<Driver> driver;
    std::string format;
    std::optional<WritePolicy> write_policy;
    std::optional<unsigned> queue_size;
    VirtioOptions virtio;

    std::string binary;  ///< of virtiofsd
    std::optional<bool> xattr, posix_lock, flock;
    std::optional<CacheMode> cache_mode;
    std::optional<Sandbox> sandbox;
    std::optional<int> thread_pool_size;

    std::string source;  ///< folder, device, file, name, pool by type
    std::string volume;
    std::string socket;                  ///< of a virtiofsd that somebody else runs
    std::optional<std::uint64_t> usage;  ///< ram, in KiB
    std::string target;
    bool readonly = false;
    std::optional<std::uint64_t> space_hard_limit, space_soft_limit;  ///< bytes
    DeviceInfo info;

    bool operator==(const Filesystem&) const = default;
};
constexpr auto names_of(Filesystem::Type) {
    return xml::names("mount", "block", "file", "template", "ram", "bind", "volume");
}
constexpr auto names_of(Filesystem::AccessMode) { return xml::names("passthrough", "mapped", "squash"); }
constexpr auto names_of(Filesystem::Multidevs) { return xml::names("default", "remap", "forbid", "warn"); }
constexpr auto names_of(Filesystem::Model) {
    return xml::names("virtio", "virtio-transitional", "virtio-non-transitional");
}
constexpr auto names_of(Filesystem::Driver) {
    return xml::names("default", "path", "handle", "loop", "nbd", "ploop", "virtiofs");
}
constexpr auto names_of(Filesystem::WritePolicy) { return xml::names("default", "immediate"); }
constexpr auto names_of(Filesystem::CacheMode) { return xml::names("default", "none", "always"); }
constexpr auto names_of(Filesystem::Sandbox) { return xml::names("default", "namespace", "chroot"); }

extern const xml::Element<Filesystem> filesystem_element;

}  // namespace innkeeper::model
