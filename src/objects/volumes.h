#pragma once

#include <string>

#include "loop/task.h"

namespace innkeeper::objects {

/// The volumes of storage pools, for drivers whose guests use them.
class Volumes {
  public:
    virtual ~Volumes() = default;

    struct Place {
        enum class Kind { file, block, folder, network };
        Kind kind = Kind::file;
        std::string path;
        std::string pool_type;  ///< as the pool's document has it: "dir"
    };
    /// Throws Error: no_storage_pool, no_storage_vol, or config_unsupported where the pool is not active.
    virtual Task<Place> place(std::string pool, std::string volume) = 0;
};

}  // namespace innkeeper::objects
