#pragma once

#include <span>
#include <string>
#include <string_view>

/// The daemons that one executable is, by the name it is called with.
namespace innkeeper::app {

/// What a daemon serves itself. What it does not is asked of the sibling that does (app/siblings.h).
enum class Part : unsigned {
    qemu = 1U << 0,
    test = 1U << 1,
    network = 1U << 2,
    storage = 1U << 3,
    secret = 1U << 4,
    nwfilter = 1U << 5,
    nodedev = 1U << 6,
    interface = 1U << 7,
    log = 1U << 8,   ///< alone: a helper of other daemons
    lock = 1U << 9,  ///< likewise
};

struct Program {
    std::string_view name;    ///< and of its configuration file, its pid file, its server and its units
    std::string_view socket;  ///< "libvirt" of libvirt-sock, libvirt-sock-ro and libvirt-admin-sock
    /// TCP and TLS: never, when told to by --listen, or whenever the configuration says so.
    enum class Ip { never, if_told, by_configuration } ip;
    unsigned parts;

    bool has(Part part) const { return (parts & static_cast<unsigned>(part)) != 0; }

    /// It helps other daemons, and has no drivers.
    bool is_helper() const { return has(Part::log) || has(Part::lock); }

    std::string config_file() const { return std::string(name) + ".conf"; }
    std::string socket_file() const { return std::string(socket) + "-sock"; }
    std::string ro_socket_file() const { return std::string(socket) + "-sock-ro"; }
    std::string admin_socket_file() const { return std::string(socket) + "-admin-sock"; }
};

std::span<const Program> programs();
/// By what the executable was called as: "/usr/sbin/virtqemud"; libvirtd for any name that is none of them.
const Program& program_called(std::string_view argv0);

}  // namespace innkeeper::app
