#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// The simulated machine: what clients see of it. All figures are the peer's.
namespace innkeeper::test {

constexpr int most_vcpus = 32;

struct Cell {
    std::uint64_t memory_kib = 0, page_kib = 0;
};

struct Host {
    std::string model = "i686";
    std::uint64_t memory_kib = 3145728;
    int cpus = 16, mhz = 1400, nodes = 2, sockets = 2, cores = 2, threads = 2;
    std::vector<Cell> cells;  ///< only of the default machine

    /// Guests' processors run on any of so many.
    unsigned processors() const { return static_cast<unsigned>(nodes * sockets * cores * threads); }
};

/// Where a network of the machine has addresses for guests: behind `first`.
struct Subnet {
    std::string first;
    unsigned prefix = 0;
};
/// Throws Error (no_network) if the machine has no network of that name.
using Subnets = std::function<Subnet(const std::string& network)>;

std::string capabilities_document(const Host& host);
extern const std::string_view sysinfo_document;

/// Microseconds since 1970: counters of what guests do grow with the time.
std::uint64_t now_us();

}  // namespace innkeeper::test
