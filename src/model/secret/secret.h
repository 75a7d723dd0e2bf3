#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/uuid.h"
#include "xml/description.h"

namespace innkeeper::model {

/// A secret as documents describe it: what it is for and how it is kept, never its value.
struct Secret {
    /// The numbers are the interface's (virSecretUsageType).
    enum class Usage { none, volume, ceph, iscsi, tls, vtpm };
    bool ephemeral = false;    ///< kept in memory only
    bool is_private = false;   ///< its value is given to the daemon itself, not to clients
    std::optional<Uuid> uuid;  ///< always there once the document has been completed
    std::string description;
    Usage usage = Usage::none;
    std::string usage_id;  ///< the volume's path, the cluster's or the key's name…
    bool operator==(const Secret&) const = default;
};
constexpr auto names_of(Secret::Usage) { return xml::names("none", "volume", "ceph", "iscsi", "tls", "vtpm"); }

extern const xml::Element<Secret> secret;

/// The RelaxNG grammar of `<secret>`, made from its declarations.
std::string secret_grammar();
/// What the VALIDATE flags ask for, before a definition is read: whether the document follows the installed schema (or
/// that grammar). Throws the peer's sentences; for the pool.
void validate_secret(std::string_view text);

}  // namespace innkeeper::model
