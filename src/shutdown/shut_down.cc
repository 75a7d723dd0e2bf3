#include <algorithm>
#include <optional>

#include "protocol/remote/domain.h"
#include "shutdown/console.h"
#include "shutdown/leaving.h"

namespace innkeeper::shutdown {

namespace {

namespace remote = protocol::remote;
using namespace std::chrono_literals;

constexpr auto progress = 5s;

/// The time that is left, and when people want to hear of it: at each multiple of five seconds before the end.
class Countdown {
  public:
    /// 0: for ever.
    explicit Countdown(std::chrono::seconds limit) : start_(Loop::current().now()), limit_(limit) {
        const auto part = limit % progress;
        next_ = limit == 0s ? start_ : start_ + part;
    }
    bool is_over() const { return limit_ != 0s && Loop::current().now() >= start_ + limit_; }
    Clock::time_point next() const { return next_; }
    /// Once for each of these times: ", S seconds left", or nothing to add without a limit.
    std::optional<std::string> due() {
        if (Loop::current().now() < next_ || is_over()) return std::nullopt;
        const auto told = next_;
        next_ += progress;
        if (limit_ == 0s) return "";
        const auto left = std::chrono::round<std::chrono::seconds>(start_ + limit_ - told);
        return fmt::format(", {} seconds left", left.count());
    }
    /// How long a request may take that waits for the guest: never longer than the patience with its daemon.
    std::chrono::milliseconds at_most(std::chrono::milliseconds patience) const {
        if (limit_ == 0s) return patience;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(start_ + limit_ - Loop::current().now());
        return std::clamp(left, 1ms, patience);
    }

  private:
    Clock::time_point start_, next_;
    std::chrono::seconds limit_;
};

enum class End { complete, late, refused };

/// Nothing if the daemon has passed the request on.
Task<std::optional<Error>> request(Host* host, Domain guest, Countdown* time) {
    try {
        remote::DomainShutdownArgs args{.dom = guest};
        co_await host->change<remote::DomainShutdown>(args, time->at_most(host->patience()));
    } catch (const Error& error) {
        co_return error;
    }
    co_return std::nullopt;
}

/// The daemon went away, not the guest: it may be started anew just now.
bool is_of_connection(const Error& error) {
    return error.domain() == ErrorDomain::rpc || error.code() == ErrorCode::system_error;
}

/// Asks the guest, and waits until it is gone or its time is over. `tell` says how it stands. The countdown may be
/// shared with other guests.
Task<End> shut_down(Host* host, Domain guest, Countdown* time, bool tell) {
    say("Starting shutdown on guest: {}", guest.name);
    auto failed = co_await request(host, guest, time);
    // A guest may have gone by itself before it was asked.
    if (failed && co_await host->still_runs(guest)) {
        if (is_of_connection(*failed)) failed = co_await request(host, guest, time);
        if (failed) throw Error(*failed);
    }
    while (co_await host->still_runs(guest)) {
        const auto due = time->due();
        if (due && tell) say("Waiting for guest {} to shut down{}", guest.name, *due);
        if (time->is_over()) co_return End::late;
        const auto again = Loop::current().now() + progress;
        while (!host->has_ended(guest.uuid) && !time->is_over() &&
               Loop::current().now() < std::min(time->next(), again))
            co_await host->news(std::min(time->next(), again));
    }
    co_return End::complete;
}

void tell_end(const Domain& guest, End end) {
    if (end == End::complete) say("Shutdown of guest {} complete.", guest.name);
    if (end == End::late) say("Shutdown of guest {} failed to complete in time.", guest.name);
}

/// As shut_down, with a failure said and left behind.
Task<End> shut_down_anyhow(Host* host, Domain guest, Countdown* time, bool tell) {
    std::optional<Error> failed;
    try {
        co_return co_await shut_down(host, guest, time, tell);
    } catch (const Error& error) {
        failed = error;
    }
    say("Shutdown of guest {} failed: {}", guest.name, failed->message());
    co_return End::refused;
}

/// True once the host's daemon is given up.
bool skip_rest(const Host* host, const std::string& first) {
    if (host->is_lost())
        say("The daemon of {} URI does not answer. Skipping guest {} and those after it.", host->uri(), first);
    return host->is_lost();
}

Task<bool> one_by_one(Host* host, std::vector<Domain> guests, std::chrono::seconds limit) {
    bool good = true;
    for (const auto& guest : guests) {
        if (skip_rest(host, guest.name)) co_return false;
        Countdown time(limit);
        const End end = co_await shut_down_anyhow(host, guest, &time, true);
        tell_end(guest, end);
        // As with the peer, a guest that takes too long is no failure of the whole; one that could not be asked is.
        good = good && end != End::refused;
    }
    co_return good;
}

/// Guests that still have to be asked, and how many are not gone yet.
struct Crowd {
    std::vector<Domain> guests;
    std::size_t next = 0, left = 0;
    bool refused = false;
};

Task<> take_turns(Host* host, Crowd* crowd, Countdown* time) {
    while (crowd->next < crowd->guests.size() && !time->is_over()) {
        const Domain guest = crowd->guests[crowd->next];
        if (skip_rest(host, guest.name)) {
            crowd->next = crowd->guests.size();
            crowd->refused = true;
            co_return;
        }
        ++crowd->next;
        const End end = co_await shut_down_anyhow(host, guest, time, false);
        if (end == End::late) co_return;
        --crowd->left;
        tell_end(guest, end);
        crowd->refused = crowd->refused || end == End::refused;
        host->tell();
    }
}

Task<> tell_progress(Host* host, Crowd* crowd, Countdown* time) {
    while (crowd->left > 0 && !time->is_over() && !host->is_lost()) {
        if (const auto due = time->due()) say("Waiting for {} guests to shut down{}", crowd->left, *due);
        co_await host->news(time->next());
    }
}

Task<bool> many_at_once(Host* host, std::vector<Domain> guests, const Settings settings) {
    Countdown time(settings.shutdown_timeout), shown(settings.shutdown_timeout);
    Crowd crowd{.guests = guests, .left = guests.size()};
    std::vector<Task<>> work;
    for (std::size_t i = 0; i < std::min<std::size_t>(settings.parallel_shutdown, guests.size()); ++i)
        work.push_back(take_turns(host, &crowd, &time));
    work.push_back(tell_progress(host, &crowd, &shown));
    co_await all(std::move(work));
    if (crowd.left > 0 && !host->is_lost()) say("Timeout expired while shutting down domains");
    co_return crowd.left == 0 && !crowd.refused;
}

}  // namespace

Task<bool> shut_down_guests(Host* host, std::vector<Domain> guests, Settings settings) {
    say("Shutting down guests on {} URI...", host->uri());
    if (settings.parallel_shutdown > 1) co_return co_await many_at_once(host, guests, settings);
    co_return co_await one_by_one(host, guests, settings.shutdown_timeout);
}

}  // namespace innkeeper::shutdown
