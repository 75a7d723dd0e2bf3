#pragma once

#include <random>

#include "drivers/qemu/complete/complete.h"

/// The steps of `complete`, in the order in which they are taken. The order counts: each looks at what those before it
/// have settled, and the first that refuses gives the error that the client sees.
namespace innkeeper::qemu {

/// What all steps work on.
struct Completion {
    model::DomainDef& def;
    const Capabilities& capabilities;
    const HostFacts& host;
    Purpose purpose;
    std::mt19937_64 random;

    bool is_fresh() const { return purpose == Purpose::fresh; }
    bool is_accelerated() const { return def.type == model::DomainDef::VirtType::kvm; }
};

// machine.cc
bool is_riscv(model::Architecture arch);
/// Whether the boards of the architecture bring a serial line of their own (ARM, RISC-V).
bool has_system_serial(model::Architecture arch);
bool is_i440fx(const model::DomainDef& def);
bool is_q35(const model::DomainDef& def);
bool has_isa_bus(const model::DomainDef& def);
void settle_machine(Completion& it);

// cpu.cc, memory.cc
void settle_cpu(Completion& it);
void settle_vcpus(Completion& it);
void settle_memory(Completion& it);
void settle_features(Completion& it);
void settle_firmware(Completion& it);      // firmware.cc
void settle_labels(Completion& it);        // labels.cc
void settle_host_devices(Completion& it);  // host_devices.cc

// default_devices.cc: what every guest of the machine type has.
void add_default_devices(Completion& it);

// controllers.cc
/// Puts one behind all others. False: there was one of that type and index.
bool maybe_add_controller(model::DomainDef& def, model::Controller::Type type, unsigned index,
                          std::optional<model::Controller::Model> model = std::nullopt);
model::Controller* find_controller(model::DomainDef& def, model::Controller::Type type, unsigned index);
bool has_controller(const model::DomainDef& def, model::Controller::Type type);
/// Serves the slow devices of another USB controller.
bool is_companion(const model::Controller& controller);
void number_controllers(Completion& it);
void settle_controllers(Completion& it);
void add_implied_controllers(Completion& it);

// One kind of device each.
void settle_disks(Completion& it);       // disks.cc
void settle_interfaces(Completion& it);  // network.cc
void settle_chardevs(Completion& it);    // chardevs.cc
void settle_inputs(Completion& it);      // inputs.cc
void add_ps2_inputs(Completion& it);
void settle_graphics(Completion& it);    // graphics.cc
void settle_audio(Completion& it);       // audio.cc
void add_default_video(Completion& it);  // video.cc
void settle_video(Completion& it, model::Video& video);
void settle_videos(Completion& it);
void settle_small_devices(Completion& it);  // small_devices.cc: panic, watchdog, rng, iommu, vsock…

// Addresses.
void assign_drive_addresses(Completion& it);          // drive_addresses.cc
void assign_memory_slots(Completion& it);             // memory.cc
void assign_spapr_addresses(Completion& it);          // spapr_addresses.cc
void assign_virtio_serial_addresses(Completion& it);  // virtio_serial_addresses.cc
void assign_pci_addresses(Completion& it);            // pci_addresses.cc
void assign_usb_addresses(Completion& it);            // usb_addresses.cc

// validate_*.cc, and validate.h for one device
void validate_machine(const Completion& it);
void validate_guest(const Completion& it);
void validate_firmware(const Completion& it);
void validate_devices(const Completion& it);
void refuse_duplicate_controllers(const Completion& it);
void refuse_doubled_scsi_hosts(const Completion& it);

}  // namespace innkeeper::qemu
