#pragma once

#include <string>

#include "config/setting.h"

namespace innkeeper::config {

/// network.conf: it has no settings as yet, and is read so that somebody who writes into it hears of that.
struct NetworkSettings {
    static NetworkSettings read(const std::string& path);
};

template <>
struct Table<NetworkSettings> {
    static std::span<const Setting<NetworkSettings>> rows();
};

}  // namespace innkeeper::config
