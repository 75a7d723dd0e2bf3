#include <fmt/format.h>

#include <optional>

#include "guests/devices/kinds.h"

/// A card is known by its hardware address, and where that is not enough or not known by its place.
namespace innkeeper::guests {

namespace {

std::string place_text(const model::Interface& card) {
    const auto* pci = card.info.at<model::PciAddress>();
    return pci ? fmt::format("{:04x}:{:02x}:{:02x}.{:x}", pci->domain, pci->bus, pci->slot, pci->function) : "(<null>)";
}

bool is_meant(const model::Interface& card, const model::Interface& other) {
    if (card.mac && card.mac != other.mac) return false;
    const auto *wanted = card.info.at<model::PciAddress>(), *at = other.info.at<model::PciAddress>();
    if (wanted && wanted->is_assigned() && !(at && wanted->same_place(*at))) return false;
    return true;
}

[[noreturn]] void refuse_many(const model::Interface& card) {
    throw Error(ErrorCode::operation_failed, ErrorDomain::domain,
                card.mac ? fmt::format("multiple devices matching MAC address {} found", card.mac->text())
                         : "multiple matching devices found");
}

[[noreturn]] void refuse_none(const model::Interface& card) {
    throw Error(ErrorCode::device_missing, ErrorDomain::domain,
                fmt::format("no device found at address '{}' matching MAC address '{}' and alias '(<null>)'",
                            place_text(card), card.mac ? card.mac->text() : "(<null>)"));
}

}  // namespace

void refuse_twin(const Devices&, const model::Interface&) {}

std::size_t find(const Devices& devices, const model::Interface& card) {
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < devices.interfaces.size(); ++i) {
        if (!is_meant(card, devices.interfaces[i])) continue;
        if (found) refuse_many(card);
        found = i;
    }
    if (!found) refuse_none(card);
    return *found;
}

std::size_t find_to_update(const Devices& devices, const model::Interface& card) { return find(devices, card); }

}  // namespace innkeeper::guests
