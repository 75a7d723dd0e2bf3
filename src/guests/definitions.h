#pragma once

#include <string>

#include "guests/guests.h"

namespace innkeeper::guests {

/// Whether the document is held against its schema before it is read.
enum class Validate { no, yes };

/// What a client sent, read and completed by the hypervisor; without a UUID it gets one. Large documents are read in
/// the pool.
Task<DefPtr> read_definition(Guests& guests, std::string xml, Purpose purpose, Validate validate = Validate::no);

/// Stores the definition under its name and UUID, for a guest that may run; the guest.
Task<GuestPtr> define(Guests& guests, DefPtr def);

/// Takes the guest's turn; `flags` are VIR_DOMAIN_UNDEFINE_…: what may go with it. A guest that runs runs on.
Task<> undefine(Guests& guests, GuestPtr guest, std::uint32_t flags);

}  // namespace innkeeper::guests
