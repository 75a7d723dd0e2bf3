#pragma once

#include <optional>

#include "xml/description.h"

namespace innkeeper::model {

/// What a network card's line does; only ever reported. The words are the kernel's (operstate).
struct LinkState {
    enum class State { unknown, notpresent, down, lowerlayerdown, testing, dormant, up };
    unsigned speed = 0;  ///< in megabits per second; 0: nobody knows
    std::optional<State> state;
    bool operator==(const LinkState&) const = default;
};
constexpr auto names_of(LinkState::State) {
    return xml::names("unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up");
}

extern const xml::Element<LinkState> link_state;

}  // namespace innkeeper::model
