#include "model/domain/domain.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/in_domain.h"
#include "model/domain/domain_checks.h"
#include "xml/parts.h"

namespace innkeeper::model {

DomainDef::DomainDef() = default;
DomainDef::DomainDef(const DomainDef&) = default;
DomainDef::DomainDef(DomainDef&&) noexcept = default;
DomainDef& DomainDef::operator=(const DomainDef&) = default;
DomainDef& DomainDef::operator=(DomainDef&&) noexcept = default;
DomainDef::~DomainDef() = default;
bool DomainDef::operator==(const DomainDef&) const = default;
bool Devices::operator==(const Devices&) const = default;

namespace {

using Def = DomainDef;
using VirtType = DomainDef::VirtType;

const auto perf_event_element =
    xml::describe<PerfEvent>("event", xml::attribute("name", &PerfEvent::name).required(),
                             xml::attribute("enabled", &PerfEvent::enabled, xml::yes_no).required());

void write_namespaces(const Def& domain, xml::Writer& writer) {
    if (!domain.qemu.is_empty()) writer.attribute("xmlns:qemu", QemuNamespace::uri);
    if (!domain.lxc.is_empty()) writer.attribute("xmlns:lxc", LxcNamespace::uri);
    if (!domain.xen.is_empty()) writer.attribute("xmlns:xen", XenNamespace::uri);
}

void read_name(const xml::Node& node, Def& domain, const xml::ParseFlags&) {
    domain.name = node.child("name").text();
    if (domain.name.empty()) throw Error(ErrorCode::no_name);
    if (domain.name.find('/') != std::string::npos)
        throw Error(ErrorCode::xml_error, fmt::format("name {} cannot contain '/'", domain.name));
    if (domain.name.find('\n') != std::string::npos)
        throw Error(ErrorCode::xml_detail, ErrorDomain::xml, "invalid char in name: \n");
}

void read_uuid(const xml::Node& node, Def& domain, const xml::ParseFlags&) {
    const auto child = node.child("uuid");
    if (!child) return;
    const auto uuid = Uuid::parse(child.text());
    if (!uuid) throw Error(ErrorCode::internal_error, "malformed uuid element");
    domain.uuid = *uuid;
}

void write_identity(const Def& domain, xml::Writer& writer) {
    writer.leaf("name", domain.name);
    writer.leaf("uuid", domain.uuid.text());
}

void read_genid(const xml::Node& node, Def& domain, const xml::ParseFlags&) {
    const auto child = node.child("genid");
    if (!child) return;
    domain.has_genid = true;
    if (const auto text = child.text(); !text.empty()) {
        domain.genid = Uuid::parse(text);
        if (!domain.genid) throw Error(ErrorCode::xml_error, "malformed genid element");
    }
}

void write_genid(const Def& domain, xml::Writer& writer) {
    if (!domain.has_genid) return;
    domain.genid ? writer.leaf("genid", domain.genid->text()) : writer.leaf("genid");
}

void read_metadata(const xml::Node& node, Def& domain, const xml::ParseFlags&) {
    if (const auto child = node.child("metadata")) domain.metadata = xml::Metadata::read(child);
}
void write_metadata(const Def& domain, xml::Writer& writer) { domain.metadata.write(writer); }

void write_max_memory(const Def& domain, xml::Writer& writer) {
    if (!domain.max_memory_kib) return;
    writer.open("maxMemory");
    writer.attribute("slots", std::to_string(domain.memory_slots.value_or(0)));
    writer.attribute("unit", "KiB");
    writer.text(std::to_string(*domain.max_memory_kib));
    writer.close();
}

void write_memory(const Def& domain, xml::Writer& writer) {
    writer.open("memory");
    if (domain.memory_dump_core) writer.attribute("dumpCore", *domain.memory_dump_core ? "on" : "off");
    writer.attribute("unit", "KiB");
    writer.text(std::to_string(domain.memory_kib));
    writer.close();
}

/// Nothing until a hypervisor has settled it, unless the document says it.
void write_current_memory(const Def& domain, xml::Writer& writer) {
    if (domain.current_memory_kib == 0) return;
    writer.open("currentMemory");
    writer.attribute("unit", "KiB");
    writer.text(std::to_string(domain.current_memory_kib));
    writer.close();
}

void read_bootloader(const xml::Node& node, Def& domain, const xml::ParseFlags&) {
    domain.has_bootloader = bool(node.child("bootloader"));
}
void write_bootloader(const Def& domain, xml::Writer& writer) {
    if (domain.has_bootloader && domain.bootloader.empty()) writer.leaf("bootloader");
}

void nothing(const Def&, xml::Writer&) {}
void ignore(const xml::Node&, Def&, const xml::ParseFlags&) {}

bool has_iothread_details(const Def& domain) {
    for (std::size_t i = 0; i < domain.iothread_ids.size(); ++i) {
        const auto& thread = domain.iothread_ids[i];
        if (thread.id != i + 1 || thread.thread_pool_min || thread.thread_pool_max) return true;
    }
    return false;
}

template <class E>
xml::PartOf<Def> lifecycle(std::string_view name, E Def::* member) {
    // The peer says on_crash in the words of the element and code of the configuration.
    static constexpr std::string_view poweroff = "unknown on_poweroff action: {}",
                                      reboot = "unknown on_reboot action: {}", crash = "unknown on_crash action: {}",
                                      lock = "unknown on_lockfailure action: {}";
    const auto text = name == "on_poweroff" ? poweroff
                      : name == "on_reboot" ? reboot
                      : name == "on_crash"  ? crash
                                            : lock;
    return xml::value(name, member).complain(ErrorCode::config_unsupported, text);
}

/// Before the devices are read, whose own labels are looked at then.
void check_labels(const xml::Node& node, Def&, const xml::ParseFlags&) {
    std::vector<std::string> models;
    bool has_nameless = false;
    for (auto label = node.child("seclabel"); label; label = label.next("seclabel")) {
        const std::string model(label.attribute("model").value_or(""));
        has_nameless = has_nameless || model.empty();
        if (std::ranges::find(models, model) != models.end())
            throw Error(ErrorCode::xml_detail, fmt::format("seclabel for model {} is already provided", model));
        models.push_back(model);
    }
    if (models.size() > 1 && has_nameless)
        throw Error(ErrorCode::xml_error, "missing security model when using multiple labels");
}

}  // namespace

const xml::Element<Devices> devices_element = xml::describe<Devices>(
    "devices", xml::expanded<Devices>(), xml::value("emulator", &Devices::emulator),
    xml::children(&Devices::disks, disk_element), xml::children(&Devices::controllers, controller_element),
    xml::children(&Devices::leases, lease_element), xml::children(&Devices::filesystems, filesystem_element),
    xml::children(&Devices::interfaces, interface_element), xml::children(&Devices::smartcards, smartcard_element),
    xml::children(&Devices::serials, serial_element), xml::children(&Devices::parallels, parallel_element),
    xml::children(&Devices::consoles, console_element), xml::children(&Devices::channels, channel_element),
    xml::children(&Devices::inputs, input_element), xml::children(&Devices::tpms, tpm_element),
    xml::children(&Devices::graphics, graphics_element), xml::children(&Devices::sounds, sound_element),
    xml::children(&Devices::audios, audio_element), xml::children(&Devices::videos, video_element),
    xml::children(&Devices::hostdevs, hostdev_element), xml::children(&Devices::redirdevs, redirdev_element),
    xml::child(&Devices::redirection_filter, redirection_filter_element), xml::children(&Devices::hubs, hub_element),
    xml::children(&Devices::watchdogs, watchdog_element), xml::child(&Devices::memballoon, memballoon_element),
    xml::children(&Devices::rngs, rng_element), xml::child(&Devices::nvram, nvram_device_element).keep_empty(),
    xml::children(&Devices::panics, panic_element), xml::children(&Devices::shmems, shmem_element),
    xml::children(&Devices::memories, memory_device_element), xml::child(&Devices::iommu, iommu_element),
    xml::child(&Devices::vsock, vsock_element), xml::children(&Devices::cryptos, crypto_element));

const xml::Element<DomainDef> domain_element =
    xml::describe<DomainDef>(
        "domain",
        xml::attribute("type", &Def::type)
            .required(ErrorCode::internal_error, "missing domain type attribute")
            .complain(ErrorCode::config_unsupported, "invalid domain type {}"),
        xml::attribute("id", &Def::id).live_only(), xml::by_hand(ignore, write_namespaces),
        xml::by_hand(read_name, write_identity)
            .holds(xml::value("name", &Def::name).required(), xml::value("uuid", &Def::uuid)),
        xml::by_hand(read_uuid, nothing), xml::value("hwuuid", &Def::hwuuid),
        xml::by_hand(read_genid, write_genid).holds("genid#"), xml::value("title", &Def::title),
        xml::value("description", &Def::description), xml::by_hand(read_metadata, write_metadata).holds("metadata"),
        xml::amount("maxMemory", &Def::max_memory_kib).legacy(),
        xml::child("maxMemory", xml::attribute("slots", &Def::memory_slots)).legacy(),
        xml::by_hand(ignore, write_max_memory), xml::amount("memory", &Def::memory_kib).legacy(),
        xml::child("memory", xml::attribute("dumpCore", &Def::memory_dump_core, xml::on_off)).legacy(),
        xml::by_hand(ignore, write_memory), xml::amount("currentMemory", &Def::current_memory_kib).legacy(),
        xml::by_hand(ignore, write_current_memory), xml::child("blkiotune", &Def::block_io_tune, block_io_tune_element),
        xml::child("memtune", &Def::memory_tune, memory_tune_element),
        xml::child("memoryBacking", &Def::memory_backing, memory_backing_element),
        xml::child("vcpu", &Def::vcpus, vcpus_element),
        xml::child("vcpus", xml::children(&Def::vcpu_list, vcpu_element)),
        xml::value("iothreads", &Def::iothreads)
            .omit("0")
            .complain(ErrorCode::xml_error, "invalid iothreads count '{}'"),
        xml::child("iothreadids", xml::children(&Def::iothread_ids, iothread_element))
            .written_when(has_iothread_details),
        xml::child("defaultiothread", xml::attribute("thread_pool_min", &Def::default_iothread_pool_min),
                   xml::attribute("thread_pool_max", &Def::default_iothread_pool_max)),
        xml::child("cputune", &Def::cpu_tune, cpu_tune_element),
        xml::child("numatune", &Def::numa_tune, numa_tune_element),
        xml::child("resource", xml::value("partition", &Def::resource_partition),
                   xml::child("fibrechannel", xml::attribute("appid", &Def::resource_fibre_channel_appid))),
        xml::children(&Def::sysinfo, sysinfo_element), xml::by_hand(read_bootloader, write_bootloader),
        xml::value("bootloader", &Def::bootloader), xml::value("bootloader_args", &Def::bootloader_arguments),
        xml::child("os", &Def::os, os_element), xml::child("idmap", &Def::id_map, id_map_element),
        xml::child("features", &Def::features, features_element), xml::child(&Def::cpu, cpu_element),
        xml::child("clock", &Def::clock, clock_element), lifecycle("on_poweroff", &Def::on_poweroff),
        lifecycle("on_reboot", &Def::on_reboot), lifecycle("on_crash", &Def::on_crash),
        lifecycle("on_lockfailure", &Def::on_lockfailure),
        xml::child("pm", xml::child("suspend-to-mem", xml::attribute("enabled", &Def::suspend_to_mem, xml::yes_no)),
                   xml::child("suspend-to-disk", xml::attribute("enabled", &Def::suspend_to_disk, xml::yes_no))),
        xml::child("perf", xml::children(&Def::perf_events, perf_event_element)), xml::by_hand(check_labels, nothing),
        xml::child("devices", &Def::devices, devices_element).keep_empty(),
        xml::children(&Def::security_labels, security_label_element),
        xml::child("keywrap", &Def::key_wrap, key_wrap_element),
        xml::child(&Def::launch_security, launch_security_element), xml::embed(&Def::qemu, qemu_namespace_parts),
        xml::when(&Def::type, VirtType::lxc, xml::embed(&Def::lxc, lxc_namespace_parts)),
        xml::when(&Def::type, VirtType::xen, xml::embed(&Def::xen, xen_namespace_parts)))
        .finished_by(finish_domain);

DomainDef parse_domain(std::string_view text, const ParseOptions& options) {
    return in_domain(ErrorDomain::domain, [&] {
        const auto document = xml::Document::parse(text, "(domain_definition)");
        const auto root = document.root("domain");
        // Before anything else is looked at, as the peer does: whom the document is about.
        if (const auto name = root.child("name"); !name || name.text().empty()) throw Error(ErrorCode::no_name);
        return domain_element.read(root, {.live = options.live});
    });
}

std::string format_domain(const DomainDef& domain, xml::FormatFlags flags) {
    return domain_element.format(domain, flags);
}

}  // namespace innkeeper::model
