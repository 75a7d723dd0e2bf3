#include "model/domain/domain_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "model/domain/check_parts.h"
#include "model/domain/device.h"

namespace innkeeper::model {

namespace {

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
    sort_disks(domain.devices.disks);
    for (auto& disk : domain.devices.disks) settle_bus(disk);
    // Which places there are for a disk its bus says.
    check_places(domain);
    check_modules(domain);
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
