#include "model/domain/tuning.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "model/domain/cpuset.h"
#include "xml/parts.h"

namespace innkeeper::model {

namespace {

const auto block_device_element = xml::describe<BlockDeviceTune>(
    "device", xml::value("path", &BlockDeviceTune::path), xml::value("weight", &BlockDeviceTune::weight).omit("0"),
    xml::value("read_iops_sec", &BlockDeviceTune::read_iops_sec).omit("0"),
    xml::value("write_iops_sec", &BlockDeviceTune::write_iops_sec).omit("0"),
    xml::value("read_bytes_sec", &BlockDeviceTune::read_bytes_sec).omit("0"),
    xml::value("write_bytes_sec", &BlockDeviceTune::write_bytes_sec).omit("0"));

constexpr std::string_view bad_bitmap = "Failed to parse bitmap '{}'";

/// A pin's number has a name of its own for each kind of thread.
xml::Element<Pin> pin(std::string_view tag, std::string_view id) {
    return xml::describe<Pin>(tag, xml::attribute(id, &Pin::id).required(),
                              xml::attribute("cpuset", &Pin::cpuset)
                                  .required(ErrorCode::internal_error, "missing cpuset for a pin")
                                  .complain(ErrorCode::invalid_arg, bad_bitmap))
        .finished_by([](Pin& read, const xml::Node& node, const xml::ParseFlags&) {
            refuse_empty_set(read.cpuset, node, "cpuset");
        });
}

xml::PartOf<Schedule> scheduler() { return xml::attribute("scheduler", &Schedule::scheduler).required(); }
xml::PartOf<Schedule> priority() { return xml::attribute("priority", &Schedule::priority); }
xml::Element<Schedule> schedule(std::string_view tag, std::string_view ids) {
    return xml::describe<Schedule>(
        tag, xml::attribute(ids, &Schedule::ids).required().complain(ErrorCode::invalid_arg, bad_bitmap), scheduler(),
        priority());
}

const auto vcpu_pin = pin("vcpupin", "vcpu");
const auto iothread_pin = pin("iothreadpin", "iothread");
const auto vcpu_schedule = schedule("vcpusched", "vcpus");
const auto iothread_schedule = schedule("iothreadsched", "iothreads");
const auto emulator_schedule = xml::describe<Schedule>("emulatorsched", scheduler(), priority());

const auto bank_element = xml::describe<CacheBank>(
    "cache", xml::attribute("id", &CacheBank::id).required(), xml::attribute("level", &CacheBank::level).required(),
    xml::attribute("type", &CacheBank::type).required(), xml::attribute("size", &CacheBank::size).required(),
    xml::attribute("unit", &CacheBank::unit));

const auto monitor_element =
    xml::describe<CacheMonitor>("monitor", xml::attribute("level", &CacheMonitor::level).required(),
                                xml::attribute("vcpus", &CacheMonitor::vcpus).required());

/// Two shares of one cache bank collide, unless one is for code and the other for data.
void check_banks(CacheTune& tune) {
    std::set<std::tuple<unsigned, unsigned, CacheBank::Type>> taken;
    using enum CacheBank::Type;
    for (const auto& bank : tune.caches) {
        const auto is_taken = [&](CacheBank::Type type) { return taken.contains({bank.level, bank.id, type}); };
        if (is_taken(bank.type) || is_taken(both) || (bank.type == both && (is_taken(code) || is_taken(data))))
            throw Error(ErrorCode::xml_error,
                        fmt::format("Colliding cache allocations for cache level '{}' id '{}', type '{}'", bank.level,
                                    bank.id, xml::name(bank.type)));
        taken.emplace(bank.level, bank.id, bank.type);
    }
}

/// Threads that share settings of the cache share all of them.
void check_cache_tunes(CpuTune& tune) {
    CpuSet seen;
    for (const auto& cache : tune.caches) {
        if (seen.overlaps(cache.vcpus)) {
            const bool is_identical = std::ranges::count(tune.caches, cache.vcpus, &CacheTune::vcpus) > 1;
            throw Error(ErrorCode::xml_error,
                        is_identical ? "Identical vcpus in cachetunes found" : "Overlapping vcpus in resctrls");
        }
        for (const unsigned vcpu : cache.vcpus.numbers()) seen.add(vcpu);
    }
}

const auto cache_tune_element =
    xml::describe<CacheTune>("cachetune", xml::attribute("vcpus", &CacheTune::vcpus).required(),
                             xml::attribute("id", &CacheTune::id).live_only(),
                             xml::children(&CacheTune::caches, bank_element),
                             xml::children(&CacheTune::monitors, monitor_element))
        .finished_by(check_banks);

const auto bandwidth_node_element =
    xml::describe<MemoryBandwidth::Node>("node", xml::attribute("id", &MemoryBandwidth::Node::id).required(),
                                         xml::attribute("bandwidth", &MemoryBandwidth::Node::percent).required());

void check_bandwidth(MemoryBandwidth& memory) {
    std::set<unsigned> seen;
    for (const auto& node : memory.nodes) {
        if (!seen.insert(node.id).second)
            throw Error(ErrorCode::xml_error, fmt::format("Memory Bandwidth already defined for node {}", node.id));
        if (node.percent > 100) throw Error(ErrorCode::xml_error, "Memory Bandwidth value exceeding 100 is invalid.");
    }
}

const auto memory_bandwidth_element =
    xml::describe<MemoryBandwidth>(
        "memorytune",
        xml::attribute("vcpus", &MemoryBandwidth::vcpus)
            .required(ErrorCode::xml_error, "Missing memorytune attribute 'vcpus'")
            .complain(ErrorCode::xml_error, "Invalid memorytune attribute 'vcpus' value '{}'"),
        xml::children(&MemoryBandwidth::nodes, bandwidth_node_element))
        .finished_by(check_bandwidth);

const auto node_element =
    xml::describe<NumaTune::Node>("memnode", xml::attribute("cellid", &NumaTune::Node::cell).required(),
                                  xml::attribute("mode", &NumaTune::Node::mode).required(),
                                  xml::attribute("nodeset", &NumaTune::Node::nodeset).required());

/// A nodeset makes the placement static, and so does the lack of both.
void settle_numa(NumaTune& tune, const xml::Node& node, const xml::ParseFlags&) {
    tune.has_memory = bool(node.child("memory"));
    if (!tune.has_memory) return;
    if (tune.nodeset) refuse_empty_set(*tune.nodeset, node.child("memory"), "nodeset");
    if (!tune.placement && tune.nodeset) tune.placement = NumaTune::Placement::static_;
    if (node.child("memory").attribute("placement") == "static" && !tune.nodeset)
        throw Error(ErrorCode::config_unsupported,
                    "nodeset for NUMA memory tuning must be set if 'placement' is 'static'");
    if (!tune.placement && !tune.nodeset) tune.placement = NumaTune::Placement::auto_;
    if (tune.placement == NumaTune::Placement::auto_) {
        tune.nodeset.reset();
        if (!tune.nodes.empty())
            throw Error(ErrorCode::config_unsupported,
                        "Per-node binding is not compatible with automatic NUMA placement.");
    }
    for (const auto& cell : tune.nodes)
        if ((cell.mode == NumaTune::Mode::restrictive) != (tune.mode == NumaTune::Mode::restrictive))
            throw Error(ErrorCode::xml_error,
                        "'restrictive' mode is required in memnode element when mode is "
                        "'restrictive' in memory element");
}

bool has_memory(const NumaTune& tune) { return tune.has_memory; }
bool is_static(const NumaTune& tune) { return tune.placement != NumaTune::Placement::auto_; }

/// The largest limit is none.
template <class M>
xml::PartOf<MemoryTune> limit(std::string_view name, M MemoryTune::* member) {
    return xml::amount(name, member).omit("9007199254740991");
}

}  // namespace

const xml::Element<BlockIoTune> block_io_tune_element =
    xml::describe<BlockIoTune>("blkiotune", xml::value("weight", &BlockIoTune::weight).omit("0"),
                               xml::children(&BlockIoTune::devices, block_device_element));

const xml::Element<MemoryTune> memory_tune_element = xml::describe<MemoryTune>(
    "memtune", limit("hard_limit", &MemoryTune::hard_limit), limit("soft_limit", &MemoryTune::soft_limit),
    limit("min_guarantee", &MemoryTune::min_guarantee), limit("swap_hard_limit", &MemoryTune::swap_hard_limit));

void check_cpu_tune(CpuTune& tune, const xml::Node& node, const xml::ParseFlags&) {
    if (tune.emulator_pin) refuse_empty_set(*tune.emulator_pin, node.child("emulatorpin"), "cpuset");
    check_cache_tunes(tune);
}

const xml::Element<CpuTune> cpu_tune_element =
    xml::describe<CpuTune>(
        "cputune",
        xml::value("shares", &CpuTune::shares).complain(ErrorCode::xml_error, "can't parse cputune shares value"),
        xml::value("period", &CpuTune::period).omit("0"), xml::value("quota", &CpuTune::quota).omit("0"),
        xml::value("global_period", &CpuTune::global_period).omit("0"),
        xml::value("global_quota", &CpuTune::global_quota).omit("0"),
        xml::value("emulator_period", &CpuTune::emulator_period).omit("0"),
        xml::value("emulator_quota", &CpuTune::emulator_quota).omit("0"),
        xml::value("iothread_period", &CpuTune::iothread_period).omit("0"),
        xml::value("iothread_quota", &CpuTune::iothread_quota).omit("0"), xml::children(&CpuTune::vcpu_pins, vcpu_pin),
        xml::child("emulatorpin", xml::attribute("cpuset", &CpuTune::emulator_pin)),
        xml::children(&CpuTune::iothread_pins, iothread_pin),
        xml::child(&CpuTune::emulator_schedule, emulator_schedule),
        xml::children(&CpuTune::vcpu_schedules, vcpu_schedule),
        xml::children(&CpuTune::iothread_schedules, iothread_schedule),
        xml::children(&CpuTune::caches, cache_tune_element), xml::children(&CpuTune::memory, memory_bandwidth_element))
        .finished_by(check_cpu_tune);

const xml::Element<NumaTune> numa_tune_element =
    xml::describe<NumaTune>(
        "numatune",
        xml::child("memory",
                   xml::attribute("mode", &NumaTune::mode)
                       .complain(ErrorCode::config_unsupported, "Unsupported NUMA memory tuning mode '{}'")
                       .written_when(has_memory),
                   xml::attribute("nodeset", &NumaTune::nodeset)
                       .written_when(is_static)
                       .complain(ErrorCode::invalid_arg, bad_bitmap),
                   xml::attribute("placement", &NumaTune::placement).omit("static")),
        xml::children(&NumaTune::nodes, node_element))
        .finished_by(settle_numa);

}  // namespace innkeeper::model
