#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.h"
#include "model/domain/audio.h"
#include "model/domain/chardev.h"
#include "model/domain/clock.h"
#include "model/domain/controller.h"
#include "model/domain/cpu.h"
#include "model/domain/crypto.h"
#include "model/domain/disk.h"
#include "model/domain/features.h"
#include "model/domain/filesystem.h"
#include "model/domain/graphics.h"
#include "model/domain/hostdev.h"
#include "model/domain/hub.h"
#include "model/domain/id_map.h"
#include "model/domain/input.h"
#include "model/domain/interface.h"
#include "model/domain/iommu.h"
#include "model/domain/key_wrap.h"
#include "model/domain/launch_security.h"
#include "model/domain/lease.h"
#include "model/domain/lxc_namespace.h"
#include "model/domain/memballoon.h"
#include "model/domain/memory_backing.h"
#include "model/domain/memory_device.h"
#include "model/domain/nvram_device.h"
#include "model/domain/os.h"
#include "model/domain/panic.h"
#include "model/domain/qemu_namespace.h"
#include "model/domain/redirection.h"
#include "model/domain/rng.h"
#include "model/domain/seclabel.h"
#include "model/domain/shmem.h"
#include "model/domain/smartcard.h"
#include "model/domain/sound.h"
#include "model/domain/sysinfo.h"
#include "model/domain/tpm.h"
#include "model/domain/tuning.h"
#include "model/domain/vcpus.h"
#include "model/domain/video.h"
#include "model/domain/vsock.h"
#include "model/domain/watchdog.h"
#include "model/domain/xen_namespace.h"
#include "xml/description.h"
#include "xml/metadata.h"

namespace innkeeper::model {

/// What follows when a guest powers off, reboots or crashes.
enum class LifecycleAction { destroy, restart, rename_restart, preserve, coredump_destroy, coredump_restart };
constexpr auto names_of(LifecycleAction) {
    return xml::names("destroy", "restart", "rename-restart", "preserve", "coredump-destroy", "coredump-restart");
}

enum class LockFailureAction { poweroff, restart, pause, ignore };
constexpr auto names_of(LockFailureAction) { return xml::names("poweroff", "restart", "pause", "ignore"); }

/// A counter of the host's that is kept for the guest.
struct PerfEvent {
    std::string name;
    std::optional<bool> enabled;
    bool operator==(const PerfEvent&) const = default;
};

/// All devices, in the order in which they are written.
struct Devices {
    std::string emulator;
    std::vector<Disk> disks;
    std::vector<Controller> controllers;
    std::vector<Lease> leases;
    std::vector<Filesystem> filesystems;
    std::vector<Interface> interfaces;
    std::vector<Smartcard> smartcards;
    std::vector<Serial> serials;
    std::vector<Parallel> parallels;
    std::vector<Console> consoles;
    std::vector<Channel> channels;
    std::vector<Input> inputs;
    std::vector<Tpm> tpms;
    std::vector<Graphics> graphics;
    std::vector<Sound> sounds;
    std::vector<Audio> audios;
    std::vector<Video> videos;
    std::vector<Hostdev> hostdevs;
    std::vector<Redirdev> redirdevs;
    std::optional<RedirectionFilter> redirection_filter;
    std::vector<Hub> hubs;
    std::vector<Watchdog> watchdogs;
    std::optional<Memballoon> memballoon;
    std::vector<Rng> rngs;
    std::optional<NvramDevice> nvram;
    std::vector<Panic> panics;
    std::vector<Shmem> shmems;
    std::vector<MemoryDevice> memories;
    std::optional<Iommu> iommu;
    std::optional<Vsock> vsock;
    std::vector<Crypto> cryptos;
    bool operator==(const Devices&) const;
};

/// A guest's definition: an immutable value once it is made (a change is copy, edit, check, store, swap).
struct DomainDef {
    enum class VirtType {
        qemu,
        kvm,
        xen,
        lxc,
        uml,
        openvz,
        test,
        vmware,
        hyperv,
        vbox,
        phyp,
        parallels,
        bhyve,
        vz,
        none
    };

    // Made in domain.cc, since so large a struct is not cheap to compile everywhere.
    DomainDef();
    DomainDef(const DomainDef&);
    DomainDef(DomainDef&&) noexcept;
    DomainDef& operator=(const DomainDef&);
    DomainDef& operator=(DomainDef&&) noexcept;
    ~DomainDef();

    std::optional<VirtType> type;
    std::optional<int> id;  ///< of a running guest

    std::string name;
    Uuid uuid;  ///< all zeros: none was given, the caller makes one
    bool has_genid = false;
    std::optional<Uuid> genid;
    std::optional<Uuid> hwuuid;
    std::string title, description;
    xml::Metadata metadata;

    std::optional<std::uint64_t> max_memory_kib;  ///< with room for hotplug
    std::optional<unsigned> memory_slots;
    std::uint64_t memory_kib = 0;
    std::optional<bool> memory_dump_core;
    std::uint64_t current_memory_kib = 0;  ///< what the balloon leaves at a start

    BlockIoTune block_io_tune;
    MemoryTune memory_tune;
    MemoryBacking memory_backing;

    Vcpus vcpus;
    std::vector<Vcpu> vcpu_list;
    unsigned iothreads = 0;
    std::vector<IoThread> iothread_ids;
    std::optional<int> default_iothread_pool_min, default_iothread_pool_max;
    CpuTune cpu_tune;
    NumaTune numa_tune;
    std::string resource_partition;
    std::string resource_fibre_channel_appid;

    std::vector<Sysinfo> sysinfo;
    std::string bootloader, bootloader_arguments;
    bool has_bootloader = false;
    Os os;
    IdMap id_map;
    Features features;
    std::optional<Cpu> cpu;
    /// What a running guest's cpu was before it said what the guest really has. Not part of the document: status files
    /// keep it beside it.
    std::optional<Cpu> cpu_before_start;
    Clock clock;

    LifecycleAction on_poweroff = LifecycleAction::destroy;
    LifecycleAction on_reboot = LifecycleAction::restart;
    LifecycleAction on_crash = LifecycleAction::destroy;
    std::optional<LockFailureAction> on_lockfailure;

    std::optional<bool> suspend_to_mem, suspend_to_disk;
    std::vector<PerfEvent> perf_events;

    Devices devices;
    std::vector<SecurityLabel> security_labels;
    KeyWrap key_wrap;
    std::optional<LaunchSecurity> launch_security;
    QemuNamespace qemu;
    LxcNamespace lxc;
    XenNamespace xen;

    /// The CPU is again what was asked for: for all that outlives the run.
    void restore_cpu() {
        if (cpu_before_start) cpu = std::move(cpu_before_start);
        cpu_before_start.reset();
    }

    bool operator==(const DomainDef&) const;
};
constexpr auto names_of(DomainDef::VirtType) {
    return xml::names("qemu", "kvm", "xen", "lxc", "uml", "openvz", "test", "vmware", "hyperv", "vbox", "phyp",
                      "parallels", "bhyve", "vz", "none");
}

struct ParseOptions {
    bool live = false;  ///< the document describes a running guest (a status file, migration)
};

/// Reads a definition and checks it in itself; what a hypervisor adds to it is not its business. Throws `Error` with
/// the peer's code and sentence.
DomainDef parse_domain(std::string_view text, const ParseOptions& options = {});

/// The document of a definition, as the peer would print it.
std::string format_domain(const DomainDef& domain, xml::FormatFlags flags = {});

extern const xml::Element<Devices> devices_element;
extern const xml::Element<DomainDef> domain_element;

}  // namespace innkeeper::model
