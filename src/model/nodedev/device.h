#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/nodedev/ap.h"
#include "model/nodedev/channel.h"
#include "model/nodedev/mdev.h"
#include "model/nodedev/net.h"
#include "model/nodedev/pci.h"
#include "model/nodedev/scsi.h"
#include "model/nodedev/storage.h"
#include "model/nodedev/system.h"
#include "model/nodedev/usb.h"
#include "xml/description.h"

/// The host's devices as documents describe them, each capability in a file of its own.
namespace innkeeper::model::nodedev {

struct Drm {
    enum class Type { primary, control, render };
    Type type = Type::primary;
    bool operator==(const Drm&) const = default;
};
constexpr auto names_of(Drm::Type) { return xml::names("primary", "control", "render"); }

struct Vdpa {
    std::string path;
    bool operator==(const Vdpa&) const = default;
};

struct Capability {
    std::variant<System, Pci, UsbDevice, UsbInterface, Net, ScsiHost, ScsiTarget, Scsi, Storage, ScsiGeneric, Drm, Mdev,
                 Ccw, Css, Vdpa, ApCard, ApQueue, ApMatrix>
        kind;
    bool operator==(const Capability&) const = default;
};

struct DevNode {
    enum class Type { dev, link };
    Type type = Type::dev;
    std::string path;
    bool operator==(const DevNode&) const = default;
};
constexpr auto names_of(DevNode::Type) { return xml::names("dev", "link"); }

/// What a device hangs on: by its name or, for a virtual port that is to be made, by its adapter's worldwide names.
struct Parent {
    std::string wwnn, wwpn, fabric_wwn, name;
    bool operator==(const Parent&) const = default;
};

struct Device {
    std::string name, path;
    std::vector<DevNode> nodes;
    Parent parent;
    std::string driver;
    std::vector<Capability> capabilities;

    /// The first capability, if it is of this kind.
    template <class Kind>
    const Kind* as() const {
        return capabilities.empty() ? nullptr : std::get_if<Kind>(&capabilities.front().kind);
    }
    bool operator==(const Device&) const = default;
};

extern const xml::Element<Device> device_element;

/// The RelaxNG grammar of `<device>`, made from its declarations.
std::string device_grammar();
/// What the VALIDATE flags ask for, before a document is read; throws the peer's sentences. For the pool.
void validate_device(std::string_view text);

/// What a device can be asked for by: the capabilities of documents and those that stand within them. A number is the
/// bit of the interface's list filter.
enum class Ability {
    system,
    pci,
    usb_device,
    usb,
    net,
    scsi_host,
    scsi_target,
    scsi,
    storage,
    fc_host,
    vports,
    scsi_generic,
    drm,
    mdev_types,
    mdev,
    ccw,
    css,
    vdpa,
    ap_card,
    ap_queue,
    ap_matrix,
    vpd
};
constexpr auto names_of(Ability) {
    return xml::names("system", "pci", "usb_device", "usb", "net", "scsi_host", "scsi_target", "scsi", "storage",
                      "fc_host", "vports", "scsi_generic", "drm", "mdev_types", "mdev", "ccw", "css", "vdpa", "ap_card",
                      "ap_queue", "ap_matrix", "vpd");
}

/// In the order in which the peer names them.
std::vector<Ability> abilities(const Device& device);
constexpr std::uint32_t bit_of(Ability ability) { return 1U << static_cast<unsigned>(ability); }

}  // namespace innkeeper::model::nodedev
