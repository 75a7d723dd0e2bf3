#pragma once

#include "drivers/qemu/complete/steps.h"
#include "model/domain/device.h"

/// Whether QEMU could have a device in the guest, whatever becomes of the others: the same is asked of each device of a
/// definition and of one that is about to be added. A kind without a function of its own is never refused.
namespace innkeeper::qemu {

void validate(const Completion&, const model::Disk&);        // validate_disks.cc
void validate(const Completion&, const model::Controller&);  // validate_controllers.cc
void validate(const Completion&, const model::Hostdev&);     // validate_hostdevs.cc

// validate_chardevs.cc
void validate(const Completion&, const model::Serial&);
void validate(const Completion&, const model::Parallel&);
void validate(const Completion&, const model::Console&);
void validate(const Completion&, const model::Channel&);
void validate(const Completion&, const model::Redirdev&);
void validate(const Completion&, const model::Smartcard&);
void validate(const Completion&, const model::Rng&);

// validate_devices.cc
void validate(const Completion&, const model::Audio&);
void validate(const Completion&, const model::Filesystem&);
void validate(const Completion&, const model::Graphics&);
void validate(const Completion&, const model::Input&);
void validate(const Completion&, const model::Interface&);
void validate(const Completion&, const model::Iommu&);
void validate(const Completion&, const model::Memballoon&);
void validate(const Completion&, const model::MemoryDevice&);
void validate(const Completion&, const model::NvramDevice&);
void validate(const Completion&, const model::Shmem&);
void validate(const Completion&, const model::Sound&);
void validate(const Completion&, const model::Tpm&);
void validate(const Completion&, const model::Video&);
void validate(const Completion&, const model::Watchdog&);

/// Throws config_unsupported, as the driver.
[[noreturn]] void not_supported(std::string sentence);
/// Throws as whoever reads definitions.
[[noreturn]] void refused_by_model(ErrorCode code, std::string sentence);

void validate_place(const Completion& it, const model::DeviceInfo& info);
void validate_reconnect(const model::Reconnect& reconnect);
/// For devices that share the guest's memory with another process.
void require_shared_memory(const Completion& it, std::string_view what);

/// All that is asked of a device.
template <class Device>
void validate_device(const Completion& it, const Device& device) {
    if constexpr (requires { validate(it, device); }) validate(it, device);
    if (const auto* info = model::info_of(device)) validate_place(it, *info);
}

}  // namespace innkeeper::qemu
