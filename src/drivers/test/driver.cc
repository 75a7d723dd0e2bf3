#include "drivers/test/driver.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "cpu/arch.h"
#include "cpu/baseline.h"
#include "cpu/document.h"
#include "drivers/test/complete.h"
#include "model/domain/domain.h"
#include "protocol/constants.h"

namespace innkeeper::test {

using guests::GuestPtr;
using namespace protocol;

Task<guests::DefPtr> Driver::complete(model::DomainDef def, guests::Purpose) {
    test::complete(def);
    co_return std::make_shared<const model::DomainDef>(std::move(def));
}

guests::DefPtr Driver::migratable(guests::DefPtr def) {
    return std::make_shared<const model::DomainDef>(test::migratable(*def));
}

Task<std::vector<std::string>> Driver::cpu_models(std::string arch) {
    if (!xml::value_of<model::Architecture>(arch))
        throw Error(ErrorCode::invalid_arg, fmt::format("cannot find architecture {}", arch));
    const auto names = cpu::model_names(arch);
    co_return std::vector<std::string>(names.begin(), names.end());
}

Task<std::string> Driver::baseline_cpu(std::vector<std::string> documents, guests::CpuWish wish) {
    std::vector<model::HostCpu> cpus;
    for (const std::string& document : documents) cpus.push_back(cpu::read_host_cpu(document));
    const model::Cpu baseline = cpu::baseline(cpus, {.expand = wish.expand, .migratable = wish.migratable});
    co_return model::cpu_element.format(baseline);
}

Task<> Driver::start(GuestPtr guest, guests::StartOptions options) {
    guest->enter(options.reason);
    co_return;
}

Task<> Driver::destroy(GuestPtr, Destroy) { co_return; }

Task<> Driver::suspend(GuestPtr guest, guests::Paused reason) {
    guest->paused(reason);
    co_return;
}

Task<> Driver::resume(GuestPtr guest, guests::Running reason) {
    reason == guests::Running::from_snapshot ? guest->enter(reason) : guest->running(reason);
    co_return;
}

Task<> Driver::inject_nmi(GuestPtr) { co_return; }

Task<> Driver::send_key(GuestPtr, std::uint32_t codeset, std::chrono::milliseconds, std::vector<std::uint32_t> keys) {
    struct Codes {
        std::string_view name;
        std::uint32_t limit;
    };
    constexpr Codes sets[] = {{"linux", 767}, {"xt", 255},     {"atset1", 255}, {"atset2", 255}, {"atset3", 255},
                              {"os_x", 255},  {"xt_kbd", 255}, {"usb", 255},    {"win32", 255},  {"qnum", 255}};
    const Codes& codes = sets[codeset];
    for (const auto key : keys)
        if (key >= codes.limit)
            throw Error(ErrorCode::internal_error, fmt::format("invalid keycode {} of {} codeset", key, codes.name));
    co_return;
}

Task<> Driver::set_memory(GuestPtr guest, std::uint64_t kib) {
    auto def = std::make_shared<model::DomainDef>(*guest->live());
    def->current_memory_kib = kib;
    guest->set_live(std::move(def));
    co_return;
}

Task<> Driver::set_stats_period(GuestPtr, std::chrono::seconds) { co_return; }

/// Half of the memory is in use, a quarter of that for what was read from disks.
Task<std::vector<guests::MemoryFigure>> Driver::memory_figures(GuestPtr guest) {
    const std::uint64_t memory = guest->live()->current_memory_kib;
    constexpr std::uint64_t last_update = 627319920;
    co_return std::vector<guests::MemoryFigure>{{VIR_DOMAIN_MEMORY_STAT_SWAP_IN, 0},
                                                {VIR_DOMAIN_MEMORY_STAT_SWAP_OUT, 0},
                                                {VIR_DOMAIN_MEMORY_STAT_MAJOR_FAULT, 0},
                                                {VIR_DOMAIN_MEMORY_STAT_MINOR_FAULT, 0},
                                                {VIR_DOMAIN_MEMORY_STAT_UNUSED, memory / 2},
                                                {VIR_DOMAIN_MEMORY_STAT_AVAILABLE, memory},
                                                {VIR_DOMAIN_MEMORY_STAT_USABLE, memory / 2},
                                                {VIR_DOMAIN_MEMORY_STAT_LAST_UPDATE, last_update},
                                                {VIR_DOMAIN_MEMORY_STAT_DISK_CACHES, memory / 8},
                                                {VIR_DOMAIN_MEMORY_STAT_HUGETLB_PGALLOC, 0},
                                                {VIR_DOMAIN_MEMORY_STAT_HUGETLB_PGFAIL, 0}};
}

Task<> Driver::add_iothread(GuestPtr, unsigned) { co_return; }
Task<> Driver::remove_iothread(GuestPtr, unsigned) { co_return; }

guests::Usage Driver::usage(const guests::Guest& guest) {
    return {.cpu_ns = now_us() * 1000, .rss_kib = guest.live() ? guest.live()->current_memory_kib / 2 : 0};
}

}  // namespace innkeeper::test
