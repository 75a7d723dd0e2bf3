#include "drivers/qemu/preconditions.h"

#include <fmt/format.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/fd.h"

namespace innkeeper::qemu {

Preconditions Preconditions::of(const model::DomainDef& def) {
    Preconditions needed;
    for (const auto& interface : def.devices.interfaces) {
        if (interface.type == model::Interface::Type::network)
            throw Error(ErrorCode::no_network, ErrorDomain::network,
                        fmt::format("no network with matching name '{}'", interface.network));
        if (interface.type == model::Interface::Type::bridge) needed.bridges.push_back(interface.bridge);
    }
    for (const auto& disk : def.devices.disks) {
        const auto& source = disk.source;
        if (source.path.empty() || source.startup_policy == model::StartupPolicy::optional) continue;
        if (source.type == model::StorageSource::Type::file || source.type == model::StorageSource::Type::block)
            needed.images.push_back(source.path);
    }
    for (const auto* path : {&def.os.kernel, &def.os.initrd, &def.os.dtb})
        if (!path->empty()) needed.boot_files.push_back(*path);
    if (def.os.loader) needed.firmware = def.os.loader->path;
    return needed;
}

void Preconditions::check() const {
    struct stat status{};
    for (const auto& path : images)
        if (::stat(path.c_str(), &status) != 0)
            throw Error::system(errno, fmt::format("Cannot access storage file '{}'", path), ErrorDomain::storage);
    for (const auto& path : boot_files)
        if (::stat(path.c_str(), &status) != 0)
            throw Error::system(errno, fmt::format("unable to stat: {}", path), ErrorDomain::security);
    if (!firmware.empty() && ::stat(firmware.c_str(), &status) != 0)
        throw Error::system(errno, fmt::format("Path '{}' is not accessible", firmware), ErrorDomain::cgroup);
    if (bridges.empty()) return;
    const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    for (const auto& bridge : bridges) {
        ifreq request{};
        std::strncpy(request.ifr_name, bridge.c_str(), sizeof request.ifr_name - 1);
        if (bridge.size() >= sizeof request.ifr_name || ::ioctl(socket.get(), SIOCGIFMTU, &request) != 0)
            throw Error::system(bridge.size() >= sizeof request.ifr_name ? ENODEV : errno,
                                fmt::format("Cannot get interface MTU on '{}'", bridge), ErrorDomain::none);
    }
}

}  // namespace innkeeper::qemu
