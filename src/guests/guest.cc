#include "guests/guest.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "guests/audit.h"
#include "guests/devices/devices.h"
#include "guests/guests.h"
#include "model/domain/domain.h"

namespace innkeeper::guests {

namespace {

/// Details of the resumed and suspended events for a reason.
std::int32_t resumed_detail(Running reason) {
    switch (reason) {
        case Running::migrated:
            return 1;
        case Running::restored:
        case Running::from_snapshot:
            return 2;
        case Running::postcopy:
            return 3;
        case Running::postcopy_failed:
            return 4;
        default:
            return 0;
    }
}
std::int32_t suspended_detail(Paused reason) {
    switch (reason) {
        case Paused::migration:
            return 1;
        case Paused::io_error:
            return 2;
        case Paused::watchdog:
            return 3;
        case Paused::from_snapshot:
            return 5;
        case Paused::api_error:
            return 6;
        case Paused::postcopy:
            return 7;
        case Paused::postcopy_failed:
            return 8;
        default:
            return 0;
    }
}
std::int32_t stopped_detail(Shutoff reason) {
    switch (reason) {
        case Shutoff::destroyed:
            return 1;
        case Shutoff::crashed:
            return 2;
        case Shutoff::migrated:
            return 3;
        case Shutoff::saved:
            return 4;
        case Shutoff::failed:
            return 5;
        case Shutoff::from_snapshot:
            return 6;
        default:
            return 0;
    }
}

}  // namespace

Task<DefPtr> Guest::persistent() {
    if (!persistent_) co_return DefPtr();
    if (auto def = persistent_def_.lock()) co_return def;
    co_return co_await owner_.load_definition(shared_from_this());
}

Task<DefPtr> Guest::current() {
    if (live_) co_return live_;
    co_return co_await persistent();
}

Task<Turns::Turn> Guest::queue(std::string job, std::chrono::milliseconds limit) {
    const auto self = shared_from_this();
    if (!turns_) turns_ = std::make_shared<Turns>();
    co_return co_await turns_->take(std::move(job), limit, name_);
}

Task<Turns::Turn> Guest::turn(std::string job, std::chrono::milliseconds limit) {
    const auto self = shared_from_this();
    auto turn = co_await queue(std::move(job), limit);
    if (gone_)
        throw Error(ErrorCode::no_domain, fmt::format("no domain with matching uuid '{}' ({})", uuid_.text(), name_));
    co_return turn;
}

void Guest::taint(std::string flag) {
    if (!is_active() || std::ranges::find(taints_, flag) != taints_.end()) return;
    log::warning("domain id={} name='{}' uuid={} is tainted: {}", id_, name_, uuid_.text(), flag);
    taints_.push_back(std::move(flag));
}

void Guest::lifecycle(Lifecycle event, std::int32_t detail) { publish(happening::LifecycleChange{event, detail}); }

void Guest::publish(const Happening& happening) { owner_.publish(*this, happening); }

void Guest::save_status() {
    if (is_active()) owner_.save_status(*this);
}

void Guest::enter(Condition condition) {
    condition_ = condition;
    owner_.registry().touch();
    // The guest runs whatever happens to the file: what could not be noted is said, and nothing else.
    try {
        save_status();
    } catch (const std::exception& error) {
        log::error("cannot note the state of domain '{}': {}", name_, error.what());
    }
}

void Guest::running(Running reason) {
    if (!is_active()) return;
    const bool news = condition_.state != State::running;
    if (!news && condition_ == Condition(reason)) return;
    enter(reason);
    if (news) lifecycle(Lifecycle::resumed, resumed_detail(reason));
}

void Guest::paused(Paused reason) {
    if (!is_active()) return;
    // Starting up is a kind of being paused that nobody has heard of.
    const bool news = condition_.state != State::paused || condition_ == Condition(Paused::starting_up);
    if (!news && condition_ == Condition(reason)) return;
    enter(reason);
    if (news) lifecycle(Lifecycle::suspended, suspended_detail(reason));
}

void Guest::shutting_down(Shutdown why) {
    if (!is_active() || condition_.state == State::shutdown) return;
    // It does not shut down: it goes back to what it was, and that is all that anybody hears.
    if (expected_end_ == Shutoff::from_snapshot) return;
    enter(Condition(State::shutdown, why == Shutdown::guest ? 1 : 0));
    lifecycle(Lifecycle::shutdown, static_cast<std::int32_t>(why));
}

void Guest::panicked() {
    if (!is_active() || condition_.state == State::crashed) return;
    enter(Condition(State::crashed, 1));
    lifecycle(Lifecycle::crashed, 0);
}

void Guest::suspended_by_itself() {
    if (!is_active() || condition_.state == State::pm_suspended) return;
    enter(Condition(State::pm_suspended, 0));
    lifecycle(Lifecycle::pm_suspended, 0);
    publish(happening::PmSuspend{});
}

void Guest::woke_up() {
    if (!is_active() || condition_.state != State::pm_suspended) return;
    enter(Running::wakeup);
    lifecycle(Lifecycle::started, static_cast<std::int32_t>(StartedDetail::wakeup));
    publish(happening::PmWakeup{});
}

void Guest::rebooted() {
    if (is_active()) publish(happening::Reboot{});
}

void Guest::begin(int id, DefPtr live, Condition condition) {
    id_ = id;
    live_ = std::move(live);
    owner_.live_changed(*this);
    condition_ = condition;
    expected_end_.reset();
    owner_.registry().touch();
}

void Guest::drop(Shutoff reason) {
    const int id = std::exchange(id_, -1);
    condition_ = expected_end_.value_or(reason);
    expected_end_.reset();
    live_.reset();
    owner_.live_changed(*this);
    machine.reset();
    pid_ = 0;
    balloon_known_ = false;
    taints_.clear();
    updated_ = unheard_ = false;
    if (const auto end = std::exchange(end_, nullptr)) end->set();
    owner_.deactivated(*this, id);
}

Task<> Guest::inactive() {
    if (!is_active()) co_return;
    if (!end_) end_ = std::make_shared<Event>();
    const auto end = end_;
    co_await end->wait();
}

void Guest::ended(Shutoff reason) {
    if (!is_active()) return;
    if (std::exchange(unheard_, false)) {
        abandon(reason);
        return;
    }
    const auto self = shared_from_this();
    const auto ran = live_;
    drop(reason);
    if (const auto* audit = owner_.audit()) audit::stop(*audit, *ran, static_cast<Shutoff>(condition_.reason));
    lifecycle(Lifecycle::stopped, stopped_detail(static_cast<Shutoff>(condition_.reason)));
    if (!persistent_ && !returns_) owner_.remove(*this);
}

void Guest::device_left(const std::string& alias) const {
    const auto* audit = owner_.audit();
    if (audit == nullptr || !live_) return;
    try {
        audit::device(*audit, *live_, find_by_alias(live_->devices, alias), "detach", true);
    } catch (const Error&) {
        // Parts of devices have names as well.
    }
}

void Guest::abandon(Shutoff reason) {
    if (!is_active()) return;
    const auto self = shared_from_this();
    drop(reason);
    if (!persistent_) owner_.remove(*this);
}

void Guest::set_live(DefPtr def) {
    if (!is_active()) return;
    live_ = std::move(def);
    owner_.live_changed(*this);
    enter(condition_);
}

void Guest::set_balloon(std::uint64_t kib) {
    if (!is_active()) return;
    const bool news = std::exchange(balloon_known_, true) && live_->current_memory_kib != kib;
    if (live_->current_memory_kib != kib) {
        auto changed = std::make_shared<model::DomainDef>(*live_);
        changed->current_memory_kib = kib;
        set_live(std::move(changed));
    }
    if (news) publish(happening::BalloonChange{kib});
}

void Guest::set_persistent(DefPtr def) {
    ++edition_;
    persistent_ = def != nullptr;
    persistent_def_ = def;
    kept_persistent_.reset();
    owner_.definition_changed(*this, def);
    if (def)
        owner_.remember(std::move(def));
    else
        autostart_ = managed_save_ = false;
    owner_.registry().touch();
    if (!is_visible()) owner_.remove(*this);
}

void Guest::set_autostart(bool autostart) {
    autostart_ = autostart;
    owner_.registry().touch();
}

void Guest::set_managed_save(bool exists) {
    managed_save_ = exists;
    owner_.registry().touch();
}

}  // namespace innkeeper::guests
