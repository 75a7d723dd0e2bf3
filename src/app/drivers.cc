#include "app/drivers.h"

#include <fmt/format.h>

#include <utility>

#include "app/siblings.h"
#include "app/test_world.h"
#include "base/error.h"
#include "base/files.h"
#include "base/uri.h"

namespace innkeeper::app {

namespace {

/// The drivers that the peer's distribution leaves out of its build, and names when asked for.
constexpr std::string_view never_built[] = {"hyperv", "vz", "openvz", "vmware", "vmwarefusion", "esx", "vpx", "gsx"};

Error no_driver(std::string what) { return Error(ErrorCode::no_connect, ErrorDomain::none, std::move(what)); }

}  // namespace

void DriverChoice::add_hypervisor(rpc::DriverPart part, std::string access_name, std::vector<int> features) {
    auto& choice = by_scheme_[part.name];
    choice.hypervisor = true;
    choice.drivers = std::make_shared<rpc::DriverSet>();
    choice.drivers->access_name = std::move(access_name);
    choice.drivers->features = std::move(features);
    choice.drivers->parts.push_back(std::move(part));
    for (const auto& other : secondary_) choice.drivers->parts.push_back(other);
}

void DriverChoice::add_secondary(rpc::DriverPart part) {
    auto& choice = by_scheme_[part.name];
    choice.drivers = std::make_shared<rpc::DriverSet>();
    choice.drivers->access_name = part.name;
    choice.drivers->parts.push_back(part);
    for (auto& [scheme, other] : by_scheme_)
        if (other.hypervisor) other.drivers->parts.push_back(part);
    secondary_.push_back(std::move(part));
}

void DriverChoice::add_siblings(const Program& program, const Paths& paths) {
    if (program.ip == Program::Ip::by_configuration) {
        proxied_ = paths;
        return;
    }
    const std::string_view instance = paths.is_system() ? "system" : "session";
    for (auto& [scheme, choice] : by_scheme_) {
        if (!choice.hypervisor) continue;
        for (const auto& sibling : siblings())
            if (!sibling.hypervisor && !by_scheme_.contains(sibling.scheme))
                choice.drivers->parts.push_back(
                    {.name = std::string(sibling.scheme),
                     .upstream = upstream(sibling, paths, fmt::format("{}:///{}", sibling.scheme, instance), false)});
    }
}

/// Without a URI the first hypervisor whose daemon has a socket is meant.
std::optional<rpc::Opened> DriverChoice::open_sibling(const std::string& asked, std::string_view scheme) const {
    const auto instance = proxied_->is_system() ? "system" : "session";
    for (const auto& sibling : siblings()) {
        if (!scheme.empty() && sibling.scheme != scheme) continue;
        if (scheme.empty() &&
            (!sibling.hypervisor || !path_exists(fmt::format("{}/{}-sock", proxied_->state(), sibling.program))))
            continue;
        const std::string uri = asked.empty() ? fmt::format("{}:///{}", sibling.scheme, instance) : asked;
        auto drivers = std::make_shared<rpc::DriverSet>();
        drivers->whole = upstream(sibling, *proxied_, uri, true);
        drivers->parts.push_back({.name = std::string(sibling.scheme), .upstream = drivers->whole});
        return rpc::Opened{std::move(drivers), uri};
    }
    return std::nullopt;
}

Task<rpc::Opened> DriverChoice::open(std::string text) {
    const bool system = privilege_ == Paths::Privilege::system;
    const std::string_view instance = system ? "system" : "session";
    if (text.empty() && proxied_)
        if (auto opened = open_sibling({}, {})) co_return std::move(*opened);
    const std::string asked = text.empty() ? fmt::format("qemu:///{}", instance) : text;
    const Uri uri = Uri::parse(asked);
    if (uri.scheme.empty()) throw no_driver(fmt::format("URI '{}' does not include a driver name", text));
    for (const auto name : never_built)
        if (uri.scheme == name)
            throw Error(ErrorCode::config_unsupported, ErrorDomain::none,
                        fmt::format("libvirt was built without the '{}' driver", uri.scheme));
    if (uri.scheme == "test" && uri.authority.empty() && test_ != nullptr) {
        auto drivers = co_await test_->open(uri.path);
        rpc::Opened opened{std::move(drivers), asked};
        co_return opened;
    }
    if (proxied_ && uri.authority.empty())
        if (auto opened = open_sibling(asked, uri.scheme)) co_return std::move(*opened);
    const auto at = by_scheme_.find(uri.scheme);
    if (at == by_scheme_.end() || !uri.authority.empty()) throw no_driver(text);
    // A hypervisor's driver serves both paths where the daemon is privileged, the others their own alone.
    if (uri.path != fmt::format("/{}", instance) && !(system && at->second.hypervisor && uri.path == "/session"))
        throw Error(ErrorCode::internal_error, ErrorDomain::none,
                    fmt::format("unexpected {0} URI path '{1}', try {0}:///{2}", uri.scheme, uri.path, instance));
    rpc::Opened opened{at->second.drivers, asked};
    co_return opened;
}

}  // namespace innkeeper::app
