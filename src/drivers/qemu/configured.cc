#include "drivers/qemu/configured.h"

#include <fmt/format.h>

#include <string_view>

#include "base/error.h"
#include "base/files.h"
#include "model/domain/domain.h"

namespace innkeeper::qemu {

namespace {

using config::OptionalFlag;
using config::OptionalText;
using model::Graphics;
using model::GraphicsListen;

constexpr std::string_view certificates = "/etc/pki/qemu";

/// What TLS is used for, with the settings that are its own.
struct Use {
    std::string_view name;
    const OptionalText& folder;
    const OptionalText& secret;
    OptionalFlag verify;
    bool verifies;  ///< unless somebody says otherwise
};

/// A folder that is named is there, or nothing starts.
void check_folder(const OptionalText& folder, std::string_view setting, const Paths& paths) {
    if (folder && !path_exists(paths.below_root(*folder)))
        throw Error(ErrorCode::conf_syntax, ErrorDomain::conf,
                    fmt::format("{} directory '{}' does not exist", setting, *folder));
}

TlsFiles files_of(const Use& use, const config::QemuSettings& settings, const Paths& paths) {
    check_folder(use.folder, fmt::format("{}_tls_x509_cert_dir", use.name), paths);
    const std::string own = paths.below_root(fmt::format("/etc/pki/libvirt-{}", use.name));
    TlsFiles files;
    if (use.folder)
        files.directory = paths.below_root(*use.folder);
    else if (path_exists(own))
        files.directory = own;
    else
        files.directory = paths.below_root(settings.default_tls_x509_cert_dir.value_or(std::string(certificates)));
    files.verify_peer = use.verify.value_or(settings.default_tls_x509_verify.value_or(use.verifies));
    files.key_secret = use.secret.value_or(settings.default_tls_x509_secret_uuid.value_or(""));
    return files;
}

void encrypt(model::ChardevSource& source) {
    if (source.type != model::ChardevSource::Type::tcp || source.tls) return;
    source.tls = true;
}

template <class Device>
void encrypt_all(std::vector<Device>& devices) {
    for (auto& device : devices) encrypt(device.source);
}

/// A socket that nobody named lies in the guest's folder.
void name_socket(Graphics& graphics, const std::string& folder, std::string_view name) {
    if (graphics.listens.empty()) return;
    auto& listen = graphics.listens.front();
    if (listen.type == GraphicsListen::Type::socket && listen.socket.empty())
        listen.socket = fmt::format("{}/{}.sock", folder, name);
}

}  // namespace

CommandContext configured_context(const config::QemuSettings& settings, const Paths& paths) {
    CommandContext context;
    check_folder(settings.default_tls_x509_cert_dir, "default_tls_x509_cert_dir", paths);
    const auto files = [&](const Use& use) { return files_of(use, settings, paths); };
    const OptionalText none;
    auto vnc = files({"vnc", settings.vnc_tls_x509_cert_dir, settings.vnc_tls_x509_secret_uuid,
                      settings.vnc_tls_x509_verify, false});
    auto spice = files({"spice", settings.spice_tls_x509_cert_dir, none, std::nullopt, false});
    context.chardev_tls = files({"chardev", settings.chardev_tls_x509_cert_dir, settings.chardev_tls_x509_secret_uuid,
                                 settings.chardev_tls_x509_verify, true});
    context.nbd_tls =
        files({"nbd", settings.nbd_tls_x509_cert_dir, settings.nbd_tls_x509_secret_uuid, std::nullopt, true});

    context.vnc.listen = settings.vnc_listen;
    if (settings.vnc_tls) context.vnc.tls = std::move(vnc);
    context.vnc.sasl = settings.vnc_sasl;
    context.vnc.sasl_directory = settings.vnc_sasl_dir.value_or("");
    context.vnc.has_password = bool(settings.vnc_password);
    context.spice.listen = settings.spice_listen;
    if (settings.spice_tls) context.spice.tls = std::move(spice);
    context.spice.sasl = settings.spice_sasl;
    context.spice.sasl_directory = settings.spice_sasl_dir.value_or("");
    context.spice.has_password = bool(settings.spice_password);
    context.dump_guest_core = settings.dump_guest_core;
    context.sandbox = settings.seccomp_sandbox != 0;
    context.set_process_name = settings.set_process_name;
    context.log_timestamp = settings.log_timestamp;
    context.deprecation = settings.deprecation_behavior;
    return context;
}

void settle_by_settings(model::DomainDef& def, const config::QemuSettings& settings, const std::string& folder) {
    auto& devices = def.devices;
    if (settings.chardev_tls) {
        encrypt_all(devices.serials);
        encrypt_all(devices.parallels);
        encrypt_all(devices.channels);
        encrypt_all(devices.consoles);
        encrypt_all(devices.redirdevs);
        for (auto& rng : devices.rngs)
            if (rng.backend == model::Rng::Backend::egd) encrypt(rng.source);
    }
    if (settings.nbd_tls)
        for (auto& disk : devices.disks)
            if (disk.source.type == model::StorageSource::Type::network &&
                disk.source.protocol == model::StorageSource::Protocol::nbd && !disk.source.tls)
                disk.source.tls = true;
    for (auto& graphics : devices.graphics) {
        if (graphics.type == Graphics::Type::vnc) name_socket(graphics, folder, "vnc");
        if (graphics.type == Graphics::Type::spice) name_socket(graphics, folder, "spice");
    }
}

std::string password_of(const Graphics& graphics, const config::QemuSettings& settings) {
    if (!graphics.password.empty()) return graphics.password;
    if (graphics.type == Graphics::Type::vnc) return settings.vnc_password.value_or("");
    if (graphics.type == Graphics::Type::spice) return settings.spice_password.value_or("");
    return {};
}

std::vector<std::pair<int, rlimit>> limits_of(const config::QemuSettings& settings) {
    std::vector<std::pair<int, rlimit>> limits;
    const auto add = [&](auto which, rlim_t most) { limits.emplace_back(which, rlimit{most, most}); };
    add(RLIMIT_CORE, settings.max_core.most.value_or(RLIM_INFINITY));
    if (settings.max_processes > 0) add(RLIMIT_NPROC, settings.max_processes);
    // One more than what is asked for, as with the peer.
    if (settings.max_files > 0) add(RLIMIT_NOFILE, static_cast<rlim_t>(settings.max_files) + 1);
    return limits;
}

}  // namespace innkeeper::qemu
