#pragma once

#include <cstdint>
#include <vector>

#include "rpc/server/session.h"

namespace innkeeper::rpc {

/// What a server's clients are connected to, for the program that takes this process's place (execve): descriptors by
/// their numbers, and what cannot be asked of them.
struct Handover {
    struct Socket {
        int descriptor = -1;
        bool owns_file = false;
        Service service;
    };
    struct Client {
        int descriptor = -1;
        std::uint64_t id = 0;
        std::int64_t connected_at = 0;
        Service service;
    };
    unsigned max_clients = 0, max_anonymous_clients = 0;
    std::uint64_t next_id = 1;
    std::vector<Socket> sockets;
    std::vector<Client> clients;
};

}  // namespace innkeeper::rpc
