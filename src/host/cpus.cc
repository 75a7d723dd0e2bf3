#include "host/cpus.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <sstream>
#include <string>
#include <tuple>

#include <fmt/format.h>

namespace innkeeper::host {

namespace {

constexpr std::string_view folder = "/sys/devices/system/cpu";

int small_number(const KernelFiles& files, const std::string& path) {
    const auto number = files.number(path);  // -1, where the kernel does not know, is no number
    return number ? static_cast<int>(*number) : 0;
}

}  // namespace

std::vector<unsigned> present_cpus(const KernelFiles& files) {
    return files.numbers(fmt::format("{}/present", folder));
}
std::vector<unsigned> online_cpus(const KernelFiles& files) { return files.numbers(fmt::format("{}/online", folder)); }

Cpu cpu(const KernelFiles& files, unsigned id) {
    const std::string place = fmt::format("{}/cpu{}/topology", folder, id);
    Cpu found;
    found.id = id;
    found.socket = small_number(files, place + "/physical_package_id");
    found.die = small_number(files, place + "/die_id");
    found.core = small_number(files, place + "/core_id");
    found.siblings = files.numbers(place + "/thread_siblings_list");
    if (found.siblings.empty()) found.siblings = {id};
    return found;
}

Topology topology(const KernelFiles& files) {
    std::set<int> sockets;
    std::set<std::tuple<int, int>> dies;
    std::set<std::tuple<int, int, int>> cores;
    std::size_t threads = 1;
    for (const unsigned id : online_cpus(files)) {
        const Cpu found = cpu(files, id);
        sockets.insert(found.socket);
        dies.emplace(found.socket, found.die);
        cores.emplace(found.socket, found.die, found.core);
        threads = std::max(threads, found.siblings.size());
    }
    const auto at_least_one = [](std::size_t number) { return static_cast<int>(std::max<std::size_t>(1, number)); };
    Topology found;
    found.nodes = at_least_one(files.numbers("/sys/devices/system/node/online").size());
    found.sockets = at_least_one(sockets.size() / static_cast<std::size_t>(found.nodes));
    found.dies = at_least_one(dies.size() / std::max<std::size_t>(1, sockets.size()));
    found.cores = at_least_one(cores.size() / std::max<std::size_t>(1, dies.size()));
    found.threads = static_cast<int>(threads);
    return found;
}

int megahertz(const KernelFiles& files) {
    const std::string text = files.text("/proc/cpuinfo");
    const auto at = text.find("cpu MHz");
    const auto colon = at == std::string::npos ? at : text.find(": ", at);
    int value = 0;
    if (colon != std::string::npos) std::from_chars(text.data() + colon + 2, text.data() + text.size(), value);
    return value;
}

std::optional<CpuTimes> cpu_times(const KernelFiles& files, std::optional<unsigned> cpu) {
    std::istringstream lines(files.text("/proc/stat"));
    const std::string wanted = cpu ? fmt::format("cpu{}", *cpu) : "cpu";
    const std::uint64_t tick = 1'000'000'000 / static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string name;
        std::uint64_t user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0;
        words >> name;
        if (name != wanted) continue;
        words >> user >> nice >> system >> idle >> iowait >> irq >> softirq;
        return CpuTimes{(system + irq + softirq) * tick, (user + nice) * tick, idle * tick, iowait * tick};
    }
    return std::nullopt;
}

std::vector<CacheBank> last_level_caches(const KernelFiles& files) {
    std::vector<CacheBank> banks;
    for (const unsigned id : online_cpus(files)) {
        const std::string place = fmt::format("{}/cpu{}/cache", folder, id);
        for (const auto& name : files.names(place)) {
            const std::string index = place + "/" + name;
            if (!name.starts_with("index") || files.number(index + "/level") != 3U) continue;
            CacheBank bank;
            bank.id = static_cast<unsigned>(files.number(index + "/id").value_or(0));
            bank.level = 3;
            const std::string type = files.text(index + "/type");
            bank.type = type == "Instruction" ? "code" : type == "Data" ? "data" : "both";
            bank.size_kib = files.number(index + "/size").value_or(0);
            bank.cpus = files.numbers(index + "/shared_cpu_list");
            if (std::ranges::find(banks, bank) == banks.end()) banks.push_back(std::move(bank));
        }
    }
    return banks;
}

}  // namespace innkeeper::host
