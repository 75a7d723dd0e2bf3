#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/files.h"
#include "guests/handlers.h"
#include "model/cpu_set.h"
#include "protocol/remote/connect.h"

/// What clients ask about the machine itself before they ask about its guests.
namespace innkeeper::guests {

namespace {

constexpr std::string_view cpu_folder = "/sys/devices/system/cpu";

std::string line_of(const std::string& path) {
    auto text = read_file(path).value_or("");
    while (text.ends_with('\n')) text.pop_back();
    return text;
}

/// A list of the kernel's, such as "0-3,8"; what cannot be read is empty.
std::vector<unsigned> numbers_in(const std::string& path) {
    const auto set = model::CpuSet::parse(line_of(path));
    return set ? set->numbers() : std::vector<unsigned>();
}

int megahertz() {
    const std::string text = read_file("/proc/cpuinfo").value_or("");
    const auto at = text.find("cpu MHz");
    const auto colon = at == std::string::npos ? at : text.find(": ", at);
    int value = 0;
    if (colon != std::string::npos) std::from_chars(text.data() + colon + 2, text.data() + text.size(), value);
    return value;
}

/// How the processors that run are arranged: as many nodes, sockets in a node, cores in a socket, threads in a core.
struct Topology {
    int nodes = 1, sockets = 1, cores = 1, threads = 1;
};

Topology topology(const std::vector<unsigned>& online) {
    std::set<std::string> sockets;
    std::set<std::pair<std::string, std::string>> cores;
    std::size_t threads = 1;
    for (const unsigned cpu : online) {
        const std::string folder = fmt::format("{}/cpu{}/topology", cpu_folder, cpu);
        const std::string socket = line_of(folder + "/physical_package_id");
        sockets.insert(socket);
        cores.emplace(socket, line_of(folder + "/core_id"));
        threads = std::max(threads, numbers_in(folder + "/thread_siblings_list").size());
    }
    const std::size_t nodes = std::max<std::size_t>(1, numbers_in("/sys/devices/system/node/online").size());
    const std::size_t packages = std::max<std::size_t>(1, sockets.size());
    Topology found;
    found.nodes = static_cast<int>(nodes);
    found.sockets = static_cast<int>(std::max<std::size_t>(1, packages / nodes));
    found.cores = static_cast<int>(std::max<std::size_t>(1, cores.size() / packages));
    found.threads = static_cast<int>(threads);
    return found;
}

class NodeHandlers : public Handlers {
  public:
    using Handlers::Handlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::NodeGetInfo>(*this, &NodeHandlers::get_info);
        table.add<wire::NodeGetSecurityModel>(*this, &NodeHandlers::get_security_model);
        table.add<wire::NodeGetCpuMap>(*this, &NodeHandlers::get_cpu_map);
        table.add<wire::NodeGetFreeMemory>(*this, &NodeHandlers::get_free_memory);
    }

  private:
    static std::uint64_t page_size() { return static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)); }

    wire::NodeGetInfoRet get_info(const Caller&) {
        wire::NodeGetInfoRet ret;
        utsname host{};
        uname(&host);
        const std::string_view machine = host.machine;
        std::copy_n(machine.begin(), std::min(machine.size(), ret.model.size() - 1), ret.model.begin());
        ret.memory = static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * page_size() / 1024;
        const auto online = numbers_in(fmt::format("{}/online", cpu_folder));
        const Topology found = topology(online);
        ret.cpus = static_cast<std::int32_t>(online.size());
        ret.mhz = megahertz();
        ret.nodes = found.nodes;
        ret.sockets = found.sockets;
        ret.cores = found.cores;
        ret.threads = found.threads;
        return ret;
    }

    /// With the NUL behind each word: clients copy until they find one.
    wire::NodeGetSecurityModelRet get_security_model(const Caller&) {
        return {std::string("none", 5), std::string("0", 2)};
    }

    wire::NodeGetCpuMapRet get_cpu_map(const Caller&, const wire::NodeGetCpuMapArgs& args) {
        check_flags(args.flags, 0, "NodeGetCPUMap");
        const auto present = numbers_in(fmt::format("{}/present", cpu_folder));
        const auto online = numbers_in(fmt::format("{}/online", cpu_folder));
        wire::NodeGetCpuMapRet ret;
        ret.ret = present.empty() ? 0 : static_cast<std::int32_t>(present.back() + 1);
        if (args.need_online != 0) ret.online = static_cast<std::uint32_t>(online.size());
        if (args.need_map == 0) return ret;
        ret.cpumap.resize((static_cast<std::size_t>(ret.ret) + 7) / 8);
        for (const unsigned cpu : online)
            if (cpu / 8 < ret.cpumap.size()) ret.cpumap[cpu / 8] |= static_cast<std::uint8_t>(1U << (cpu % 8));
        return ret;
    }

    wire::NodeGetFreeMemoryRet get_free_memory(const Caller&) {
        return {static_cast<std::uint64_t>(sysconf(_SC_AVPHYS_PAGES)) * page_size()};
    }
};

}  // namespace

Installed install_node(Guests& guests, rpc::HandlerTable& table) { return install_group<NodeHandlers>(guests, table); }

}  // namespace innkeeper::guests
