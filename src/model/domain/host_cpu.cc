#include "model/domain/host_cpu.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "model/domain/cpu_parts.h"
#include "xml/parts.h"

namespace innkeeper::model {

namespace {

const auto modes_element = xml::describe<HostCpu::Modes>("features", xml::flag("pae", &HostCpu::Modes::pae),
                                                         xml::flag("nonpae", &HostCpu::Modes::nonpae));

const auto signature_element =
    xml::describe<CpuSignature>("signature", xml::attribute("family", &CpuSignature::family).required(),
                                xml::attribute("model", &CpuSignature::model).required(),
                                xml::attribute("stepping", &CpuSignature::stepping).required());

/// A counter of another name is nobody's business; the peer does not look at what it says.
const auto counter_element =
    xml::describe<CpuCounter>("counter", xml::attribute("name", &CpuCounter::name),
                              xml::when<CpuCounter>([](const CpuCounter& counter) { return counter.name == "tsc"; },
                                                    xml::attribute("frequency", &CpuCounter::hertz).required(),
                                                    xml::attribute("scaling", &CpuCounter::scaling, xml::yes_no)));

/// Said for people; nothing is asked of it, and so nothing in it is refused.
void read_pages(const xml::Node& node, HostCpu& cpu, const xml::ParseFlags&) {
    for (auto pages = node.child("pages"); pages; pages = pages.next("pages")) {
        CpuPages& read = cpu.pages.emplace_back();
        if (const auto unit = pages.attribute("unit")) read.unit = *unit;
        read.size = std::strtoull(std::string(pages.attribute("size").value_or("0")).c_str(), nullptr, 10);
    }
}
void write_pages(const HostCpu& cpu, xml::Writer& writer) {
    for (const CpuPages& pages : cpu.pages) {
        writer.open("pages");
        writer.attribute("unit", pages.unit);
        writer.attribute("size", std::to_string(pages.size));
        writer.close();
    }
}

/// Only the name counts: what a host has needs no policy.
void read_features(const xml::Node& node, HostCpu& cpu, const xml::ParseFlags&) {
    std::set<std::string_view> names;
    for (auto feature = node.child("feature"); feature; feature = feature.next("feature")) {
        const auto name = feature.attribute("name");
        if (!name || name->empty()) throw Error(ErrorCode::xml_error, ErrorDomain::cpu, "Invalid CPU feature name");
        if (!names.insert(*name).second)
            throw Error(ErrorCode::xml_error, ErrorDomain::cpu,
                        fmt::format("CPU feature '{}' specified more than once", *name));
        cpu.features.emplace_back(*name);
    }
}
void write_features(const HostCpu& cpu, xml::Writer& writer) {
    for (const std::string& name : cpu.features) {
        writer.open("feature");
        writer.attribute("name", name);
        writer.close();
    }
}

}  // namespace

const xml::Element<HostCpu> host_cpu_element = xml::describe<HostCpu>(
    "cpu", xml::value("arch", &HostCpu::arch), xml::child(&HostCpu::modes, modes_element),
    xml::value("model", &HostCpu::model), xml::value("vendor", &HostCpu::vendor),
    xml::child("microcode", xml::attribute("version", &HostCpu::microcode)
                                .complain(ErrorCode::config_unsupported, "invalid microcode version")),
    xml::child(&HostCpu::signature, signature_element), xml::children(&HostCpu::counters, counter_element),
    xml::child(&HostCpu::topology, cpu_topology_element),
    xml::child(&HostCpu::max_phys_addr, cpu_max_phys_addr_element),
    xml::by_hand(read_features, write_features).holds("feature@name"),
    xml::by_hand(read_pages, write_pages).holds("pages@unit", "pages@size"));

}  // namespace innkeeper::model
