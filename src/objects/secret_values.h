#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "loop/task.h"

namespace innkeeper::objects {

/// The values of secrets, for drivers that need one to open an image or to log in at a server. Unlike clients they get
/// private ones too; whoever asks keeps the value out of messages, logs and command lines.
class SecretValues {
  public:
    virtual ~SecretValues() = default;

    /// By its UUID, or else by what it is for: the numbers of virSecretUsageType.
    struct Wanted {
        std::optional<Uuid> uuid;
        int usage = 0;
        std::string usage_id;
    };
    /// Throws Error (no_secret) where there is none, or none with a value.
    virtual Task<std::vector<std::uint8_t>> value(Wanted wanted) = 0;
};

}  // namespace innkeeper::objects
