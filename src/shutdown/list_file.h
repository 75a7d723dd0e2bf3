#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.h"

namespace innkeeper::shutdown {

/// The guests that ran on one URI when the host went down: a line of `/var/lib/libvirt/libvirt-guests`,
/// "URI UUID UUID …".
struct SavedGuests {
    std::string uri;
    std::vector<Uuid> guests;
    bool operator==(const SavedGuests&) const = default;
};

std::string format_list(const std::vector<SavedGuests>& list);
/// What is no UUID is left out and named in `complaints`.
std::vector<SavedGuests> parse_list(std::string_view text, std::string_view file, std::vector<std::string>& complaints);

}  // namespace innkeeper::shutdown
