#include "model/domain/numa_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "xml/amount.h"
#include "xml/parts.h"

namespace innkeeper::model {

namespace {

using Interconnect = NumaInterconnect;

Error wrong(std::string sentence) { return Error(ErrorCode::xml_error, std::move(sentence)); }

std::uint64_t read_number(std::string_view text, std::string_view place) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size())
        throw wrong(fmt::format("Invalid value '{}' for element or attribute '{}'", text, place));
    return number;
}

/// `<size value='10' unit='KiB'/>`. (The peer keeps the number and forgets the unit, which is not what was asked for.)
std::uint64_t read_amount(const xml::Node& cache, std::string_view name, std::string_view unit) {
    const auto child = cache.child(name);
    const auto place = fmt::format("./{}/@value", name);
    const auto value = child.attribute("value");
    if (!value) throw wrong(fmt::format("missing element or attribute '{}'", place));
    return xml::convert_amount(read_number(*value, place), child.attribute("unit").value_or(unit), unit);
}

void write_amount(xml::Writer& writer, std::string_view name, std::uint64_t value, std::string_view unit) {
    writer.open(name);
    writer.attribute("value", std::to_string(value));
    writer.attribute("unit", unit);
    writer.close();
}

unsigned read_level(const xml::Node& node, unsigned cell) {
    const auto text = node.attribute("level");
    if (!text) throw wrong(fmt::format("Missing 'level' attribute in cache element for NUMA node {}", cell));
    unsigned level = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), level);
    if (error != std::errc{} || end != text->data() + text->size() || level == 0)
        throw wrong(fmt::format("Invalid 'level' attribute in cache element for NUMA node {}", cell));
    if (level > 3)
        throw wrong(fmt::format("Cache level '{}' of NUMA node {} is out of range: there are 1 to 3", level, cell));
    return level;
}

NumaCache read_cache(const xml::Node& node, unsigned cell) {
    NumaCache cache{.level = read_level(node, cell)};
    const auto associativity = node.attribute("associativity");
    if (!associativity)
        throw wrong(fmt::format("Missing 'associativity' attribute in cache element for NUMA node {}", cell));
    const auto way = xml::value_of<NumaCache::Associativity>(*associativity);
    if (!way) throw wrong(fmt::format("Invalid cache associativity '{}'", *associativity));
    cache.associativity = *way;
    const auto policy = xml::value_of<NumaCache::Policy>(node.attribute("policy").value_or(""));
    if (!policy) throw wrong(fmt::format("Invalid cache policy '{}'", node.attribute("policy").value_or("")));
    cache.policy = *policy;
    cache.size_kib = read_amount(node, "size", "KiB");
    cache.line_bytes = read_amount(node, "line", "B");
    return cache;
}

xml::PartOf<Interconnect> cell_number(std::string_view name, unsigned Interconnect::*member) {
    return xml::attribute(name, member).required();
}

void read_bandwidth(const xml::Node& node, Interconnect& line, const xml::ParseFlags&) {
    const auto value = node.attribute("value");
    if (!value) throw wrong("missing element or attribute './@value'");
    line.value = xml::convert_amount(read_number(*value, "./@value"), node.attribute("unit").value_or("KiB"), "KiB");
}
void write_bandwidth(const Interconnect& line, xml::Writer& writer) {
    writer.attribute("value", std::to_string(line.value));
    writer.attribute("unit", "KiB");
}

}  // namespace

std::vector<NumaCache> read_numa_caches(const xml::Node& cell, unsigned number) {
    std::vector<NumaCache> caches;
    for (auto node = cell.child("cache"); node; node = node.next("cache")) {
        const auto cache = read_cache(node, number);
        if (std::ranges::find(caches, cache.level, &NumaCache::level) != caches.end())
            throw wrong(fmt::format("Cache level '{}' already defined", cache.level));
        caches.push_back(cache);
    }
    return caches;
}

void write_numa_caches(const std::vector<NumaCache>& caches, xml::Writer& writer) {
    for (const auto& cache : caches) {
        writer.open("cache");
        writer.attribute("level", std::to_string(cache.level));
        writer.attribute("associativity", xml::name(cache.associativity));
        writer.attribute("policy", xml::name(cache.policy));
        write_amount(writer, "size", cache.size_kib, "KiB");
        write_amount(writer, "line", cache.line_bytes, "B");
        writer.close();
    }
}

const xml::Element<Interconnect> numa_latency_element = xml::describe<Interconnect>(
    "latency", cell_number("initiator", &Interconnect::initiator), cell_number("target", &Interconnect::target),
    xml::attribute("cache", &Interconnect::cache).omit("0"), xml::attribute("type", &Interconnect::access).required(),
    xml::attribute("value", &Interconnect::value).required());

const xml::Element<Interconnect> numa_bandwidth_element = xml::describe<Interconnect>(
    "bandwidth", cell_number("initiator", &Interconnect::initiator), cell_number("target", &Interconnect::target),
    xml::attribute("cache", &Interconnect::cache).omit("0"), xml::attribute("type", &Interconnect::access).required(),
    xml::by_hand(read_bandwidth, write_bandwidth).holds("@value", "@unit"));

std::vector<Interconnect> read_numa_interconnects(const xml::Node& parent, const xml::ParseFlags& flags) {
    std::vector<Interconnect> all;
    for (auto node = parent.child(); node; node = node.next()) {
        const bool is_latency = node.name() == "latency";
        if (!is_latency && node.name() != "bandwidth") continue;
        auto line = (is_latency ? numa_latency_element : numa_bandwidth_element).read(node, flags);
        line.kind = is_latency ? Interconnect::Kind::latency : Interconnect::Kind::bandwidth;
        all.push_back(line);
    }
    return all;
}

void write_numa_interconnects(const std::vector<Interconnect>& all, xml::Writer& writer) {
    for (const auto& line : all)
        (line.kind == Interconnect::Kind::latency ? numa_latency_element : numa_bandwidth_element).write(line, writer);
}

}  // namespace innkeeper::model
