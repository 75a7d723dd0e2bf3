#include "drivers/qemu/command/sample_test.h"

#include <fmt/format.h>

namespace innkeeper::qemu {

using model::Controller;
using model::Disk;
using model::DriveAddress;

namespace {

int drive_number(std::string_view target) {
    int number = -1;
    for (const char c : target.substr(target.starts_with("xvd") ? 3 : 2)) {
        if (c < 'a' || c > 'z') break;
        number = (number + 1) * 26 + (c - 'a');
    }
    return number;
}

std::string disk_alias(const model::DomainDef& def, const Disk& disk) {
    const std::string bus(xml::name(disk.bus.value_or(Disk::Bus::ide)));
    const auto* at = disk.info.at<DriveAddress>();
    if (!at) return fmt::format("{}-disk{}", bus, drive_number(disk.target));
    bool is_short = disk.bus != Disk::Bus::scsi;
    for (const Controller& c : def.devices.controllers)
        if (c.type == Controller::Type::scsi && c.index == at->controller &&
            (!c.model || c.model == Controller::Model::lsilogic))
            is_short = true;
    if (is_short) return fmt::format("{}{}-{}-{}", bus, at->controller, at->bus, at->unit);
    return fmt::format("{}{}-{}-{}-{}", bus, at->controller, at->bus, at->target, at->unit);
}

std::string controller_alias(const model::DomainDef& def, const Controller& c) {
    const unsigned index = c.index.value_or(0);
    switch (c.type) {
        case Controller::Type::pci:
            return c.model == Controller::Model::pcie_root ? fmt::format("pcie.{}", index)
                                                           : fmt::format("pci.{}", index);
        case Controller::Type::usb:
            return index ? fmt::format("usb{}", index) : "usb";
        case Controller::Type::ide:
            return "ide";
        case Controller::Type::sata:
            if (def.os.machine.starts_with("pc-q35") && !index) return "ide";
            [[fallthrough]];
        default:
            return fmt::format("{}{}", xml::name(c.type), index);
    }
}

void name_all(model::DomainDef& def) {
    const auto give = [](model::DeviceInfo& info, std::string alias) {
        if (info.alias.empty()) info.alias = std::move(alias);
    };
    const auto number = [&](auto& list, std::string_view prefix) {
        for (std::size_t i = 0; i < list.size(); ++i) give(list[i].info, fmt::format("{}{}", prefix, i));
    };
    model::Devices& d = def.devices;
    for (Disk& disk : d.disks) give(disk.info, disk_alias(def, disk));
    for (Controller& c : d.controllers) give(c.info, controller_alias(def, c));
    number(d.interfaces, "net");
    number(d.serials, "serial");
    number(d.parallels, "parallel");
    number(d.consoles, "console");
    number(d.channels, "channel");
    number(d.inputs, "input");
    number(d.sounds, "sound");
    number(d.videos, "video");
    number(d.hubs, "hub");
    number(d.watchdogs, "watchdog");
    number(d.rngs, "rng");
    if (d.memballoon) give(d.memballoon->info, "balloon0");
    if (d.iommu) give(d.iommu->info, "iommu0");
    if (d.vsock) give(d.vsock->info, "vsock0");
}

}  // namespace

SampleCommand sample_command(std::string_view document, CommandContext::Purpose purpose) {
    model::DomainDef def = model::parse_domain(document);
    name_all(def);
    number_images(def);
    for (model::Channel& channel : def.devices.channels)
        if (channel.source.type == model::ChardevSource::Type::unix_ && channel.source.path.empty()) {
            channel.source.mode = model::ChardevSource::Mode::bind;
            channel.source.path = fmt::format("/var/lib/libvirt/qemu/channel/target/domain-{}/{}",
                                              short_name(-1, def.name), channel.name);
        }

    Capabilities capabilities;
    capabilities.arch = def.devices.emulator.ends_with("i386") ? "i686" : "x86_64";
    MachineType machine;
    machine.name = def.os.machine;
    machine.default_ram = "pc.ram";
    machine.default_cpu = capabilities.arch == "i686" ? "qemu32-i386-cpu" : "qemu64-x86_64-cpu";
    capabilities.machines.push_back(machine);

    CommandContext context;
    context.purpose = purpose;
    context.id = purpose == CommandContext::Purpose::native ? -1 : 1;
    const std::string name = short_name(context.id, def.name);
    context.directory = "/var/lib/libvirt/qemu/domain-" + name;
    context.memory_directory = "/var/lib/libvirt/qemu/ram/" + name;
    context.state_directory = "/run/libvirt/qemu";
    context.environment = guest_environment("/usr/bin:/bin", context.directory);
    context.now = 1700000000;
    for (const NeededSecret& secret : needed_secrets(def, capabilities, context))
        context.secrets[secret.id] = {.data = "c2VhbGVk", .iv = "aXY="};
    return {build_command(def, capabilities, context)};
}

}  // namespace innkeeper::qemu
