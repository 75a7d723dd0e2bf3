#include "model/domain/domain_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "model/domain/device.h"

namespace innkeeper::model {

namespace {

/// Without <memory> the guest has what its NUMA cells and modules have.
void add_up_memory(DomainDef& domain, const xml::Node& node) {
    if (node.child("memory") || !domain.cpu || domain.cpu->numa.empty()) return;
    for (const auto& cell : domain.cpu->numa) domain.memory_kib += cell.memory_kib;
    for (const auto& device : domain.devices.memories) domain.memory_kib += device.size;
}

void settle_memory(DomainDef& domain) {
    if (!domain.memory_kib)
        throw Error(ErrorCode::xml_error, "Memory size must be specified via <memory> or in the <numa> configuration");
    if (domain.max_memory_kib.value_or(0) != 0 != (domain.memory_slots.value_or(0) != 0))
        throw Error(ErrorCode::xml_error, "both maximum memory size and memory slot count must be specified");
}

void settle_vcpus(DomainDef& domain) {
    auto& vcpus = domain.vcpus;
    if (vcpus.current && *vcpus.current > vcpus.maximum)
        throw Error(ErrorCode::config_unsupported, "maximum vCPU count must not be less than current vCPU count");
    if (vcpus.current == vcpus.maximum) vcpus.current.reset();
    if (vcpus.placement == Vcpus::Placement::auto_)
        vcpus.cpuset.reset();
    else
        vcpus.placement = Vcpus::Placement::static_;
    if (!domain.cpu) return;
    for (const auto& cell : domain.cpu->numa)
        if (cell.cpus && !cell.cpus->empty() && cell.cpus->last() >= vcpus.maximum)
            throw Error(ErrorCode::internal_error, "CPU IDs in <numa> exceed the <vcpu> count");
}

/// Names and a number are two ways to say the same; the larger counts, and threads without a name get the free ones.
void settle_iothreads(DomainDef& domain) {
    auto& threads = domain.iothread_ids;
    std::set<unsigned> ids;
    for (const auto& thread : threads)
        if (!ids.insert(thread.id).second)
            throw Error(ErrorCode::xml_error, fmt::format("duplicate iothread id '{}' found", thread.id));
    // Without an upper end there is no room for a lower one.
    const auto check_pool = [](std::optional<int> least, std::optional<int> most) {
        if (least.value_or(-1) > most.value_or(-1) && (least || most))
            throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                        "thread_pool_min must be smaller or equal to thread_pool_max");
    };
    for (const auto& thread : threads) check_pool(thread.thread_pool_min, thread.thread_pool_max);
    check_pool(domain.default_iothread_pool_min, domain.default_iothread_pool_max);
    domain.iothreads = std::max(domain.iothreads, static_cast<unsigned>(threads.size()));
    constexpr unsigned most = 1 << 12;
    if (domain.iothreads > most)
        throw Error(ErrorCode::config_unsupported, fmt::format("more than {} iothreads", most));
    for (unsigned id = 1; threads.size() < domain.iothreads; ++id)
        if (!ids.contains(id)) threads.push_back({.id = id});
}

/// The turns at boot that devices ask for, ascending.
std::vector<unsigned> boot_orders(const Devices& devices) {
    std::vector<unsigned> orders;
    const auto add = [&](const auto& list) {
        for (const auto& device : list)
            if (device.info.boot.order) orders.push_back(*device.info.boot.order);
    };
    add(devices.disks);
    add(devices.interfaces);
    add(devices.hostdevs);
    add(devices.redirdevs);
    std::ranges::sort(orders);
    return orders;
}

/// What only one kind of operating system uses is dropped for the others.
void settle_os(DomainDef& domain) {
    auto& os = domain.os;
    if (os.type.empty()) {
        if (!domain.has_bootloader) throw Error(ErrorCode::xml_error, "an os <type> must be specified");
        os.type = "xen";
    }
    if (os.type == "xen" && domain.type == DomainDef::VirtType::xen) os.type = "linux";
    if (!domain.has_bootloader) domain.bootloader_arguments.clear();
    std::ranges::sort(os.firmware_features, {}, &FirmwareFeature::name);
    if (os.type != "exe") {
        os.init.clear();
        os.init_arguments.clear();
        os.init_environment.clear();
    }
    if (!os.boot_menu.value_or(false)) os.boot_menu_timeout.reset();
    if (!os.is_hvm()) {
        os.boot.clear();
        os.boot_menu.reset();
        os.boot_menu_timeout.reset();
        os.bios_useserial.reset();
        os.bios_reboot_timeout.reset();
        return;
    }
    // A boot loader of the host's knows where the system is.
    if (domain.has_bootloader) {
        os.boot.clear();
        return;
    }
    if (os.boot.empty() && boot_orders(domain.devices).empty()) os.boot.push_back(Os::Boot::hd);
}

/// Turns at boot are the devices' or their kinds', and each is one device's.
void check_boot(const DomainDef& domain) {
    if (!domain.os.is_hvm() || domain.has_bootloader) return;
    const auto orders = boot_orders(domain.devices);
    if (!orders.empty() && !domain.os.boot.empty())
        throw Error(ErrorCode::config_unsupported,
                    "per-device boot elements cannot be used together with os/boot elements");
    if (const auto twice = std::ranges::adjacent_find(orders); twice != orders.end())
        throw Error(ErrorCode::config_unsupported,
                    fmt::format("boot order '{}' used for more than one device", *twice));
}

[[noreturn]] void refuse_firmware(std::string sentence) {
    throw Error(ErrorCode::xml_detail, ErrorDomain::domain, std::move(sentence));
}

bool asks_for(const Os& os, FirmwareFeature::Name feature, bool enabled) {
    return std::ranges::any_of(os.firmware_features, [&](const FirmwareFeature& one) {
        return one.name == feature && one.enabled == enabled;
    });
}

/// What the choice decides cannot be given with it.
void check_chosen_firmware(Os& os) {
    const auto decided = [](std::string_view attribute) {
        refuse_firmware(fmt::format("{} cannot be specified when firmware autoselection is enabled", attribute));
    };
    if (os.loader) {
        if (os.loader->readonly) decided("loader attribute 'readonly'");
        if (os.loader->type) decided("loader attribute 'type'");
        // That it must be secure is a wish.
        if (os.loader->secure == false) decided("loader attribute 'secure'");
        if (os.firmware != Os::Firmware::efi && os.loader->stateless == false)
            refuse_firmware("Only EFI firmware permits NVRAM");
    }
    if (os.nvram && !os.nvram->template_path.empty()) decided("nvram attribute 'template'");
    if (os.firmware != Os::Firmware::efi && os.nvram)
        refuse_firmware(fmt::format("firmware type '{}' does not support nvram", xml::name(*os.firmware)));
    using enum FirmwareFeature::Name;
    if (!asks_for(os, enrolled_keys, true)) return;
    if (asks_for(os, secure_boot, false))
        refuse_firmware(
            "firmware feature 'enrolled-keys' cannot be enabled when firmware feature 'secure-boot' is disabled");
    if (!asks_for(os, secure_boot, true)) os.firmware_features.push_back({secure_boot, true});
}

/// Firmware is either chosen by hand, with all that belongs to it, or by its features.
void check_firmware(Os& os) {
    if (os.loader && !os.loader->path.empty() && !os.loader->type) os.loader->type = Loader::Type::rom;
    if (os.firmware) return check_chosen_firmware(os);
    if ((os.loader || os.nvram) && (!os.loader || os.loader->path.empty()) &&
        (!os.loader || os.loader->type != Loader::Type::none))
        refuse_firmware("no loader path specified and firmware auto selection disabled");
    if (!os.loader) return;
    if (os.loader->type == Loader::Type::rom && os.loader->stateless == false)
        refuse_firmware("Only pflash loader type permits NVRAM");
    if (os.loader->stateless == true && os.nvram)
        refuse_firmware(os.nvram->template_path.empty() ? "NVRAM is not permitted when loader is stateless"
                                                        : "NVRAM template is not permitted when loader is stateless");
}

const std::string& shown_source(const Disk& disk) {
    static const std::string none = "(null)";
    return disk.source.path.empty() ? none : disk.source.path;
}

void check_disks(const std::vector<Disk>& disks) {
    std::map<std::string_view, const Disk*> seen;
    for (const auto& disk : disks) {
        const auto [at, is_new] = seen.emplace(disk.target, &disk);
        if (!is_new)
            throw Error(ErrorCode::xml_error, fmt::format("target '{}' duplicated for disk sources '{}' and '{}'",
                                                          disk.target, shown_source(*at->second), shown_source(disk)));
    }
}

/// What must stand at a place of its own kind, or not at one that a device of the host has taken.
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

/// Only POWER's firmware tells modules of persistent memory apart by a UUID.
void check_modules(const DomainDef& domain) {
    if (domain.os.arch == Architecture::ppc64 || domain.os.arch == Architecture::ppc64le) return;
    for (const MemoryDevice& memory : domain.devices.memories)
        if (memory.model == MemoryDevice::Model::nvdimm && memory.uuid)
            throw Error(ErrorCode::config_unsupported, ErrorDomain::domain, "UUID is not supported for NVDIMM device");
}

/// Disks are listed bus by bus, each bus in the order of its targets; the busses as they first came. Those whose
/// document leaves the bus to the target's name count as being on one, as they do with the peer.
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

/// One entry for each thread that a schedule names, ascending.
void split_schedules(std::vector<Schedule>& schedules, std::string_view what) {
    std::vector<Schedule> single;
    CpuSet seen;
    for (const auto& schedule : schedules) {
        if (seen.overlaps(schedule.ids))
            throw Error(ErrorCode::xml_detail, fmt::format("'{0}sched' attributes '{0}s' must not overlap", what));
        for (const auto id : schedule.ids.numbers()) {
            single.push_back(schedule);
            single.back().ids = {};
            single.back().ids.add(id);
            seen.add(id);
        }
    }
    std::ranges::sort(single, {}, [](const Schedule& schedule) { return schedule.ids.last(); });
    schedules = std::move(single);
}

void refuse_twice(const std::vector<Pin>& pins, fmt::format_string<const unsigned&> sentence) {
    std::set<unsigned> seen;
    for (const auto& pin : pins)
        if (!seen.insert(pin.id).second) throw Error(ErrorCode::internal_error, fmt::format(sentence, pin.id));
}

/// The same processors share all their settings of the cache and of the memory's bandwidth, or none.
void settle_bandwidth(DomainDef& domain) {
    auto& tune = domain.cpu_tune;
    std::vector<MemoryBandwidth> settled;
    for (auto& memory : tune.memory) {
        memory.vcpus.cut(domain.vcpus.maximum);
        if (memory.vcpus.empty() || memory.nodes.empty()) continue;
        const auto same = std::ranges::find(settled, memory.vcpus, &MemoryBandwidth::vcpus);
        const auto collides = [&](const auto& other) {
            return other.vcpus != memory.vcpus && other.vcpus.overlaps(memory.vcpus);
        };
        if (std::ranges::any_of(settled, collides) || std::ranges::any_of(tune.caches, collides))
            throw Error(ErrorCode::xml_error, "Overlapping vcpus in resctrls");
        if (same == settled.end()) {
            settled.push_back(std::move(memory));
            continue;
        }
        for (const auto& node : memory.nodes) {
            if (std::ranges::find(same->nodes, node.id, &MemoryBandwidth::Node::id) != same->nodes.end())
                throw Error(ErrorCode::xml_error, fmt::format("Memory Bandwidth already defined for node {}", node.id));
            same->nodes.push_back(node);
        }
    }
    tune.memory = std::move(settled);
}

/// Settings for processors and threads that do not exist are dropped, but for schedulers, which are refused.
void settle_tuning(DomainDef& domain) {
    auto& tune = domain.cpu_tune;
    std::set<unsigned> threads;
    for (const auto& thread : domain.iothread_ids) threads.insert(thread.id);
    const auto has_thread = [&](unsigned id) { return threads.contains(id); };
    refuse_twice(tune.vcpu_pins, "duplicate vcpupin for vcpu '{}'");
    refuse_twice(tune.iothread_pins, "duplicate iothreadpin for same iothread '{}'");
    std::erase_if(tune.vcpu_pins, [&](const Pin& pin) { return pin.id >= domain.vcpus.maximum; });
    std::erase_if(tune.iothread_pins, [&](const Pin& pin) { return !has_thread(pin.id); });
    std::ranges::sort(tune.vcpu_pins, {}, &Pin::id);
    std::ranges::sort(tune.iothread_pins, {}, &Pin::id);
    split_schedules(tune.vcpu_schedules, "vcpu");
    split_schedules(tune.iothread_schedules, "iothread");
    for (const auto& schedule : tune.iothread_schedules)
        if (const auto id = schedule.ids.last(); !has_thread(id))
            throw Error(ErrorCode::config_unsupported, fmt::format("Cannot find 'iothread' : {}", id));
    for (auto& cache : tune.caches) cache.vcpus.cut(domain.vcpus.maximum);
    std::erase_if(tune.caches, [](const CacheTune& cache) { return cache.vcpus.empty(); });
    settle_bandwidth(domain);
}

/// Whoever lets the host choose the processors lets it choose the memory's nodes too.
void settle_placement(DomainDef& domain) {
    auto& tune = domain.numa_tune;
    if (domain.vcpus.placement != Vcpus::Placement::auto_ || tune.has_memory) return;
    if (!tune.nodes.empty())
        throw Error(ErrorCode::config_unsupported, "Per-node binding is not compatible with automatic NUMA placement.");
    tune.has_memory = true;
    tune.placement = NumaTune::Placement::auto_;
}

/// A reader of cards takes the next slot of the first controller, behind all that are given.
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

/// A root of POWER's machines has a number of its own, and the first one no place of its own.
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

/// A guest has USB or none. The peer lets the absence be attached to a guest that has it, and then cannot read its own
/// definition again.
void check_usb(const std::vector<Controller>& controllers) {
    bool is_off = false, is_on = false;
    for (const auto& one : controllers)
        if (one.type == Controller::Type::usb) (one.model == Controller::Model::none ? is_off : is_on) = true;
    if (is_off && is_on)
        throw Error(ErrorCode::xml_detail, "Can't add another USB controller: USB is disabled for this domain");
}

/// The first card is the primary one unless another says so.
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

/// What cannot be booted from has no turn at boot, and what is no card of a bus with such things no option ROM.
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

void check_security_labels(const std::vector<SecurityLabel>& labels) {
    std::set<std::string_view> models;
    for (const auto& label : labels)
        if (!models.insert(label.model).second)
            throw Error(ErrorCode::xml_detail, fmt::format("seclabel for model {} is already provided", label.model));
    if (labels.size() > 1 && std::ranges::find(labels, "", &SecurityLabel::model) != labels.end())
        throw Error(ErrorCode::xml_error, "missing security model when using multiple labels");
}

}  // namespace

void finish_domain(DomainDef& domain, const xml::Node& node, const xml::ParseFlags&) {
    // Only now, since a document without anything is first of all one without a name.
    if (!domain.type) throw Error(ErrorCode::xml_error, "Missing required attribute 'type' in element 'domain'");
    if (node.child("devices").child("nvram").next("nvram"))
        throw Error(ErrorCode::internal_error, "only a single nvram device is supported");
    add_up_memory(domain, node);
    settle_domain(domain);
}

void check_domain(const DomainDef& domain) {
    check_boot(domain);
    for (const auto& controller : domain.devices.controllers) check_pci_target(controller);
    const auto refuse = [](std::string sentence) {
        throw Error(ErrorCode::config_unsupported, ErrorDomain::domain, std::move(sentence));
    };
    for (const auto& video : domain.devices.videos)
        if (!video.acceleration.render_node.empty() && video.backend != Video::Backend::vhostuser)
            refuse("unsupported rendernode accel attribute without 'vhostuser'");
    if (const auto& iommu = domain.devices.iommu; iommu && iommu->eim == true && iommu->intremap != true)
        refuse("IOMMU eim requires interrupt remapping to be enabled");
    if (const auto& iommu = domain.devices.iommu;
        iommu && iommu->intremap == true && domain.features.ioapic != Features::Ioapic::qemu)
        refuse("IOMMU interrupt remapping requires split I/O APIC (ioapic driver='qemu')");
}

void check_aliases(const Devices& devices) {
    std::set<std::string_view> seen;
    for_each_device(devices, [&]<class T>(const T& device) {
        const auto* info = info_of(device);
        // The console that is a serial line is called as that line is.
        if (!info || info->alias.empty() || std::is_same_v<T, Console>) return;
        if (!seen.insert(info->alias).second)
            throw Error(ErrorCode::config_unsupported, fmt::format("non unique alias detected: {}", info->alias));
    });
}

void settle_bus(Disk& disk) {
    if (disk.bus) return;
    using Bus = Disk::Bus;
    if (disk.device == Disk::Device::floppy) {
        disk.bus = Bus::fdc;
        return;
    }
    for (const auto& [prefix, bus] :
         {std::pair{"hd", Bus::ide}, {"sd", Bus::scsi}, {"vd", Bus::virtio}, {"xvd", Bus::xen}, {"ubd", Bus::uml}})
        if (disk.target.starts_with(prefix)) disk.bus = bus;
}

void settle_domain(DomainDef& domain) {
    settle_memory(domain);
    settle_vcpus(domain);
    settle_iothreads(domain);
    settle_os(domain);
    check_firmware(domain.os);
    settle_tuning(domain);
    settle_placement(domain);
    check_disks(domain.devices.disks);
    check_places(domain);
    check_modules(domain);
    sort_disks(domain.devices.disks);
    for (auto& disk : domain.devices.disks) settle_bus(disk);
    settle_smartcards(domain.devices.smartcards);
    settle_videos(domain.devices.videos);
    check_controllers(domain.devices.controllers);
    check_usb(domain.devices.controllers);
    check_hostdevs(domain.devices.hostdevs);
    check_aliases(domain.devices);
    check_security_labels(domain.security_labels);
    forget_boot_and_rom(domain.devices);
    if (domain.cpu == Cpu{}) domain.cpu.reset();
    if (domain.has_genid && !domain.genid) domain.genid = Uuid::random();
}

}  // namespace innkeeper::model
