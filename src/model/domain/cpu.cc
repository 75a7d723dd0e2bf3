#include "model/domain/cpu.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "model/domain/cpu_parts.h"
#include "xml/amount.h"
#include "xml/parts.h"

namespace innkeeper::model {

namespace {

const auto feature_element =
    xml::describe<CpuFeature>(
        "feature", xml::attribute("policy", &CpuFeature::policy),
        xml::attribute("name", &CpuFeature::name).required(ErrorCode::xml_error, "Invalid CPU feature name"))
        .finished_by([](CpuFeature& feature) {
            if (feature.name.empty()) throw Error(ErrorCode::xml_error, ErrorDomain::cpu, "Invalid CPU feature name");
        });

const auto cache_element = xml::describe<CpuCache>("cache", xml::attribute("level", &CpuCache::level).at_most(3),
                                                   xml::attribute("mode", &CpuCache::mode).required());

const auto sibling_element = xml::describe<NumaCell::Distance>(
    "sibling", xml::attribute("id", &NumaCell::Distance::id).required(),
    xml::attribute("value", &NumaCell::Distance::value).required().at_least(10).at_most(255));

void read_cell_memory(const xml::Node& node, NumaCell& cell, const xml::ParseFlags&) {
    cell.memory_kib = xml::convert_amount(cell.memory_kib, node.attribute("unit").value_or("KiB"), "KiB");
}
void write_cell_unit(const NumaCell&, xml::Writer& writer) { writer.attribute("unit", "KiB"); }

/// What is read and written by hand (numa_cache.h), for schemas.
xml::PartOf<NumaCache> amount_shape(std::string_view name) {
    return xml::child(name, xml::by_hand<NumaCache>([](const xml::Node&, NumaCache&, const xml::ParseFlags&) {},
                                                    [](const NumaCache&, xml::Writer&) {})
                                .holds("@value", "@unit"));
}
const auto cache_shape = xml::describe<NumaCache>("cache", xml::attribute("level", &NumaCache::level).required(),
                                                  xml::attribute("associativity", &NumaCache::associativity).required(),
                                                  xml::attribute("policy", &NumaCache::policy).required(),
                                                  amount_shape("size"), amount_shape("line"));

/// A cell without a number takes its place's.
void read_caches(const xml::Node& node, NumaCell& cell, const xml::ParseFlags&) {
    cell.caches = read_numa_caches(node, cell.id.value_or(node.ordinal() - 1));
}
void write_caches(const NumaCell& cell, xml::Writer& writer) { write_numa_caches(cell.caches, writer); }

const auto cell_element = xml::describe<NumaCell>(
    "cell", xml::attribute("id", &NumaCell::id),
    xml::attribute("cpus", &NumaCell::cpus).complain(ErrorCode::invalid_arg, "Failed to parse bitmap '{}'"),
    xml::attribute("memory", &NumaCell::memory_kib)
        .required()
        .complain(ErrorCode::xml_error, "Invalid value '{}' for element or attribute './@memory'"),
    xml::by_hand(read_cell_memory, write_cell_unit).holds("@unit"), xml::attribute("memAccess", &NumaCell::access),
    xml::attribute("discard", &NumaCell::discard, xml::yes_no),
    xml::child("distances", xml::children(&NumaCell::distances, sibling_element)),
    xml::by_hand(read_caches, write_caches).holds(xml::children(&NumaCell::caches, cache_shape)));

/// Cells are numbered from 0 without a gap, in any order in the document; a cell without a number takes its place in
/// it.
void settle_cells(std::vector<NumaCell>& cells) {
    // QEMU knows 128. Distances are as many as the square of it.
    constexpr std::size_t most = 1024;
    if (cells.size() > most)
        throw Error(ErrorCode::config_unsupported, fmt::format("a guest of more than {} NUMA cells", most));
    for (std::size_t i = 0; i < cells.size(); ++i)
        if (!cells[i].id) cells[i].id = static_cast<unsigned>(i);
    std::ranges::sort(cells, {}, &NumaCell::id);
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (*cells[i].id == i) continue;
        if (i && cells[i].id == cells[i - 1].id)
            throw Error(ErrorCode::xml_error, fmt::format("Duplicate NUMA cell info for cell id '{}'", *cells[i].id));
        throw Error(ErrorCode::xml_error,
                    "Exactly one 'cell' element per guest NUMA cell allowed, non-contiguous ranges or ranges not "
                    "starting from 0 are not allowed");
    }
    for (std::size_t i = 0; i < cells.size(); ++i)
        for (std::size_t j = 0; cells[i].cpus && j < i; ++j)
            if (cells[j].cpus && cells[j].cpus->overlaps(*cells[i].cpus))
                throw Error(ErrorCode::config_unsupported,
                            fmt::format("NUMA cells {} and {} have overlapping vCPU ids", j, i));
}

/// Distances that are not given follow from those that are: the way back is as long, and one's own is 10.
void complete_distances(std::vector<NumaCell>& cells) {
    if (std::ranges::all_of(cells, [](const auto& cell) { return cell.distances.empty(); })) return;
    const auto count = cells.size();
    std::vector<unsigned> given(count * count);
    for (std::size_t from = 0; from < count; ++from)
        for (const auto& distance : cells[from].distances)
            if (distance.id < count && !given[from * count + distance.id])
                given[from * count + distance.id] = distance.value;
    std::vector<std::vector<NumaCell::Distance>> complete(count);
    for (std::size_t i = 0; i < count; ++i)
        for (std::size_t j = 0; j < count; ++j) {
            unsigned value = i == j ? 10 : given[i * count + j];
            if (!value) value = given[j * count + i];
            complete[i].push_back({static_cast<unsigned>(j), value ? value : 20});
        }
    for (std::size_t i = 0; i < cells.size(); ++i) cells[i].distances = std::move(complete[i]);
}

void read_interconnects(const xml::Node& node, Cpu& cpu, const xml::ParseFlags& flags) {
    cpu.interconnects = read_numa_interconnects(node, flags);
}
void write_interconnects(const Cpu& cpu, xml::Writer& writer) { write_numa_interconnects(cpu.interconnects, writer); }

/// Each line speaks of cells and caches that are there, and nothing is said twice.
void check_interconnects(const Cpu& cpu) {
    using Line = NumaInterconnect;
    const auto refuse = [](const char* sentence) { throw Error(ErrorCode::xml_error, sentence); };
    std::set<std::tuple<Line::Kind, unsigned, unsigned, unsigned, Line::Access>> seen;
    for (const auto& line : cpu.interconnects) {
        if (line.initiator >= cpu.numa.size()) refuse("'initiator' refers to a non-existent NUMA node");
        if (line.target >= cpu.numa.size()) refuse("'target' refers to a non-existent NUMA node");
        const auto& caches = cpu.numa[line.target].caches;
        if (line.cache && std::ranges::find(caches, line.cache, &NumaCache::level) == caches.end())
            refuse("'cache' refers to a non-existent NUMA node cache");
        if (!seen.emplace(line.kind, line.initiator, line.target, line.cache, *line.access).second)
            refuse("Duplicate info for NUMA latencies");
    }
}

void check_cpu(Cpu& cpu, const xml::Node& node, const xml::ParseFlags&) {
    using Mode = Cpu::Mode;
    settle_cells(cpu.numa);
    complete_distances(cpu.numa);
    check_interconnects(cpu);
    // A CPU without a mode is a custom one as soon as it names a model; a topology alone has none.
    if (!cpu.mode && (!cpu.model.empty() || node.attribute("match"))) cpu.mode = Mode::custom;
    if (cpu.mode != Mode::custom)
        cpu.match.reset();
    else if (!cpu.match)
        cpu.match = Cpu::Match::exact;
    if (cpu.model.empty())
        cpu.fallback.reset();
    else if (!cpu.fallback)
        cpu.fallback = Cpu::Fallback::allow;
    if (cpu.migratable && cpu.mode != Mode::host_passthrough && cpu.mode != Mode::maximum)
        throw Error(ErrorCode::xml_error, fmt::format("Attribute migratable is only allowed for '{}' and '{}' CPU mode",
                                                      "host-passthrough", "maximum"));
    std::set<std::string_view> names;
    for (auto& feature : cpu.features) {
        if (!feature.policy) feature.policy = CpuFeature::Policy::require;
        if (!names.insert(feature.name).second)
            throw Error(ErrorCode::xml_error, ErrorDomain::cpu,
                        fmt::format("CPU feature '{}' specified more than once", feature.name));
    }
}

}  // namespace

const xml::Element<CpuTopology> cpu_topology_element =
    xml::describe<CpuTopology>("topology", xml::attribute("sockets", &CpuTopology::sockets).required().at_least(1),
                               xml::attribute("dies", &CpuTopology::dies).at_least(1),
                               xml::attribute("cores", &CpuTopology::cores).required().at_least(1),
                               xml::attribute("threads", &CpuTopology::threads).required().at_least(1));

const xml::Element<CpuMaxPhysAddr> cpu_max_phys_addr_element = xml::describe<CpuMaxPhysAddr>(
    "maxphysaddr", xml::attribute("mode", &CpuMaxPhysAddr::mode).required(),
    xml::attribute("bits", &CpuMaxPhysAddr::bits), xml::attribute("limit", &CpuMaxPhysAddr::limit));

const xml::Element<Cpu> cpu_element =
    xml::describe<Cpu>(
        "cpu",
        xml::attribute("mode", &Cpu::mode).complain(ErrorCode::config_unsupported, "Invalid mode attribute '{}'"),
        xml::attribute("match", &Cpu::match), xml::attribute("check", &Cpu::check),
        xml::attribute("migratable", &Cpu::migratable, xml::on_off),
        xml::child("model", xml::attribute("fallback", &Cpu::fallback), xml::attribute("vendor_id", &Cpu::vendor_id),
                   xml::text(&Cpu::model)),
        xml::value("vendor", &Cpu::vendor), xml::child(&Cpu::topology, cpu_topology_element),
        xml::child(&Cpu::cache, cache_element), xml::child(&Cpu::max_phys_addr, cpu_max_phys_addr_element),
        xml::children(&Cpu::features, feature_element),
        xml::child("numa", xml::children(&Cpu::numa, cell_element),
                   xml::child("interconnects", xml::by_hand(read_interconnects, write_interconnects)
                                                   .holds(xml::children(&Cpu::interconnects, numa_latency_element),
                                                          xml::children(&Cpu::interconnects, numa_bandwidth_element)))))
        .finished_by(check_cpu);

}  // namespace innkeeper::model
