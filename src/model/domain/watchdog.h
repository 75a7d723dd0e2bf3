#pragma once

#include <optional>

#include "model/domain/device_info.h"
#include "xml/description.h"

namespace innkeeper::model {

/// Acts when the guest has not shown a sign of life for some time.
struct Watchdog {
    enum class Model { i6300esb, ib700, diag288, itco };
    enum class Action { reset, shutdown, poweroff, pause, dump, none, inject_nmi };
    Model model = Model::i6300esb;
    Action action = Action::reset;
    DeviceInfo info;
    bool operator==(const Watchdog&) const = default;
};
constexpr auto names_of(Watchdog::Model) { return xml::names("i6300esb", "ib700", "diag288", "itco"); }
constexpr auto names_of(Watchdog::Action) {
    return xml::names("reset", "shutdown", "poweroff", "pause", "dump", "none", "inject-nmi");
}

extern const xml::Element<Watchdog> watchdog_element;

}  // namespace innkeeper::model
