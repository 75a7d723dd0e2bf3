#include <fmt/format.h>

#include "drivers/qemu/command/builder.h"

/// How fast the guest's nodes reach each other's memory, and the caches in between (ACPI's HMAT).
namespace innkeeper::qemu {

using model::Cpu;
using model::NumaCache;
using model::NumaCell;
using model::NumaInterconnect;

namespace {

std::string_view hierarchy(unsigned cache) {
    constexpr std::string_view words[] = {"memory", "first-level", "second-level", "third-level"};
    return words[cache];
}

std::string_view word(NumaCache::Associativity associativity) {
    constexpr std::string_view words[] = {"none", "direct", "complex"};
    return words[static_cast<std::size_t>(associativity)];
}

std::string_view word(NumaCache::Policy policy) {
    constexpr std::string_view words[] = {"none", "write-back", "write-through"};
    return words[static_cast<std::size_t>(policy)];
}

void add_line(Builder& b, const NumaInterconnect& line) {
    const bool is_latency = line.kind == NumaInterconnect::Kind::latency;
    Pairs words("hmat-lb");
    words.add("initiator", line.initiator).add("target", line.target).add("hierarchy", hierarchy(line.cache));
    words.add("data-type", fmt::format("{}-{}", xml::name(*line.access), is_latency ? "latency" : "bandwidth"));
    if (is_latency)
        words.add("latency", line.value);
    else
        words.add("bandwidth", fmt::format("{}K", line.value));
    b.option("-numa", words);
}

void add_cache(Builder& b, unsigned cell, const NumaCache& cache) {
    Pairs words("hmat-cache");
    words.add("node-id", cell).add("size", fmt::format("{}K", cache.size_kib)).add("level", cache.level);
    words.add("associativity", word(cache.associativity)).add("policy", word(cache.policy));
    b.option("-numa", words.add("line", cache.line_bytes));
}

}  // namespace

bool has_hmat(const Builder& b) {
    if (!b.domain.cpu) return false;
    if (!b.domain.cpu->interconnects.empty()) return true;
    for (const NumaCell& cell : b.domain.cpu->numa)
        if (!cell.caches.empty()) return true;
    return false;
}

unsigned memory_initiator(const Cpu& cpu, const NumaCell& cell) {
    if (cell.cpus && !cell.cpus->empty()) return *cell.id;
    const NumaInterconnect* nearest = nullptr;
    for (const NumaInterconnect& line : cpu.interconnects)
        if (line.kind == NumaInterconnect::Kind::latency && line.target == *cell.id && line.cache == 0 &&
            (!nearest || line.value < nearest->value))
            nearest = &line;
    return nearest ? nearest->initiator : 0;
}

void add_hmat(Builder& b) {
    if (!has_hmat(b)) return;
    for (const NumaInterconnect& line : b.domain.cpu->interconnects) add_line(b, line);
    for (const NumaCell& cell : b.domain.cpu->numa)
        for (const NumaCache& cache : cell.caches) add_cache(b, *cell.id, cache);
}

}  // namespace innkeeper::qemu
