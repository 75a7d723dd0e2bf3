#include "guests/start.h"

#include <fmt/format.h>

#include <exception>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/undo.h"
#include "guests/audit.h"
#include "guests/handlers.h"
#include "model/domain/domain.h"

namespace innkeeper::guests {

namespace {

/// The detail of a suspended event for an image that was saved while its guest was paused.
constexpr std::int32_t suspended_restored = 4;
constexpr std::int32_t suspended_from_snapshot = 5;

StartOptions options_of(const StartRequest& request) {
    StartOptions options;
    options.paused = request.paused;
    options.bypass_cache = request.bypass_cache;
    options.reset_nvram = request.reset_nvram;
    return options;
}

Task<> destroy_if_it_runs(Guests* guests, GuestPtr guest, int id) {
    if (guest->id() == id) co_await destroy(*guests, guest, Hypervisor::Destroy::now);
}

void tie_to(Guests& guests, const std::shared_ptr<rpc::ClientSession>& session, const GuestPtr& guest) {
    if (!session) return;
    session->on_close([&guests, weak = std::weak_ptr(guest), id = guest->id()] {
        if (auto still = weak.lock()) guests.background().spawn(destroy_if_it_runs(&guests, std::move(still), id));
    });
}

/// What a guest's start came to while it waited: the id tells one life from the next.
void check_still(const GuestPtr& guest, int id) {
    if (guest->id() != id)
        throw Error(ErrorCode::operation_failed,
                    fmt::format("domain '{}' ended while it was being started", guest->name()));
}

/// It never came up: nothing of it is left but what hooks prepared. If the daemon ends before they are done, the next
/// one finds the guest's status and tells them.
Task<> abandon(GuestPtr guest, int id, DefPtr def) {
    co_await guest->hook_end("stopped", def);
    co_await guest->hook_end("release", def);
    if (guest->id() == id) guest->abandon(Shutoff::failed);
}

/// It came up, and nobody is to hear of it.
Task<> end_unheard(Guests& guests, GuestPtr guest, int id) {
    if (guest->id() != id) co_return;
    guest->end_unheard();
    co_await guests.hypervisor().destroy(guest, Hypervisor::Destroy::now);
    if (guest->id() == id) guest->abandon(Shutoff::failed);
}

/// With the turn held, and the guest inactive. After an Error it is so again.
Task<> run(Guests& guests, GuestPtr guest, DefPtr def, StartOptions options, StartedDetail detail) {
    guests.activate(guest, std::move(def), Paused::starting_up);
    const int id = guest->id();
    auto ran = guest->live();
    bool is_up = false;
    std::exception_ptr failure;
    try {
        co_await guest->hook("prepare");
        co_await guests.hypervisor().start(guest, options);
        is_up = true;
        if (guest->live()) ran = guest->live();
        co_await guest->hook("started");
    } catch (...) {
        failure = std::current_exception();
        if (!is_up && guest->id() == id) ran = guest->live();
    }
    if (const auto* audit = guests.audit()) audit::start(*audit, *ran, detail, failure ? 0 : guest->pid(), !failure);
    if (failure) {
        if (is_up)
            co_await end_unheard(guests, guest, id);
        else
            co_await abandon(guest, id, ran);
        std::rethrow_exception(failure);
    }
    check_still(guest, id);
    guest->lifecycle(Lifecycle::started, static_cast<std::int32_t>(detail));
}

/// Its CPUs stood still until here; if they cannot run nothing of it is left.
Task<> resume_or_end(Guests& guests, GuestPtr guest, Running reason) {
    const int id = guest->id();
    std::exception_ptr failure;
    try {
        co_await guests.hypervisor().resume(guest, reason);
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure) co_return;
    if (guest->id() == id) {
        guest->expect_end(Shutoff::failed);
        co_await guests.hypervisor().destroy(guest, Hypervisor::Destroy::now);
        if (guest->id() == id) guest->ended(Shutoff::failed);
    }
    std::rethrow_exception(failure);
}

Task<> go_on(Guests& guests, GuestPtr guest, bool saved_running, StartRequest request) {
    if (!request.paused && saved_running) {
        co_await resume_or_end(guests, guest, Running::restored);
        co_return;
    }
    guest->enter(Paused::migration);
    guest->lifecycle(Lifecycle::suspended, suspended_restored);
}

/// As run and go_on, from an image; with the turn held.
Task<> run_saved(Guests& guests, GuestPtr guest, std::string path, SavedImage image, StartRequest request) {
    auto options = options_of(request);
    options.paused = true;
    options.restore_from = std::move(path);
    options.reason = Running::restored;
    co_await run(guests, guest, image.definition, std::move(options), StartedDetail::restored);
    co_await go_on(guests, guest, image.running, request);
}

}  // namespace

Task<> start_stored(Guests& guests, GuestPtr guest, StartRequest request) {
    const auto turn = co_await guest->turn("start");
    if (guest->is_active()) throw Error(ErrorCode::operation_invalid, "domain is already running");
    if (guest->has_managed_save() && request.force_boot) {
        co_await guests.remove_managed_save(guest->name());
        guest->set_managed_save(false);
    }
    if (guest->has_managed_save()) {
        const std::string saved = guests.managed_save_path(guest->name());
        auto image = co_await guests.filtered(co_await guests.hypervisor().read_saved(saved));
        co_await run_saved(guests, guest, saved, std::move(image), request);
        co_await guests.remove_managed_save(guest->name());
        guest->set_managed_save(false);
    } else {
        auto def = co_await guest->persistent();
        auto options = options_of(request);
        co_await run(guests, guest, std::move(def), std::move(options), StartedDetail::booted);
        if (request.paused) guest->paused(Paused::user);
    }
    tie_to(guests, request.lives_with, guest);
}

Task<> revive(Guests& guests, GuestPtr guest, Revival revival) {
    const bool has_memory = !revival.snapshot.empty();
    StartOptions options;
    options.load_snapshot = revival.snapshot;
    options.paused = revival.paused || has_memory;
    if (options.paused) options.reason = Running::from_snapshot;
    co_await run(guests, guest, revival.definition, std::move(options), StartedDetail::from_snapshot);
    if (has_memory && !revival.paused) {
        co_await resume_or_end(guests, guest, Running::from_snapshot);
    } else if (revival.paused) {
        guest->enter(has_memory ? Paused::from_snapshot : Paused::user);
        guest->lifecycle(Lifecycle::suspended, suspended_from_snapshot);
    }
}

Task<> end_for_snapshot(Guests& guests, GuestPtr guest, Return back) {
    const int id = guest->id();
    guest->expect_end(Shutoff::from_snapshot);
    guest->expect_return(back == Return::at_once);
    std::exception_ptr failure;
    try {
        co_await guests.hypervisor().destroy(guest, Hypervisor::Destroy::now);
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure && guest->id() == id) guest->ended(Shutoff::from_snapshot);
    guest->expect_return(false);
    if (failure && guest->id() == id) {
        guest->expect_end(std::nullopt);
        std::rethrow_exception(failure);
    }
}

namespace {

/// A guest for a definition that is to run, with its turn; throws if it runs already.
struct Place {
    GuestPtr guest;
    Turns::Turn turn;
};
Task<Place> place_for(Guests& guests, DefPtr def, std::string job) {
    for (;;) {
        auto guest = guests.find_or_make(def->name, def->uuid);
        Undo undo;
        undo.push([&] { guests.forget_unused(*guest); });
        auto turn = co_await guest->queue(job);
        if (guest->is_gone() || guest->name() != def->name) continue;
        if (guest->is_active())
            throw Error(ErrorCode::operation_invalid, ErrorDomain::domain,
                        fmt::format("domain '{}' is already active", guest->name()));
        undo.commit();
        Place place{std::move(guest), std::move(turn)};
        co_return place;
    }
}

}  // namespace

Task<GuestPtr> start_transient(Guests& guests, DefPtr def, StartRequest request) {
    auto place = co_await place_for(guests, def, "create");
    Undo undo;
    undo.push([&] {
        place.turn.end();
        guests.forget_unused(*place.guest);
    });
    auto options = options_of(request);
    co_await run(guests, place.guest, def, std::move(options), StartedDetail::booted);
    undo.commit();
    if (request.paused) place.guest->paused(Paused::user);
    tie_to(guests, request.lives_with, place.guest);
    co_return place.guest;
}

Task<GuestPtr> restore(Guests& guests, std::string path, SavedImage image, StartRequest request) {
    image = co_await guests.filtered(std::move(image));
    auto place = co_await place_for(guests, image.definition, "restore");
    Undo undo;
    undo.push([&] {
        place.turn.end();
        guests.forget_unused(*place.guest);
    });
    co_await run_saved(guests, place.guest, std::move(path), std::move(image), request);
    undo.commit();
    co_return place.guest;
}

Task<> destroy(Guests& guests, GuestPtr guest, Hypervisor::Destroy how) {
    require_active(*guest);
    const int id = guest->id();
    guest->expect_end(Shutoff::destroyed);
    std::exception_ptr failure;
    try {
        co_await guests.hypervisor().destroy(guest, how);
    } catch (...) {
        failure = std::current_exception();
    }
    if (guest->id() != id) co_return;
    if (failure) {
        guest->expect_end(std::nullopt);
        std::rethrow_exception(failure);
    }
    guest->ended(Shutoff::destroyed);
}

}  // namespace innkeeper::guests
