#pragma once

#include <string>
#include <vector>

#include "model/nodedev/net.h"

namespace innkeeper::nodedev {

/// What the driver of a network card says that the card does by itself. Blocks.
std::vector<model::nodedev::NetFeature> read_features(const std::string& interface);

}  // namespace innkeeper::nodedev
