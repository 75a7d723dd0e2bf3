// When the host comes up: what ran when it went down is started again.

#include <algorithm>
#include <utility>

#include "base/files.h"
#include "protocol/remote/domain.h"
#include "shutdown/console.h"
#include "shutdown/list_file.h"
#include "shutdown/service.h"

namespace innkeeper::shutdown {

namespace {

namespace remote = protocol::remote;
using namespace std::chrono_literals;

constexpr std::uint32_t start_bypass_cache = 4, set_time_sync = 1;
/// How many start at a time where nobody wants a delay between them: what is restored shares one disk.
constexpr std::size_t starts_at_a_time = 4;
/// What a start may take: restoring much memory from a slow disk is legitimate, and nobody waits for us but the boot.
constexpr auto start_limit = 10min;

struct Row {
    SavedGuests saved;
    std::size_t next = 0;
    bool any_started = false;
    bool good = true;
};

/// Needs an agent in the guest, so a failure is said and changes nothing.
Task<> set_time(Host* host, Domain guest) {
    try {
        remote::DomainSetTimeArgs args{.dom = guest, .flags = set_time_sync};
        co_await host->change<remote::DomainSetTime>(args, host->patience());
    } catch (const Error& error) {
        complain("the time of guest {} was not set: {}", guest.name, error.message());
    }
}

/// False, and said, if the daemon would not start it. Throws Error if there is no such guest, or no answer.
Task<bool> resume(Host* host, Row* row, Uuid uuid, Settings settings) {
    const auto guest = co_await host->find(uuid);
    if (!guest) throw Error(ErrorCode::no_domain, fmt::format("no domain with matching uuid '{}'", uuid.text()));
    std::optional<Error> failed;
    if (guest->id == -1) {
        if (std::exchange(row->any_started, true) && settings.start_delay > 0s)
            co_await sleep_for(settings.start_delay);
        try {
            const auto flags = settings.bypass_cache ? start_bypass_cache : 0;
            remote::DomainCreateWithFlagsArgs args{.dom = *guest, .flags = flags};
            co_await host->change<remote::DomainCreateWithFlags>(args, start_limit);
        } catch (const Error& error) {
            failed = error;
        }
        // Its autostart may have come first: then it is as if it had been active all the time.
        const auto now = failed ? co_await host->find(uuid) : std::nullopt;
        if (failed && (!now || now->id == -1)) {
            say("Resuming guest {}: failed: {}", guest->name, failed->message());
            co_return false;
        }
    }
    if (guest->id != -1 || failed) {
        say("Resuming guest {}: already active", guest->name);
        co_return true;
    }
    say("Resuming guest {}: done", guest->name);
    if (settings.sync_time) co_await set_time(host, *guest);
    co_return true;
}

Task<> take_turns(Host* host, Row* row, Settings settings) {
    while (row->next < row->saved.guests.size()) {
        if (host->is_lost()) co_return;
        const Uuid uuid = row->saved.guests[row->next++];
        try {
            row->good = co_await resume(host, row, uuid, settings) && row->good;
        } catch (const Error& error) {
            row->good = false;
            say("Resuming guest {}: failed: {}", uuid.text(), error.message());
        }
    }
}

Task<bool> resume_all(SavedGuests saved, Surroundings where, Settings settings) {
    std::unique_ptr<Host> host;
    std::optional<Error> failed;
    try {
        host = std::make_unique<Host>(Target::resolve(saved.uri, where.root), where.patience);
        co_await host->connect();
    } catch (const Error& error) {
        failed = error;
    }
    if (failed) {
        skip(saved.uri, *failed);
    } else {
        say("");
        say("Resuming guests on {} URI...", saved.uri);
        Row row{.saved = saved};
        std::vector<Task<>> turns;
        const std::size_t count = settings.start_delay > 0s ? 1 : std::min(starts_at_a_time, saved.guests.size());
        for (std::size_t i = 0; i < count; ++i) turns.push_back(take_turns(host.get(), &row, settings));
        co_await all(std::move(turns));
        if (row.next < saved.guests.size() || host->is_lost()) {
            say("The daemon of {} URI does not answer. Skipping.", saved.uri);
            row.good = false;
        }
        co_await host->leave();
        co_return row.good;
    }
    if (host) co_await host->leave();
    // As with the peer: what cannot be reached is no failure of the whole.
    co_return true;
}

std::vector<SavedGuests> read_list(const std::string& path) {
    std::vector<std::string> complaints;
    const auto list = parse_list(read_file(path).value_or(""), path, complaints);
    for (const auto& sentence : complaints) complain("{}", sentence);
    return list;
}

/// Whatever else fails: a list that stays would keep the next stop from doing its work.
void finish(const Surroundings& where) {
    try {
        remove_file(where.list_file());
        make_directories(parent_of(where.lock_file()));
        write_volatile_file(where.lock_file(), "", 0644);
    } catch (const Error& error) {
        complain("{}", error.message());
    }
}

}  // namespace

Task<int> start(Surroundings where, Settings settings) {
    if (!path_exists(where.list_file())) {
        finish(where);
        co_return 0;
    }
    if (!settings.start_on_boot) {
        say("libvirt-guests is configured not to start any guests on boot");
        finish(where);
        co_return 0;
    }
    std::vector<Task<bool>> rows;
    try {
        for (auto& saved : read_list(where.list_file())) {
            if (std::ranges::count(settings.uris, saved.uri) > 0)
                rows.push_back(resume_all(std::move(saved), where, settings));
            else
                say("Ignoring guests on {} URI", saved.uri);
        }
    } catch (const Error& error) {
        complain("{}", error.message());
    }
    const auto good = co_await all(std::move(rows));
    finish(where);
    co_return std::ranges::count(good, false) == 0 ? 0 : 1;
}

}  // namespace innkeeper::shutdown
