#include "guests/auto_shutdown.h"

#include <fmt/format.h>

#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "guests/start.h"
#include "loop/group.h"

namespace innkeeper::guests {

namespace {

using Which = AutoShutdown::Which;

bool concerns(Which which, const Guest& guest) {
    return which == Which::all || which == (guest.is_persistent() ? Which::persistent : Which::transient);
}

Task<> shut_down(Guests& guests, GuestPtr guest, std::chrono::seconds wait) {
    {
        const auto turn = co_await guest->turn("shutdown");
        if (!guest->is_active()) co_return;
        co_await guests.hypervisor().shutdown(guest, {});
    }
    co_await within(wait, "its shutdown", guest->inactive());
}

/// True if it came to that.
Task<bool> succeeds(std::string_view what, std::string name, Task<> way) {
    try {
        co_await std::move(way);
        co_return true;
    } catch (const Error& error) {
        log::warning("domain '{}' cannot {} as its host goes down: {}", name, what, error.message());
    }
    co_return false;
}

Task<> end_one(Guests& guests, GuestPtr guest, AutoShutdown how) {
    const std::string name = guest->name();
    SaveOptions options;
    options.bypass_cache = how.bypass_cache;
    if (concerns(how.save, *guest) && co_await succeeds("be saved", name, managed_save(guests, guest, options)))
        co_return;
    if (concerns(how.shut_down, *guest) && co_await succeeds("shut down", name, shut_down(guests, guest, how.wait)))
        co_return;
    if (concerns(how.power_off, *guest))
        co_await succeeds("be powered off", name, destroy(guests, guest, Hypervisor::Destroy::now));
}

}  // namespace

Which AutoShutdown::which(std::string_view key, std::string_view word) {
    if (word == "none") return Which::none;
    if (word == "persistent") return Which::persistent;
    if (word == "transient") return Which::transient;
    if (word == "all") return Which::all;
    throw Error(ErrorCode::config_unsupported,
                fmt::format("{}: '{}' is none of 'none', 'persistent', 'transient' and 'all'", key, word));
}

Task<> end_by_themselves(Guests& guests, AutoShutdown how) {
    std::vector<GuestPtr> running;
    for (const auto& [id, guest] : guests.registry().active()) running.push_back(guest);
    if (how.restore) {
        std::vector<GuestPtr> come_back;
        for (const auto& guest : running)
            if (guest->is_persistent() &&
                (concerns(how.save, *guest) || concerns(how.shut_down, *guest) || concerns(how.power_off, *guest)))
                come_back.push_back(guest);
        guests.start_at_next_boot(come_back);
    }
    std::vector<Task<>> ends;
    for (const auto& guest : running) ends.push_back(end_one(guests, guest, how));
    co_await all(std::move(ends));
}

}  // namespace innkeeper::guests
