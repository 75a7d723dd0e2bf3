#include "rpc/transport/tls.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/log.h"
#include "rpc/transport/tls_credentials.h"

namespace innkeeper::rpc {

namespace {

/// Which files these are now: another file, or another content, gives another stamp.
std::string stamp_of(const TlsSettings& settings) {
    std::string stamp;
    for (const auto* path : {&settings.ca, &settings.certificate, &settings.key, &settings.revoked}) {
        struct stat status{};
        if (path->empty() || ::stat(path->c_str(), &status) != 0) status = {};
        stamp += fmt::format("{}:{}:{}:{}.{};", status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec,
                             status.st_mtim.tv_nsec);
    }
    return stamp;
}

}  // namespace

TlsContext::TlsContext(TlsSettings settings)
    : settings_(std::move(settings)),
      credentials_(std::make_shared<const TlsCredentials>(settings_)),
      stamp_(stamp_of(settings_)) {}

TlsContext::~TlsContext() = default;

void TlsContext::reload() {
    stamp_ = stamp_of(settings_);
    credentials_ = std::make_shared<const TlsCredentials>(settings_);
}

void TlsContext::reload_if_changed() {
    if (stamp_of(settings_) == stamp_) return;
    try {
        reload();
        log::info("TLS certificates have changed and are used from now on");
    } catch (const Error& error) {
        log::error("TLS certificates have changed, but cannot be used; those read before stay: {}", error.message());
    }
}

std::unique_ptr<Connection> TlsContext::accept(Fd socket) { return tls_connection(std::move(socket), credentials_); }

}  // namespace innkeeper::rpc
