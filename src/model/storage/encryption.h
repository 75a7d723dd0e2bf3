#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "xml/description.h"

namespace innkeeper::model {

/// How a volume is encrypted, and the secrets that open it.
struct VolumeEncryption {
    enum class Format { default_, qcow, luks, luks2, luks_any };
    struct Secret {
        enum class Type { passphrase };
        Type type = Type::passphrase;
        std::optional<Uuid> uuid;
        std::string usage;
        bool operator==(const Secret&) const = default;
    };
    struct Cipher {
        std::string name;
        std::optional<unsigned> size;
        std::string mode, hash;
        bool operator==(const Cipher&) const = default;
    };
    struct Ivgen {
        std::string name, hash;
        bool operator==(const Ivgen&) const = default;
    };
    Format format = Format::default_;
    std::vector<Secret> secrets;
    std::optional<Cipher> cipher;
    std::optional<Ivgen> ivgen;
    bool operator==(const VolumeEncryption&) const = default;
};
constexpr auto names_of(VolumeEncryption::Format) { return xml::names("default", "qcow", "luks", "luks2", "luks-any"); }
constexpr auto names_of(VolumeEncryption::Secret::Type) { return xml::names("passphrase"); }

extern const xml::Element<VolumeEncryption> volume_encryption;

}  // namespace innkeeper::model
