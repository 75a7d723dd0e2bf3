#include "drivers/qemu/identity.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <charconv>
#include <optional>

#include "base/log.h"

namespace innkeeper::qemu {

namespace {

std::optional<unsigned> number(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<gid_t> group_id(const std::string& name) {
    if (const group* entry = ::getgrnam(name.c_str())) return entry->gr_gid;
    return number(name);
}

std::vector<gid_t> groups_of(const std::string& user, gid_t first) {
    std::vector<gid_t> groups(64);
    int count = static_cast<int>(groups.size());
    if (::getgrouplist(user.c_str(), first, groups.data(), &count) < 0) return {first};
    groups.resize(static_cast<std::size_t>(count));
    return groups;
}

}  // namespace

RunAs identity(bool is_system, const std::string& user, const std::string& group) {
    if (!is_system || ::geteuid() != 0) return {};
    RunAs run_as;
    const passwd* entry = ::getpwnam(user.c_str());
    if (entry != nullptr)
        run_as.uid = entry->pw_uid;
    else
        run_as.uid = number(user);
    run_as.gid = group_id(group);
    if (!run_as.uid || !run_as.gid) {
        log::warning("there is no user '{}' or no group '{}' on this host: guests run as the daemon does", user, group);
        return {};
    }
    if (*run_as.uid == 0 && *run_as.gid == 0) return {};
    run_as.groups = entry != nullptr ? groups_of(user, *run_as.gid) : std::vector<gid_t>{*run_as.gid};
    return run_as;
}

std::string dac_label(const RunAs& run_as) {
    return fmt::format("+{}:+{}", run_as.uid.value_or(::geteuid()), run_as.gid.value_or(::getegid()));
}

}  // namespace innkeeper::qemu
