#include "shutdown/target.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/fd.h"
#include "base/files.h"
#include "base/paths.h"
#include "base/unit_folders.h"
#include "base/uri.h"
#include "config/file.h"
#include "shutdown/client_uri.h"
#include "shutdown/console.h"
#include "shutdown/remote_target.h"

namespace innkeeper::shutdown {

namespace {

Error unusable(std::string why) { return Error(ErrorCode::rpc, ErrorDomain::rpc, std::move(why)); }

std::optional<std::string> variable(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
}

/// What the client library's own configuration says: libvirt.conf.
struct ClientConfig {
    config::File file;

    explicit ClientConfig(const Paths& paths) {
        const std::string path = paths.config() + "/libvirt.conf";
        try {
            if (path_exists(path)) file = config::read(path);
        } catch (const Error& error) {
            // Guests are not cut off for a spelling mistake: the daemons are where they always are.
            complain("{}", error.message());
        }
    }
    std::optional<std::string> standard_uri() const {
        const auto at = file.values.find("uri_default");
        if (at == file.values.end()) return std::nullopt;
        const auto* text = std::get_if<std::string>(&at->second.value);
        return text != nullptr ? std::optional(*text) : std::nullopt;
    }
    /// The URI that the word stands for, or the word itself.
    std::string without_alias(const std::string& word) const {
        const auto at = file.values.find("uri_aliases");
        const auto* list = at == file.values.end() ? nullptr : std::get_if<config::List>(&at->second.value);
        if (list == nullptr) return word;
        for (const auto& entry : *list)
            if (const auto* text = std::get_if<std::string>(&entry.value);
                text != nullptr && text->starts_with(word + "="))
                return text->substr(word.size() + 1);
        return word;
    }
};

std::vector<std::string> folders_of(std::string_view driver) {
    if (driver == "qemu") return {"qemu", "qemu/run"};
    if (driver == "lxc") return {"lxc"};
    if (driver == "xen") return {"libxl"};
    return {};
}

/// Several programs share a daemon's work: what a socket belongs to is told by its name.
void take_daemon(Target& target, const Paths& paths, std::string_view daemon) {
    target.socket = fmt::format("{}/{}-sock", paths.state(), daemon == "libvirtd" ? "libvirt" : daemon);
    target.pid_file = paths.pid_file(daemon);
    if (paths.is_system() && paths.root().empty()) target.service = fmt::format("{}.service", daemon);
}

/// The client library takes a modular daemon where it finds its socket. One that is not running may have none: then it
/// is the one meant if systemd can start it and cannot start the monolithic one.
bool is_modular(const Paths& paths, const std::string& daemon) {
    if (path_exists(fmt::format("{}/{}-sock", paths.state(), daemon))) return true;
    if (!paths.is_system()) return false;
    const UnitFolders units(paths.root());
    const auto can_start = [&](const std::string& name) {
        return units.state(name + ".service") == UnitFolders::State::present;
    };
    return can_start(daemon) && !can_start("libvirtd");
}

/// The peer's client asks the daemon that it finds, and leaves the choice of the hypervisor to it.
Target probe(const std::string& uri, const Paths& paths) {
    Target target{.uri = uri, .run = paths.state()};
    for (const std::string_view driver : {"qemu", "xen", "lxc"}) {
        const auto daemon = fmt::format("virt{}d", driver);
        if (!is_modular(paths, daemon)) continue;
        take_daemon(target, paths, daemon);
        target.name = fmt::format("{}:///{}", driver, paths.is_system() ? "system" : "session");
        target.status_folders = folders_of(driver);
        return target;
    }
    take_daemon(target, paths, "libvirtd");
    for (const std::string_view driver : {"qemu", "xen", "lxc"})
        std::ranges::move(folders_of(driver), std::back_inserter(target.status_folders));
    return target;
}

/// True if a process holds the lock of the pid file.
bool is_held(const std::string& pid_file) {
    const Fd file(::open(pid_file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return errno != ENOENT;
    struct flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_len = 1;
    return ::fcntl(file.get(), F_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

/// True unless it certainly names no living process.
bool names_a_process(const std::string& path) {
    const auto text = read_file(path);
    if (!text) return false;
    const auto start = text->find("<domstatus");
    if (start == std::string::npos) return true;
    const std::string_view head(text->data() + start, std::min(text->find('>', start), text->size()) - start);
    const auto at = head.find(" pid=");
    if (at == std::string_view::npos) return true;
    long pid = 0;
    const char* digits = head.data() + std::min(at + 6, head.size());
    if (std::from_chars(digits, head.data() + head.size(), pid).ec != std::errc() || pid <= 0) return true;
    return path_exists(fmt::format("/proc/{}", pid));
}

}  // namespace

Target Target::resolve(const std::string& uri, const std::string& root) {
    const bool is_root = ::geteuid() == 0;
    const Paths system = Paths::standard(Paths::Privilege::system, root);
    // Only if it is needed: asking who we are may ask a server that is gone by now.
    const auto user = [&root] { return Paths::standard(Paths::Privilege::user, root); };
    const Paths own = is_root ? system : user();
    const ClientConfig client(own);

    std::string chosen = uri;
    if (uri == "default") {
        auto standard = variable("VIRSH_DEFAULT_CONNECT_URI");
        if (!standard) standard = variable("LIBVIRT_DEFAULT_URI");
        if (!standard) standard = client.standard_uri();
        if (!standard) return probe(uri, own);
        chosen = *standard;
    }
    const Uri given = Uri::parse(client.without_alias(chosen));
    const auto plus = std::min(given.scheme.find('+'), given.scheme.size());
    const std::string driver = given.scheme.substr(0, plus);
    std::string transport = given.scheme.substr(std::min(plus + 1, given.scheme.size()));
    if (driver.empty()) throw unusable(fmt::format("'{}' is no connection URI: expected DRIVER:///PATH", chosen));
    if (transport.empty() && !given.authority.empty()) transport = "tls";
    if (!transport.empty() && transport != "unix") return remote_target(uri, given, driver, transport);

    const bool session = given.path.starts_with("/session") || (!is_root && given.path != "/system");
    const Paths paths = session ? user() : system;
    const Query query(given.query);
    Target target{.uri = uri, .status_folders = folders_of(driver), .run = paths.state()};
    const auto modular = fmt::format("virt{}d", driver);
    const bool direct = query.mode == "direct" || (query.mode != "legacy" && is_modular(paths, modular));
    take_daemon(target, paths, direct ? modular : "libvirtd");
    if (query.socket) {
        // Whose it is, nobody knows.
        target.socket = *query.socket;
        target.pid_file.clear();
        target.service.clear();
    }
    if (query.name)
        target.name = *query.name;
    else if (driver != "remote")
        target.name = fmt::format("{}://{}{}{}{}{}", driver, given.path, query.rest.empty() ? "" : "?", query.rest,
                                  given.fragment.empty() ? "" : "#", given.fragment);
    return target;
}

bool Target::may_have_guests() const {
    if (pid_file.empty() || status_folders.empty()) return true;
    try {
        if (is_held(pid_file)) return true;
        for (const auto& folder : status_folders)
            for (const auto& entry : list_directory(fmt::format("{}/{}", run, folder)))
                if (entry.ends_with(".xml") && entry != "Domain-0.xml" &&
                    names_a_process(fmt::format("{}/{}/{}", run, folder, entry)))
                    return true;
    } catch (const Error&) {
        return true;  // what cannot be read is no proof
    }
    return false;
}

bool Target::is_same_daemon(const Target& other) const {
    return socket == other.socket && tunnel == other.tunnel && host == other.host && port == other.port;
}

bool Target::is_orphaned() const {
    return !pid_file.empty() && !status_folders.empty() && !is_held(pid_file) && may_have_guests();
}

}  // namespace innkeeper::shutdown
