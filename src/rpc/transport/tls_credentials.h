#pragma once

// Private to this room.

#include <gnutls/gnutls.h>

#include <memory>

#include "rpc/transport/tls.h"

namespace innkeeper::rpc {

/// What GnuTLS made of the files. Not changed after it was made, so that handshakes on several threads can share it.
struct TlsCredentials {
    /// Throws Error as TlsContext does.
    explicit TlsCredentials(const TlsSettings& settings);
    ~TlsCredentials();
    TlsCredentials(const TlsCredentials&) = delete;
    TlsCredentials& operator=(const TlsCredentials&) = delete;

    const TlsSettings settings;
    gnutls_certificate_credentials_t certificates = nullptr;
    gnutls_priority_t priority = nullptr;
};

std::unique_ptr<Connection> tls_connection(Fd socket, std::shared_ptr<const TlsCredentials> credentials);

}  // namespace innkeeper::rpc
