#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/interface/protocol.h"
#include "model/link_state.h"
#include "xml/description.h"

/// The host's network interfaces as documents describe them. What is within one (a bridge's ports, a bond's cards) is
/// described by less than what stands for itself.
namespace innkeeper::model::host_interface {

enum class Type { ethernet, bridge, bond, vlan };
constexpr auto names_of(Type) { return xml::names("ethernet", "bridge", "bond", "vlan"); }

/// A card of a bond.
struct Card {
    Type type = Type::ethernet;  ///< it can be nothing else
    std::string name;
    std::optional<std::string> mac;
    LinkState link;
    bool operator==(const Card&) const = default;
};

/// Looks at the line by the card's own sense of it.
struct MiiMonitor {
    enum class Carrier { ioctl, netif };
    unsigned frequency = 0, down_delay = 0, up_delay = 0;  ///< in milliseconds
    std::optional<Carrier> carrier;
    bool operator==(const MiiMonitor&) const = default;
};
constexpr auto names_of(MiiMonitor::Carrier) { return xml::names("ioctl", "netif"); }

/// Looks at the line by asking somebody.
struct ArpMonitor {
    enum class Validate { active, backup, all };
    unsigned interval = 0;
    std::string target;
    std::optional<Validate> validate;
    bool operator==(const ArpMonitor&) const = default;
};
constexpr auto names_of(ArpMonitor::Validate) { return xml::names("active", "backup", "all"); }

struct Bond {
    /// The numbers are the kernel's.
    enum class Mode { balance_rr, active_backup, balance_xor, broadcast, ieee_802_3ad, balance_tlb, balance_alb };
    std::optional<Mode> mode;
    std::optional<MiiMonitor> mii;
    std::optional<ArpMonitor> arp;
    std::vector<Card> cards;
    bool operator==(const Bond&) const = default;
};
constexpr auto names_of(Bond::Mode) {
    return xml::names("balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb",
                      "balance-alb");
}

struct Vlan {
    std::string tag, device;
    bool operator==(const Vlan&) const = default;
};

struct Port {
    Type type = Type::ethernet;  ///< anything but a bridge
    std::string name;
    std::optional<std::string> mac;
    LinkState link;
    Bond bond;
    Vlan vlan;
    bool operator==(const Port&) const = default;
};

struct Bridge {
    std::string spanning_tree;  ///< "on", "off"; empty: not said
    std::string delay;          ///< in seconds, with a fraction
    std::vector<Port> ports;
    bool operator==(const Bridge&) const = default;
};

struct Interface {
    enum class Start { onboot, none, hotplug };
    Type type = Type::ethernet;
    std::string name;
    std::optional<Start> start;
    unsigned mtu = 0;
    std::vector<Protocol> protocols;
    LinkState link;
    std::optional<std::string> mac;
    Bridge bridge;  ///< of the three the one that the type names
    Bond bond;
    Vlan vlan;
    bool operator==(const Interface&) const = default;
};
constexpr auto names_of(Interface::Start) { return xml::names("onboot", "none", "hotplug"); }

extern const xml::Element<Interface> interface;

/// The RelaxNG grammar of `<interface>`, made from its declarations.
std::string interface_grammar();
/// What the VALIDATE flag asks for, before a document is read; throws the peer's sentences. For the pool.
void validate_interface(std::string_view text);

}  // namespace innkeeper::model::host_interface
