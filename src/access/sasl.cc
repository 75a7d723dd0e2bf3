#include "access/sasl.h"

#include <fmt/format.h>
#include <fnmatch.h>
#include <sasl/sasl.h>

#include <algorithm>
#include <mutex>

#include "base/error.h"
#include "base/log.h"

namespace innkeeper::access {

namespace {

constexpr unsigned largest_buffer = 64U << 10;

/// What the client hears; why goes to the log, where only the administrator reads it.
Error failed(std::string_view why) {
    log::warning("SASL: {}", why);
    return Error(ErrorCode::auth_failed, ErrorDomain::rpc, "authentication failed");
}

int log_message(void*, int level, const char* message) {
    switch (level) {
        case SASL_LOG_NONE:
        case SASL_LOG_PASS:  // traces with passwords in them
            break;
        case SASL_LOG_ERR:
        case SASL_LOG_FAIL:
        case SASL_LOG_WARN:
            log::warning("SASL: {}", message);
            break;
        default:
            log::debug("SASL: {}", message);
    }
    return SASL_OK;
}

// The library keeps callbacks of all kinds as this one.
using Callback = int (*)();

/// Plugins are loaded when somebody first asks for SASL, not at start: one library, one configuration in a process.
/// Throws Error (auth_failed).
void initialize(const std::string& folder) {
    static std::once_flag once;
    static int status = SASL_OK;
    std::call_once(once, [&folder] {
        if (!folder.empty()) sasl_set_path(SASL_PATH_TYPE_CONFIG, const_cast<char*>(folder.c_str()));
        sasl_set_mutex([]() -> void* { return new std::mutex; },
                       [](void* mutex) {
                           static_cast<std::mutex*>(mutex)->lock();
                           return SASL_OK;
                       },
                       [](void* mutex) {
                           static_cast<std::mutex*>(mutex)->unlock();
                           return SASL_OK;
                       },
                       [](void* mutex) { delete static_cast<std::mutex*>(mutex); });
        static const sasl_callback_t callbacks[] = {
            {SASL_CB_LOG, reinterpret_cast<Callback>(reinterpret_cast<void*>(log_message)), nullptr},
            {SASL_CB_LIST_END, nullptr, nullptr}};
        status = sasl_server_init(callbacks, "libvirt");
    });
    if (status != SASL_OK)
        throw failed(fmt::format("the library cannot be used: {}", sasl_errstring(status, nullptr, nullptr)));
}

}  // namespace

struct SaslSession::State {
    ~State() { sasl_dispose(&connection); }
    const char* why() const { return sasl_errdetail(connection); }
    sasl_conn_t* connection = nullptr;
};

SaslSession::SaslSession(const SaslPolicy& policy, const Transport& transport)
    : state_(std::make_unique<State>()), policy_(policy), wants_layer_(!transport.is_secure) {
    initialize(policy_.folder);
    int status = sasl_server_new("libvirt", nullptr, nullptr, transport.local.c_str(), transport.remote.c_str(),
                                 nullptr, SASL_SUCCESS_DATA, &state_->connection);
    if (status != SASL_OK)
        throw failed(fmt::format("a session cannot begin: {}", sasl_errstring(status, nullptr, nullptr)));
    if (transport.strength > 0) {
        const sasl_ssf_t strength = transport.strength;
        sasl_setprop(state_->connection, SASL_SSF_EXTERNAL, &strength);
    }
    sasl_security_properties_t wanted{};
    if (wants_layer_) {
        wanted.min_ssf = policy_.least_strength;
        wanted.max_ssf = 100'000;
        wanted.maxbufsize = largest_buffer;
        wanted.security_flags = SASL_SEC_NOANONYMOUS | SASL_SEC_NOPLAINTEXT;
    }
    status = sasl_setprop(state_->connection, SASL_SEC_PROPS, &wanted);
    if (status != SASL_OK) throw failed(state_->why());
}

SaslSession::~SaslSession() = default;

std::string SaslSession::mechanisms() const {
    const char* names = nullptr;
    if (sasl_listmech(state_->connection, nullptr, "", ",", "", &names, nullptr, nullptr) != SASL_OK ||
        names == nullptr || *names == '\0')
        throw failed(
            fmt::format("no mechanism of the configuration (sasl2/libvirt.conf) can be used: {}", state_->why()));
    return names;
}

SaslSession::Step SaslSession::start(const std::string& mechanism, const std::optional<std::string>& data) {
    const char* out = nullptr;
    unsigned size = 0;
    const int result = sasl_server_start(state_->connection, mechanism.c_str(), data ? data->data() : nullptr,
                                         data ? static_cast<unsigned>(data->size()) : 0, &out, &size);
    return after(result, out, size);
}

SaslSession::Step SaslSession::step(const std::optional<std::string>& data) {
    const char* out = nullptr;
    unsigned size = 0;
    const int result = sasl_server_step(state_->connection, data ? data->data() : nullptr,
                                        data ? static_cast<unsigned>(data->size()) : 0, &out, &size);
    return after(result, out, size);
}

SaslSession::Step SaslSession::after(int result, const char* data, unsigned size) {
    if (result != SASL_OK && result != SASL_CONTINUE) throw failed(state_->why());
    Step step{.complete = result == SASL_OK};
    if (data != nullptr) step.data.emplace(data, size);
    if (!step.complete) return step;

    const void* value = nullptr;
    if (sasl_getprop(state_->connection, SASL_USERNAME, &value) != SASL_OK || value == nullptr)
        throw failed("the mechanism names no user");
    user_ = static_cast<const char*>(value);
    if (wants_layer_) {
        if (sasl_getprop(state_->connection, SASL_SSF, &value) != SASL_OK) throw failed(state_->why());
        strength_ = *static_cast<const sasl_ssf_t*>(value);
        if (strength_ < policy_.least_strength)
            throw failed(
                fmt::format("the layer has {} bits, and at least {} are wanted", strength_, policy_.least_strength));
    }
    const auto matches = [this](const std::string& pattern) {
        return ::fnmatch(pattern.c_str(), user_.c_str(), 0) == 0;
    };
    if (policy_.allowed_users && !std::ranges::any_of(*policy_.allowed_users, matches))
        throw failed(fmt::format("user '{}' is not in sasl_allowed_username_list", user_));
    return step;
}

std::size_t SaslSession::longest() const {
    const void* value = nullptr;
    if (sasl_getprop(state_->connection, SASL_MAXOUTBUF, &value) != SASL_OK) return 4096;
    const unsigned most = *static_cast<const unsigned*>(value);
    return most > 0 ? std::min(most, largest_buffer) : largest_buffer;
}

std::string_view SaslSession::encode(std::string_view plain) {
    const char* out = nullptr;
    unsigned size = 0;
    if (sasl_encode(state_->connection, plain.data(), static_cast<unsigned>(plain.size()), &out, &size) != SASL_OK)
        throw failed(state_->why());
    return {out, size};
}

std::string_view SaslSession::decode(std::string_view wrapped) {
    const char* out = nullptr;
    unsigned size = 0;
    if (sasl_decode(state_->connection, wrapped.data(), static_cast<unsigned>(wrapped.size()), &out, &size) != SASL_OK)
        throw failed(state_->why());
    return {out, size};
}

}  // namespace innkeeper::access
