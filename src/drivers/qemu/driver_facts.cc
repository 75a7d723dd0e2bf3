#include <unistd.h>

#include "drivers/qemu/driver.h"
#include "drivers/qemu/machine.h"
#include "drivers/qemu/proc.h"

/// Questions that the kernel answers, not QEMU: a hung guest has these answers too.
namespace innkeeper::qemu {

guests::Usage Driver::usage(const guests::Guest& guest) {
    guests::Usage usage;
    const auto facts = guest.pid() > 0 ? process_facts(guest.pid()) : std::nullopt;
    if (!facts) return usage;
    usage.user_ns = facts->user_ns;
    usage.system_ns = facts->system_ns;
    usage.cpu_ns = facts->user_ns + facts->system_ns;
    usage.rss_kib = facts->rss_kib;
    return usage;
}

std::vector<guests::VcpuUsage> Driver::vcpus(const guests::Guest& guest) {
    std::vector<guests::VcpuUsage> all;
    const auto machine = guest.machine_as<QemuMachine>();
    if (!machine || guest.pid() <= 0) return all;
    for (std::uint32_t number = 0; number < machine->vcpu_threads.size(); ++number) {
        guests::VcpuUsage usage{.number = number};
        const pid_t thread = machine->vcpu_threads[number];
        if (const auto facts = thread_facts(guest.pid(), thread)) {
            usage.time_ns = thread_time(guest.pid(), thread).value_or(facts->user_ns + facts->system_ns);
            usage.cpu = facts->cpu;
        }
        all.push_back(usage);
    }
    return all;
}

/// Of the model "none", whose labels are empty: files belong to the user that guests run as, and nothing else is
/// labelled.
std::string Driver::security_label(const guests::Guest&) { return {}; }

}  // namespace innkeeper::qemu
