#include "drivers/test/host.h"

#include <chrono>

#include "model/capabilities/host_capabilities.h"

namespace innkeeper::test {

namespace {

constexpr unsigned cpus_of_cell = 8;

model::HostCell describe(const Cell& cell, unsigned number) {
    model::HostCell described{.id = number, .memory_kib = cell.memory_kib};
    described.pages = {{cell.page_kib, cell.memory_kib / cell.page_kib}, {2048, 0}, {1048576, 0}};
    for (unsigned core = 0; core < cpus_of_cell; ++core) {
        const unsigned id = number * cpus_of_cell + core;
        model::CpuSet itself;
        itself.add(id);
        described.processors.push_back({.id = id,
                                        .socket = static_cast<int>(number),
                                        .die = 0,
                                        .core = static_cast<int>(core),
                                        .siblings = itself});
    }
    return described;
}

model::GuestDescription guest(std::string os_type) {
    return {.os_type = std::move(os_type),
            .arch = "i686",
            .word_size = 32,
            .emulator = "/usr/bin/test-hv",
            .machines = {},
            .domain_types = {{"test"}},
            .features = {.pae = true, .nonpae = true}};
}

}  // namespace

std::string capabilities_document(const Host& host) {
    model::HostCapabilities capabilities;
    model::HostCpu& cpu = capabilities.host.cpu;
    cpu.arch = "i686";
    cpu.modes = {.pae = true, .nonpae = true};
    for (const std::uint64_t size : {4, 8, 2048, 1048576}) cpu.pages.push_back({.size = size});
    for (unsigned i = 0; i < host.cells.size(); ++i) capabilities.host.cells.push_back(describe(host.cells[i], i));
    capabilities.host.security = {{"testSecurity", "", {}}};
    capabilities.guests = {guest("hvm"), guest("xen")};
    return model::format_host_capabilities(capabilities);
}

const std::string_view sysinfo_document = R"(<sysinfo type='smbios'>
  <bios>
    <entry name='vendor'>LENOVO</entry>
    <entry name='version'>G4ETA1WW (2.61 )</entry>
    <entry name='date'>05/07/2014</entry>
    <entry name='release'>2.61</entry>
  </bios>
</sysinfo>
)";

std::uint64_t now_us() {
    using namespace std::chrono;
    return static_cast<std::uint64_t>(duration_cast<microseconds>(system_clock::now().time_since_epoch()).count());
}

}  // namespace innkeeper::test
