#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <memory>

#include "base/error.h"
#include "drivers/network/addresses.h"
#include "drivers/network/networks.h"

/// Where the host is on its networks, as other drivers ask.
namespace innkeeper::network {

namespace {

/// The first address of a device, those of IPv4 before others; empty: it has none.
std::string address_of_device(const std::string& device) {
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) throw Error::system(errno, "Could not get interface list", ErrorDomain::none);
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
    std::string found;
    for (const auto* entry = list; entry != nullptr; entry = entry->ifa_next) {
        if (device != entry->ifa_name || entry->ifa_addr == nullptr) continue;
        char text[INET6_ADDRSTRLEN]{};
        if (entry->ifa_addr->sa_family == AF_INET)
            return ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(entry->ifa_addr)->sin_addr, text,
                               sizeof text);
        if (entry->ifa_addr->sa_family == AF_INET6 && found.empty())
            found = ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(entry->ifa_addr)->sin6_addr, text,
                                sizeof text);
    }
    return found;
}

/// The device of the host's by which guests on a network that it has not made are reached.
std::string device_of(const model::Network& network) {
    if (!network.bridge.name.empty()) return network.bridge.name;
    if (!network.forward) return "";
    if (network.forward->dev) return *network.forward->dev;
    for (const auto& interface : network.forward->interfaces)
        if (interface.dev) return *interface.dev;
    return "";
}

}  // namespace

std::string host_address(const model::Network& network) {
    if (network.has_own_bridge()) {
        for (const auto& ip : network.ips)
            if (ip.address) return ip.address->text();
        throw Error(ErrorCode::internal_error, ErrorDomain::network,
                    fmt::format("network '{}' doesn't have an IP address", network.name));
    }
    const std::string device = device_of(network);
    if (device.empty())
        throw Error(ErrorCode::internal_error, ErrorDomain::network,
                    fmt::format("network '{}' has no associated interface or bridge", network.name));
    auto address = address_of_device(device);
    if (address.empty())
        throw Error(ErrorCode::internal_error, ErrorDomain::none,
                    fmt::format("no IP address found for interface '{}'", device));
    return address;
}

Task<std::string> Networks::address(std::string network) {
    const DefPtr def = definition(network);
    if (!def)
        throw Error(ErrorCode::no_network, ErrorDomain::network,
                    fmt::format("no network with matching name '{}'", network));
    co_return host_address(*def);
}

}  // namespace innkeeper::network
