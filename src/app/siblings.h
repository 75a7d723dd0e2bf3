#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/paths.h"
#include "objects/network_addresses.h"
#include "objects/secret_values.h"
#include "objects/volumes.h"
#include "rpc/server/upstream.h"

/// The daemons that share a host in the modular deployment, and how they reach each other.
namespace innkeeper::app {

/// Which daemon has the driver of a URI's scheme.
struct Sibling {
    std::string_view scheme;  ///< "network"
    std::string_view program;
    bool hypervisor = false;
    /// Its procedures, for those that ask it on behalf of their own clients; null for a hypervisor's.
    bool (*serves)(const protocol::Procedure& row) = nullptr;
};
std::span<const Sibling> siblings();

/// What the daemons of these paths know each other by: 32 hexadecimal digits in a file that only they can read, made
/// by the first of them. Throws Error (system_error).
std::string system_token(const Paths& paths);

/// `uri` is opened there.
std::shared_ptr<const rpc::Upstream> upstream(const Sibling& sibling, const Paths& paths, std::string uri, bool whole);

/// What a hypervisor's daemon asks its siblings itself. Each question is a connection of its own: they are rare.
std::unique_ptr<objects::SecretValues> remote_secrets(const Paths& paths);
std::unique_ptr<objects::Volumes> remote_volumes(const Paths& paths);
std::unique_ptr<objects::NetworkAddresses> remote_networks(const Paths& paths);

}  // namespace innkeeper::app
