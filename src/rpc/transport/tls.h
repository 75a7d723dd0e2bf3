#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rpc/transport/connection.h"

/// TLS for the daemon's side of a connection (GnuTLS).
namespace innkeeper::rpc {

struct TlsSettings {
    /// PEM files. The CA's holds one certificate or more; ours may be followed by those between.
    std::string ca, certificate, key;
    /// Certificates that are no longer good; empty: none. A missing file is none as well.
    std::string revoked;
    /// Refuse our own certificate if a client would.
    bool check_own = true;
    /// Take only clients with a certificate of the CA.
    bool verify_clients = true;
    /// Patterns (glob(7)) of the names in clients' certificates, as "O=Org,CN=name"; any if not set.
    std::optional<std::vector<std::string>> allowed_names;
    /// A GnuTLS priority string; empty: GnuTLS's own choice.
    std::string priority;
};

struct TlsCredentials;

/// What all TLS clients of the daemon share: the credentials of the files. Each connection keeps those that it began
/// with.
class TlsContext {
  public:
    /// Reads all files. Throws Error (system_error, config_unsupported) naming the file and what is wrong with it.
    explicit TlsContext(TlsSettings settings);
    ~TlsContext();

    /// The files again. If one is not good, what was read before stays. Throws Error as the constructor does.
    void reload();
    /// Reads them again if one of them is another than before; a file that is not good is logged, and the last good
    /// credentials stay.
    void reload_if_changed();

    /// Its handshake is prepare(); after a good one the client has been sent the byte that tells it so (WIRE.md,
    /// section 6).
    std::unique_ptr<Connection> accept(Fd socket);

  private:
    const TlsSettings settings_;
    std::shared_ptr<const TlsCredentials> credentials_;
    std::string stamp_;  ///< of the files that were last looked at
};

}  // namespace innkeeper::rpc
