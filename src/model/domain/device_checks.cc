#include "model/domain/check_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace innkeeper::model {

namespace {

const std::string& shown_source(const Disk& disk) {
    static const std::string none = "(null)";
    return disk.source.path.empty() ? none : disk.source.path;
}

}  // namespace

void check_disks(const std::vector<Disk>& disks) {
    std::map<std::string_view, const Disk*> seen;
    for (const auto& disk : disks) {
        const auto [at, is_new] = seen.emplace(disk.target, &disk);
        if (!is_new)
            throw Error(ErrorCode::xml_error, fmt::format("target '{}' duplicated for disk sources '{}' and '{}'",
                                                          disk.target, shown_source(*at->second), shown_source(disk)));
    }
}

void check_places(const DomainDef& domain) {
    for (const auto& disk : domain.devices.disks) {
        const bool is_drive = disk.bus == Disk::Bus::ide || disk.bus == Disk::Bus::scsi ||
                              disk.bus == Disk::Bus::sata || disk.bus == Disk::Bus::fdc;
        if (is_drive && disk.info.at<PciAddress>())
            throw Error(ErrorCode::config_unsupported,
                        fmt::format("Invalid address type 'pci' for the disk '{}' with the bus type '{}'", disk.target,
                                    xml::name(*disk.bus)));
        if (disk.device == Disk::Device::lun && disk.source.type != StorageSource::Type::block &&
            disk.source.type != StorageSource::Type::network && disk.source.type != StorageSource::Type::volume)
            throw Error(ErrorCode::config_unsupported, "disk device='lun' is only valid for block type disk source");
    }
    std::set<DriveAddress> taken;
    for (const auto& hostdev : domain.devices.hostdevs)
        if (const auto* at = hostdev.info.at<DriveAddress>(); at && !taken.insert(*at).second)
            throw Error(ErrorCode::config_unsupported,
                        fmt::format("SCSI host address controller='{}' bus='{}' target='{}' unit='{}' in use by "
                                    "another SCSI host device",
                                    at->controller, at->bus, at->target, at->unit));
    for (const auto& input : domain.devices.inputs)
        if (input.bus == Input::Bus::usb && input.info.has_address() && !input.info.at<UsbAddress>())
            throw Error(ErrorCode::xml_error, "Invalid address for a USB device");
    const auto& iommu = domain.devices.iommu;
    if (iommu && iommu->model != Iommu::Model::virtio && iommu->info.has_address())
        throw Error(ErrorCode::xml_error, fmt::format("iommu model '{}' can't have address", xml::name(iommu->model)));
    for (const auto& video : domain.devices.videos)
        if (video.type == Video::Type::ramfb && video.info.has_address())
            throw Error(ErrorCode::config_unsupported, "address not supported for video type ramfb");
}

void check_modules(const DomainDef& domain) {
    if (domain.os.arch == Architecture::ppc64 || domain.os.arch == Architecture::ppc64le) return;
    for (const MemoryDevice& memory : domain.devices.memories)
        if (memory.model == MemoryDevice::Model::nvdimm && memory.uuid)
            throw Error(ErrorCode::config_unsupported, ErrorDomain::domain, "UUID is not supported for NVDIMM device");
}

void sort_disks(std::vector<Disk>& disks) {
    std::vector<std::optional<Disk::Bus>> busses;
    for (const auto& disk : disks)
        if (std::ranges::find(busses, disk.bus) == busses.end()) busses.push_back(disk.bus);
    std::vector<std::tuple<std::ptrdiff_t, unsigned, std::size_t>> places;
    for (std::size_t i = 0; i < disks.size(); ++i)
        places.emplace_back(std::ranges::find(busses, disks[i].bus) - busses.begin(), disks[i].target_index(), i);
    std::ranges::sort(places);
    std::vector<Disk> sorted;
    sorted.reserve(disks.size());
    for (const auto& [bus, target, i] : places) sorted.push_back(std::move(disks[i]));
    disks = std::move(sorted);
}

void settle_smartcards(std::vector<Smartcard>& cards) {
    unsigned slot = 0;
    for (const auto& card : cards)
        if (const auto* at = card.info.at<CcidAddress>()) slot = std::max(slot, at->slot + 1);
    for (auto& card : cards)
        if (!card.info.has_address()) card.info.address = CcidAddress{.slot = slot++};
}

void check_hostdevs(const std::vector<Hostdev>& devices) {
    std::set<std::string> seen;
    for (const auto& device : devices)
        if (const auto source = device.source_key(); source && !seen.insert(*source).second)
            throw Error(ErrorCode::xml_error, "Hostdev already exists in the domain configuration");
    if (std::ranges::count(devices, std::optional(true), &Hostdev::ramfb) > 1)
        throw Error(ErrorCode::config_unsupported, "Only one vgpu device can have 'ramfb' enabled");
}

namespace {

/// A companion serves the slow devices of another controller.
void check_usb_masters(const std::vector<Controller>& controllers) {
    const auto is_companion = [](const Controller& one) {
        using Model = Controller::Model;
        return one.model == Model::ich9_uhci1 || one.model == Model::ich9_uhci2 || one.model == Model::ich9_uhci3;
    };
    const auto is_usb = [](const Controller& one) { return one.type == Controller::Type::usb; };
    if (std::ranges::any_of(controllers, is_companion) &&
        std::ranges::none_of(controllers, [&](const Controller& one) { return is_usb(one) && !is_companion(one); }))
        throw Error(ErrorCode::xml_detail, "No master USB controller specified");
}

}  // namespace

void check_pci_target(const Controller& controller) {
    if (controller.type != Controller::Type::pci) return;
    const auto refuse = [](std::string sentence) { throw Error(ErrorCode::config_unsupported, std::move(sentence)); };
    const auto& target = controller.target;
    if (target.index) {
        if (*target.index > 30)
            refuse(fmt::format("PCI controller target index '{}' out of range - must be 0-30", *target.index));
        if (controller.index && (*controller.index == 0) != (*target.index == 0))
            refuse("Only the PCI controller with index 0 can have target index 0, and vice versa");
    }
    if (controller.index == 0u && target.numa_node)
        refuse("The PCI controller with index=0 can't be associated with a NUMA node");
}

void check_controllers(const std::vector<Controller>& controllers) {
    std::set<unsigned> pci;
    for (const auto& one : controllers) {
        if (one.type == Controller::Type::pci && one.index && !pci.insert(*one.index).second)
            throw Error(ErrorCode::xml_error, fmt::format("Multiple 'pci' controllers with index '{}'", *one.index));
    }
    check_usb_masters(controllers);
}

void check_usb(const std::vector<Controller>& controllers) {
    bool is_off = false, is_on = false;
    for (const auto& one : controllers)
        if (one.type == Controller::Type::usb) (one.model == Controller::Model::none ? is_off : is_on) = true;
    if (is_off && is_on)
        throw Error(ErrorCode::xml_detail, "Can't add another USB controller: USB is disabled for this domain");
}

void settle_videos(std::vector<Video>& videos) {
    if (std::ranges::count(videos, true, &Video::primary) > 1)
        throw Error(ErrorCode::config_unsupported, "Only one primary video device is supported");
    if (videos.size() > 1 && std::ranges::find(videos, Video::Type::none, &Video::type) != videos.end())
        throw Error(ErrorCode::config_unsupported,
                    "a 'none' video type must be the only video device defined for the domain");
    const auto primary = std::ranges::find(videos, true, &Video::primary);
    if (primary != videos.end())
        std::rotate(videos.begin(), primary, primary + 1);
    else if (!videos.empty() && videos.front().type != Video::Type::none)
        videos.front().primary = true;
}

void forget_boot_and_rom(Devices& devices) {
    const auto forget_rom = [](auto& list) {
        for (auto& device : list) device.info.rom = {};
    };
    const auto forget_both = [](auto&... lists) {
        const auto forget = [](auto& list) {
            for (auto& device : list) device.info.boot = {}, device.info.rom = {};
        };
        (forget(lists), ...);
    };
    const auto forget_of = [](auto& device) {
        if (device) device->info.boot = {}, device->info.rom = {};
    };
    forget_of(devices.memballoon);
    forget_of(devices.vsock);
    forget_of(devices.iommu);
    forget_of(devices.nvram);
    forget_rom(devices.disks);
    forget_rom(devices.filesystems);
    forget_rom(devices.redirdevs);
    forget_both(devices.serials, devices.parallels, devices.consoles, devices.channels, devices.smartcards,
                devices.inputs, devices.tpms, devices.sounds, devices.videos, devices.hubs, devices.watchdogs,
                devices.rngs, devices.panics, devices.shmems, devices.memories, devices.controllers, devices.cryptos);
}

}  // namespace innkeeper::model
