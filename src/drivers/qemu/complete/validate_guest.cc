#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "drivers/qemu/complete/steps.h"

namespace innkeeper::qemu {
namespace {

using model::DomainDef;

[[noreturn]] void unsupported(std::string sentence) { throw Error(ErrorCode::config_unsupported, std::move(sentence)); }
[[noreturn]] void refused_by_model(ErrorCode code, std::string sentence) {
    throw Error(code, ErrorDomain::domain, std::move(sentence));
}

void validate_cache(const model::Cpu& cpu) {
    using Mode = model::CpuCache::Mode;
    const auto name = xml::name(cpu.cache->mode);
    if (cpu.cache->mode == Mode::emulate) {
        if (cpu.cache->level != 3u)
            unsupported(fmt::format("CPU cache mode '{}' can only be used with level='3'", name));
        return;
    }
    const bool is_like_host = cpu.mode == model::Cpu::Mode::host_passthrough || cpu.mode == model::Cpu::Mode::maximum;
    if (cpu.cache->mode == Mode::passthrough && !is_like_host)
        unsupported(fmt::format("CPU cache mode '{}' can only be used with 'host-passthrough' / 'maximum' CPUs", name));
    if (cpu.cache->level) unsupported(fmt::format("unsupported CPU cache level for mode '{}'", name));
}

/// What only other boards have.
void validate_features(const DomainDef& def) {
    const model::Features& features = def.features;
    const auto refuse_if = [&](bool is_asked, std::string_view name) {
        if (is_asked)
            unsupported(fmt::format("The '{}' feature is not supported for architecture '{}' or machine type '{}'",
                                    name, xml::name(*def.os.arch), def.os.machine));
    };
    if (!def.os.arch || !model::is_x86(*def.os.arch)) return;
    refuse_if(features.has_gic, "gic");
    refuse_if(features.has_hpt, "hpt");
    refuse_if(features.htm.has_value(), "htm");
    refuse_if(features.nested_hv.has_value(), "nested-hv");
    refuse_if(features.ccf_assist.has_value(), "ccf-assist");
    refuse_if(features.cfpc.has_value(), "cfpc");
    refuse_if(features.sbbc.has_value(), "sbbc");
    refuse_if(features.ibs.has_value(), "ibs");
}

/// A guest that restarts when it is told to go, and goes when it is told to restart.
void validate_lifecycle(const DomainDef& def) {
    if (def.on_reboot == model::LifecycleAction::destroy && def.on_poweroff == model::LifecycleAction::restart)
        unsupported("qemu driver doesn't support 'onReboot' set to 'destroy and 'onPoweroff' set to 'reboot'");
}

void validate_environment(const DomainDef& def) {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    for (const auto& variable : def.qemu.environment)
        if (!variable.name.empty() && !is_letter(variable.name.front()))
            throw Error(ErrorCode::internal_error,
                        "Invalid environment name, it must begin with a letter or underscore");
}

void validate_cpu(const Completion& it) {
    const DomainDef& def = it.def;
    // The peer's sentence also for a guest without any vCPU: without cells its highest CPU counts as 0.
    unsigned highest = 0;
    if (def.cpu)
        for (const auto& cell : def.cpu->numa)
            if (cell.cpus && !cell.cpus->empty()) highest = std::max(highest, cell.cpus->numbers().back());
    if (highest >= def.vcpus.maximum)
        throw Error(ErrorCode::internal_error, "CPU IDs in <numa> exceed the <vcpu> count");
    if (def.vcpus.maximum > 255 && (!def.devices.iommu || def.devices.iommu->eim != true))
        unsupported("more than 255 vCPUs require extended interrupt mode enabled on the iommu device");
    for (const model::Vcpu& vcpu : def.vcpu_list)
        if (vcpu.id == 0 && !vcpu.enabled) unsupported("vcpu 0 can't be offline");
    if (!def.cpu) return;
    if (def.cpu->cache) validate_cache(*def.cpu);
    if (def.cpu->topology && def.cpu->topology->count() != def.vcpus.maximum)
        unsupported("CPU topology doesn't match maximum vcpu count");
    if (const auto& bits = def.cpu->max_phys_addr;
        bits && bits->mode == model::CpuMaxPhysAddr::Mode::emulate && !bits->bits)
        unsupported(fmt::format("if using CPU maximum physical address mode='{}', bits= must be specified too",
                                xml::name(bits->mode)));
}

/// Pages without a nodeset are for all nodes that have none of their own: there can be one size of them. Where the
/// guest has no nodes it counts as one.
void validate_pages(const DomainDef& def) {
    const model::MemoryBacking& backing = def.memory_backing;
    const std::size_t nodes = def.cpu ? def.cpu->numa.size() : 0;
    const model::HugePage* master = nullptr;
    for (const model::HugePage& page : backing.pages) {
        const bool is_master = !page.nodeset || (nodes == 0 && page.nodeset->contains(0));
        if (is_master) {
            if (master)
                refused_by_model(ErrorCode::xml_detail, fmt::format("two master hugepages detected: {} and {}",
                                                                    std::min(master->size_kib, page.size_kib),
                                                                    std::max(master->size_kib, page.size_kib)));
            master = &page;
        } else if (page.nodeset && !page.nodeset->empty()) {
            for (const unsigned node : page.nodeset->numbers())
                if (node >= nodes)
                    refused_by_model(ErrorCode::xml_detail, fmt::format("hugepages: node {} not found", node));
        }
    }
}

void validate_memory(const DomainDef& def) {
    const std::size_t nodes = def.cpu ? def.cpu->numa.size() : 0;
    if (def.max_memory_kib && nodes == 0)
        unsupported("At least one numa node has to be configured when enabling memory hotplug");
    validate_pages(def);
    const model::NumaTune& tune = def.numa_tune;
    if (tune.has_memory && tune.placement == model::NumaTune::Placement::static_ && !tune.nodeset)
        refused_by_model(ErrorCode::config_unsupported,
                         "nodeset for NUMA memory tuning must be set if 'placement' is 'static'");
}

void validate_tuning(const DomainDef& def) {
    for (const model::Schedule& schedule : def.cpu_tune.iothread_schedules)
        for (const unsigned id : schedule.ids.numbers())
            if (std::ranges::find(def.iothread_ids, id, &model::IoThread::id) == def.iothread_ids.end())
                refused_by_model(ErrorCode::config_unsupported, fmt::format("Cannot find 'iothread' : {}", id));
    if (!(def.cpu_tune.caches.empty() && def.cpu_tune.memory.empty()) && def.type != DomainDef::VirtType::kvm)
        unsupported("cachetune is only supported for KVM domains");
}

void validate_identity(const DomainDef& def) {
    for (const model::Sysinfo& info : def.sysinfo) {
        if (!info.system.uuid.empty() && Uuid::parse(info.system.uuid) != def.uuid)
            refused_by_model(ErrorCode::xml_detail, "UUID mismatch between <uuid> and <sysinfo>");
        for (const auto& entry : info.firmware)
            // The names that are left to users (QEMU's docs/specs/fw_cfg).
            if (!entry.name.starts_with("opt/"))
                refused_by_model(ErrorCode::config_unsupported, "Invalid firmware name");
    }
}

}  // namespace

void validate_guest(const Completion& it) {
    const DomainDef& def = it.def;
    if (const MachineType* machine = it.capabilities.machine(def.os.machine);
        machine && def.vcpus.maximum > machine->max_cpus)
        unsupported(fmt::format("Maximum CPUs greater than specified machine type limit {}", machine->max_cpus));
    validate_cpu(it);
    validate_memory(def);
    validate_tuning(def);
    validate_identity(def);
    validate_features(def);
    validate_lifecycle(def);
    validate_environment(def);
    if (def.os.bios_useserial == true && def.devices.serials.empty())
        throw Error(ErrorCode::xml_error, "need at least one serial port to use BIOS serial output");
    if (def.features.tseg_mib && !is_q35(def)) unsupported("SMM TSEG is only supported with q35 machine type");
}

}  // namespace innkeeper::qemu
