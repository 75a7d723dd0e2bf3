#include "app/units/guest_ordering.h"

#include "app/units/daemon_rows.h"

namespace innkeeper::app {

GuestOrdering guest_ordering(const UnitFolders& units) {
    GuestOrdering ordering;
    for (const auto& daemon : daemon_rows) {
        const std::string service = std::string(daemon.name) + ".service",
                          socket = std::string(daemon.name) + ".socket";
        if (units.state(service) != UnitFolders::State::present) continue;
        const bool activated = units.state(socket) == UnitFolders::State::present;
        ordering.after_of_target.push_back(service);
        if (activated) ordering.after_of_target.push_back(socket);
        if (daemon.runs_guests) ordering.after_of_service.push_back(activated ? socket : service);
    }
    return ordering;
}

std::string drop_in(const std::vector<std::string>& after) {
    std::string text =
        "# By innkeeper-generator, from what daemons there are and which of their sockets are masked.\n[Unit]\n";
    for (const auto& unit : after) text += "After=" + unit + "\n";
    return text;
}

}  // namespace innkeeper::app
