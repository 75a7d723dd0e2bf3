#include <algorithm>
#include <exception>
#include <optional>

#include "protocol/remote/domain.h"
#include "shutdown/console.h"
#include "shutdown/leaving.h"

namespace innkeeper::shutdown {

namespace {

namespace remote = protocol::remote;
using namespace std::chrono_literals;

constexpr auto progress = 5s;
constexpr std::uint32_t bypass_cache = 1;

/// A save takes as long as the memory is large and the disk slow: what has a deadline is each step forward.
struct Save {
    bool done = false;
    std::optional<Error> failed;
};

Task<> save(Host* host, Domain guest, std::uint32_t flags, Save* result) {
    try {
        remote::DomainManagedSaveArgs args{.dom = guest, .flags = flags};
        co_await host->change<remote::DomainManagedSave>(args, std::nullopt);
    } catch (const Error& error) {
        result->failed = error;
    }
    result->done = true;
    host->tell();
}

std::string amount(std::uint64_t bytes) {
    constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; value >= 1024 && unit + 1 < units.size(); ++unit) value /= 1024;
    return fmt::format("{:.3f} {}", value, units[unit]);
}

/// Throws Error if the save makes no step for too long, or its daemon does not answer.
Task<> watch(Host* host, Domain guest, Save* result) {
    std::uint64_t processed = 0;
    auto stepped = Loop::current().now();
    while (!result->done) {
        const auto next = Loop::current().now() + progress;
        while (!result->done && Loop::current().now() < next) co_await host->news(next);
        if (result->done) co_return;
        std::uint64_t now = processed;
        try {
            remote::DomainGetJobInfoArgs args{.dom = guest};
            now = (co_await host->ask<remote::DomainGetJobInfo>(args)).dataProcessed;
        } catch (const Error& error) {
            // Not every hypervisor tells; it may also just have ended.
            if (host->is_lost()) throw;
        }
        if (result->done) co_return;
        if (now != processed) stepped = Loop::current().now();
        processed = now;
        say("Suspending {}: {}", guest.name, amount(processed));
        if (Loop::current().now() - stepped > 2 * host->patience())
            throw Error(ErrorCode::operation_timeout,
                        fmt::format("it made no step forward for {} s",
                                    std::chrono::round<std::chrono::seconds>(2 * host->patience()).count()));
    }
}

Task<> suspend(Host* host, Domain guest, std::uint32_t flags) {
    say("Suspending {}: ...", guest.name);
    Save result;
    TaskGroup group;
    group.spawn(save(host, guest, flags, &result));
    std::exception_ptr failed;
    try {
        co_await watch(host, guest, &result);
    } catch (...) {
        failed = std::current_exception();
    }
    co_await group.close();
    if (failed) std::rethrow_exception(failed);
    if (result.failed) throw Error(*result.failed);
    say("Suspending {}: done", guest.name);
}

}  // namespace

Task<bool> suspend_guests(Host* host, std::vector<Domain> guests, Settings settings) {
    say("Suspending guests on {} URI...", host->uri());
    bool good = true;
    for (const auto& guest : guests) {
        if (host->is_lost()) {
            say("The daemon of {} URI does not answer. Skipping guest {} and those after it.", host->uri(), guest.name);
            co_return false;
        }
        std::optional<Error> failed;
        try {
            co_await suspend(host, guest, settings.bypass_cache ? bypass_cache : 0);
        } catch (const Error& error) {
            failed = error;
        }
        if (failed && host->has_ended(guest.uuid)) {
            say("Suspending {}: it has ended by itself", guest.name);
        } else if (failed) {
            good = false;
            say("Suspending {}: failed: {}", guest.name, failed->message());
        }
    }
    co_return good;
}

}  // namespace innkeeper::shutdown
