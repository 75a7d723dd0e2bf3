#include "drivers/qemu/command/command.h"

#include <fmt/format.h>

#include "drivers/qemu/command/builder.h"

/// The command line from its first word to the last. The order is the peer's: a word can only refer to what was named
/// before it.
namespace innkeeper::qemu {

namespace {

void add_monitor_chardev(Builder& b) {
    Pairs words("socket");
    words.word("id=charmonitor");
    if (b.is_native())
        words.add("path", b.context.directory + "/monitor.sock");
    else
        words.add("fd", b.pass({.kind = PassedFd::Kind::monitor,
                                .alias = "monitor",
                                .path = b.context.directory + "/monitor.sock"}));
    words.word("server=on,wait=off");
    b.option("-chardev", words);
}

/// What QEMU shall do about its deprecated parts.
void add_compatibility(Builder& b) {
    using Deprecation = model::QemuNamespace::Deprecation;
    const auto wanted = b.domain.qemu.deprecation.value_or(
        xml::value_of<Deprecation>(b.context.deprecation).value_or(Deprecation::none));
    if (wanted == Deprecation::none) return;
    Props props;
    props.add("deprecated-output", "hide");
    if (wanted == Deprecation::reject) props.add("deprecated-input", "reject");
    if (wanted == Deprecation::crash) props.add("deprecated-input", "crash");
    b.option("-compat", props);
}

void add_reservation_helper(Builder& b) {
    for (const model::Disk& disk : b.devices.disks)
        if (disk.source.reservations && disk.source.reservations->managed == true)
            return b.object(Props("pr-manager-helper", "qom-type")
                                .add("id", "pr-helper0")
                                .add("path", b.context.directory + "/pr-helper0.sock"));
}

void add_sandbox(Builder& b) {
    if (b.context.sandbox)
        b.option("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
}

Builder built(const model::DomainDef& domain, const Capabilities& capabilities, const CommandContext& context,
              bool is_collecting) {
    Builder b(domain, capabilities, context);
    b.is_collecting = is_collecting;
    refuse_unknown_elements(b);
    prepare_boot(b);
    prepare_overrides(b);
    b.line.emulator = domain.devices.emulator;
    b.line.environment = context.environment;

    add_name(b);
    add_compatibility(b);
    b.option("-S");
    add_master_key(b);
    add_reservation_helper(b);
    add_pflash(b);
    add_machine(b);
    add_accelerator(b);
    add_tseg(b);
    add_cpu(b);
    add_firmware(b);
    add_memory(b);
    add_smp(b);
    add_iothreads(b);
    add_numa(b);
    add_hmat(b);
    b.option("-uuid", (domain.hwuuid ? *domain.hwuuid : domain.uuid).text());
    add_vmgenid(b);
    add_smbios(b);
    if (domain.devices.graphics.empty()) b.option("-display", "none");
    b.option("-no-user-config");
    b.option("-nodefaults");
    add_monitor(b);
    add_clock(b);
    add_power(b);
    add_boot(b);
    add_kernel(b);

    add_iommu(b);
    add_controllers(b);
    add_hubs(b);
    add_memory_devices(b);
    add_disks(b);
    add_filesystems(b);
    add_interfaces(b);
    add_smartcards(b);
    add_serials(b);
    add_parallels(b);
    add_channels(b);
    add_consoles(b);
    add_tpms(b);
    add_inputs(b);
    add_audios(b);
    add_graphics(b);
    add_videos(b);
    add_sounds(b);
    add_watchdogs(b);
    add_redirections(b);
    add_hostdevs(b);
    add_nvram(b);
    add_memballoon(b);
    add_rngs(b);
    add_vmcoreinfo(b);
    if (context.purpose == CommandContext::Purpose::restore) b.option("-incoming", "defer");
    add_passthrough(b);
    add_sandbox(b);
    add_panics(b);
    add_shared_memory(b);
    add_vsock(b);
    add_cryptos(b);
    if (context.log_timestamp) b.option("-msg", "timestamp=on");
    return b;
}

}  // namespace

void refuse_unknown_elements(const Builder& b) {
    if (b.domain.launch_security) unsupported("<launchSecurity> is not supported on this host");
    if (b.domain.has_bootloader || !b.domain.bootloader.empty()) unsupported("bootloader is not supported by QEMU");
}

void add_name(Builder& b) {
    Pairs words;
    words.add("guest", b.domain.name);
    if (b.context.set_process_name) words.add("process", "qemu:" + b.domain.name);
    words.word("debug-threads=on");
    b.option("-name", words);
}

void add_master_key(Builder& b) {
    b.object(Props("secret", "qom-type")
                 .add("id", "masterKey0")
                 .add("format", "raw")
                 .add("file", b.context.directory + "/master-key.aes"));
}

void add_monitor(Builder& b) {
    add_monitor_chardev(b);
    b.option("-mon", "chardev=charmonitor,id=monitor,mode=control");
}

void add_passthrough(Builder& b) {
    for (const auto& [name, value] : b.domain.qemu.environment)
        b.line.environment.emplace_back(name, value.value_or(""));
    for (const std::string& word : b.domain.qemu.arguments) b.line.args.push_back(word);
}

CommandLine build_command(const model::DomainDef& domain, const Capabilities& capabilities,
                          const CommandContext& context) {
    return built(domain, capabilities, context, false).line;
}

std::vector<NeededSecret> needed_secrets(const model::DomainDef& domain, const Capabilities& capabilities,
                                         const CommandContext& context) {
    return built(domain, capabilities, context, true).secrets;
}

void strip_interfaces(model::DomainDef& domain) {
    for (model::Interface& interface : domain.devices.interfaces) {
        model::Interface plain;
        plain.type = model::Interface::Type::ethernet;
        plain.mac = interface.mac;
        plain.model = interface.model;
        plain.info.boot = interface.info.boot;
        interface = std::move(plain);
    }
}

namespace {

void settle_listening(model::Graphics& graphics, const CommandContext& context) {
    const bool is_vnc = graphics.type == model::Graphics::Type::vnc;
    if ((!is_vnc && graphics.type != model::Graphics::Type::spice) || graphics.listens.empty()) return;
    auto& listen = graphics.listens.front();
    if (listen.type != model::GraphicsListen::Type::address || !listen.address.empty()) return;
    listen.address = is_vnc ? context.vnc.listen : context.spice.listen;
    listen.auto_generated = true;
}

}  // namespace

bool has_generated_path(const model::Channel& channel) {
    if (channel.target.value_or(model::Channel::Target::virtio) != model::Channel::Target::virtio) return false;
    const std::string& path = channel.source.path;
    const std::size_t slash = path.rfind('/');
    if (channel.name.empty() || slash == path.npos || path.substr(slash + 1) != channel.name) return false;
    const std::size_t folder = path.rfind('/', slash - 1);
    return path.substr(folder == path.npos ? 0 : folder + 1, slash).starts_with("domain-");
}

void prepare_run(model::DomainDef& domain, const CommandContext& context) {
    for (model::Channel& channel : domain.devices.channels) {
        if (channel.source.type != model::ChardevSource::Type::unix_) continue;
        if (!channel.source.path.empty() && !has_generated_path(channel)) continue;
        std::string file = channel.name;
        if (file.empty()) {
            const auto* at = channel.info.at<model::VirtioSerialAddress>();
            const model::VirtioSerialAddress place = at ? *at : model::VirtioSerialAddress{};
            file = fmt::format("vioser-{:02}-{:02}-{:02}.sock", place.controller, place.bus, place.port);
        }
        channel.source.mode = model::ChardevSource::Mode::bind;
        channel.source.path = context.channel_directory + "/" + file;
    }
    for (auto& graphics : domain.devices.graphics) settle_listening(graphics, context);
    // What is in an empty drive has no format yet.
    for (auto& disk : domain.devices.disks)
        if (disk.source.is_empty()) disk.source.format.clear();
    number_images(domain);
}

std::string short_name(int id, std::string_view name) {
    constexpr std::size_t most_characters = 20;
    std::size_t bytes = 0;
    for (std::size_t characters = 0; bytes < name.size(); ++bytes) {
        const bool starts_a_character = (static_cast<unsigned char>(name[bytes]) & 0xc0) != 0x80;
        if (starts_a_character && ++characters > most_characters) break;
    }
    return fmt::format("{}-{}", id, name.substr(0, bytes));
}

std::vector<std::pair<std::string, std::string>> guest_environment(std::string_view path, std::string_view directory) {
    const std::string home(directory);
    return {{"LC_ALL", "C"},
            {"PATH", std::string(path)},
            {"HOME", home},
            {"XDG_DATA_HOME", home + "/.local/share"},
            {"XDG_CACHE_HOME", home + "/.cache"},
            {"XDG_CONFIG_HOME", home + "/.config"}};
}

}  // namespace innkeeper::qemu
