#include "drivers/qemu/complete/pci_map.h"

#include <fmt/format.h>

#include "base/error.h"

namespace innkeeper::qemu {
namespace {

struct BusFacts {
    unsigned plugs;
    bool hotplug;
    unsigned first_slot, last_slot;
    PciNeed need;  ///< of the controller itself
    std::string_view name;
};

/// In the order of PciBus.
const BusFacts& facts(PciBus model) {
    using P = PciPlug;
    static constexpr unsigned below_port =
        P::express | P::upstream_port | P::dmi_to_pci_bridge | P::express_to_pci_bridge;
    static constexpr BusFacts table[] = {
        {P::conventional | P::pci_bridge | P::expander_bus, true, 1, 31, {}, "pci-root"},
        {P::express | P::root_port | P::dmi_to_pci_bridge | P::express_expander_bus, false, 1, 31, {}, "pcie-root"},
        {P::conventional | P::pci_bridge, true, 1, 31, {P::pci_bridge, false}, "pci-bridge"},
        {P::conventional | P::pci_bridge, false, 0, 31, {P::dmi_to_pci_bridge, false}, "dmi-to-pci-bridge"},
        {P::conventional | P::pci_bridge, true, 1, 31, {P::express_to_pci_bridge, false}, "pcie-to-pci-bridge"},
        {below_port, true, 0, 0, {P::root_port, false, true}, "pcie-root-port"},
        {P::downstream_port, false, 0, 31, {P::upstream_port, false}, "pcie-switch-upstream-port"},
        {below_port, true, 0, 0, {P::downstream_port, false}, "pcie-switch-downstream-port"},
        {P::conventional | P::pci_bridge, true, 0, 31, {P::expander_bus, false}, "pci-expander-bus"},
        {P::root_port | P::dmi_to_pci_bridge, false, 0, 0, {P::express_expander_bus, false}, "pcie-expander-bus"},
    };
    return table[static_cast<unsigned>(model)];
}

/// What a controller must accept, in the peer's words.
std::string_view wanted(unsigned plug) {
    switch (plug) {
        case PciPlug::conventional:
            return "standard PCI device";
        case PciPlug::express:
            return "PCI Express device";
        case PciPlug::root_port:
            return "pcie-root-port";
        case PciPlug::upstream_port:
            return "pcie-switch-upstream-port";
        case PciPlug::downstream_port:
            return "pcie-switch-downstream-port";
        case PciPlug::dmi_to_pci_bridge:
            return "dmi-to-pci-bridge";
        case PciPlug::expander_bus:
            return "pci-expander-bus";
        case PciPlug::express_expander_bus:
            return "pcie-expander-bus";
        case PciPlug::pci_bridge:
            return "pci-bridge";
        case PciPlug::express_to_pci_bridge:
            return "pcie-to-pci-bridge";
        default:
            return "device";
    }
}

Error refusal(bool from_config, std::string text) {
    return Error(from_config ? ErrorCode::xml_error : ErrorCode::internal_error, std::move(text));
}

}  // namespace

std::string PciPlace::text() const { return fmt::format("0000:{:02x}:{:02x}.{:x}", bus, slot, function); }

PciNeed need_of(PciBus model) { return facts(model).need; }

void PciMap::make(Bus& bus, PciBus model) {
    const BusFacts& f = facts(model);
    bus.model = model;
    bus.plugs = f.plugs;
    bus.hotplug = f.hotplug;
    bus.first_slot = f.first_slot;
    bus.last_slot = f.last_slot;
}

void PciMap::add_bus(unsigned index, PciBus model) {
    if (index >= buses_.size()) buses_.resize(index + 1);
    make(buses_[index], model);
}

void PciMap::settle() {
    for (Bus& bus : buses_)
        if (!bus.model) make(bus, has_express_root() ? PciBus::pcie_root_port : PciBus::pci_bridge);
}

bool PciMap::slot_in_use(unsigned bus, unsigned slot) const {
    return bus < buses_.size() && buses_[bus].slots[slot].functions != 0;
}

bool PciMap::in_use(PciPlace place) const {
    return place.bus < buses_.size() && (buses_[place.bus].slots[place.slot].functions >> place.function & 1);
}

bool PciMap::shares_slot(PciPlace place) const {
    return place.bus < buses_.size() && (buses_[place.bus].slots[place.slot].functions & ~(1u << place.function));
}

bool PciMap::has_any_free_slot() const {
    for (const Bus& bus : buses_)
        for (unsigned slot = bus.first_slot; slot <= bus.last_slot; ++slot)
            if (bus.slots[slot].functions == 0) return true;
    return false;
}

bool PciMap::fits(const Bus& bus, PciPlace place, unsigned index, const PciNeed& need, bool from_config,
                  bool complain) const {
    unsigned plugs = bus.plugs;
    bool hotplug = bus.hotplug;
    if (from_config) {
        // Whoever names a place may mix the two kinds of endpoints, and may do without hot-plugging.
        if (plugs & PciPlug::endpoint) plugs |= PciPlug::endpoint;
        hotplug = true;
    }
    if (need.integrated && index != 0) {
        if (complain)
            throw refusal(
                from_config,
                fmt::format("The device at PCI address {} needs to be an integrated device (bus=0)", place.text()));
        return false;
    }
    if (need.integrated) hotplug = true;
    if (!(plugs & need.plug)) {
        if (complain)
            throw refusal(from_config,
                          fmt::format("The device at PCI address {} cannot be plugged into the PCI controller with "
                                      "index='{}'. It requires a controller that accepts a {}.",
                                      place.text(), index, wanted(need.plug)));
        return false;
    }
    if (need.hotpluggable && !hotplug) {
        if (complain)
            throw refusal(
                from_config,
                fmt::format("The device at PCI address {} requires hotplug capability, but the PCI controller "
                            "with index='{}' doesn't support hotplug",
                            place.text(), index));
        return false;
    }
    return true;
}

void PciMap::check(PciPlace place, const PciNeed& need, bool from_config) const {
    if (buses_.empty()) throw Error(ErrorCode::xml_error, "No PCI buses available");
    if (place.bus >= buses_.size())
        throw Error(ErrorCode::xml_error, fmt::format("Invalid PCI address {}. Only PCI buses up to {} are available",
                                                      place.text(), buses_.size() - 1));
    const Bus& bus = buses_[place.bus];
    fits(bus, place, place.bus, need, from_config, true);
    if (place.slot < bus.first_slot)
        throw Error(ErrorCode::xml_error,
                    fmt::format("Invalid PCI address {}. slot must be >= {}", place.text(), bus.first_slot));
    if (place.slot > bus.last_slot)
        throw Error(ErrorCode::xml_error,
                    fmt::format("Invalid PCI address {}. slot must be <= {}", place.text(), bus.last_slot));
}

void PciMap::mark(PciPlace place, const PciNeed& need, bool from_config) {
    Slot& slot = buses_[place.bus].slots[place.slot];
    if (slot.functions >> place.function & 1)
        throw refusal(from_config, fmt::format("Attempted double use of PCI Address {}", place.text()));
    if (slot.functions == 0) slot.shared = need.shares_slot;
    slot.functions |= 1u << place.function;
}

void PciMap::reserve(PciPlace place, const PciNeed& need, bool from_config) {
    if (growth_ == Growth::on_demand && !buses_.empty()) {
        while (place.bus >= buses_.size()) {
            // Only a bus of the requested kind helps; the ones before it are what an unnamed controller is.
            const std::size_t before = buses_.size();
            grow(need);
            if (buses_.size() == before) break;
        }
    }
    check(place, need, from_config);
    mark(place, need, from_config);
}

std::optional<PciPlace> PciMap::find(const PciNeed& need, std::optional<unsigned> function) const {
    for (unsigned index = 0; index < buses_.size(); ++index) {
        const Bus& bus = buses_[index];
        if (!bus.model || !fits(bus, {}, index, need, false, false)) continue;
        for (unsigned slot = bus.first_slot; slot <= bus.last_slot; ++slot) {
            const Slot& s = bus.slots[slot];
            if (function) {
                if (s.functions == 0) return PciPlace{index, slot, *function};
            } else if (s.functions == 0) {
                return PciPlace{index, slot, 0};
            } else if (need.shares_slot && s.shared) {
                for (unsigned f = 0; f < 8; ++f)
                    if (!(s.functions >> f & 1)) return PciPlace{index, slot, f};
            }
        }
    }
    return std::nullopt;
}

bool PciMap::accepts_anywhere(unsigned plug) const {
    for (const Bus& bus : buses_)
        if (bus.plugs & plug) return true;
    return false;
}

unsigned PciMap::append(PciBus model) {
    if (buses_.size() > 255) throw Error(ErrorCode::internal_error, "No more available PCI slots");
    add_bus(static_cast<unsigned>(buses_.size()), model);
    return static_cast<unsigned>(buses_.size() - 1);
}

unsigned PciMap::grow(const PciNeed& need) {
    const bool express = has_express_root();
    if (need.plug & (PciPlug::conventional | PciPlug::pci_bridge) && express &&
        !accepts_anywhere(PciPlug::pci_bridge)) {
        // The first conventional bus of a PCI Express machine lies behind a port: one more of them, so that those that
        // were there stay free for others.
        append(PciBus::pcie_root_port);
        return append(PciBus::pcie_to_pci_bridge);
    }
    if (need.plug & PciPlug::conventional && express) {
        if (!find(need_of(PciBus::pcie_to_pci_bridge), std::nullopt)) append(PciBus::pcie_root_port);
        return append(PciBus::pcie_to_pci_bridge);
    }
    if (need.plug & (PciPlug::conventional | PciPlug::pci_bridge)) return append(PciBus::pci_bridge);
    if (need.plug & (PciPlug::express | PciPlug::upstream_port | PciPlug::express_to_pci_bridge) && express)
        return append(PciBus::pcie_root_port);
    for (PciBus model :
         {PciBus::pcie_root_port, PciBus::pcie_switch_upstream_port, PciBus::pcie_switch_downstream_port,
          PciBus::dmi_to_pci_bridge, PciBus::pci_expander_bus, PciBus::pcie_expander_bus, PciBus::pcie_to_pci_bridge})
        if (need.plug & need_of(model).plug)
            throw Error(
                ErrorCode::internal_error,
                fmt::format("a PCI slot is needed to connect a PCI controller model='{}', but none is available, "
                            "and it cannot be automatically added",
                            facts(model).name));
    throw Error(
        ErrorCode::internal_error,
        fmt::format("Cannot automatically add a new PCI bus for a device with connect flags {:02x}", need.plug));
}

PciPlace PciMap::take_next(const PciNeed& need, std::optional<unsigned> function) {
    if (buses_.empty()) throw Error(ErrorCode::xml_error, "No PCI buses available");
    std::optional<PciPlace> place = find(need, function);
    while (!place && growth_ == Growth::on_demand) {
        grow(need);
        place = find(need, function);
    }
    if (!place) throw Error(ErrorCode::internal_error, "No more available PCI slots");
    mark(*place, need, false);
    return *place;
}

}  // namespace innkeeper::qemu
