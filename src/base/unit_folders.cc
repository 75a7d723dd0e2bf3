#include "base/unit_folders.h"

#include <sys/stat.h>

namespace innkeeper {

namespace {

// systemd.unit(5), in its order. Where generators write is left out: none of them makes our units.
constexpr std::string_view folders[] = {
    "/etc/systemd/system.control",  "/run/systemd/system.control",   "/run/systemd/transient",
    "/etc/systemd/system",          "/etc/systemd/system.attached",  "/run/systemd/system",
    "/run/systemd/system.attached", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
    "/lib/systemd/system",
};

}  // namespace

UnitFolders::State UnitFolders::state(std::string_view unit) const {
    for (const auto folder : folders) {
        std::string path = root_;
        path.append(folder).append("/").append(unit);
        struct stat found{};
        if (::stat(path.c_str(), &found) != 0) continue;
        // A link to /dev/null, or an empty file.
        const bool empty = S_ISCHR(found.st_mode) || (S_ISREG(found.st_mode) && found.st_size == 0);
        return empty ? State::masked : State::present;
    }
    return State::absent;
}

}  // namespace innkeeper
