#include "model/domain/check_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace innkeeper::model {

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

namespace {

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

}  // namespace

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

void settle_placement(DomainDef& domain) {
    auto& tune = domain.numa_tune;
    if (domain.vcpus.placement != Vcpus::Placement::auto_ || tune.has_memory) return;
    if (!tune.nodes.empty())
        throw Error(ErrorCode::config_unsupported, "Per-node binding is not compatible with automatic NUMA placement.");
    tune.has_memory = true;
    tune.placement = NumaTune::Placement::auto_;
}

}  // namespace innkeeper::model
