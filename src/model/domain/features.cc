#include "model/domain/features.h"

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

using Hyperv = HypervFeatures;
using Kvm = KvmFeatures;

constexpr std::array<std::string_view, 2> fault_ignore_words{"fault", "ignore"};
constexpr std::span<const std::string_view> ignore_fault{fault_ignore_words};

/// `<name state='on'/>`.
template <class T>
xml::PartOf<T> state(std::string_view name, std::optional<bool> T::* member) {
    return xml::child(name, xml::attribute("state", member, xml::on_off).required());
}

const auto hyperv_element =
    xml::describe<Hyperv>(
        "hyperv", xml::attribute("mode", &Hyperv::mode), state("relaxed", &Hyperv::relaxed),
        state("vapic", &Hyperv::vapic),
        xml::child("spinlocks", xml::attribute("state", &Hyperv::spinlocks, xml::on_off).required(),
                   xml::attribute("retries", &Hyperv::spinlock_retries).at_least(0xfff)),
        state("vpindex", &Hyperv::vpindex), state("runtime", &Hyperv::runtime), state("synic", &Hyperv::synic),
        xml::child("stimer", xml::attribute("state", &Hyperv::stimer, xml::on_off).required(),
                   xml::child("direct", xml::attribute("state", &Hyperv::stimer_direct, xml::on_off).required())),
        state("reset", &Hyperv::reset),
        xml::child("vendor_id", xml::attribute("state", &Hyperv::vendor_id, xml::on_off).required(),
                   xml::attribute("value", &Hyperv::vendor)),
        state("frequencies", &Hyperv::frequencies), state("reenlightenment", &Hyperv::reenlightenment),
        state("tlbflush", &Hyperv::tlbflush), state("ipi", &Hyperv::ipi), state("evmcs", &Hyperv::evmcs),
        state("avic", &Hyperv::avic))
        .finished_by([](Hyperv& hyperv) {
            if (!hyperv.mode) hyperv.mode = Hyperv::Mode::custom;
        });

const auto kvm_element =
    xml::describe<Kvm>("kvm", state("hidden", &Kvm::hidden), state("hint-dedicated", &Kvm::hint_dedicated),
                       state("poll-control", &Kvm::poll_control), state("pv-ipi", &Kvm::pv_ipi),
                       xml::child("dirty-ring", xml::attribute("state", &Kvm::dirty_ring, xml::on_off).required(),
                                  xml::attribute("size", &Kvm::dirty_ring_size)));

const auto xen_element = xml::describe<XenFeatures>(
    "xen", state("e820_host", &XenFeatures::e820_host),
    xml::child("passthrough", xml::attribute("state", &XenFeatures::passthrough, xml::on_off).required(),
               xml::attribute("mode", &XenFeatures::passthrough_mode)));

/// Switches for which being there at all means on.
void read_switches(const xml::Node& node, Features& features, const xml::ParseFlags&) {
    const auto set_if_bare = [&](std::string_view name, std::optional<bool>& value) {
        if (const auto child = node.child(name)) value = child.attribute("state").value_or("on") != "off";
    };
    set_if_bare("hap", features.hap);
    set_if_bare("smm", features.smm);
    set_if_bare("pmu", features.pmu);
    set_if_bare("pvspinlock", features.pvspinlock);
    set_if_bare("vmcoreinfo", features.vmcoreinfo);
    features.has_gic = bool(node.child("gic"));
    features.has_hpt = bool(node.child("hpt"));
}

void write_gic(const Features& features, xml::Writer& writer) {
    if (!features.has_gic) return;
    writer.open("gic");
    if (features.gic_version) writer.attribute("version", xml::name(*features.gic_version));
    writer.close();
}

/// QEMU takes whole MiB, documents say it in KiB.
void write_tb_cache(const Features& features, xml::Writer& writer) {
    if (!features.tcg_tb_cache_mib) return;
    writer.open("tcg");
    writer.open("tb-cache");
    writer.attribute("unit", "KiB");
    writer.text(std::to_string(*features.tcg_tb_cache_mib * 1024));
    writer.close();
    writer.close();
}

}  // namespace

const xml::Element<Features> features_element = xml::describe<Features>(
    "features", xml::by_hand<Features>(read_switches, [](const Features&, xml::Writer&) {}),
    xml::flag("acpi", &Features::acpi),
    xml::by_hand<Features>([](const xml::Node& node, Features& features,
                              const xml::ParseFlags&) { features.apic = bool(node.child("apic")); },
                           [](const Features& features, xml::Writer& writer) {
                               if (!features.apic) return;
                               writer.open("apic");
                               if (features.apic_eoi) writer.attribute("eoi", *features.apic_eoi ? "on" : "off");
                               writer.close();
                           }),
    xml::child("apic", xml::attribute("eoi", &Features::apic_eoi, xml::on_off)).legacy(),
    xml::flag("pae", &Features::pae), xml::child("hap", xml::attribute("state", &Features::hap, xml::on_off)),
    xml::flag("viridian", &Features::viridian), xml::flag("privnet", &Features::privnet),
    xml::child(&Features::hyperv, hyperv_element), xml::child(&Features::kvm, kvm_element),
    xml::child("pvspinlock", xml::attribute("state", &Features::pvspinlock, xml::on_off)),
    xml::child("capabilities", &Features::capabilities, container_capabilities_element)
        .written_when(+[](const Features& features) { return features.capabilities != ContainerCapabilities{}; }),
    xml::child("pmu", xml::attribute("state", &Features::pmu, xml::on_off)),
    xml::child("vmport", xml::attribute("state", &Features::vmport, xml::on_off)),
    xml::child("gic", xml::attribute("version", &Features::gic_version)).legacy(),
    xml::by_hand<Features>([](const xml::Node&, Features&, const xml::ParseFlags&) {}, write_gic),
    xml::child("smm", xml::attribute("state", &Features::smm, xml::on_off),
               xml::amount("tseg", &Features::tseg_mib, "MiB")),
    xml::child("ioapic", xml::attribute("driver", &Features::ioapic).required()),
    xml::child("hpt", xml::attribute("resizing", &Features::hpt_resizing),
               xml::amount("maxpagesize", &Features::hpt_max_page_size_kib)),
    xml::child("vmcoreinfo", xml::attribute("state", &Features::vmcoreinfo, xml::on_off)), state("htm", &Features::htm),
    state("nested-hv", &Features::nested_hv),
    xml::child("msrs", xml::attribute("unknown", &Features::msrs_ignore, ignore_fault).required()),
    state("ccf-assist", &Features::ccf_assist), xml::child(&Features::xen, xen_element),
    xml::child("cfpc", xml::attribute("value", &Features::cfpc).required()),
    xml::child("sbbc", xml::attribute("value", &Features::sbbc).required()),
    xml::child("ibs", xml::attribute("value", &Features::ibs).required()),
    xml::child("tcg", xml::amount("tb-cache", &Features::tcg_tb_cache_mib, "MiB")).legacy(),
    xml::by_hand<Features>([](const xml::Node&, Features&, const xml::ParseFlags&) {}, write_tb_cache),
    xml::child("async-teardown", xml::attribute("enabled", &Features::async_teardown, xml::yes_no)));

}  // namespace innkeeper::model
