#include "model/capabilities/host_capabilities.h"

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

/// The number of things that follow, which is written and need not be read.
template <class T, auto things>
xml::PartOf<T> number_of() {
    return xml::by_hand<T>(
               [](const xml::Node&, T&, const xml::ParseFlags&) {},
               [](const T& owner, xml::Writer& out) { out.attribute("num", std::to_string((owner.*things).size())); })
        .holds("@num");
}

using Pages = HostCell::Pages;
using Distance = HostCell::Distance;
using Processor = HostCell::Processor;

void read_unit(const xml::Node&, Pages&, const xml::ParseFlags&) {}
void write_unit(const Pages&, xml::Writer& out) { out.attribute("unit", "KiB"); }
const auto pages_element =
    xml::describe<Pages>("pages", xml::by_hand<Pages>(read_unit, write_unit).holds("@unit"),
                         xml::attribute("size", &Pages::size_kib).required(), xml::text(&Pages::count));

const auto distance_element = xml::describe<Distance>("sibling", xml::attribute("id", &Distance::id).required(),
                                                      xml::attribute("value", &Distance::value).required());

const auto processor_element = xml::describe<Processor>(
    "cpu", xml::attribute("id", &Processor::id).required(), xml::attribute("socket_id", &Processor::socket),
    xml::attribute("die_id", &Processor::die), xml::attribute("core_id", &Processor::core),
    xml::attribute("siblings", &Processor::siblings));

const auto cell_element = xml::describe<HostCell>(
    "cell", xml::attribute("id", &HostCell::id).required(), xml::amount("memory", &HostCell::memory_kib),
    xml::children(&HostCell::pages, pages_element),
    xml::child("distances", xml::children(&HostCell::distances, distance_element)),
    xml::child("cpus", number_of<HostCell, &HostCell::processors>(),
               xml::children(&HostCell::processors, processor_element)));

const auto cache_element = xml::describe<HostCache>(
    "bank", xml::attribute("id", &HostCache::id).required(), xml::attribute("level", &HostCache::level).required(),
    xml::attribute("type", &HostCache::type).required(), xml::attribute("size", &HostCache::size).required(),
    xml::attribute("unit", &HostCache::unit).required(), xml::attribute("cpus", &HostCache::cpus).required());

using BaseLabel = SecurityModel::BaseLabel;
const auto label_element = xml::describe<BaseLabel>("baselabel", xml::attribute("type", &BaseLabel::type).required(),
                                                    xml::text(&BaseLabel::label));
const auto security_element =
    xml::describe<SecurityModel>("secmodel", xml::value("model", &SecurityModel::model).required(),
                                 xml::value("doi", &SecurityModel::domain_of_interpretation).keep_empty(),
                                 xml::children(&SecurityModel::labels, label_element));

using Host = HostDescription;
using Power = Host::PowerManagement;
const auto power_element =
    xml::describe<Power>("power_management", xml::flag("suspend_mem", &Power::to_memory),
                         xml::flag("suspend_disk", &Power::to_disk), xml::flag("suspend_hybrid", &Power::hybrid));

using Migration = MigrationAbilities;
const auto transport_element = xml::describe<Word>("uri_transport", xml::text(&Word::text));
const auto migration_element =
    xml::describe<Migration>("migration_features", xml::flag("live", &Migration::live),
                             xml::child("uri_transports", xml::children(&Migration::transports, transport_element)));

const auto host_element = xml::describe<Host>(
    "host", xml::value("uuid", &Host::uuid), xml::child(&Host::cpu, host_cpu_element),
    xml::child(&Host::power_management, power_element).keep_empty(),
    xml::child("iommu", xml::attribute("support", &Host::iommu, xml::yes_no)),
    xml::child(&Host::migration, migration_element),
    xml::child("topology", xml::child("cells", number_of<Host, &Host::cells>(), xml::expanded<Host>(),
                                      xml::children(&Host::cells, cell_element))),
    xml::child("cache", xml::children(&Host::caches, cache_element)), xml::children(&Host::security, security_element));

using Guest = GuestDescription;
using Machine = Guest::Machine;
using DomainType = Guest::DomainType;
using Toggle = FeatureToggle;
using Features = Guest::Features;

const auto machine_element = xml::describe<Machine>(
    "machine", xml::attribute("canonical", &Machine::canonical), xml::attribute("maxCpus", &Machine::max_cpus),
    xml::attribute("deprecated", &Machine::deprecated, xml::yes_no), xml::text(&Machine::name));

const auto domain_type_element =
    xml::describe<DomainType>("domain", xml::attribute("type", &DomainType::type).required());

const auto toggle_element =
    xml::describe<Toggle>("", xml::attribute("default", &Toggle::is_default, xml::on_off).required(),
                          xml::attribute("toggle", &Toggle::can_be_toggled, xml::yes_no).required());

const auto features_element = xml::describe<Features>(
    "features", xml::flag("pae", &Features::pae), xml::flag("nonpae", &Features::nonpae),
    xml::child("acpi", &Features::acpi, toggle_element), xml::child("apic", &Features::apic, toggle_element),
    xml::flag("cpuselection", &Features::cpu_selection), xml::flag("deviceboot", &Features::device_boot),
    xml::child("disksnapshot", &Features::disk_snapshot, toggle_element));

const auto guest_element = xml::describe<Guest>(
    "guest", xml::value("os_type", &Guest::os_type).required(),
    xml::child("arch", xml::attribute("name", &Guest::arch).required(),
               xml::value("wordsize", &Guest::word_size).required(), xml::value("emulator", &Guest::emulator),
               xml::children(&Guest::machines, machine_element),
               xml::children(&Guest::domain_types, domain_type_element))
        .required(),
    xml::child(&Guest::features, features_element));

}  // namespace

const xml::Element<HostCapabilities> host_capabilities_element =
    xml::describe<HostCapabilities>("capabilities", xml::child(&HostCapabilities::host, host_element).required(),
                                    xml::children(&HostCapabilities::guests, guest_element));

std::string format_host_capabilities(const HostCapabilities& capabilities) {
    const std::string text = host_capabilities_element.format(capabilities);
    std::string out;
    out.reserve(text.size() + 64);
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find('\n', at) + 1;
        const std::string_view line(text.data() + at, end - at);
        out += line;
        if (line == "<capabilities>\n" || line == "  </host>\n" || line == "  </guest>\n") out += '\n';
        at = end;
    }
    return out;
}

}  // namespace innkeeper::model
