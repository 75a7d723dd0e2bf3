#pragma once

#include <cstdint>
#include <string>

#include "config/daemon_settings.h"
#include "config/setting.h"

namespace innkeeper::config {

/// virtlockd.conf: what the daemons have in common that help others.
struct HelperSettings {
    unsigned log_level = 3;
    OptionalText log_filters, log_outputs;
    unsigned max_clients = 1024, admin_max_clients = 5000;

    /// Everything else about such a daemon, which has no setting: only root, or the user himself, may connect.
    DaemonSettings daemon() const;
};

/// virtlogd.conf.
struct LogDaemonSettings : HelperSettings {
    std::uint64_t max_size = 2097152;
    unsigned max_backups = 3;
};

struct LockDaemonSettings : HelperSettings {};

template <>
struct Table<LogDaemonSettings> {
    static std::span<const Setting<LogDaemonSettings>> rows();
    static constexpr std::string_view intro =
        "# Configuration of virtlogd, which writes guests' logs. Lines that begin with # are\n"
        "# comments; each setting is shown with its default.\n";
};

template <>
struct Table<LockDaemonSettings> {
    static std::span<const Setting<LockDaemonSettings>> rows();
    static constexpr std::string_view intro =
        "# Configuration of virtlockd, which holds the locks of guests' disks. Lines that begin\n"
        "# with # are comments; each setting is shown with its default.\n";
};

/// Reads such a file; an empty path gives the defaults. Throws Error.
template <class S>
S read_helper_settings(const std::string& path, Remarks& remarks) {
    return path.empty() ? S{} : load<S>(config::read(path), remarks);
}

}  // namespace innkeeper::config
