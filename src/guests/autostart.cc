#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <ranges>
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "guests/handlers.h"
#include "guests/start.h"
#include "protocol/remote/domain.h"

namespace innkeeper::guests {

namespace {

/// One after the other, as long as none takes longer than this.
constexpr std::chrono::seconds patience{60};

class Autostart : public Handlers {
  public:
    using Handlers::Handlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainGetAutostart>(*this, &Autostart::get);
        table.add<wire::DomainSetAutostart>(*this, &Autostart::set);
    }

  private:
    wire::DomainGetAutostartRet get(const Caller&, const wire::DomainGetAutostartArgs& args) {
        return {find(args.dom)->autostarts()};
    }

    Task<> set(Caller, wire::DomainSetAutostartArgs args) {
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("set autostart");
        require_persistent(*guest, "cannot set autostart for transient domain");
        const bool wanted = args.autostart != 0;
        if (guest->autostarts() == wanted) co_return;
        co_await guests_.store().set_autostart(guest->name(), wanted);
        guest->set_autostart(wanted);
    }
};

}  // namespace

Task<> Guests::autostart() {
    if (!paths_) co_return;
    // A file that goes with the run directory marks that this boot has had its autostart.
    const std::string marker = paths_->state_of(folder_) + "/autostarted";
    if (path_exists(marker)) co_return;
    write_volatile_file(marker, "");
    std::set<std::string> noted;
    for (const auto line : std::views::split(read_file(next_boot_path()).value_or(""), '\n'))
        noted.emplace(std::string_view(line));
    remove_file(next_boot_path());
    std::vector<GuestPtr> marked;
    for (const auto& [name, guest] : registry_.all())
        if ((guest->autostarts() || noted.contains(guest->uuid().text())) && !guest->is_active())
            marked.push_back(guest);
    for (const auto& guest : marked) {
        const auto done = std::make_shared<Event>();
        background_.spawn(start_marked(guest, done));
        try {
            co_await within(patience, "the start", done->wait());
        } catch (const Error&) {
            log::warning("domain '{}' is still being started, and the next ones do not wait for it", guest->name());
        }
    }
}

Task<> Guests::start_marked(GuestPtr guest, std::shared_ptr<Event> done) {
    try {
        co_await start_stored(*this, guest, {});
    } catch (const Cancelled&) {
        throw;
    } catch (const std::exception& error) {
        log::error("cannot start domain '{}' by itself: {}", guest->name(), error.what());
    }
    done->set();
}

std::string Guests::next_boot_path() const { return paths_->files_of(folder_) + "/start-at-next-boot"; }

void Guests::start_at_next_boot(const std::vector<GuestPtr>& guests) {
    if (!paths_ || guests.empty()) return;
    std::string uuids;
    for (const auto& guest : guests) uuids += guest->uuid().text() + "\n";
    try {
        make_directories(parent_of(next_boot_path()));
        write_file(next_boot_path(), uuids, 0600);
    } catch (const Error& error) {
        log::error("guests that run now will not be started at the next boot: {}", error.message());
    }
}

Installed install_autostart(Guests& guests, rpc::HandlerTable& table) {
    return install_group<Autostart>(guests, table);
}

}  // namespace innkeeper::guests
