#pragma once

#include <string>

#include "config/setting.h"

namespace innkeeper::config {

/// qemu.conf: how guests of the QEMU driver run.
struct QemuSettings {
    /// Certificates of TLS inside of guests' devices: the default ones, and those of single uses. What is not set
    /// follows from the default.
    OptionalText default_tls_x509_cert_dir, default_tls_x509_secret_uuid;
    OptionalFlag default_tls_x509_verify;
    OptionalText vnc_tls_x509_cert_dir, vnc_tls_x509_secret_uuid;
    OptionalText chardev_tls_x509_cert_dir, chardev_tls_x509_secret_uuid;
    OptionalText migrate_tls_x509_cert_dir, migrate_tls_x509_secret_uuid;
    OptionalText backup_tls_x509_cert_dir, backup_tls_x509_secret_uuid;
    OptionalText vxhs_tls_x509_cert_dir, vxhs_tls_x509_secret_uuid;
    OptionalText nbd_tls_x509_cert_dir, nbd_tls_x509_secret_uuid;
    OptionalText spice_tls_x509_cert_dir;
    OptionalFlag vnc_tls_x509_verify, chardev_tls_x509_verify, migrate_tls_x509_verify, backup_tls_x509_verify;
    bool chardev_tls = false, vxhs_tls = false, nbd_tls = false, migrate_tls_force = false;

    std::string vnc_listen = "127.0.0.1";
    bool vnc_auto_unix_socket = false;
    OptionalText vnc_password;
    bool vnc_tls = false, vnc_sasl = false, vnc_allow_host_audio = false;
    OptionalText vnc_sasl_dir, spice_sasl_dir;
    std::string spice_listen = "127.0.0.1";
    bool spice_auto_unix_socket = false;
    OptionalText spice_password;
    bool spice_tls = false, spice_sasl = false, nographics_allow_host_audio = false;
    unsigned remote_display_port_min = 5900, remote_display_port_max = 65535;
    unsigned remote_websocket_port_min = 5700, remote_websocket_port_max = 65535;

    OptionalNames security_driver;
    bool security_default_confined = true, security_require_confined = false;
    std::string user = "libvirt-qemu", group = "libvirt-qemu";
    OptionalFlag dynamic_ownership, remember_owner;
    OptionalTexts cgroup_controllers, cgroup_device_acl, namespaces;
    int seccomp_sandbox = -1;

    std::string save_image_format = "raw", dump_image_format = "raw", snapshot_image_format = "raw";
    std::string auto_dump_path = "/var/lib/libvirt/qemu/dump";
    /// As a daemon of the system and one of a user differ in.
    OptionalText auto_shutdown_try_save, auto_shutdown_try_shutdown, auto_shutdown_poweroff;
    unsigned auto_shutdown_wait = 30;
    bool auto_shutdown_restore = true, auto_save_bypass_cache = false;
    bool auto_dump_bypass_cache = false, auto_start_bypass_cache = false;
    OptionalNames hugetlbfs_mount;
    std::string bridge_helper = "/usr/lib/qemu/qemu-bridge-helper";
    std::string pr_helper = "/usr/bin/qemu-pr-helper", slirp_helper = "/usr/bin/slirp-helper";
    std::string dbus_daemon = "/usr/bin/dbus-daemon";
    bool set_process_name = false;
    unsigned max_processes = 0, max_files = 0, max_threads_per_process = 0;
    Amount max_core;
    bool dump_guest_core = false, virtiofsd_debug = false;
    bool mac_filter = false, relaxed_acs_check = false;
    OptionalText lock_manager;
    unsigned max_queued = 0;
    int keepalive_interval = 5;
    unsigned keepalive_count = 5;
    OptionalText migration_address, migration_host;
    unsigned migration_port_min = 49152, migration_port_max = 49215;
    bool log_timestamp = true;
    std::string stdio_handler = "logd";
    unsigned gluster_debug_level = 4;
    OptionalTexts nvram;
    std::string memory_backing_dir = "/var/lib/libvirt/qemu/ram";
    OptionalText swtpm_user, swtpm_group;
    OptionalTexts capability_filters;
    std::string deprecation_behavior = "none";
    std::string sched_core = "none";
    bool allow_disk_format_probing = false, clear_emulator_capabilities = true;

    /// Reads qemu.conf; a missing file gives the defaults. Throws Error as the peer words it.
    static QemuSettings read(const std::string& path);
};

template <>
struct Table<QemuSettings> {
    static std::span<const Setting<QemuSettings>> rows();
    static constexpr std::string_view intro =
        "# Configuration of the QEMU driver. Lines that begin with # are comments; each\n"
        "# setting is shown with its default.\n";
};

}  // namespace innkeeper::config
