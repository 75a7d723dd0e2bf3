#pragma once

#include <cstdint>

#include "guests/guests.h"

namespace innkeeper::guests {

/// VIR_CONNECT_LIST_DOMAINS_…: whether a list with these flags has the guest.
bool passes_filters(Guests& guests, const Guest& guest, std::uint32_t flags);

}  // namespace innkeeper::guests
