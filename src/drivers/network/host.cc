#include "drivers/network/host.h"

#include <fmt/format.h>
#include <net/if.h>

#include "base/error.h"
#include "base/files.h"
#include "model/network/host_checks.h"

namespace innkeeper::network {

namespace {

constexpr unsigned most_bridges = 256;

[[noreturn]] void invalid(std::string message) { throw Error(ErrorCode::operation_invalid, std::move(message)); }

bool is_on_host(const std::string& interface) { return ::if_nametoindex(interface.c_str()) != 0; }

/// A function that needs SR-IOV cannot work with what is not a virtual function.
void check_functions(const model::Network& def) {
    if (!def.forward) return;
    for (const auto& address : def.forward->addresses) {
        const auto device = "/sys/bus/pci/devices/" + address.text();
        if (!path_exists(device + "/physfn"))
            throw Error(ErrorCode::config_unsupported,
                        fmt::format("device '{}' in network '{}' is not an SR-IOV Virtual Function", device, def.name));
    }
}

/// Each network has a bridge of its own; one that names none gets the first free virbr.
void choose_bridge(model::Network& def, const Backend::OwnerOf& owner_of) {
    if (!def.has_own_bridge()) return;
    if (!def.bridge.name.empty()) {
        if (owner_of(def.bridge.name) != nullptr)
            throw Error(ErrorCode::internal_error, fmt::format("bridge name '{}' already in use.", def.bridge.name));
        return;
    }
    for (unsigned number = 0; number < most_bridges; ++number) {
        auto name = fmt::format("virbr{}", number);
        if (owner_of(name) != nullptr || is_on_host(name)) continue;
        def.bridge.name = std::move(name);
        return;
    }
    throw Error(ErrorCode::internal_error, fmt::format("Bridge generation exceeded max id {}", most_bridges));
}

}  // namespace

std::string HostBackend::function(std::string_view name) const {
    return name.starts_with("Network") ? fmt::format("network{}", name.substr(7)) : fmt::format("network{}", name);
}

void HostBackend::check(model::Network& def) const {
    model::check_for_host(def);
    check_functions(def);
}

void HostBackend::complete(model::Network& def, const OwnerOf& owner_of) const {
    if (def.has_own_bridge() && !def.mac) def.mac = model::MacAddress::random();
    choose_bridge(def, owner_of);
}

void HostBackend::refuse_start(const Network&) const { invalid("network is already active"); }

void HostBackend::refuse_stop(const Network& inactive) const {
    invalid(fmt::format("network '{}' is not active", inactive.name()));
}

void HostBackend::check_autostart(const Network& network) const {
    if (!network.is_persistent()) invalid("cannot set autostart for transient network");
}

Task<> HostBackend::start(DefPtr def) {
    throw Error(ErrorCode::no_support, fmt::format("starting network '{}'", def->name));
    co_return;
}

Task<> HostBackend::stop(DefPtr) { co_return; }

}  // namespace innkeeper::network
