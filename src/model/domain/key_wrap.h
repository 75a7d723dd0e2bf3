#pragma once

#include <optional>

#include "xml/description.h"

namespace innkeeper::model {

/// Which keys of its ciphers an S/390 guest may have wrapped by the machine.
struct KeyWrap {
    std::optional<bool> aes, dea;
    bool operator==(const KeyWrap&) const = default;
};

extern const xml::Element<KeyWrap> key_wrap_element;

}  // namespace innkeeper::model
