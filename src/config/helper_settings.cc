#include "config/helper_settings.h"

#include <array>

namespace innkeeper::config {

namespace {

template <class S, std::size_t N>
constexpr std::array<Setting<S>, 5 + N> with_common(const std::array<Setting<S>, N>& own) {
    std::array<Setting<S>, 5 + N> rows{
        Setting<S>{"log_level", &S::log_level, "What is logged: 1 everything, 2 information, 3 warnings, 4 errors."},
        Setting<S>{"log_filters", &S::log_filters, "Levels of single categories, as LEVEL:MATCH, separated by spaces."},
        Setting<S>{"log_outputs", &S::log_outputs,
                   "Where the log goes, as LEVEL:stderr, LEVEL:journald, LEVEL:syslog:IDENT or LEVEL:file:PATH, "
                   "separated by spaces."},
        Setting<S>{"max_clients", &S::max_clients, "Most clients at a time. Others wait to be accepted."},
        Setting<S>{"admin_max_clients", &S::admin_max_clients, "Most clients of the admin socket at a time."},
    };
    for (std::size_t i = 0; i < N; ++i) rows[5 + i] = own[i];
    return rows;
}

using L = LogDaemonSettings;
const auto log_table = with_common(std::array{
    Setting<L>{"max_size", &L::max_size,
               "How many bytes a log may have before the next file is begun; 0 for any number, and then a guest can "
               "fill the disk. Keep it below what logrotate is told, if that looks after the same files."},
    Setting<L>{"max_backups", &L::max_backups, "How many full files are kept beside the one that is written."},
});
const auto lock_table = with_common(std::array<Setting<LockDaemonSettings>, 0>{});

}  // namespace

DaemonSettings HelperSettings::daemon() const {
    DaemonSettings settings;
    settings.log_level = log_level;
    settings.log_filters = log_filters;
    settings.log_outputs = log_outputs;
    settings.max_clients = max_clients;
    settings.max_anonymous_clients = max_clients;
    settings.admin_max_clients = admin_max_clients;
    settings.max_client_requests = settings.admin_max_client_requests = 1;
    settings.keepalive_interval = settings.admin_keepalive_interval = -1;
    settings.min_workers = settings.max_workers = settings.prio_workers = 0;
    settings.admin_min_workers = settings.admin_max_workers = 0;
    settings.auth_unix_ro = settings.auth_unix_rw = "none";
    settings.unix_sock_rw_perms = settings.unix_sock_admin_perms = "0600";
    return settings;
}

std::span<const Setting<L>> Table<L>::rows() { return log_table; }
std::span<const Setting<LockDaemonSettings>> Table<LockDaemonSettings>::rows() { return lock_table; }

}  // namespace innkeeper::config
