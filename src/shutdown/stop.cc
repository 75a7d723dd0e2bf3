// When the host goes down: every guest is saved or asked to shut down, on all hosts at once, each in its time.

#include <algorithm>

#include "base/files.h"
#include "shutdown/console.h"
#include "shutdown/leaving.h"
#include "shutdown/list_file.h"
#include "shutdown/service.h"

namespace innkeeper::shutdown {

namespace {

/// What one URI has to say before anything is done.
struct Listing {
    std::unique_ptr<Host> host;
    std::string canonical;
    std::vector<Domain> guests;
    std::set<Uuid> transient;
    std::optional<Error> failed;
};

Task<Listing> look(std::string uri, Surroundings where, bool ask_transient) {
    Listing listing;
    try {
        const auto target = Target::resolve(uri, where.root);
        listing.host = std::make_unique<Host>(target, where.patience);
        if (target.may_have_guests()) {
            co_await listing.host->connect();
            listing.canonical = co_await listing.host->canonical_uri();
            listing.guests = co_await listing.host->running();
            if (ask_transient && !listing.guests.empty()) listing.transient = co_await listing.host->transient();
        }
    } catch (const Error& error) {
        listing.failed = error;
    }
    co_return listing;
}

std::string names(const std::vector<Domain>& guests) {
    std::string text;
    for (const auto& guest : guests) text += (text.empty() ? "" : ", ") + guest.name;
    return text;
}

/// Two URIs may mean the same hypervisor: the first of them has the guests.
void leave_to_the_first(std::vector<Listing>& listings) {
    for (std::size_t i = 0; i < listings.size(); ++i)
        for (std::size_t j = 0; j < i; ++j) {
            auto &later = listings[i], &first = listings[j];
            if (later.guests.empty() || first.guests.empty() || later.canonical != first.canonical ||
                !later.host->target().is_same_daemon(first.host->target()))
                continue;
            say("The guests on {} URI are those on {} URI.", later.host->uri(), first.host->uri());
            later.guests.clear();
        }
}

void leave_transient(Listing& listing) {
    std::vector<Domain> left;
    std::ranges::copy_if(listing.guests, std::back_inserter(left),
                         [&](const Domain& guest) { return listing.transient.contains(guest.uuid); });
    if (left.empty()) return;
    say("Not suspending transient guests on URI: {}: {}", listing.host->uri(), names(left));
    std::erase_if(listing.guests, [&](const Domain& guest) { return listing.transient.contains(guest.uuid); });
}

/// A disk that cannot be written to is no reason to let guests be cut off.
void write_list(const std::vector<Listing>& listings, const std::string& path) {
    std::vector<SavedGuests> list;
    for (const auto& listing : listings) {
        if (listing.guests.empty()) continue;
        SavedGuests saved{.uri = listing.host->uri()};
        for (const auto& guest : listing.guests) saved.guests.push_back(guest.uuid);
        list.push_back(std::move(saved));
    }
    try {
        if (list.empty()) {
            remove_file(path);
        } else {
            make_directories(parent_of(path));
            write_file(path, format_list(list), 0644);
        }
    } catch (const Error& error) {
        complain("the guests that run now will not be started at the next boot: {}", error.message());
    }
}

}  // namespace

Task<int> stop(Surroundings where, Settings settings) {
    if (path_exists(where.list_file())) {
        complain("'{}' is there from an earlier stop, its guests were not started since: nothing is done",
                 where.list_file());
        co_return 0;
    }
    if (settings.shutdown_timeout < std::chrono::seconds(0)) {
        say("SHUTDOWN_TIMEOUT must be equal or greater than 0");
        co_return 6;
    }
    std::vector<Task<Listing>> looks;
    for (const auto& uri : settings.uris) looks.push_back(look(uri, where, settings.suspend));
    auto listings = co_await all(std::move(looks));

    for (std::size_t i = 0; i < listings.size(); ++i) {
        auto& listing = listings[i];
        if (listing.failed) {
            skip(settings.uris[i], *listing.failed);
            listing.guests.clear();
            continue;
        }
        say("");
        say("Running guests on {} URI: {}", listing.host->uri(),
            listing.guests.empty() ? "no running guests." : names(listing.guests));
        if (settings.suspend) leave_transient(listing);
    }
    leave_to_the_first(listings);
    write_list(listings, where.list_file());

    std::vector<Task<bool>> work;
    for (auto& listing : listings)
        if (!listing.guests.empty())
            work.push_back(settings.suspend ? suspend_guests(listing.host.get(), listing.guests, settings)
                                            : shut_down_guests(listing.host.get(), listing.guests, settings));
    const auto done = co_await all(std::move(work));
    for (auto& listing : listings)
        if (listing.host) co_await listing.host->leave();
    try {
        remove_file(where.lock_file());
    } catch (const Error& error) {
        complain("{}", error.message());
    }
    co_return std::ranges::count(done, false) == 0 ? 0 : 1;
}

}  // namespace innkeeper::shutdown
