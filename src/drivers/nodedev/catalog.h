#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "model/nodedev/device.h"

namespace innkeeper::nodedev {

using DevicePtr = std::shared_ptr<const model::nodedev::Device>;

/// The devices that are known, found by name and by their path below /sys.
class Catalog {
  public:
    DevicePtr by_name(std::string_view name) const;
    /// Throws Error (no_node_device).
    DevicePtr find(std::string_view name) const;
    DevicePtr by_path(std::string_view path) const;
    /// The Fibre Channel adapter with both names, or the first that can have virtual ports and is on that fabric.
    DevicePtr by_wwn(std::string_view wwnn, std::string_view wwpn) const;
    /// Throws Error (internal_error).
    DevicePtr find_wwn(std::string_view wwnn, std::string_view wwpn) const;
    DevicePtr by_fabric(std::string_view fabric) const;
    DevicePtr any_with_vports() const;

    /// Takes one in, in place of the one with its path or name. One with a path and no parent hangs on the nearest that
    /// is known on the way to it, or else on the host itself.
    DevicePtr put(model::nodedev::Device device);
    void remove(const model::nodedev::Device& device);

    const std::map<std::string, DevicePtr, std::less<>>& all() const { return names_; }

  private:
    std::string parent_of(std::string_view path) const;
    DevicePtr first_host(bool (*fits)(const model::nodedev::ScsiHost&, std::string_view, std::string_view),
                         std::string_view first, std::string_view second) const;

    std::map<std::string, DevicePtr, std::less<>> names_;
    std::map<std::string, DevicePtr, std::less<>> paths_;
};

}  // namespace innkeeper::nodedev
