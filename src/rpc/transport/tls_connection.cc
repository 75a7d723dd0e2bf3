#include <fmt/format.h>
#include <fnmatch.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.h"
#include "rpc/transport/tls_credentials.h"

namespace innkeeper::rpc {

namespace {

constexpr std::size_t record_most = 16U << 10;

Error refused(std::string text) { return Error(ErrorCode::auth_failed, ErrorDomain::rpc, std::move(text)); }

class TlsConnection final : public Connection {
  public:
    TlsConnection(std::unique_ptr<Connection> socket, std::shared_ptr<const TlsCredentials> credentials)
        : socket_(std::move(socket)), credentials_(std::move(credentials)) {
        int status = gnutls_init(&session_, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
        if (status >= 0) status = gnutls_priority_set(session_, credentials_->priority);
        if (status >= 0) status = gnutls_credentials_set(session_, GNUTLS_CRD_CERTIFICATE, credentials_->certificates);
        if (status < 0) {
            gnutls_deinit(session_);
            throw refused(fmt::format("TLS cannot begin: {}", gnutls_strerror(status)));
        }
        // Asked for, and looked at after the handshake: the client is told by a byte whether it is taken.
        gnutls_certificate_server_set_request(session_, GNUTLS_CERT_REQUEST);
        gnutls_transport_set_int(session_, socket_->descriptor());
    }
    ~TlsConnection() override { gnutls_deinit(session_); }

    bool needs_preparing() const override { return !told_; }

    Prepared prepare() override {
        if (!shaken_) {
            int status = 0;
            do status = gnutls_handshake(session_);
            while (status < 0 && status != GNUTLS_E_AGAIN && gnutls_error_is_fatal(status) == 0);
            if (status == GNUTLS_E_AGAIN) return waits_for();
            if (status < 0) throw refused(fmt::format("TLS handshake failed: {}", why(status)));
            shaken_ = true;
            check_client();
        }
        const char taken = 1;
        const ssize_t sent = gnutls_record_send(session_, sending_ ? nullptr : &taken, sending_ ? 0 : 1);
        if (sent == GNUTLS_E_AGAIN || sent == GNUTLS_E_INTERRUPTED) {
            sending_ = true;
            return Prepared::when_writable;
        }
        if (sent < 0) throw refused(fmt::format("TLS handshake failed: {}", gnutls_strerror(static_cast<int>(sent))));
        sending_ = false;
        told_ = true;
        return Prepared::yes;
    }

    Result read(std::span<char> into) override {
        std::size_t size = 0;
        while (size < into.size()) {
            const ssize_t got = gnutls_record_recv(session_, into.data() + size, into.size() - size);
            if (got > 0) {
                size += static_cast<std::size_t>(got);
                continue;
            }
            if (got == GNUTLS_E_INTERRUPTED) continue;
            // What came before the end is given first; the end will be seen again.
            if (size > 0 || got == GNUTLS_E_AGAIN) break;
            return {.kind = Result::Kind::ended};
        }
        if (size == 0) return {.kind = Result::Kind::would_block};
        return {.bytes = size};
    }

    Result write(std::span<const iovec> bytes) override {
        // A record that has begun goes on by itself: GnuTLS kept it, and tells its length when it is out.
        if (!sending_) gather(bytes);
        for (;;) {
            const ssize_t sent = sending_ ? gnutls_record_send(session_, nullptr, 0)
                                          : gnutls_record_send(session_, record_.data(), record_size_);
            if (sent == GNUTLS_E_INTERRUPTED || sent == GNUTLS_E_AGAIN) {
                sending_ = true;
                if (sent == GNUTLS_E_AGAIN) return {.kind = Result::Kind::would_block};
                continue;
            }
            sending_ = false;
            if (sent < 0) return {.kind = Result::Kind::ended};
            return {.bytes = static_cast<std::size_t>(sent)};
        }
    }

    void close() override {
        // The client is told that nothing more comes, if that can be said at once.
        if (told_ && socket_->descriptor() >= 0 && !sending_) gnutls_bye(session_, GNUTLS_SHUT_WR);
        socket_->close();
    }
    int descriptor() const override { return socket_->descriptor(); }
    bool has_pending() const override { return gnutls_record_check_pending(session_) > 0; }
    Identity& identity() override { return identity_; }
    std::string remote_address() const override { return socket_->remote_address(); }
    std::string local_address() const override { return socket_->local_address(); }
    bool is_secure() const override { return true; }
    unsigned strength() const override {
        return static_cast<unsigned>(gnutls_cipher_get_key_size(gnutls_cipher_get(session_)) * 8);
    }

  private:
    Prepared waits_for() const {
        return gnutls_record_get_direction(session_) != 0 ? Prepared::when_writable : Prepared::when_readable;
    }

    std::string why(int status) const {
        if (status == GNUTLS_E_FATAL_ALERT_RECEIVED)
            return fmt::format("the client says: {}", gnutls_alert_get_name(gnutls_alert_get(session_)));
        return gnutls_strerror(status);
    }

    /// The certificate's name, and whether such a client is wanted. Throws Error (auth_failed).
    void check_client() {
        const bool verify = credentials_->settings.verify_clients;
        unsigned status = 0;
        const int asked = gnutls_certificate_verify_peers2(session_, &status);
        if (asked == GNUTLS_E_NO_CERTIFICATE_FOUND) {
            if (!verify) return;
            throw refused("the client has no certificate");
        }
        if (verify && (asked < 0 || status != 0)) {
            gnutls_datum_t text{};
            std::string why = gnutls_strerror(asked);
            if (asked >= 0 && gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0) >= 0) {
                why.assign(reinterpret_cast<const char*>(text.data), text.size);
                gnutls_free(text.data);
            }
            throw refused(fmt::format("the client's certificate is not good: {}", why));
        }
        unsigned count = 0;
        const gnutls_datum_t* chain = gnutls_certificate_get_peers(session_, &count);
        gnutls_x509_crt_t certificate = nullptr;
        if (chain == nullptr || count == 0 || gnutls_x509_crt_init(&certificate) < 0) return;
        std::array<char, 1024> name{};
        std::size_t size = name.size();
        const bool read = gnutls_x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER) >= 0 &&
                          gnutls_x509_crt_get_dn(certificate, name.data(), &size) >= 0;
        gnutls_x509_crt_deinit(certificate);
        if (!read) throw refused("the client's certificate has no name that can be read");
        // Who is not verified could call himself anything.
        if (verify) identity_.x509_name.assign(name.data(), size);
        const auto& allowed = credentials_->settings.allowed_names;
        const auto matches = [&](const std::string& pattern) {
            return ::fnmatch(pattern.c_str(), name.data(), 0) == 0;
        };
        if (verify && allowed && !std::ranges::any_of(*allowed, matches))
            throw refused(fmt::format("the client's name '{}' is not in tls_allowed_dn_list", name.data()));
    }

    /// Small messages share a record.
    void gather(std::span<const iovec> bytes) {
        record_size_ = 0;
        for (const auto& part : bytes) {
            const std::size_t size = std::min(part.iov_len, record_.size() - record_size_);
            std::memcpy(record_.data() + record_size_, part.iov_base, size);
            record_size_ += size;
            if (record_size_ == record_.size()) break;
        }
    }

    std::unique_ptr<Connection> socket_;
    std::shared_ptr<const TlsCredentials> credentials_;
    gnutls_session_t session_ = nullptr;
    Identity identity_;
    bool shaken_ = false, told_ = false;
    bool sending_ = false;  ///< GnuTLS holds a record that the socket did not take yet
    static thread_local std::array<char, record_most> record_;
    std::size_t record_size_ = 0;
};

thread_local std::array<char, record_most> TlsConnection::record_;

}  // namespace

std::unique_ptr<Connection> tls_connection(Fd socket, std::shared_ptr<const TlsCredentials> credentials) {
    return std::make_unique<TlsConnection>(tcp_connection(std::move(socket)), std::move(credentials));
}

}  // namespace innkeeper::rpc
