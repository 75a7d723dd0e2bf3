#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/domain/container_capabilities.h"
#include "xml/description.h"

namespace innkeeper::model {

/// What a guest is told of being on Hyper-V.
struct HypervFeatures {
    enum class Mode { custom, passthrough };
    std::optional<Mode> mode;
    std::optional<bool> relaxed, vapic, spinlocks, vpindex, runtime, synic, stimer, stimer_direct, reset, vendor_id,
        frequencies, reenlightenment, tlbflush, ipi, evmcs, avic;
    std::optional<unsigned> spinlock_retries;
    std::string vendor;
    bool operator==(const HypervFeatures&) const = default;
};
constexpr auto names_of(HypervFeatures::Mode) { return xml::names("custom", "passthrough"); }

/// What a guest is told of being on KVM.
struct KvmFeatures {
    std::optional<bool> hidden, hint_dedicated, poll_control, pv_ipi, dirty_ring;
    std::optional<unsigned> dirty_ring_size;
    bool operator==(const KvmFeatures&) const = default;
};

struct XenFeatures {
    enum class Passthrough { default_, sync_pt, share_pt };
    std::optional<bool> e820_host, passthrough;
    std::optional<Passthrough> passthrough_mode;
    bool operator==(const XenFeatures&) const = default;
};
constexpr auto names_of(XenFeatures::Passthrough) { return xml::names("default", "sync_pt", "share_pt"); }

/// What the guest's platform has. A `bool` is there or not; an optional one can also be switched off by name.
struct Features {
    enum class Gic { host, v2, v3 };
    enum class Ioapic { none, qemu, kvm };
    enum class HptResizing { enabled, disabled, required };
    enum class Workaround { broken, workaround, fixed };
    enum class Ibs { broken, workaround, fixed_ibs, fixed_ccd, fixed_na };

    bool acpi = false, apic = false, pae = false, viridian = false, privnet = false;
    std::optional<bool> apic_eoi;
    std::optional<bool> hap, pvspinlock, pmu, vmport, smm, vmcoreinfo, htm, nested_hv, ccf_assist, async_teardown;
    std::optional<std::uint64_t> tseg_mib;
    std::optional<HypervFeatures> hyperv;
    std::optional<KvmFeatures> kvm;
    std::optional<XenFeatures> xen;
    bool has_gic = false;
    std::optional<Gic> gic_version;
    std::optional<Ioapic> ioapic;
    bool has_hpt = false;
    std::optional<HptResizing> hpt_resizing;
    std::optional<std::uint64_t> hpt_max_page_size_kib;
    std::optional<bool> msrs_ignore;
    std::optional<Workaround> cfpc, sbbc;
    std::optional<Ibs> ibs;

    std::optional<std::uint64_t> tcg_tb_cache_mib;
    ContainerCapabilities capabilities;

    bool operator==(const Features&) const = default;
};
constexpr auto names_of(Features::Gic) { return xml::names("host", "2", "3"); }
constexpr auto names_of(Features::Ioapic) { return xml::names("none", "qemu", "kvm"); }
constexpr auto names_of(Features::HptResizing) { return xml::names("enabled", "disabled", "required"); }
constexpr auto names_of(Features::Workaround) { return xml::names("broken", "workaround", "fixed"); }
constexpr auto names_of(Features::Ibs) {
    return xml::names("broken", "workaround", "fixed-ibs", "fixed-ccd", "fixed-na");
}

extern const xml::Element<Features> features_element;

}  // namespace innkeeper::model
