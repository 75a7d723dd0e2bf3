#include "app/units/guest_ordering.h"

#include <cctype>

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
        if (activated)
            ordering.after_of_target.push_back(socket);
        else
            ordering.traditional.emplace_back(daemon.name);
        if (daemon.runs_guests) ordering.after_of_service.push_back(activated ? socket : service);
    }
    return ordering;
}

namespace {

constexpr std::string_view head =
    "# By innkeeper-generator, from what daemons there are and which of their sockets are masked.\n";

}  // namespace

std::string drop_in(const std::vector<std::string>& after) {
    std::string text(head);
    text += "[Unit]\n";
    for (const auto& unit : after) text += "After=" + unit + "\n";
    return text;
}

std::string drop_in_to_stay(const std::string& daemon) {
    std::string variable = daemon;
    for (char& c : variable) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return std::string(head) + "[Service]\nEnvironment=" + variable + "_ARGS=\n";
}

}  // namespace innkeeper::app
