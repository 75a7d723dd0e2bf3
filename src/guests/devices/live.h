#pragma once

#include <string>

#include "model/domain/device.h"

/// What the kinds of devices allow while the guest runs, beyond what they allow in a definition.
namespace innkeeper::guests {

/// Throws for a kind, or a device of it, that cannot come to what runs; `devices` are those that it has.
void refuse_unpluggable(const model::Devices& devices, const model::Device& device);

/// The name of the device that a document describes, if it can be taken from what runs. A device without one (a lease)
/// is nothing that the hypervisor knows: empty.
std::string name_to_unplug(const model::Devices& devices, const model::Device& device);
/// The same for one that was asked for by its name.
void refuse_to_unplug(const model::Device& device);

/// What a device of those that run becomes by a document; `alias` is its name, empty for a screen. Only what can be
/// changed while it is used may differ.
struct LiveUpdate {
    model::Devices devices;
    std::string alias;
};
LiveUpdate updated_live(const model::Devices& devices, const model::Device& device);

}  // namespace innkeeper::guests
