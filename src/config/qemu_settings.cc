#include "config/qemu_settings.h"

#include <fmt/format.h>

#include <array>

#include "base/error.h"

namespace innkeeper::config {

namespace {

using S = QemuSettings;
using Row = Setting<S>;
constexpr auto not_yet = Row::Standing::not_yet;
constexpr auto needless = Row::Standing::needless;
constexpr auto obsolete = Row::Standing::obsolete;

constexpr std::string_view no_migration = "guests are not migrated yet";
constexpr std::string_view no_labels = "no security driver labels guests yet";
constexpr std::string_view no_owners = "the owners of guests' files are not changed yet";
constexpr std::string_view no_cgroups = "guests are not limited by cgroups yet";

const std::array table{
    Row{"default_tls_x509_cert_dir", &S::default_tls_x509_cert_dir,
        "Folder of the certificates of TLS inside guests' devices: ca-cert.pem, server-cert.pem, server-key.pem."},
    Row{"default_tls_x509_verify", &S::default_tls_x509_verify,
        "Whether those who connect need a certificate as well."},
    Row{"default_tls_x509_secret_uuid", &S::default_tls_x509_secret_uuid,
        "The secret that opens the private key, if that is locked."},
    Row{"vnc_listen", &S::vnc_listen, "Address on which VNC displays listen, unless the guest names one."},
    Row{"vnc_auto_unix_socket", &S::vnc_auto_unix_socket, "Give VNC displays a UNIX socket instead of a port."},
    Row{"vnc_password", &S::vnc_password, "Password of VNC displays, unless the guest has one."},
    Row{"vnc_tls", &S::vnc_tls, "Encrypt VNC displays."},
    Row{"vnc_tls_x509_cert_dir", &S::vnc_tls_x509_cert_dir,
        "Folder of the certificates of VNC displays; else the default one, or /etc/pki/libvirt-vnc if that is there."},
    Row{"vnc_tls_x509_verify", &S::vnc_tls_x509_verify,
        "Whether those who connect to VNC displays need a certificate."},
    Row{"vnc_tls_x509_secret_uuid", &S::vnc_tls_x509_secret_uuid,
        "The secret that opens the private key of VNC displays."},
    Row{"vnc_sasl", &S::vnc_sasl, "Authenticate the users of VNC displays with SASL."},
    Row{"vnc_sasl_dir", &S::vnc_sasl_dir, "Folder of the SASL configuration for VNC displays."},
    Row{"vnc_allow_host_audio", &S::vnc_allow_host_audio, "Let guests with a VNC display use the host's sound.",
        not_yet, "guests have the sound that their definitions name"},
    Row{"spice_listen", &S::spice_listen, "Address on which SPICE displays listen, unless the guest names one."},
    Row{"spice_auto_unix_socket", &S::spice_auto_unix_socket, "Give SPICE displays a UNIX socket instead of a port."},
    Row{"spice_password", &S::spice_password, "Password of SPICE displays, unless the guest has one."},
    Row{"spice_tls", &S::spice_tls, "Encrypt SPICE displays."},
    Row{"spice_tls_x509_cert_dir", &S::spice_tls_x509_cert_dir,
        "Folder of the certificates of SPICE displays; else the default one, or /etc/pki/libvirt-spice if that is "
        "there."},
    Row{"spice_sasl", &S::spice_sasl, "Authenticate the users of SPICE displays with SASL."},
    Row{"spice_sasl_dir", &S::spice_sasl_dir, "Folder of the SASL configuration for SPICE displays."},
    Row{"nographics_allow_host_audio", &S::nographics_allow_host_audio,
        "Let guests without a display use the host's sound.", not_yet,
        "guests have the sound that their definitions name"},
    Row{"chardev_tls", &S::chardev_tls,
        "Encrypt serial ports and the like that are reached by TCP, unless the guest says it."},
    Row{"chardev_tls_x509_cert_dir", &S::chardev_tls_x509_cert_dir,
        "Folder of the certificates of such connections; else the default one, or /etc/pki/libvirt-chardev if that is "
        "there."},
    Row{"chardev_tls_x509_verify", &S::chardev_tls_x509_verify,
        "Whether those who connect to such connections need a certificate."},
    Row{"chardev_tls_x509_secret_uuid", &S::chardev_tls_x509_secret_uuid,
        "The secret that opens the private key of such connections."},
    Row{"vxhs_tls", &S::vxhs_tls, "Encrypt the connections to disks of VxHS.", needless,
        "QEMU has no disks of VxHS any more"},
    Row{"vxhs_tls_x509_cert_dir", &S::vxhs_tls_x509_cert_dir,
        "Folder of the certificates of disks of VxHS; else the default one, or /etc/pki/libvirt-vxhs if that is there.",
        needless, "QEMU has no disks of VxHS any more"},
    Row{"vxhs_tls_x509_secret_uuid", &S::vxhs_tls_x509_secret_uuid,
        "The secret that opens the private key of disks of VxHS.", needless, "QEMU has no disks of VxHS any more"},
    Row{"nbd_tls", &S::nbd_tls, "Encrypt the connections to disks of NBD."},
    Row{"nbd_tls_x509_cert_dir", &S::nbd_tls_x509_cert_dir,
        "Folder of the certificates of disks of NBD; else the default one, or /etc/pki/libvirt-nbd if that is there."},
    Row{"nbd_tls_x509_secret_uuid", &S::nbd_tls_x509_secret_uuid,
        "The secret that opens the private key of disks of NBD."},
    Row{"migrate_tls_force", &S::migrate_tls_force, "Refuse migrations that are not encrypted.", not_yet, no_migration},
    Row{"migrate_tls_x509_cert_dir", &S::migrate_tls_x509_cert_dir,
        "Folder of the certificates of migrations; else the default one, or /etc/pki/libvirt-migrate if that is there.",
        not_yet, no_migration},
    Row{"migrate_tls_x509_verify", &S::migrate_tls_x509_verify,
        "Whether those who connect to migrations need a certificate.", not_yet, no_migration},
    Row{"migrate_tls_x509_secret_uuid", &S::migrate_tls_x509_secret_uuid,
        "The secret that opens the private key of migrations.", not_yet, no_migration},
    Row{"backup_tls_x509_cert_dir", &S::backup_tls_x509_cert_dir,
        "Folder of the certificates of backups; else the default one, or /etc/pki/libvirt-backup if that is there.",
        not_yet, "backups are not encrypted yet"},
    Row{"backup_tls_x509_verify", &S::backup_tls_x509_verify,
        "Whether those who connect to backups need a certificate.", not_yet, "backups are not encrypted yet"},
    Row{"backup_tls_x509_secret_uuid", &S::backup_tls_x509_secret_uuid,
        "The secret that opens the private key of backups.", not_yet, "backups are not encrypted yet"},
    Row{"remote_display_port_min", &S::remote_display_port_min, "First port that is given to displays."},
    Row{"remote_display_port_max", &S::remote_display_port_max, "Last port that is given to displays."},
    Row{"remote_websocket_port_min", &S::remote_websocket_port_min, "First port that is given to VNC's websockets."},
    Row{"remote_websocket_port_max", &S::remote_websocket_port_max, "Last port that is given to VNC's websockets."},
    Row{"security_driver", &S::security_driver, "What labels guests: selinux, apparmor, none; found out if not set.",
        not_yet, no_labels},
    Row{"security_default_confined", &S::security_default_confined, "Label guests that do not ask for it.", not_yet,
        no_labels},
    Row{"security_require_confined", &S::security_require_confined, "Refuse guests that ask not to be labelled.",
        not_yet, no_labels},
    Row{"user", &S::user, "User of guests' processes: a name, a number, or + and a number."},
    Row{"group", &S::group, "Group of guests' processes."},
    Row{"dynamic_ownership", &S::dynamic_ownership, "Give the files of a guest to its user while it runs.", not_yet,
        no_owners},
    Row{"remember_owner", &S::remember_owner, "Give files back to whom they belonged before.", not_yet, no_owners},
    Row{"cgroup_controllers", &S::cgroup_controllers,
        "Resource controllers that guests are placed under; all that are mounted if not set.", not_yet, no_cgroups},
    Row{"cgroup_device_acl", &S::cgroup_device_acl, "Device nodes that every guest may use.", not_yet, no_cgroups},
    Row{"save_image_format", &S::save_image_format, "How saved guests are compressed: raw, lzop, gzip, bzip2 or xz.",
        not_yet, "images are written as they are"},
    Row{"dump_image_format", &S::dump_image_format, "How dumps of guests are compressed.", not_yet,
        "images are written as they are"},
    Row{"snapshot_image_format", &S::snapshot_image_format, "How the memory of external snapshots is compressed.",
        not_yet, "images are written as they are"},
    Row{"auto_dump_path", &S::auto_dump_path, "Where dumps of crashed guests go.", not_yet,
        "crashed guests are not dumped by themselves"},
    Row{"auto_dump_bypass_cache", &S::auto_dump_bypass_cache, "Write such dumps past the page cache.", not_yet,
        "crashed guests are not dumped by themselves"},
    Row{"auto_start_bypass_cache", &S::auto_start_bypass_cache,
        "Read saved guests past the page cache when they are started automatically.", not_yet,
        "saved guests are always read through the page cache"},
    Row{"auto_shutdown_try_save", &S::auto_shutdown_try_save,
        "Which guests are saved when the host, or the user's session, ends: none or persistent. Not if "
        "libvirt-guests.service is active, which then does all of it. The system's daemon: none; a user's: "
        "persistent."},
    Row{"auto_shutdown_try_shutdown", &S::auto_shutdown_try_shutdown,
        "Which of those that were not saved are asked to shut down: none, persistent, transient or all. The system's "
        "daemon: none; a user's: all."},
    Row{"auto_shutdown_poweroff", &S::auto_shutdown_poweroff,
        "Which of those that still run are powered off. The system's daemon: none; a user's: all."},
    Row{"auto_shutdown_wait", &S::auto_shutdown_wait,
        "Seconds that guests have to shut down. The host waits no longer than InhibitDelayMaxSec in logind.conf(5) "
        "says."},
    Row{"auto_shutdown_restore", &S::auto_shutdown_restore,
        "Start persistent guests that ended in this way again at the next boot."},
    Row{"auto_save_bypass_cache", &S::auto_save_bypass_cache, "Write those that are saved past the page cache."},
    Row{"hugetlbfs_mount", &S::hugetlbfs_mount,
        "Mounts of huge pages; those of /proc/mounts if not set, none if empty.", not_yet,
        "guests do not get huge pages yet"},
    Row{"bridge_helper", &S::bridge_helper, "Helper that connects an ordinary user's guest to a bridge.", not_yet,
        "guests are not connected to bridges yet"},
    Row{"set_process_name", &S::set_process_name, "Name guests' processes after the guest."},
    Row{"max_processes", &S::max_processes, "Most processes of guests' user; 0 leaves the limit alone."},
    Row{"max_files", &S::max_files, "Most open files of a guest; 0 leaves the limit alone."},
    Row{"max_threads_per_process", &S::max_threads_per_process, "Most threads of a guest; 0 leaves the limit alone.",
        not_yet, no_cgroups},
    Row{"max_core", &S::max_core, "Largest core file of a guest, in bytes, or unlimited; 0 for none."},
    Row{"dump_guest_core", &S::dump_guest_core, "Have the guest's memory in core files of QEMU."},
    Row{"mac_filter", &S::mac_filter, "Let only a guest's own MAC address through.", not_yet,
        "guests are not connected to bridges yet"},
    Row{"relaxed_acs_check", &S::relaxed_acs_check, "Assign devices behind a switch without access control.", not_yet,
        "devices are assigned without looking at the switches above them"},
    Row{"lock_manager", &S::lock_manager,
        "What keeps two guests, on this host or another, from using one disk: lockd, with virtlockd and "
        "qemu-lockd.conf. (sanlock is refused: this version does not have it.) Nothing if not set."},
    Row{"max_queued", &S::max_queued, "Most changes of one guest that wait for each other; 0 for any number.", not_yet,
        "any number of changes may wait"},
    Row{"keepalive_interval", &S::keepalive_interval,
        "Seconds of silence on a migration's connection before a sign of life is asked for.", not_yet, no_migration},
    Row{"keepalive_count", &S::keepalive_count, "Such questions that may stay unanswered.", not_yet, no_migration},
    Row{"seccomp_sandbox", &S::seccomp_sandbox, "Restrict QEMU's system calls: 1 yes, 0 no, -1 if it can."},
    Row{"migration_address", &S::migration_address, "Address on which incoming migrations listen.", not_yet,
        no_migration},
    Row{"migration_host", &S::migration_host, "Name of this host for those who migrate to it.", not_yet, no_migration},
    Row{"migration_port_min", &S::migration_port_min, "First port of incoming migrations.", not_yet, no_migration},
    Row{"migration_port_max", &S::migration_port_max, "Last port of incoming migrations.", not_yet, no_migration},
    Row{"log_timestamp", &S::log_timestamp, "Have QEMU put the time before its messages."},
    Row{"stdio_handler", &S::stdio_handler,
        "Who writes guests' logs: virtlogd (logd), or QEMU itself (file), and then nothing bounds them."},
    Row{"gluster_debug_level", &S::gluster_debug_level, "Level of the gluster library's messages.", not_yet,
        "the level is not passed on"},
    Row{"virtiofsd_debug", &S::virtiofsd_debug, "Have virtiofsd log all that it does.", not_yet,
        "virtiofsd is not started yet"},
    Row{"namespaces", &S::namespaces, "Namespaces of their own that guests get.", not_yet,
        "guests see the host's /dev"},
    Row{"memory_backing_dir", &S::memory_backing_dir, "Folder of files that back guests' memory.", not_yet,
        "the folder is always below /var/lib/libvirt/qemu"},
    Row{"pr_helper", &S::pr_helper, "Helper for persistent reservations.", not_yet,
        "no helper for reservations is started yet"},
    Row{"slirp_helper", &S::slirp_helper, "Helper for user networking.", needless, "QEMU itself has user networking"},
    Row{"dbus_daemon", &S::dbus_daemon, "The message bus for guests' helpers.", not_yet,
        "no message bus is started for guests"},
    Row{"swtpm_user", &S::swtpm_user, "User of software TPMs."},
    Row{"swtpm_group", &S::swtpm_group, "Group of software TPMs."},
    Row{"nvram", &S::nvram,
        "Firmware images and their variable stores, as CODE:VARS; not used where firmware describes itself."},
    Row{"capability_filters", &S::capability_filters, "Abilities of QEMU that are not to be used.", not_yet,
        "everything that QEMU can is used"},
    Row{"deprecation_behavior", &S::deprecation_behavior,
        "What QEMU does when asked for something deprecated: none, omit, reject or crash."},
    Row{"sched_core", &S::sched_core,
        "Which threads of guests never share a core with others: none, vcpus, emulator or full.", not_yet,
        "threads of guests share cores as the kernel likes"},
    Row{"allow_disk_format_probing", &S::allow_disk_format_probing, "", obsolete,
        "the format of a disk is what its definition says"},
    Row{"clear_emulator_capabilities", &S::clear_emulator_capabilities, "", obsolete, "QEMU never keeps capabilities"},
};

}  // namespace

std::span<const Row> Table<QemuSettings>::rows() { return table; }

QemuSettings QemuSettings::read(const std::string& path) {
    auto settings = load_if_there<QemuSettings>(path);
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
    if (settings.allow_disk_format_probing)
        refuse("allow_disk_format_probing: formats of disks are never probed; name them in the definitions");
    if (settings.lock_manager == "sanlock") refuse("lock_manager: this version has no sanlock, only lockd");
    if (settings.lock_manager && settings.lock_manager != "lockd" && settings.lock_manager != "nop")
        refuse(fmt::format("lock_manager: unknown lock manager {}", *settings.lock_manager));
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
