#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Which places of a guest's PCI topology are taken, and where the next device goes.
namespace innkeeper::qemu {

/// A function of a slot of a bus; the domain is always 0.
struct PciPlace {
    unsigned bus = 0, slot = 0, function = 0;
    std::string text() const;  ///< "0000:00:02.0"
    auto operator<=>(const PciPlace&) const = default;
};

/// The kinds of plugs: what a device has, and which of them a bus takes.
struct PciPlug {
    enum : unsigned {
        conventional = 1 << 0,
        express = 1 << 1,
        root_port = 1 << 2,
        upstream_port = 1 << 3,
        downstream_port = 1 << 4,
        dmi_to_pci_bridge = 1 << 5,
        expander_bus = 1 << 6,
        express_expander_bus = 1 << 7,
        pci_bridge = 1 << 8,
        express_to_pci_bridge = 1 << 9,
        endpoint = conventional | express,
    };
};

/// What a device asks of its place.
struct PciNeed {
    unsigned plug = 0;         ///< exactly one PciPlug; 0: it is no PCI device
    bool hotpluggable = true;  ///< it should sit where it can be taken out while the guest runs
    bool shares_slot = false;  ///< several of its kind go to the functions of one slot
    bool integrated = false;   ///< only on bus 0
    bool nowhere = false;      ///< it would need a place, but there is none that it fits
    explicit operator bool() const { return plug != 0 || nowhere; }
};

/// The models of controllers that make a bus.
enum class PciBus {
    pci_root,
    pcie_root,
    pci_bridge,
    dmi_to_pci_bridge,
    pcie_to_pci_bridge,
    pcie_root_port,
    pcie_switch_upstream_port,
    pcie_switch_downstream_port,
    pci_expander_bus,
    pcie_expander_bus
};

/// How a controller of this model itself is plugged in; nothing for the two roots.
PciNeed need_of(PciBus model);

/// The buses of one guest. Reserving twice, or where it does not fit, throws what the peer says.
class PciMap {
  public:
    /// Whether missing buses come into being: while it is counted how many are needed they do, afterwards not.
    enum class Growth { fixed, on_demand };
    explicit PciMap(Growth growth) : growth_(growth) {}

    /// Makes bus `index` exist, as the bus behind a controller of that model. Buses skipped have no model yet.
    void add_bus(unsigned index, PciBus model);
    /// Gives those without a model the one that an unnamed controller gets.
    void settle();

    std::size_t size() const { return buses_.size(); }
    bool has_model(unsigned bus) const { return bus < buses_.size() && buses_[bus].model.has_value(); }
    PciBus model(unsigned bus) const { return *buses_[bus].model; }
    bool has_express_root() const { return !buses_.empty() && buses_[0].model == PciBus::pcie_root; }
    bool slot_in_use(unsigned bus, unsigned slot) const;
    bool in_use(PciPlace place) const;
    /// Whether other functions of the place's slot are taken too.
    bool shares_slot(PciPlace place) const;
    bool has_any_free_slot() const;

    /// Takes the place that the configuration names (XML errors) or that the machine fixes (internal errors).
    void reserve(PciPlace place, const PciNeed& need, bool from_config);
    /// Takes the first place that fits; with `function` that function of a free slot.
    PciPlace take_next(const PciNeed& need, std::optional<unsigned> function = std::nullopt);

  private:
    struct Slot {
        std::uint8_t functions = 0;
        bool shared = false;
    };
    struct Bus {
        std::optional<PciBus> model;
        unsigned plugs = 0;
        bool hotplug = false;
        unsigned first_slot = 0, last_slot = 0;
        std::array<Slot, 32> slots{};
    };

    void make(Bus& bus, PciBus model);
    void check(PciPlace place, const PciNeed& need, bool from_config) const;
    bool fits(const Bus& bus, PciPlace place, unsigned index, const PciNeed& need, bool from_config,
              bool complain) const;
    std::optional<PciPlace> find(const PciNeed& need, std::optional<unsigned> function) const;
    bool accepts_anywhere(unsigned plug) const;
    unsigned grow(const PciNeed& need);
    unsigned append(PciBus model);
    void mark(PciPlace place, const PciNeed& need, bool from_config);

    Growth growth_;
    std::vector<Bus> buses_;
};

}  // namespace innkeeper::qemu
