#include "host/audit.h"

#include <fmt/format.h>
#include <libaudit.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>

#include "base/error.h"
#include "base/log.h"

namespace innkeeper::host {

namespace {

int number_of(Audit::Kind kind) {
    switch (kind) {
        case Audit::Kind::control:
            return AUDIT_VIRT_CONTROL;
        case Audit::Kind::resource:
            return AUDIT_VIRT_RESOURCE;
        case Audit::Kind::machine_id:
            return AUDIT_VIRT_MACHINE_ID;
    }
    return AUDIT_VIRT_CONTROL;
}

}  // namespace

Audit::Audit(unsigned level, bool to_log) : to_log_(to_log) {
    if (level == 0) return;
    socket_ = ::audit_open();
    if (socket_ < 0) {
        if (level > 1) throw Error::system(errno, "Unable to initialize audit layer");
        return;
    }
    if (level == 1 && ::audit_is_enabled(socket_) < 1) {
        ::audit_close(socket_);
        socket_ = -1;
    }
}

Audit::~Audit() {
    if (socket_ >= 0) ::audit_close(socket_);
}

void Audit::record(Kind kind, bool success, const std::string& text) const {
    if (to_log_) log::info("success={} {}", success ? "yes" : "no", text);
    if (socket_ < 0) return;
    if (::audit_log_user_message(socket_, number_of(kind), text.c_str(), nullptr, nullptr, nullptr, success ? 1 : 0) <=
        0)
        log::warning("Failed to send audit message {}: {}", text, std::strerror(errno));
}

std::string Audit::field(const std::string& name, const std::string& value) {
    char* encoded = ::audit_encode_nv_string(name.c_str(), value.c_str(), 0);
    if (encoded == nullptr) throw std::bad_alloc();
    std::string text = encoded;
    std::free(encoded);
    return text;
}

}  // namespace innkeeper::host
