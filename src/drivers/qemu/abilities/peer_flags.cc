#include "drivers/qemu/abilities/peer_flags.h"

#include <charconv>

namespace innkeeper::qemu {

namespace {

/// How it is told that an emulator has what a word stands for.
enum Sign {
    always,       ///< every emulator that is old enough to be met has it
    version,      ///< at least this one, as Capabilities::version counts
    x86,          ///< one for PCs
    accelerated,  ///< KVM works
    type,         ///< a QOM type of that name
    property,     ///< DEVICE.PROPERTY
    command,      ///< of QMP
    schema,       ///< a member of a command, or something below it
    option,       ///< OPTION or OPTION.PARAMETER of the command line
    migration,    ///< a capability of migrations
    tpm_type,
    tpm_model,
};

struct Row {
    std::string_view word;
    Sign sign;
    std::string_view what;
};

// clang-format off
constexpr Row rows[] = {
    {"kvm", accelerated, ""},
    {"sdl", always, ""},
    {"no-hpet", x86, ""},
    {"spice", option, "spice"},
    {"hda-duplex", type, "hda-duplex"},
    {"ccid-emulated", type, "ccid-card-emulated"},
    {"ccid-passthru", type, "ccid-card-passthru"},
    {"piix3-usb-uhci", type, "piix3-usb-uhci"},
    {"piix4-usb-uhci", type, "piix4-usb-uhci"},
    {"usb-ehci", type, "usb-ehci"},
    {"ich9-usb-ehci1", type, "ich9-usb-ehci1"},
    {"pci-ohci", type, "pci-ohci"},
    {"usb-redir", type, "usb-redir"},
    {"usb-hub", type, "usb-hub"},
    {"ich9-ahci", type, "ich9-ahci"},
    {"no-acpi", x86, ""},
    {"virtio-blk-pci.scsi", property, "virtio-blk-pci.scsi"},
    {"scsi-disk.channel", property, "scsi-hd.channel"},
    {"scsi-block", type, "scsi-block"},
    {"hda-micro", type, "hda-micro"},
    {"nec-usb-xhci", type, "nec-usb-xhci"},
    {"lsi", type, "lsi53c895a"},
    {"virtio-scsi-pci", type, "virtio-scsi-pci"},
    {"disable-s3", property, "PIIX4_PM.disable_s3"},
    {"disable-s4", property, "PIIX4_PM.disable_s4"},
    {"usb-redir.filter", property, "usb-redir.filter"},
    {"ide-drive.wwn", property, "ide-hd.wwn"},
    {"scsi-disk.wwn", property, "scsi-hd.wwn"},
    {"seccomp-sandbox", option, "sandbox"},
    {"vnc", always, ""},
    {"qxl", type, "qxl"},
    {"VGA", type, "VGA"},
    {"cirrus-vga", type, "cirrus-vga"},
    {"vmware-svga", type, "vmware-svga"},
    {"usb-serial", type, "usb-serial"},
    {"virtio-rng", type, "virtio-rng-pci"},
    {"rng-random", type, "rng-random"},
    {"rng-egd", type, "rng-egd"},
    {"megasas", type, "megasas"},
    {"tpm-passthrough", tpm_type, "passthrough"},
    {"tpm-tis", tpm_model, "tpm-tis"},
    {"pci-bridge", type, "pci-bridge"},
    {"vfio-pci", type, "vfio-pci"},
    {"dmi-to-pci-bridge", type, "i82801b11-bridge"},
    {"usb-storage", type, "usb-storage"},
    {"usb-storage.removable", property, "usb-storage.removable"},
    {"virtio-mmio", type, "virtio-mmio"},
    {"ich9-intel-hda", type, "ich9-intel-hda"},
    {"kvm-pit-lost-tick-policy", type, "kvm-pit"},
    {"pvpanic", type, "pvpanic"},
    {"usb-kbd", type, "usb-kbd"},
    {"usb-audio", type, "usb-audio"},
    {"rtc-reset-reinjection", command, "rtc-reset-reinjection"},
    {"iothread", type, "iothread"},
    {"migrate-rdma", migration, "rdma-pin-all"},
    {"VGA.vgamem_mb", property, "VGA.vgamem_mb"},
    {"vmware-svga.vgamem_mb", property, "vmware-svga.vgamem_mb"},
    {"qxl.vgamem_mb", property, "qxl.vgamem_mb"},
    {"pc-dimm", type, "pc-dimm"},
    {"machine-vmport-opt", x86, ""},
    {"pci-serial", type, "pci-serial"},
    {"gpex-pcihost", type, "gpex-pcihost"},
    {"ioh3420", type, "ioh3420"},
    {"x3130-upstream", type, "x3130-upstream"},
    {"xio3130-downstream", type, "xio3130-downstream"},
    {"rtl8139", type, "rtl8139"},
    {"e1000", type, "e1000"},
    {"virtio-net", type, "virtio-net-pci"},
    {"virtio-gpu", type, "virtio-gpu-pci"},
    {"virtio-keyboard", type, "virtio-keyboard-pci"},
    {"virtio-mouse", type, "virtio-mouse-pci"},
    {"virtio-tablet", type, "virtio-tablet-pci"},
    {"virtio-input-host", type, "virtio-input-host-pci"},
    {"ich9-disable-s3", property, "ICH9-LPC.disable_s3"},
    {"ich9-disable-s4", property, "ICH9-LPC.disable_s4"},
    {"virtio-balloon-pci.deflate-on-oom", property, "virtio-balloon-pci.deflate-on-oom"},
    {"mptsas1068", type, "mptsas1068"},
    {"spice-gl", option, "spice.gl"},
    {"qxl.vram64_size_mb", property, "qxl.vram64_size_mb"},
    {"pxb", type, "pxb"},
    {"pxb-pcie", type, "pxb-pcie"},
    {"intel-iommu", type, "intel-iommu"},
    {"query-hotpluggable-cpus", command, "query-hotpluggable-cpus"},
    {"virtio-vga", type, "virtio-vga"},
    {"ivshmem-plain", type, "ivshmem-plain"},
    {"ivshmem-doorbell", type, "ivshmem-doorbell"},
    {"vhost-scsi", type, "vhost-scsi-pci"},
    {"query-cpu-model-expansion", command, "query-cpu-model-expansion"},
    {"spice-rendernode", option, "spice.rendernode"},
    {"nvdimm", type, "nvdimm"},
    {"pcie-root-port", type, "pcie-root-port"},
    {"query-cpu-definitions", command, "query-cpu-definitions"},
    {"cpu-cache", x86, ""},
    {"qemu-xhci", type, "qemu-xhci"},
    {"intel-iommu.intremap", property, "intel-iommu.intremap"},
    {"intel-iommu.caching-mode", property, "intel-iommu.caching-mode"},
    {"intel-iommu.eim", property, "intel-iommu.eim"},
    {"intel-iommu.device-iotlb", property, "intel-iommu.device-iotlb"},
    {"chardev-reconnect", schema, "chardev-add.backend.socket.data.reconnect"},
    {"vmcoreinfo", type, "vmcoreinfo"},
    {"isa-serial", type, "isa-serial"},
    {"pcie-pci-bridge", type, "pcie-pci-bridge"},
    {"nbd-tls", schema, "nbd-server-start.tls-creds"},
    {"tpm-crb", tpm_model, "tpm-crb"},
    {"pr-manager-helper", type, "pr-manager-helper"},
    {"screendump_device", schema, "screendump.device"},
    {"hda-output", type, "hda-output"},
    {"vmgenid", type, "vmgenid"},
    {"vhost-vsock", type, "vhost-vsock-device"},
    {"tpm-emulator", tpm_type, "emulator"},
    {"mch", type, "mch"},
    {"mch.extended-tseg-mbytes", property, "mch.extended-tseg-mbytes"},
    {"egl-headless", always, ""},
    {"vfio-pci.display", property, "vfio-pci.display"},
    {"memory-backend-memfd", type, "memory-backend-memfd"},
    {"memory-backend-memfd.hugetlb", schema, "object-add.memory-backend-memfd.hugetlb"},
    {"iothread.poll-max-ns", type, "iothread"},
    {"egl-headless.rendernode", always, ""},
    {"memory-backend-file.pmem", schema, "object-add.memory-backend-file.pmem"},
    {"nvdimm.unarmed", property, "nvdimm.unarmed"},
    {"virtio-pci-non-transitional", type, "virtio-blk-pci-non-transitional"},
    {"nbd-bitmap", always, ""},
    {"x86-max-cpu", x86, ""},
    {"cpu-unavailable-features", x86, ""},
    {"canonical-cpu-features", x86, ""},
    {"bochs-display", type, "bochs-display"},
    {"migration-file-drop-cache", always, ""},
    {"dbus-vmstate", type, "dbus-vmstate"},
    {"vhost-user-gpu", type, "vhost-user-gpu"},
    {"vhost-user-vga", type, "vhost-user-vga"},
    {"incremental-backup", schema, "blockdev-add.qcow2"},
    {"ramfb", type, "ramfb"},
    {"drive-nvme", schema, "blockdev-add.nvme"},
    {"smp-dies", option, "smp-opts.dies"},
    {"i8042", type, "i8042"},
    {"rng-builtin", type, "rng-builtin"},
    {"vhost-user-fs", type, "vhost-user-fs-device"},
    {"query-named-block-nodes.flat", schema, "query-named-block-nodes.flat"},
    {"blockdev-snapshot.allow-write-only-overlay", always, ""},
    {"blockdev-reopen", command, "blockdev-reopen"},
    {"fsdev.multidevs", option, "fsdev.multidevs"},
    {"pcie-root-port.hotplug", property, "pcie-root-port.hotplug"},
    {"aio.io_uring", schema, "blockdev-add.file.aio=io_uring"},
    {"tcg", type, "tcg-accel"},
    {"virtio-blk-pci.scsi.default.disabled", property, "virtio-blk-pci.scsi"},
    {"pvscsi", type, "pvscsi"},
    {"cpu.migratable", x86, ""},
    {"intel-iommu.aw-bits", property, "intel-iommu.aw-bits"},
    {"numa.hmat", version, "5000000"},
    {"usb-host.hostdevice", property, "usb-host.hostdevice"},
    {"virtio-balloon.free-page-reporting", property, "virtio-balloon-pci.free-page-reporting"},
    {"block-export-add", command, "block-export-add"},
    {"netdev.vhost-vdpa", schema, "netdev_add.vhost-vdpa"},
    {"dc390", type, "dc390"},
    {"am53c974", type, "am53c974"},
    {"virtio-pmem-pci", type, "virtio-pmem-pci"},
    {"vhost-user-fs.bootindex", property, "vhost-user-fs-device.bootindex"},
    {"vhost-user-blk", type, "vhost-user-blk"},
    {"cpu-max", type, "max-x86_64-cpu"},
    {"memory-backend-file.x-use-canonical-path-for-ramblock-id", schema, "object-add.memory-backend-file.x-use-canonical-path-for-ramblock-id"},
    {"migration-param.block-bitmap-mapping", schema, "migrate-set-parameters.block-bitmap-mapping"},
    {"vnc-power-control", option, "vnc.power-control"},
    {"object.qapified", schema, "object-add.secret"},
    {"rotation-rate", property, "scsi-hd.rotation_rate"},
    {"compat-deprecated", version, "6000000"},
    {"acpi-index", property, "virtio-blk-pci.acpi-index"},
    {"input-linux", type, "input-linux"},
    {"virtio-gpu-gl-pci", type, "virtio-gpu-gl-pci"},
    {"virtio-vga-gl", type, "virtio-vga-gl"},
    {"confidential-guest-support", version, "6000000"},
    {"set-action", command, "set-action"},
    {"virtio-blk.queue-size", property, "virtio-blk-pci.queue-size"},
    {"virtio-mem-pci", type, "virtio-mem-pci"},
    {"memory-backend-file.reserve", schema, "object-add.memory-backend-file.reserve"},
    {"piix4.acpi-root-pci-hotplug", property, "PIIX4_PM.acpi-root-pci-hotplug"},
    {"netdev.json", schema, "netdev_add.user"},
    {"query-dirty-rate", command, "query-dirty-rate"},
    {"rbd-encryption", schema, "blockdev-add.rbd.encrypt"},
    {"sev-guest-kernel-hashes", schema, "object-add.sev-guest.kernel-hashes"},
    {"sev-inject-launch-secret", command, "sev-inject-launch-secret"},
    {"device.json+hotplug", schema, "device_add"},
    {"virtio-mem-pci.prealloc", property, "virtio-mem-pci.prealloc"},
    {"calc-dirty-rate", command, "calc-dirty-rate"},
    {"dirtyrate-param.mode", schema, "calc-dirty-rate.mode"},
    {"blockdev.nbd.tls-hostname", schema, "blockdev-add.nbd.tls-hostname"},
    {"memory-backend-file.prealloc-threads", schema, "object-add.memory-backend-file.prealloc-threads"},
    {"virtio-iommu-pci", type, "virtio-iommu-pci"},
    {"virtio-iommu.boot-bypass", property, "virtio-iommu-pci.boot-bypass"},
    {"virtio-net.rss", property, "virtio-net-pci.rss"},
    {"chardev.qemu-vdagent", schema, "chardev-add.backend.qemu-vdagent"},
    {"display-dbus", type, "dbus-display"},
    {"iothread.thread-pool-max", type, "iothread"},
    {"usb-host.guest-resets-all", property, "usb-host.guest-resets-all"},
    {"migration.blocked-reasons", version, "6000000"},
    {"query-stats", command, "query-stats"},
    {"query-stats-schemas", command, "query-stats-schemas"},
    {"thread-context", type, "thread-context"},
    {"screenshot-format-png", schema, "screendump.format=png"},
    {"netdev.stream", schema, "netdev_add.stream"},
};
// clang-format on

bool has_member(const Capabilities& capabilities, std::string_view path) {
    const auto at = capabilities.schema.lower_bound(path);
    return at != capabilities.schema.end() && at->starts_with(path) &&
           (at->size() == path.size() || (*at)[path.size()] == '.');
}

bool has_option(const Capabilities& capabilities, std::string_view what) {
    const auto dot = what.find('.');
    if (dot != what.npos) return capabilities.has_option(what.substr(0, dot), what.substr(dot + 1));
    return capabilities.options.contains(what);
}

bool is_at_least(const Capabilities& capabilities, std::string_view number) {
    std::uint64_t least = 0;
    std::from_chars(number.data(), number.data() + number.size(), least);
    return capabilities.version() >= least;
}

bool holds(const Capabilities& capabilities, const Row& row) {
    switch (row.sign) {
        case always:
            return true;
        case version:
            return is_at_least(capabilities, row.what);
        case x86:
            return capabilities.arch == "x86_64" || capabilities.arch == "i686";
        case accelerated:
            return capabilities.kvm;
        case type:
            return capabilities.has_type(row.what);
        case property: {
            const auto dot = row.what.rfind('.');
            return capabilities.has_property(row.what.substr(0, dot), row.what.substr(dot + 1));
        }
        case command:
            return capabilities.has_command(row.what);
        case schema:
            return has_member(capabilities, row.what);
        case option:
            return has_option(capabilities, row.what);
        case migration:
            return capabilities.migration.contains(row.what);
        case tpm_type:
            return capabilities.tpm_types.contains(row.what);
        case tpm_model:
            return capabilities.tpm_models.contains(row.what);
    }
    return false;
}

}  // namespace

std::vector<std::string_view> peer_flags(const Capabilities& capabilities) {
    std::vector<std::string_view> words;
    for (const Row& row : rows)
        if (holds(capabilities, row)) words.push_back(row.word);
    return words;
}

}  // namespace innkeeper::qemu
