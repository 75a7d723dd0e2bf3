#include "config/network_settings.h"

namespace innkeeper::config {

std::span<const Setting<NetworkSettings>> Table<NetworkSettings>::rows() { return {}; }

NetworkSettings NetworkSettings::read(const std::string& path) { return load_if_there<NetworkSettings>(path); }

}  // namespace innkeeper::config
