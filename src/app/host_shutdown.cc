#include "app/host_shutdown.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"

namespace innkeeper::app {

namespace {

using guests::AutoShutdown;

/// What a user's guests get if nobody says anything: a session ends without any libvirt-guests.
AutoShutdown from(const config::QemuSettings& settings, bool is_system) {
    const auto which = [is_system](std::string_view key, const config::OptionalText& word, std::string_view otherwise) {
        return AutoShutdown::which(key, word ? std::string_view(*word) : is_system ? "none" : otherwise);
    };
    AutoShutdown how;
    how.save = which("auto_shutdown_try_save", settings.auto_shutdown_try_save, "persistent");
    how.shut_down = which("auto_shutdown_try_shutdown", settings.auto_shutdown_try_shutdown, "all");
    how.power_off = which("auto_shutdown_poweroff", settings.auto_shutdown_poweroff, "all");
    if (how.save == AutoShutdown::Which::all || how.save == AutoShutdown::Which::transient)
        throw Error(ErrorCode::config_unsupported,
                    "auto_shutdown_try_save: transient guests cannot be saved, since nothing would start them again");
    if (settings.auto_shutdown_wait != 0) how.wait = std::chrono::seconds(settings.auto_shutdown_wait);
    how.restore = settings.auto_shutdown_restore;
    how.bypass_cache = settings.auto_save_bypass_cache;
    return how;
}

}  // namespace

HostShutdown::HostShutdown(const Paths& paths, const config::QemuSettings& settings, guests::Guests& guests,
                           std::function<void()> session_ended)
    : is_hosts_(paths.root().empty()),
      is_system_(paths.is_system()),
      libvirt_guests_("/var/lock/libvirt-guests"),
      how_(from(settings, is_system_)),
      guests_(guests),
      session_ended_(std::move(session_ended)) {}

void HostShutdown::start() {
    guests_changed();
    if (is_system_ || !is_hosts_) return;
    try {
        session_.on_lost([this] { tasks_.spawn(end_guests()); });
        session_.connect();
    } catch (const Error& error) {
        log::info("this session's end will not be noticed: {}", error.message());
    }
}

void HostShutdown::guests_changed() {
    if (guests_.registry().active().empty())
        delay_.reset();
    else if (is_hosts_ && !delay_ && !asking_)
        tasks_.spawn(hold());
}

Task<> HostShutdown::hold() {
    asking_ = true;
    try {
        logind_.listen();
        delay_ = co_await logind_.delay_shutdown("Libvirt", "Virtual machines need to be saved");
        if (how_.does_anything())
            if (const auto longest = co_await logind_.longest_delay(); longest < how_.wait)
                log::warning(
                    "guests get {} s at most when the host goes down, less than the {} s of auto_shutdown_wait: "
                    "see InhibitDelayMaxSec in logind.conf(5)",
                    std::chrono::duration_cast<std::chrono::seconds>(longest).count(), how_.wait.count());
    } catch (const Error& error) {
        log::info("logind does not delay shutdowns for the guests: {}", error.message());
    }
    asking_ = false;
    if (guests_.registry().active().empty()) delay_.reset();
}

Task<> HostShutdown::end_guests() {
    if (std::exchange(going_down_, true)) co_return;
    if (!how_.does_anything()) {
        log::info("the host goes down; auto_shutdown_… leaves its guests alone");
    } else if (is_system_ && path_exists(libvirt_guests_)) {
        log::info("the host goes down; libvirt-guests sees to its guests");
    } else {
        log::info("the host or the session ends: so do its guests");
        co_await guests::end_by_themselves(guests_, how_);
    }
    going_down_ = false;
    delay_.reset();
    if (!is_system_) session_ended_();
}

Task<> HostShutdown::close() { co_await tasks_.close(); }

}  // namespace innkeeper::app
