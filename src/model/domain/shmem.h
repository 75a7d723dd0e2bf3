#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/domain/device_info.h"
#include "xml/description.h"

namespace innkeeper::model {

/// Memory that several guests share.
struct Shmem {
    enum class Role { master, peer };
    enum class Model { ivshmem, ivshmem_plain, ivshmem_doorbell };
    std::string name;
    std::optional<Role> role;
    Model model = Model::ivshmem;
    std::optional<std::uint64_t> size_mib;
    bool has_server = false;
    std::string server;
    bool has_msi = false;
    std::optional<bool> msi_enabled, ioeventfd;
    std::optional<unsigned> msi_vectors;
    DeviceInfo info;
    bool operator==(const Shmem&) const = default;
};
constexpr auto names_of(Shmem::Role) { return xml::names("master", "peer"); }
constexpr auto names_of(Shmem::Model) { return xml::names("ivshmem", "ivshmem-plain", "ivshmem-doorbell"); }

extern const xml::Element<Shmem> shmem_element;

}  // namespace innkeeper::model
