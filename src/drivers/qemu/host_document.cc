#include "drivers/qemu/host_document.h"

#include <string>

#include "cpu/host.h"
#include "drivers/qemu/abilities/arch.h"
#include "host/cpus.h"
#include "host/identity.h"
#include "host/memory.h"

namespace innkeeper::qemu {

namespace {

model::CpuSet set_of(const std::vector<unsigned>& numbers) {
    model::CpuSet set;
    for (const unsigned number : numbers) set.add(number);
    return set;
}

model::HostDescription::PowerManagement power_management(const host::KernelFiles& files) {
    const std::string states = files.text("/sys/power/state");
    const bool to_memory = states.contains("mem"), to_disk = states.contains("disk");
    return {.to_memory = to_memory, .to_disk = to_disk, .hybrid = to_memory && to_disk};
}

model::HostCell::Processor processor(const host::KernelFiles& files, unsigned id, const model::CpuSet& online) {
    if (!online.contains(id)) return {.id = id};
    const host::Cpu cpu = host::cpu(files, id);
    return {.id = id, .socket = cpu.socket, .die = cpu.die, .core = cpu.core, .siblings = set_of(cpu.siblings)};
}

std::vector<model::HostCell> describe_cells(const host::KernelFiles& files) {
    const model::CpuSet online = set_of(host::online_cpus(files));
    std::vector<model::HostCell> cells;
    for (const auto& there : host::cells(files)) {
        model::HostCell& cell = cells.emplace_back(there.id, there.total_kib);
        for (const auto& pool : there.pools) cell.pages.push_back({pool.size_kib, pool.total});
        for (const auto& [node, distance] : there.distances) cell.distances.push_back({node, distance});
        for (const unsigned id : there.cpus) cell.processors.push_back(processor(files, id, online));
    }
    return cells;
}

std::vector<model::HostCache> describe_caches(const host::KernelFiles& files) {
    std::vector<model::HostCache> caches;
    for (const auto& bank : host::last_level_caches(files)) {
        const bool whole = bank.size_kib % 1024 == 0;
        caches.push_back({bank.id, bank.level, bank.type, whole ? bank.size_kib / 1024 : bank.size_kib,
                          whole ? "MiB" : "KiB", set_of(bank.cpus)});
    }
    return caches;
}

}  // namespace

model::HostDescription describe_host(std::string_view dac) {
    const host::KernelFiles files;
    const std::string label(dac);
    return {.uuid = host::uuid(),
            .cpu = cpu::host_cpu(files),
            .power_management = power_management(files),
            .iommu = files.exists("/sys/kernel/iommu_groups/0"),
            .migration = {{.live = true, .transports = {{"tcp"}, {"rdma"}}}},
            .cells = describe_cells(files),
            .caches = describe_caches(files),
            .security = {{"none", "0", {}}, {"dac", "0", {{"kvm", label}, {"qemu", label}}}}};
}

}  // namespace innkeeper::qemu
