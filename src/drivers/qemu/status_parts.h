#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drivers/qemu/abilities/capabilities.h"
#include "model/domain/domain.h"

/// Parts of a running guest's status file that we hardly need ourselves, but without which the peer would end the guest
/// instead of taking it over, or would not know what it can do with it.
namespace innkeeper::qemu {

/// For a guest that we started. Each line is indented by two spaces.
std::string parts_for_peer(const model::DomainDef& def, const Capabilities& capabilities,
                           const std::vector<std::string>& device_ids);

/// What an earlier daemon wrote of such parts, and whatever else only it understands; empty if it wrote none.
std::string parts_to_keep(std::string_view status);

/// The highest number that an image has: the next one that is plugged in gets a higher one.
unsigned last_image(const model::DomainDef& def);

}  // namespace innkeeper::qemu
