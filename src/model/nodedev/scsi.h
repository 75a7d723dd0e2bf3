#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "xml/description.h"

/// The SCSI subsystem's devices: adapters, what they reach, and the units there.
namespace innkeeper::model::nodedev {

/// A Fibre Channel port; virtual ones are made with it.
struct FcHost {
    std::string wwnn, wwpn, fabric_wwn;
    bool operator==(const FcHost&) const = default;
};

/// An adapter that can have virtual ports.
struct VportOperations {
    unsigned most = 0, in_use = 0;
    bool operator==(const VportOperations&) const = default;
};

struct ScsiHostCapability {
    std::variant<FcHost, VportOperations> kind;
    bool operator==(const ScsiHostCapability&) const = default;
};

struct ScsiHost {
    std::optional<unsigned> host;  ///< a virtual port that is to be made has none
    std::optional<unsigned> unique_id;
    std::vector<ScsiHostCapability> capabilities;

    const FcHost* fc_host() const;
    const VportOperations* vports() const;
    bool operator==(const ScsiHost&) const = default;
};

struct FcRemotePort {
    std::string rport, wwpn;
    bool operator==(const FcRemotePort&) const = default;
};
struct ScsiTargetCapability {
    std::variant<FcRemotePort> kind;
    bool operator==(const ScsiTargetCapability&) const = default;
};
struct ScsiTarget {
    std::string target;
    std::optional<ScsiTargetCapability> capability;
    bool operator==(const ScsiTarget&) const = default;
};

struct Scsi {
    unsigned host = 0, bus = 0, target = 0, lun = 0;
    std::string type;
    bool operator==(const Scsi&) const = default;
};

struct ScsiGeneric {
    std::string path;
    bool operator==(const ScsiGeneric&) const = default;
};

extern const xml::Element<ScsiHost> scsi_host;
extern const xml::Element<ScsiTarget> scsi_target;
extern const xml::Element<Scsi> scsi;
extern const xml::Element<ScsiGeneric> scsi_generic;

}  // namespace innkeeper::model::nodedev
