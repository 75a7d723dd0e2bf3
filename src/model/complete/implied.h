#pragma once

#include <optional>
#include <string_view>

#include "model/domain/domain.h"

/// What follows from a definition itself, whatever hypervisor it is for: numbers that were left open, the controllers
/// that devices hang from, the console that is a serial line. Each step looks at what those before it have settled.
namespace innkeeper::model {

// controllers.cc
/// Puts one behind all others. False: there was one of that type and index.
bool maybe_add_controller(DomainDef& def, Controller::Type type, unsigned index);
/// Those of a type stand together in the order of their numbers, and all have one.
void number_controllers(DomainDef& def);
/// For the addresses that the definition names.
void add_implied_controllers(DomainDef& def);

// drive_addresses.cc
/// "hda" is 0, "hdz" 25, "hdaa" 26; digits behind are a partition's.
std::optional<unsigned> disk_index(std::string_view target);
/// Where the guest has always seen the disk of that letter; nothing for buses without such places.
std::optional<DriveAddress> usual_place(Disk::Bus bus, unsigned index);
/// Whether a SCSI device of the host's has that place, by its own choice.
bool hostdev_sits_at(const DomainDef& def, const DriveAddress& place);
/// Throws Error for a name that says no place, and for a place that is taken.
void assign_drive_addresses(DomainDef& def);
/// SCSI devices of the host come behind the disks, at the first free unit of the first controller that has one.
void place_host_scsi(DomainDef& def);

// chardevs.cc
/// A guest's first serial line is also its console, and the other way round.
void pair_console_with_serial(DomainDef& def);
void number_parallels(DomainDef& def);
/// Parallel lines too; after the consoles are complete.
void number_chardevs(DomainDef& def);

// checks.cc
/// Throws Error for what no guest can be: memory for nodes that it does not have, two UUIDs.
void check_guest(const DomainDef& def);
/// After the controllers are complete.
void check_redirection(const DomainDef& def);

}  // namespace innkeeper::model
