#include "rpc/transport/tls_credentials.h"

#include <fmt/format.h>
#include <gnutls/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"

namespace innkeeper::rpc {

namespace {

constexpr std::size_t largest_file = 1U << 20;
constexpr unsigned most_certificates = 1024;

Error bad(std::string text) { return Error(ErrorCode::system_error, ErrorDomain::rpc, std::move(text)); }

void check_readable(const std::string& path, std::string_view what) {
    if (::access(path.c_str(), R_OK) != 0) throw Error::system(errno, fmt::format("Cannot read {} '{}'", what, path));
}

/// A key that others can read is no secret. The daemon still starts with it, as it always did.
void warn_if_exposed(const std::string& key) {
    struct stat status{};
    if (::stat(key.c_str(), &status) == 0 && (status.st_mode & (S_IRWXO | S_IWGRP)) != 0)
        log::warning("private key '{}' can be read or changed by others (mode {:04o}): use chmod 0600", key,
                     status.st_mode & 07777U);
}

/// The certificates of one PEM file.
class Certificates {
  public:
    Certificates(const std::string& path, std::string_view failure) {
        std::string text = read_file(path, largest_file).value_or("");
        const gnutls_datum_t data{reinterpret_cast<unsigned char*>(text.data()), static_cast<unsigned>(text.size())};
        unsigned count = 0;
        const int status = gnutls_x509_crt_list_import2(&list_, &count, &data, GNUTLS_X509_FMT_PEM, 0);
        if (status < 0) throw bad(fmt::format("{} {}: {}", failure, path, gnutls_strerror(status)));
        size_ = count;
        if (size_ > most_certificates) throw bad(fmt::format("{} {}: too many certificates", failure, path));
    }
    ~Certificates() {
        for (std::size_t i = 0; i < size_; ++i) gnutls_x509_crt_deinit(list_[i]);
        gnutls_free(list_);
    }
    Certificates(const Certificates&) = delete;
    Certificates& operator=(const Certificates&) = delete;

    std::size_t size() const { return size_; }
    gnutls_x509_crt_t operator[](std::size_t i) const { return list_[i]; }
    gnutls_x509_crt_t* data() const { return list_; }

  private:
    gnutls_x509_crt_t* list_ = nullptr;
    std::size_t size_ = 0;
};

enum class Role { authority, server };

void check_times(gnutls_x509_crt_t certificate, const std::string& path, Role role) {
    const std::string_view which = role == Role::authority ? "CA" : "server";
    const std::time_t now = std::time(nullptr);
    if (gnutls_x509_crt_get_expiration_time(certificate) < now)
        throw bad(fmt::format("The {} certificate {} has expired", which, path));
    if (gnutls_x509_crt_get_activation_time(certificate) > now)
        throw bad(fmt::format("The {} certificate {} is not yet active", which, path));
}

/// RFC 5280, section 4.2.1.9.
void check_constraints(gnutls_x509_crt_t certificate, const std::string& path, Role role) {
    const int status = gnutls_x509_crt_get_basic_constraints(certificate, nullptr, nullptr, nullptr);
    if (status > 0 && role == Role::server)
        throw bad(fmt::format("The certificate {} basic constraints show a CA, but we need one for a server", path));
    if (status == 0 && role == Role::authority)
        throw bad(fmt::format("The certificate {} basic constraints do not show a CA", path));
    if (status == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE && role == Role::authority)
        throw bad(fmt::format("The certificate {} is missing basic constraints for a CA", path));
    if (status < 0 && status != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
        throw bad(fmt::format("Unable to query certificate {} basic constraints: {}", path, gnutls_strerror(status)));
}

/// RFC 5280, section 4.2.1.3: what a critical extension forbids is refused, what another does not name is warned of.
void check_usage(gnutls_x509_crt_t certificate, const std::string& path, Role role) {
    unsigned usage = 0, critical = 0;
    const int status = gnutls_x509_crt_get_key_usage(certificate, &usage, &critical);
    if (status < 0) return;
    const unsigned needed =
        role == Role::authority ? GNUTLS_KEY_KEY_CERT_SIGN : GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_KEY_ENCIPHERMENT;
    if ((usage & needed) != 0) return;
    std::string text = fmt::format("Certificate {} usage does not permit {}", path,
                                   role == Role::authority ? "certificate signing" : "digital signature");
    if (critical != 0) throw bad(std::move(text));
    log::warning("{}", text);
}

/// RFC 5280, section 4.2.1.12.
void check_purpose(gnutls_x509_crt_t certificate, const std::string& path) {
    bool any = false, named = false;
    unsigned critical = 0;
    for (unsigned i = 0;; ++i) {
        std::array<char, 128> purpose{};
        std::size_t size = purpose.size();
        const int status = gnutls_x509_crt_get_key_purpose_oid(certificate, i, purpose.data(), &size, &critical);
        if (status < 0) break;
        any = true;
        const std::string_view text = purpose.data();
        if (text == GNUTLS_KP_TLS_WWW_SERVER || text == GNUTLS_KP_ANY) named = true;
    }
    if (!any || named) return;
    std::string text = fmt::format("Certificate {} purpose does not allow use with a TLS server", path);
    if (critical != 0) throw bad(std::move(text));
    log::warning("{}", text);
}

std::string reasons(unsigned status) {
    gnutls_datum_t text{};
    if (gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0) < 0) return "not trusted";
    std::string copy(reinterpret_cast<const char*>(text.data), text.size);
    gnutls_free(text.data);
    while (copy.ends_with(' ') || copy.ends_with('\0')) copy.pop_back();
    return copy;
}

void check_own(const TlsSettings& settings) {
    const Certificates own(settings.certificate, "Unable to import server certificate");
    const Certificates authorities(settings.ca, "Unable to import CA certificate list");
    check_times(own[0], settings.certificate, Role::server);
    check_constraints(own[0], settings.certificate, Role::server);
    check_usage(own[0], settings.certificate, Role::server);
    check_purpose(own[0], settings.certificate);
    for (std::size_t i = 0; i < authorities.size(); ++i) {
        check_times(authorities[i], settings.ca, Role::authority);
        check_constraints(authorities[i], settings.ca, Role::authority);
        check_usage(authorities[i], settings.ca, Role::authority);
    }
    unsigned status = 0;
    const int verified = gnutls_x509_crt_list_verify(own.data(), static_cast<unsigned>(own.size()), authorities.data(),
                                                     static_cast<unsigned>(authorities.size()), nullptr, 0, 0, &status);
    if (verified < 0 || status != 0)
        throw bad(fmt::format("Our own certificate {} failed validation against {}: {}", settings.certificate,
                              settings.ca, verified < 0 ? gnutls_strerror(verified) : reasons(status)));
}

}  // namespace

TlsCredentials::TlsCredentials(const TlsSettings& from) : settings(from) {
    check_readable(settings.ca, "CA certificate");
    check_readable(settings.certificate, "certificate");
    check_readable(settings.key, "private key");
    warn_if_exposed(settings.key);
    if (settings.check_own) check_own(settings);

    gnutls_certificate_allocate_credentials(&certificates);
    const auto refuse = [this](std::string text) {
        gnutls_certificate_free_credentials(certificates);
        throw bad(std::move(text));
    };
    int status = gnutls_certificate_set_x509_trust_file(certificates, settings.ca.c_str(), GNUTLS_X509_FMT_PEM);
    if (status < 0)
        refuse(fmt::format("Unable to set x509 CA certificate: {}: {}", settings.ca, gnutls_strerror(status)));
    if (!settings.revoked.empty()) {
        if (::access(settings.revoked.c_str(), R_OK) != 0) {
            log::warning("no revoked certificates are known: cannot read '{}'", settings.revoked);
        } else if (status = gnutls_certificate_set_x509_crl_file(certificates, settings.revoked.c_str(),
                                                                 GNUTLS_X509_FMT_PEM);
                   status < 0) {
            refuse(fmt::format("Unable to set x509 certificate revocation list: {}: {}", settings.revoked,
                               gnutls_strerror(status)));
        }
    }
    status = gnutls_certificate_set_x509_key_file(certificates, settings.certificate.c_str(), settings.key.c_str(),
                                                  GNUTLS_X509_FMT_PEM);
    if (status < 0)
        refuse(fmt::format("Unable to set x509 key and certificate: {}, {}: {}", settings.key, settings.certificate,
                           gnutls_strerror(status)));
    const char* wrong = nullptr;
    status = settings.priority.empty() ? gnutls_priority_init(&priority, nullptr, nullptr)
                                       : gnutls_priority_init(&priority, settings.priority.c_str(), &wrong);
    if (status < 0)
        refuse(fmt::format("tls_priority \"{}\" is no GnuTLS priority string: it is not understood from \"{}\" on",
                           settings.priority, wrong != nullptr ? wrong : settings.priority.c_str()));
    gnutls_certificate_set_known_dh_params(certificates, GNUTLS_SEC_PARAM_MEDIUM);
}

TlsCredentials::~TlsCredentials() {
    gnutls_priority_deinit(priority);
    gnutls_certificate_free_credentials(certificates);
}

}  // namespace innkeeper::rpc
