#include "guests/audit.h"

#include <fmt/format.h>

#include <optional>
#include <string>

#include "guests/vcpu_counts.h"
#include "host/audit.h"
#include "xml/names.h"

namespace innkeeper::guests::audit {

namespace {

using Kind = host::Audit::Kind;
using host::Audit;
using model::DomainDef;

constexpr std::string_view nothing = "?";

std::string_view hypervisor_of(const DomainDef& def) { return def.type ? xml::name(*def.type) : std::string_view("?"); }

std::string guest_of(const DomainDef& def) {
    return fmt::format("{} uuid={}", Audit::field("vm", def.name), def.uuid.text());
}

void resource(const Audit& audit, const DomainDef& def, std::string_view what, std::string_view reason,
              std::string_view fields, bool success) {
    audit.record(
        Kind::resource, success,
        fmt::format("virt={} resrc={} reason={} {} {}", hypervisor_of(def), what, reason, guest_of(def), fields));
}

/// What stands before and behind a change: `old-disk="?" new-disk="/x"`.
std::string exchange(std::string_view what, std::string_view before, std::string_view after) {
    return fmt::format("{} {}", Audit::field(fmt::format("old-{}", what), std::string(before)),
                       Audit::field(fmt::format("new-{}", what), std::string(after)));
}

/// A device, as the trail names it.
struct Entry {
    std::string_view what;
    std::string value;   ///< of those that come and go: old and new
    std::string fields;  ///< of the others
};
using MaybeEntry = std::optional<Entry>;

MaybeEntry named(std::string_view what, std::string value) {
    if (value.empty()) return std::nullopt;
    return Entry{what, std::move(value), {}};
}

MaybeEntry terminal(const model::ChardevSource& source) {
    using enum model::ChardevSource::Type;
    switch (source.type) {
        case pty:
        case dev:
        case file:
        case pipe:
        case unix_:
            return named("chardev", source.path);
        default:
            return std::nullopt;
    }
}

std::string path_of(const model::Disk& disk) {
    using enum model::StorageSource::Type;
    const auto type = disk.source.type;
    return type == file || type == block || type == dir ? disk.source.path : std::string();
}

MaybeEntry assigned(std::string_view bus, std::string device) {
    return Entry{"dev", {}, fmt::format("bus={} {}", bus, Audit::field("device", device))};
}

/// Kinds of which nothing of the host is given to the guest are not recorded.
struct Describe {
    template <class Other>
    MaybeEntry operator()(const Other&) const {
        return std::nullopt;
    }
    MaybeEntry operator()(const model::Disk& disk) const { return named("disk", path_of(disk)); }
    MaybeEntry operator()(const model::Filesystem& fs) const { return named("fs", fs.source); }
    MaybeEntry operator()(const model::Interface& interface) const {
        return interface.mac ? named("net", interface.mac->text()) : std::nullopt;
    }
    MaybeEntry operator()(const model::Serial& serial) const { return terminal(serial.source); }
    MaybeEntry operator()(const model::Parallel& parallel) const { return terminal(parallel.source); }
    MaybeEntry operator()(const model::Channel& channel) const { return terminal(channel.source); }
    MaybeEntry operator()(const model::Console& console) const { return terminal(console.source); }
    MaybeEntry operator()(const model::Rng& rng) const {
        return rng.backend == model::Rng::Backend::egd ? terminal(rng.source) : named("rng", rng.device);
    }
    MaybeEntry operator()(const model::Redirdev&) const { return assigned("usb", "USB redirdev"); }
    MaybeEntry operator()(const model::Hostdev& hostdev) const {
        using enum model::Hostdev::Type;
        if (hostdev.mode == model::Hostdev::Mode::capabilities)
            return assigned(xml::name(hostdev.type), hostdev.path.empty() ? std::string(nothing) : hostdev.path);
        if (hostdev.type == pci && hostdev.pci)
            return assigned("pci", fmt::format("{:04x}:{:02x}:{:02x}.{}", hostdev.pci->domain, hostdev.pci->bus,
                                               hostdev.pci->slot, hostdev.pci->function));
        if (hostdev.type == usb)
            return assigned("usb", fmt::format("{:03}.{:03}", hostdev.bus.value_or(0), hostdev.device.value_or(0)));
        return assigned(xml::name(hostdev.type), hostdev.source_key().value_or(std::string(nothing)));
    }
    MaybeEntry operator()(const model::Tpm& tpm) const {
        const bool is_emulated = tpm.backend == model::Tpm::Backend::emulator;
        return Entry{is_emulated ? "tpm-emulator" : "tpm",
                     {},
                     Audit::field("device", tpm.device.empty() ? std::string(nothing) : tpm.device)};
    }
    MaybeEntry operator()(const model::Shmem& shmem) const {
        const auto size = shmem.size_mib.value_or(0) << 20;
        return Entry{"shmem",
                     {},
                     shmem.has_server ? fmt::format("size={} {}", size, Audit::field("server", shmem.server))
                                      : fmt::format("size={} path=/dev/shm/{}", size, shmem.name)};
    }
};

void entry(const Audit& audit, const DomainDef& def, const MaybeEntry& device, std::string_view reason, bool success) {
    if (!device) return;
    if (!device->fields.empty()) {
        resource(audit, def, device->what, reason, device->fields, success);
        return;
    }
    const bool goes = reason == "detach";
    resource(audit, def, device->what, reason,
             exchange(device->what, goes ? std::string_view(device->value) : nothing,
                      goes ? nothing : std::string_view(device->value)),
             success);
}

template <class Device>
void all(const Audit& audit, const DomainDef& def, const std::vector<Device>& devices) {
    for (const auto& device : devices) entry(audit, def, Describe()(device), "start", true);
}

/// The first console may be a serial port by another name.
void consoles(const Audit& audit, const DomainDef& def) {
    for (const auto& console : def.devices.consoles)
        if (console.target.value_or(model::Console::Target::serial) != model::Console::Target::serial)
            entry(audit, def, Describe()(console), "start", true);
}

void number(const Audit& audit, const DomainDef& def, std::string_view what, std::string_view reason,
            std::uint64_t before, std::uint64_t after, bool success) {
    resource(audit, def, what, reason, fmt::format("old-{0}={1} new-{0}={2}", what, before, after), success);
}

std::string_view word_of(StartedDetail how) {
    switch (how) {
        case StartedDetail::booted:
            return "booted";
        case StartedDetail::migrated:
            return "migrated";
        case StartedDetail::restored:
            return "restored";
        case StartedDetail::from_snapshot:
            return "from-snapshot";
        case StartedDetail::wakeup:
            return "wakeup";
        case StartedDetail::recovered:
            break;
    }
    return "recovered";
}

std::string_view word_of(Shutoff reason) {
    switch (reason) {
        case Shutoff::shutdown:
            return "shutdown";
        case Shutoff::destroyed:
            return "destroyed";
        case Shutoff::migrated:
            return "migrated";
        case Shutoff::saved:
            return "saved";
        case Shutoff::from_snapshot:
            return "from-snapshot";
        default:
            return "failed";
    }
}

void life(const Audit& audit, const DomainDef& def, std::string_view operation, std::string_view reason, pid_t process,
          bool success) {
    audit.record(Kind::control, success,
                 fmt::format("virt={} op={} reason={} {} vm-pid={}", hypervisor_of(def), operation, reason,
                             guest_of(def), process));
}

}  // namespace

void start(const Audit& audit, const DomainDef& def, StartedDetail how, pid_t process, bool success) {
    for (const auto& label : def.security_labels)
        if (!label.label.empty())
            audit.record(Kind::machine_id, true,
                         fmt::format("virt={} {} vm-ctx={} img-ctx={} model={}", hypervisor_of(def), guest_of(def),
                                     label.label, label.image_label, label.model));
    const auto& devices = def.devices;
    all(audit, def, devices.disks);
    all(audit, def, devices.interfaces);
    all(audit, def, devices.filesystems);
    all(audit, def, devices.hostdevs);
    all(audit, def, devices.redirdevs);
    all(audit, def, devices.serials);
    all(audit, def, devices.parallels);
    all(audit, def, devices.channels);
    consoles(audit, def);
    all(audit, def, devices.rngs);
    all(audit, def, devices.tpms);
    all(audit, def, devices.shmems);
    number(audit, def, "mem", "start", 0, def.memory_kib, true);
    number(audit, def, "vcpu", "start", 0, current_vcpus(def), true);
    if (def.iothreads > 0) number(audit, def, "iothread", "start", 0, def.iothreads, true);
    life(audit, def, "start", word_of(how), process, success);
}

void stop(const Audit& audit, const DomainDef& def, Shutoff reason) {
    life(audit, def, "stop", word_of(reason), 0, true);
}

void device(const Audit& audit, const DomainDef& def, const model::Device& device, std::string_view reason,
            bool success) {
    entry(audit, def, std::visit(Describe(), device), reason, success);
}

void medium(const Audit& audit, const DomainDef& def, const model::Disk& before, const model::Disk& after,
            bool success) {
    const auto was = path_of(before), is = path_of(after);
    if (was == is) return;
    resource(
        audit, def, "disk", "update",
        exchange("disk", was.empty() ? nothing : std::string_view(was), is.empty() ? nothing : std::string_view(is)),
        success);
}

void amount(const Audit& audit, const DomainDef& def, std::string_view resource, std::uint64_t before,
            std::uint64_t after, bool success) {
    number(audit, def, resource, "update", before, after, success);
}

}  // namespace innkeeper::guests::audit
