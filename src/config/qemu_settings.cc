#include "config/qemu_settings.h"

#include <fmt/format.h>

#include <array>

#include "base/error.h"
#include "base/files.h"

namespace innkeeper::config {

namespace {

using S = QemuSettings;
using Row = Setting<S>;
constexpr auto not_yet = Row::Standing::not_yet;

const std::array table{
    Row{"default_tls_x509_cert_dir", &S::default_tls_x509_cert_dir,
        "Folder of the certificates of TLS inside guests' devices.", not_yet},
    Row{"vnc_listen", &S::vnc_listen, "Address on which VNC displays listen, unless the guest names one."},
    Row{"vnc_auto_unix_socket", &S::vnc_auto_unix_socket, "Give VNC displays a UNIX socket instead of a port.",
        not_yet},
    Row{"vnc_password", &S::vnc_password, "Password of VNC displays, unless the guest has one.", not_yet},
    Row{"vnc_tls", &S::vnc_tls, "Encrypt VNC displays.", not_yet},
    Row{"vnc_sasl", &S::vnc_sasl, "Authenticate the users of VNC displays with SASL.", not_yet},
    Row{"spice_listen", &S::spice_listen, "Address on which SPICE displays listen, unless the guest names one."},
    Row{"spice_auto_unix_socket", &S::spice_auto_unix_socket, "Give SPICE displays a UNIX socket instead of a port.",
        not_yet},
    Row{"spice_password", &S::spice_password, "Password of SPICE displays, unless the guest has one.", not_yet},
    Row{"spice_tls", &S::spice_tls, "Encrypt SPICE displays.", not_yet},
    Row{"spice_sasl", &S::spice_sasl, "Authenticate the users of SPICE displays with SASL.", not_yet},
    Row{"remote_display_port_min", &S::remote_display_port_min, "First port that is given to displays."},
    Row{"remote_display_port_max", &S::remote_display_port_max, "Last port that is given to displays."},
    Row{"remote_websocket_port_min", &S::remote_websocket_port_min, "First port that is given to VNC's websockets."},
    Row{"remote_websocket_port_max", &S::remote_websocket_port_max, "Last port that is given to VNC's websockets."},
    Row{"security_driver", &S::security_driver, "What labels guests: selinux, apparmor, none; found out if not set."},
    Row{"security_default_confined", &S::security_default_confined, "Label guests that do not ask for it.", not_yet},
    Row{"security_require_confined", &S::security_require_confined, "Refuse guests that ask not to be labelled.",
        not_yet},
    Row{"user", &S::user, "User of guests' processes: a name, a number, or + and a number."},
    Row{"group", &S::group, "Group of guests' processes."},
    Row{"dynamic_ownership", &S::dynamic_ownership, "Give the files of a guest to its user while it runs."},
    Row{"remember_owner", &S::remember_owner, "Give files back to whom they belonged before.", not_yet},
    Row{"cgroup_controllers", &S::cgroup_controllers,
        "Resource controllers that guests are placed under; all that are mounted if not set.", not_yet},
    Row{"cgroup_device_acl", &S::cgroup_device_acl, "Device nodes that every guest may use.", not_yet},
    Row{"save_image_format", &S::save_image_format, "How saved guests are compressed: raw, lzop, gzip, bzip2 or xz."},
    Row{"dump_image_format", &S::dump_image_format, "How dumps of guests are compressed."},
    Row{"snapshot_image_format", &S::snapshot_image_format, "How the memory of external snapshots is compressed."},
    Row{"auto_dump_path", &S::auto_dump_path, "Where dumps of crashed guests go."},
    Row{"auto_dump_bypass_cache", &S::auto_dump_bypass_cache, "Write such dumps past the page cache.", not_yet},
    Row{"auto_start_bypass_cache", &S::auto_start_bypass_cache,
        "Read saved guests past the page cache when they are started automatically.", not_yet},
    Row{"hugetlbfs_mount", &S::hugetlbfs_mount,
        "Mounts of huge pages; those of /proc/mounts if not set, none if empty."},
    Row{"bridge_helper", &S::bridge_helper, "Helper that connects an ordinary user's guest to a bridge."},
    Row{"set_process_name", &S::set_process_name, "Name guests' processes after the guest."},
    Row{"max_processes", &S::max_processes, "Most processes of guests' user; 0 leaves the limit alone."},
    Row{"max_files", &S::max_files, "Most open files of a guest; 0 leaves the limit alone."},
    Row{"max_threads_per_process", &S::max_threads_per_process, "Most threads of a guest; 0 leaves the limit alone.",
        not_yet},
    Row{"dump_guest_core", &S::dump_guest_core, "Have the guest's memory in core files of QEMU.", not_yet},
    Row{"mac_filter", &S::mac_filter, "Let only a guest's own MAC address through.", not_yet},
    Row{"relaxed_acs_check", &S::relaxed_acs_check, "Assign devices behind a switch without access control.", not_yet},
    Row{"lock_manager", &S::lock_manager, "What keeps two hosts from using one disk: lockd or sanlock.", not_yet},
    Row{"max_queued", &S::max_queued, "Most changes of one guest that wait for each other; 0 for any number."},
    Row{"keepalive_interval", &S::keepalive_interval,
        "Seconds of silence on a migration's connection before a sign of life is asked for.", not_yet},
    Row{"keepalive_count", &S::keepalive_count, "Such questions that may stay unanswered.", not_yet},
    Row{"seccomp_sandbox", &S::seccomp_sandbox, "Restrict QEMU's system calls: 1 yes, 0 no, -1 if it can."},
    Row{"migration_address", &S::migration_address, "Address on which incoming migrations listen.", not_yet},
    Row{"migration_host", &S::migration_host, "Name of this host for those who migrate to it.", not_yet},
    Row{"migration_port_min", &S::migration_port_min, "First port of incoming migrations.", not_yet},
    Row{"migration_port_max", &S::migration_port_max, "Last port of incoming migrations.", not_yet},
    Row{"log_timestamp", &S::log_timestamp, "Have QEMU put the time before its messages."},
    Row{"stdio_handler", &S::stdio_handler, "Who writes guests' logs: logd (virtlogd) or file."},
    Row{"gluster_debug_level", &S::gluster_debug_level, "Level of the gluster library's messages.", not_yet},
    Row{"namespaces", &S::namespaces, "Namespaces of their own that guests get.", not_yet},
    Row{"memory_backing_dir", &S::memory_backing_dir, "Folder of files that back guests' memory."},
    Row{"pr_helper", &S::pr_helper, "Helper for persistent reservations."},
    Row{"slirp_helper", &S::slirp_helper, "Helper for user networking.", not_yet},
    Row{"dbus_daemon", &S::dbus_daemon, "The message bus for guests' helpers."},
    Row{"swtpm_user", &S::swtpm_user, "User of software TPMs."},
    Row{"swtpm_group", &S::swtpm_group, "Group of software TPMs."},
    Row{"nvram", &S::nvram,
        "Firmware images and their variable stores, as CODE:VARS; not used where firmware describes itself."},
    Row{"capability_filters", &S::capability_filters, "Abilities of QEMU that are not to be used."},
    Row{"deprecation_behavior", &S::deprecation_behavior,
        "What QEMU does when asked for something deprecated: none, omit, reject or crash."},
    Row{"sched_core", &S::sched_core,
        "Which threads of guests never share a core with others: none, vcpus, emulator or full.", not_yet},
};

}  // namespace

std::span<const Row> Table<QemuSettings>::rows() { return table; }

QemuSettings QemuSettings::read(const std::string& path) {
    if (!path_exists(path)) return {};
    auto settings = load<QemuSettings>(config::read(path), path);
    const auto refuse = [&](std::string text) {
        throw Error(ErrorCode::internal_error, ErrorDomain::conf, fmt::format("{}: {}", path, text));
    };
    const auto check_ports = [&](std::string_view name, unsigned min, unsigned max, unsigned lowest) {
        if (min < lowest) refuse(fmt::format("{}_min: port must be greater than or equal to {}", name, lowest));
        if (max > 65535 || max < min)
            refuse(fmt::format("{}_max: port must be between the minimal port and 65535", name));
    };
    check_ports("remote_display_port", settings.remote_display_port_min, settings.remote_display_port_max, 5900);
    check_ports("remote_websocket_port", settings.remote_websocket_port_min, settings.remote_websocket_port_max, 5700);
    if (settings.migration_port_min == 0 || settings.migration_port_max > 65535 ||
        settings.migration_port_max < settings.migration_port_min)
        refuse("migration_port_min and migration_port_max: not a range of ports");
    if (settings.stdio_handler != "logd" && settings.stdio_handler != "file")
        refuse(fmt::format("Unknown stdio handler {}", settings.stdio_handler));
    if (settings.security_driver) {
        const auto& names = settings.security_driver->names;
        for (const auto& name : names) {
            if (name == "dac") refuse("security_driver: Duplicate security driver dac");
            if (name == "none" && names.size() > 1) refuse("security_driver: none cannot be combined with another");
        }
    }
    return settings;
}

}  // namespace innkeeper::config
