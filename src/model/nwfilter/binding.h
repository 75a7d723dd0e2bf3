#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/uuid.h"
#include "model/filter_reference.h"
#include "model/mac_address.h"
#include "xml/description.h"

namespace innkeeper::model {

/// That the packets of a guest's network card pass a filter: `<filterbinding>`.
struct FilterBinding {
    std::string owner_name;
    std::optional<Uuid> owner_uuid;  ///< always there once read
    std::string port;                ///< the device on the host that the card is plugged into
    std::string link;                ///< the host's own card, where the port is on top of one
    std::optional<MacAddress> mac;   ///< always there once read
    FilterReference filter;
    bool operator==(const FilterBinding&) const = default;
};

extern const xml::Element<FilterBinding> filter_binding;

/// The file of a binding that is in force.
struct FilterBindingStatus {
    FilterBinding binding;
    bool operator==(const FilterBindingStatus&) const = default;
};
extern const xml::Element<FilterBindingStatus> filter_binding_status;

/// The RelaxNG grammar of `<filterbinding>`, made from its declarations.
std::string filter_binding_grammar();
/// What the VALIDATE flag asks for, before a binding is read; throws the peer's sentences. For the pool.
void validate_filter_binding(std::string_view text);
/// A document of a client's.
FilterBinding parse_filter_binding(std::string_view text);

}  // namespace innkeeper::model
