// innkeeper-generator: run by systemd before it loads units (systemd.generator(7)), with the folder for drop-ins as its
// first argument. Orders libvirt-guests.service as the host's deployment of daemons wants it, and lets daemons stay
// that nothing activates; see guest_ordering.h.

#include <cstdio>
#include <exception>
#include <string>

#include "app/units/guest_ordering.h"
#include "base/files.h"

using namespace innkeeper;

namespace {

void write_drop_in(const std::string& folder, const std::string& unit, const std::string& text) {
    make_directories(folder + "/" + unit + ".d");
    write_volatile_file(folder + "/" + unit + ".d/50-innkeeper.conf", text, 0644);
}

void write_orderings(const std::string& folder, const std::string& unit, const std::vector<std::string>& after) {
    if (!after.empty()) write_drop_in(folder, unit, app::drop_in(after));
}

}  // namespace

int main(int count, char** words) {
    if (count < 2) {
        std::fprintf(stderr, "usage: %s NORMAL-DIR [EARLY-DIR LATE-DIR]\n", words[0]);
        return 2;
    }
    // A boot goes on without these orderings; its log says why.
    try {
        const auto ordering = app::guest_ordering(UnitFolders());
        write_orderings(words[1], "libvirt-guests.service", ordering.after_of_service);
        write_orderings(words[1], "virt-guest-shutdown.target", ordering.after_of_target);
        for (const auto& daemon : ordering.traditional)
            write_drop_in(words[1], daemon + ".service", app::drop_in_to_stay(daemon));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "innkeeper-generator: %s\n", error.what());
        return 1;
    }
    return 0;
}
