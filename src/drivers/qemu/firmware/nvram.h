#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "model/domain/domain.h"

namespace innkeeper::qemu {

/// An image and the template of its variables, where no description says it (`nvram` of qemu.conf).
struct FirmwarePair {
    std::string code, variables;
};

/// Of "CODE:VARS"; those that are not so are left out. Without a setting the peer's usual ones.
std::vector<FirmwarePair> firmware_pairs(const std::optional<std::vector<std::string>>& setting);

/// The file in which a guest's firmware keeps its variables. Made out of the template before the first start, and
/// again when the client wants it as new.
struct NvramFile {
    std::string path, variables;  ///< `variables`: the template
    std::string code;             ///< for the sentence, if there is no template
    std::optional<uid_t> uid;
    std::optional<gid_t> gid;
    bool is_reset = false;

    /// Nothing if the guest keeps none in a file.
    static std::optional<NvramFile> of(const model::DomainDef& def, const std::vector<FirmwarePair>& pairs);

    /// Nothing half done; throws the peer's sentences. For the pool.
    void make() const;
};

}  // namespace innkeeper::qemu
