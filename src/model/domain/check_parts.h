#pragma once

// Private to this room: the parts of settle_domain and check_domain, by what they concern.

#include <vector>

#include "model/domain/domain.h"

namespace innkeeper::model {

// resource_checks.cc
/// Without <memory> the guest has what its NUMA cells and modules have.
void add_up_memory(DomainDef& domain, const xml::Node& node);
void settle_memory(DomainDef& domain);
void settle_vcpus(DomainDef& domain);
/// Names and a number are two ways to say the same; the larger counts, and threads without a name get the free ones.
void settle_iothreads(DomainDef& domain);
/// Settings for processors and threads that do not exist are dropped, but for schedulers, which are refused.
void settle_tuning(DomainDef& domain);
/// Whoever lets the host choose the processors lets it choose the memory's nodes too.
void settle_placement(DomainDef& domain);

// os_checks.cc
/// What only one kind of operating system uses is dropped for the others.
void settle_os(DomainDef& domain);
/// Turns at boot are the devices' or their kinds', and each is one device's.
void check_boot(const DomainDef& domain);
/// Firmware is either chosen by hand, with all that belongs to it, or by its features.
void check_firmware(Os& os);

// device_checks.cc
void check_disks(const std::vector<Disk>& disks);
/// What must stand at a place of its own kind, or not at one that a device of the host has taken.
void check_places(const DomainDef& domain);
/// Only POWER's firmware tells modules of persistent memory apart by a UUID.
void check_modules(const DomainDef& domain);
/// Disks are listed bus by bus, each bus in the order of its targets; the busses as they first came. Those whose
/// document leaves the bus to the target's name count as being on one, as they do with the peer.
void sort_disks(std::vector<Disk>& disks);
/// A reader of cards takes the next slot of the first controller, behind all that are given.
void settle_smartcards(std::vector<Smartcard>& cards);
void check_hostdevs(const std::vector<Hostdev>& devices);
/// A root of POWER's machines has a number of its own, and the first one no place of its own.
void check_pci_target(const Controller& controller);
void check_controllers(const std::vector<Controller>& controllers);
/// A guest has USB or none. The peer lets the absence be attached to a guest that has it, and then cannot read its own
/// definition again.
void check_usb(const std::vector<Controller>& controllers);
/// The first card is the primary one unless another says so.
void settle_videos(std::vector<Video>& videos);
/// What cannot be booted from has no turn at boot, and what is no card of a bus with such things no option ROM.
void forget_boot_and_rom(Devices& devices);

}  // namespace innkeeper::model
