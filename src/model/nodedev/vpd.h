#pragma once

#include <string>
#include <variant>
#include <vector>

#include "xml/description.h"

namespace innkeeper::model::nodedev {

/// What a maker or the system's owner wrote under a name of one character.
struct VpdCustomField {
    std::string index, value;
    bool operator==(const VpdCustomField&) const = default;
};

/// What only the maker can write.
struct VpdReadOnly {
    std::string change_level, manufacture_id, part_number, serial_number;
    std::vector<VpdCustomField> vendor_fields;
    bool operator==(const VpdReadOnly&) const = default;
};

/// What can be written over.
struct VpdReadWrite {
    std::string asset_tag;
    std::vector<VpdCustomField> vendor_fields, system_fields;
    bool operator==(const VpdReadWrite&) const = default;
};

struct VpdFields {
    std::variant<std::monostate, VpdReadOnly, VpdReadWrite> access;
    bool operator==(const VpdFields&) const = default;
};

/// The vital product data that a PCI device keeps about itself.
struct Vpd {
    std::string name;
    std::vector<VpdFields> fields;
    bool operator==(const Vpd&) const = default;
};

extern const xml::Element<Vpd> vpd;

}  // namespace innkeeper::model::nodedev
