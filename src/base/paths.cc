#include "base/paths.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

namespace innkeeper {

namespace {

std::string home() {
    if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') return home;
    if (const passwd* entry = ::getpwuid(::geteuid())) return entry->pw_dir;
    return "/";
}

std::string variable_or(const char* name, const std::string& fallback) {
    const char* value = std::getenv(name);
    return value != nullptr && *value == '/' ? value : fallback;
}

}  // namespace

Paths Paths::standard(Privilege privilege, std::string root) {
    Paths paths;
    paths.privilege_ = privilege;
    paths.root_ = std::move(root);
    if (privilege == Privilege::system) {
        paths.config_ = paths.root_ + "/etc/libvirt";
        paths.state_ = paths.root_ + "/run/libvirt";
        paths.lib_ = paths.root_ + "/var/lib/libvirt";
        paths.cache_ = paths.root_ + "/var/cache/libvirt";
        paths.log_ = paths.root_ + "/var/log/libvirt";
        paths.pid_folder_ = paths.root_ + "/run";
        return paths;
    }
    // Below a root the layout is fixed, so that whoever gave it can find the socket without asking the environment.
    const bool rooted = !paths.root_.empty();
    const std::string dot_config =
        rooted ? paths.root_ + "/config" : variable_or("XDG_CONFIG_HOME", home() + "/.config");
    const std::string dot_cache = rooted ? paths.root_ + "/cache" : variable_or("XDG_CACHE_HOME", home() + "/.cache");
    const std::string runtime = rooted ? paths.root_ + "/run" : variable_or("XDG_RUNTIME_DIR", home() + "/.cache");
    paths.config_ = dot_config + "/libvirt";
    paths.cache_ = dot_cache + "/libvirt";
    paths.state_ = runtime + "/libvirt";
    paths.lib_ = paths.config_;
    paths.log_ = paths.cache_;
    paths.pid_folder_ = paths.state_;
    return paths;
}

std::string Paths::state_of(std::string_view driver) const {
    return fmt::format("{}/{}{}", state_, driver, is_system() ? "" : driver == "network" ? "/lib" : "/run");
}
std::string Paths::files_of(std::string_view driver) const { return fmt::format("{}/{}", lib_, driver); }
std::string Paths::run_files_of(std::string_view driver) const {
    return files_of(driver) + (is_system() ? "" : "/lib");
}
std::string Paths::cache_of(std::string_view driver) const {
    return fmt::format("{}/{}{}", cache_, driver, is_system() ? "" : "/cache");
}
std::string Paths::log_of(std::string_view driver) const {
    return fmt::format("{}/{}{}", log_, driver, is_system() ? "" : "/log");
}
std::string Paths::tpms() const { return lib_ + (is_system() ? "/swtpm" : "/qemu/swtpm"); }

std::string Paths::pid_file(std::string_view daemon) const { return fmt::format("{}/{}.pid", pid_folder_, daemon); }

}  // namespace innkeeper
