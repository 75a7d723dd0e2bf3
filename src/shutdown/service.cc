#include "shutdown/service.h"

#include <algorithm>
#include <array>

#include "base/files.h"
#include "loop/loop.h"
#include "protocol/remote/domain.h"
#include "shutdown/console.h"

namespace innkeeper::shutdown {

namespace {

namespace remote = protocol::remote;

/// A guest as the list for people has it.
struct Shown {
    Domain guest;
    std::string state;
};

std::string state_word(std::int32_t state) {
    constexpr std::array words{"no state",    "running",  "idle",    "paused",
                               "in shutdown", "shut off", "crashed", "pmsuspended"};
    return state >= 0 && static_cast<std::size_t>(state) < words.size() ? words[static_cast<std::size_t>(state)]
                                                                        : "no state";
}

Task<std::string> state_of(Host* host, Domain guest) {
    try {
        remote::DomainGetStateArgs args{.dom = guest};
        co_return state_word((co_await host->ask<remote::DomainGetState>(args)).state);
    } catch (const Error& error) {
        if (host->is_lost()) throw;
    }
    co_return state_word(0);
}

/// The table of `virsh list`.
void show(const std::vector<Shown>& guests) {
    std::size_t name = 4, state = 5, id = 2;
    for (const auto& shown : guests) {
        id = std::max(id, std::to_string(shown.guest.id).size());
        name = std::max(name, shown.guest.name.size());
        state = std::max(state, shown.state.size());
    }
    say(" {:<{}}   {:<{}}   State", "Id", id, "Name", name);
    say("{:-<{}}", "", id + name + state + 9);
    for (const auto& shown : guests)
        say(" {:<{}}   {:<{}}   {}", shown.guest.id, id, shown.guest.name, name, shown.state);
    say("");
}

struct Look {
    std::vector<Shown> guests;
    std::optional<Error> failed;
};

Task<Look> look(std::string uri, Surroundings where) {
    Look look;
    std::unique_ptr<Host> host;
    try {
        const auto target = Target::resolve(uri, where.root);
        if (!target.may_have_guests()) co_return look;
        host = std::make_unique<Host>(target, where.patience);
        co_await host->connect();
        for (auto& guest : co_await host->running()) {
            auto state = co_await state_of(host.get(), guest);
            look.guests.push_back({std::move(guest), std::move(state)});
        }
    } catch (const Error& error) {
        look.failed = error;
    }
    if (host) co_await host->leave();
    co_return look;
}

}  // namespace

void skip(const std::string& uri, const Error& why) {
    say("Can't connect to {}. Skipping.", uri);
    complain("{}: {}", uri, why.message());
}

Task<int> list_guests(Surroundings where, Settings settings) {
    std::vector<Task<Look>> looks;
    for (const auto& uri : settings.uris) looks.push_back(look(uri, where));
    const auto found = co_await all(std::move(looks));
    for (std::size_t i = 0; i < found.size(); ++i) {
        say("* {} URI:", settings.uris[i]);
        if (found[i].failed) {
            complain("failed to connect to the hypervisor");
            complain("{}", found[i].failed->message());
            say("");
        } else {
            show(found[i].guests);
        }
    }
    co_return 0;
}

int status(const Surroundings& where) {
    if (path_exists(where.lock_file())) {
        say("started");
        return 0;
    }
    say("stopped, with {}saved guests", path_exists(where.list_file()) ? "" : "no ");
    return 3;
}

std::optional<int> run_command(const std::string& command, const Surroundings& where) {
    if (command == "status") return status(where);
    if (command == "reload" || command == "force-reload") return 0;

    std::vector<std::string> complaints;
    Settings settings = Settings::read(where.root, complaints);
    const auto known = {"start", "stop", "shutdown", "restart", "condrestart", "try-restart", "gueststatus"};
    if (std::ranges::count(known, command) == 0) return std::nullopt;
    for (const auto& sentence : complaints) complain("{}", sentence);

    Loop loop;
    if (command == "start") return loop.run(start(where, settings));
    if (command == "gueststatus") return loop.run(list_guests(where, settings));
    if (command == "shutdown") settings.suspend = false;
    if (command == "stop" || command == "shutdown") return loop.run(stop(where, settings));
    if (command != "restart" && !path_exists(where.lock_file())) return 0;
    const int stopped = loop.run(stop(where, settings));
    // A setting that forbids a stop forbids the whole.
    if (stopped == 6) return stopped;
    const int started = loop.run(start(where, settings));
    return started != 0 ? started : stopped;
}

}  // namespace innkeeper::shutdown
