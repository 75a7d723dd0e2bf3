#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "xml/description.h"

namespace innkeeper::model {

/// What the guest's firmware tells of the machine: SMBIOS tables, or values under names of the user's (fw_cfg).
/// An empty string is an entry that is not there.
struct Sysinfo {
    enum class Type { smbios, fwcfg };

    struct Bios {
        std::string vendor, version, date, release;
        bool operator==(const Bios&) const = default;
    };
    struct System {
        std::string manufacturer, product, version, serial, uuid, sku, family;
        bool operator==(const System&) const = default;
    };
    struct BaseBoard {
        std::string manufacturer, product, version, serial, asset, location;
        bool operator==(const BaseBoard&) const = default;
    };
    struct Chassis {
        std::string manufacturer, version, serial, asset, sku;
        bool operator==(const Chassis&) const = default;
    };
    /// A value, or the file that it is read from.
    struct FirmwareEntry {
        std::string name, value, file;
        bool operator==(const FirmwareEntry&) const = default;
    };

    std::optional<Type> type;  ///< always there once read
    Bios bios;
    System system;
    std::vector<BaseBoard> base_boards;
    Chassis chassis;
    std::vector<std::string> oem_strings;
    std::vector<FirmwareEntry> firmware;

    bool operator==(const Sysinfo&) const = default;
};
constexpr auto names_of(Sysinfo::Type) { return xml::names("smbios", "fwcfg"); }

extern const xml::Element<Sysinfo> sysinfo_element;

}  // namespace innkeeper::model
