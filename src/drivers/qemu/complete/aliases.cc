#include <fmt/format.h>

#include <map>

#include <string_view>

#include "drivers/qemu/complete/complete.h"
#include "drivers/qemu/complete/steps.h"
#include "model/complete/implied.h"

namespace innkeeper::qemu {
namespace {

using model::Controller;
using model::Disk;

void name(model::DeviceInfo& info, std::string alias) {
    if (info.alias.empty()) info.alias = std::move(alias);
}

template <class Device>
void number(std::vector<Device>& devices, std::string_view word) {
    unsigned index = 0;
    for (Device& device : devices) name(device.info, fmt::format("{}{}", word, index++));
}

std::string alias_of(const model::DomainDef& def, const Controller& controller) {
    using Type = Controller::Type;
    using Model = Controller::Model;
    const unsigned index = controller.index.value_or(0);
    switch (controller.type) {
        case Type::pci:
            // The roots are the machine's own, and QEMU has named them.
            if (controller.model == Model::pci_root)
                return index == 0 && is_i440fx(def) ? "pci.0" : fmt::format("pci.{}", index);
            if (controller.model == Model::pcie_root) return "pcie.0";
            return fmt::format("pci.{}", index);
        case Type::ide:
            return index == 0 && is_i440fx(def) ? "ide" : fmt::format("ide{}", index);
        case Type::sata:
            return index == 0 && is_q35(def) ? "ide" : fmt::format("sata{}", index);
        case Type::usb:
            return index == 0 ? "usb" : fmt::format("usb{}", index);
        default:
            return fmt::format("{}{}", xml::name(controller.type), index);
    }
}

/// A parallel SCSI bus has no channels: its disks are known by their number on it alone.
bool is_parallel_scsi(const model::DomainDef& def, unsigned index) {
    for (const Controller& controller : def.devices.controllers)
        if (controller.type == Controller::Type::scsi && controller.index.value_or(0) == index)
            return !controller.model || controller.model == Controller::Model::lsilogic;
    return false;
}

/// A module in a slot has the slot's number, so that it keeps its name when others come and go; others are numbered
/// model by model.
std::string alias_of(const model::MemoryDevice& memory, unsigned index) {
    using Model = model::MemoryDevice::Model;
    std::string word;
    for (const char c : xml::name(memory.model))
        if (c != '-') word += c;
    if (memory.model == Model::dimm || memory.model == Model::nvdimm)
        if (const auto* at = memory.info.at<model::DimmAddress>()) index = at->slot;
    return fmt::format("{}{}", word, index);
}

std::string alias_of(const model::DomainDef& def, const Disk& disk) {
    const auto* drive = disk.info.at<model::DriveAddress>();
    const std::string_view bus = xml::name(*disk.bus);
    if (!drive) return fmt::format("{}-disk{}", bus, model::disk_index(disk.target).value_or(0));
    if (disk.bus == Disk::Bus::scsi && !is_parallel_scsi(def, drive->controller))
        return fmt::format("{}{}-{}-{}-{}", bus, drive->controller, drive->bus, drive->target, drive->unit);
    return fmt::format("{}{}-{}-{}", bus, drive->controller, drive->bus, drive->unit);
}

}  // namespace

void assign_aliases(model::DomainDef& def) {
    auto& d = def.devices;
    for (Disk& disk : d.disks) name(disk.info, alias_of(def, disk));
    for (Controller& controller : d.controllers) name(controller.info, alias_of(def, controller));
    number(d.interfaces, "net");
    number(d.filesystems, "fs");
    number(d.sounds, "sound");
    number(d.videos, "video");
    number(d.hostdevs, "hostdev");
    number(d.redirdevs, "redir");
    number(d.parallels, "parallel");
    number(d.serials, "serial");
    number(d.channels, "channel");
    for (std::size_t i = 0; i < d.consoles.size(); ++i) {
        // A console that is a serial line has that line's name.
        if (d.consoles[i].target == model::Console::Target::serial && i < d.serials.size())
            d.consoles[i].info.alias = d.serials[i].info.alias;
        name(d.consoles[i].info, fmt::format("console{}", i));
    }
    number(d.hubs, "hub");
    number(d.inputs, "input");
    number(d.shmems, "shmem");
    number(d.smartcards, "smartcard");
    number(d.watchdogs, "watchdog");
    if (d.memballoon && d.memballoon->model != model::Memballoon::Model::none) name(d.memballoon->info, "balloon0");
    number(d.rngs, "rng");
    number(d.tpms, "tpm");
    std::map<model::MemoryDevice::Model, unsigned> modules;
    for (model::MemoryDevice& memory : d.memories) name(memory.info, alias_of(memory, modules[memory.model]++));
    number(d.panics, "panic");
    if (d.vsock) name(d.vsock->info, "vsock0");
    if (d.iommu) name(d.iommu->info, "iommu0");
    number(d.cryptos, "crypto");
}

}  // namespace innkeeper::qemu
