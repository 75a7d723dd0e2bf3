#pragma once

#include <span>
#include <string_view>

#include "model/storage/pool.h"

namespace innkeeper::model {

/// What there is to choose for each type of pool.
struct PoolType {
    Pool::Type type;
    bool is_built = false;  ///< the daemon has a backend for it
    std::string_view default_source_format = {};
    std::span<const std::string_view> source_formats = {};
    std::string_view default_volume_format = {};
    std::span<const std::string_view> volume_formats = {};
};

/// In the order in which they are told.
std::span<const PoolType> pool_types();
const PoolType& pool_type(Pool::Type type);

}  // namespace innkeeper::model
