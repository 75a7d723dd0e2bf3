#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/kernel_files.h"

/// The machine's processors, as the kernel shows them in /sys/devices/system/cpu and /proc/stat.
namespace innkeeper::host {

std::vector<unsigned> present_cpus(const KernelFiles& files);
std::vector<unsigned> online_cpus(const KernelFiles& files);

struct Cpu {
    unsigned id = 0;
    int socket = 0, die = 0, core = 0;
    std::vector<unsigned> siblings;  ///< threads of the same core, itself too
};
/// Where a processor sits; numbers that the kernel does not tell (virtual machines, other architectures) are 0.
Cpu cpu(const KernelFiles& files, unsigned id);

/// How the processors that run are arranged: so many nodes, sockets in a node, dies in a socket, cores in a die,
/// threads in a core.
struct Topology {
    int nodes = 1, sockets = 1, dies = 1, cores = 1, threads = 1;
};
Topology topology(const KernelFiles& files);

/// Of the first processor; 0 if unknown.
int megahertz(const KernelFiles& files);

/// What the processors did since the machine started, in nanoseconds.
struct CpuTimes {
    std::uint64_t kernel = 0, user = 0, idle = 0, iowait = 0;
};
/// Of one processor or of all; nullopt if there is no such processor.
std::optional<CpuTimes> cpu_times(const KernelFiles& files, std::optional<unsigned> cpu);

/// A cache that processors share.
struct CacheBank {
    unsigned id = 0;
    unsigned level = 0;
    std::string type;  ///< "both", "code" or "data"
    std::uint64_t size_kib = 0;
    std::vector<unsigned> cpus;
    bool operator==(const CacheBank&) const = default;
};
/// Those of the last level (3), each once.
std::vector<CacheBank> last_level_caches(const KernelFiles& files);

}  // namespace innkeeper::host
