#pragma once

#include <cstddef>

#include "base/error.h"
#include "model/domain/device.h"

/// What tells one device of a kind from another, a file for each kind that has rules of its own. Two functions make a
/// kind attachable to and detachable from a stored definition:
///
/// `refuse_twin` throws if the definition has one already that the new one cannot stand beside.
/// `find` gives the index, in its kind's list, of the device that a document describes; throws if there is none.
namespace innkeeper::guests {

using model::Devices;

void refuse_twin(const Devices&, const model::Disk&);  // disk.cc
std::size_t find(const Devices&, const model::Disk&);
void refuse_twin(const Devices&, const model::Controller&);  // controller.cc
std::size_t find(const Devices&, const model::Controller&);
/// Gives the number that one has who comes without.
void number(const Devices&, model::Controller&);
void refuse_twin(const Devices&, const model::Interface&);  // interface.cc
std::size_t find(const Devices&, const model::Interface&);
void refuse_twin(const Devices&, const model::Hostdev&);  // hostdev.cc
std::size_t find(const Devices&, const model::Hostdev&);
void refuse_twin(const Devices&, const model::MemoryDevice&);  // memory.cc
std::size_t find(const Devices&, const model::MemoryDevice&);

// chardev.cc
void refuse_twin(const Devices&, const model::Serial&);
void refuse_twin(const Devices&, const model::Parallel&);
void refuse_twin(const Devices&, const model::Console&);
void refuse_twin(const Devices&, const model::Channel&);
std::size_t find(const Devices&, const model::Serial&);
std::size_t find(const Devices&, const model::Parallel&);
std::size_t find(const Devices&, const model::Console&);
std::size_t find(const Devices&, const model::Channel&);

// small.cc: kinds with a rule of a line or two.
void refuse_twin(const Devices&, const model::Lease&);
void refuse_twin(const Devices&, const model::Filesystem&);
void refuse_twin(const Devices&, const model::Input&);
void refuse_twin(const Devices&, const model::Sound&);
void refuse_twin(const Devices&, const model::Redirdev&);
void refuse_twin(const Devices&, const model::Watchdog&);
void refuse_twin(const Devices&, const model::Rng&);
void refuse_twin(const Devices&, const model::Shmem&);
void refuse_twin(const Devices&, const model::Vsock&);
std::size_t find(const Devices&, const model::Lease&);
std::size_t find(const Devices&, const model::Filesystem&);
std::size_t find(const Devices&, const model::Input&);
std::size_t find(const Devices&, const model::Sound&);
std::size_t find(const Devices&, const model::Redirdev&);
std::size_t find(const Devices&, const model::Watchdog&);
std::size_t find(const Devices&, const model::Rng&);
std::size_t find(const Devices&, const model::Shmem&);
std::size_t find(const Devices&, const model::Vsock&);

/// What goes with a device that was taken from its place: the first serial line is the first console, too.
void taken(Devices&, std::size_t index, const model::Serial&);

/// A third function lets a stored device be exchanged: the index of the one whose place the document's shall take.
std::size_t find_to_update(const Devices&, const model::Disk&);
std::size_t find_to_update(const Devices&, const model::Interface&);
std::size_t find_to_update(const Devices&, const model::Graphics&);
std::size_t find_to_update(const Devices&, const model::MemoryDevice&);

template <class T>
concept Attachable = requires(const Devices& devices, const T& device) {
    refuse_twin(devices, device);
};
template <class T>
concept Updatable = requires(const Devices& devices, const T& device) {
    find_to_update(devices, device);
};

/// Whether the two could be at the same place; an address that was not given could be any.
bool may_share_place(const model::DeviceInfo& wanted, const model::DeviceInfo& other);

/// The index of the first for which `matches` holds; throws Error(code, sentence) if there is none.
template <class List, class Matches>
std::size_t find_by(const List& list, Matches matches, ErrorCode code, const char* sentence) {
    std::size_t index = 0;
    for (const auto& device : list) {
        if (matches(device)) return index;
        ++index;
    }
    throw Error(code, sentence);
}

}  // namespace innkeeper::guests
