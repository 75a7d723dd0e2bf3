#include "app/helper.h"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>

#include "app/limits.h"
#include "app/notify.h"
#include "base/error.h"
#include "base/log.h"
#include "protocol/admin.h"

namespace innkeeper::app {

namespace {

constexpr std::chrono::seconds end_patience{30};

}  // namespace

Helper::Helper(const Program& program, Options options, Paths paths, config::DaemonSettings settings,
               std::unique_ptr<objects::Service> service, Reexec& reexec)
    : options_(std::move(options)),
      paths_(std::move(paths)),
      settings_(std::move(settings)),
      sockets_(program, options_, paths_, settings_),
      service_(std::move(service)),
      reexec_(reexec),
      clients_(std::string(program.name), client_limits(settings_), {service_->program()}),
      admin_("admin", admin_limits(settings_), {protocol::admin::program_number}),
      admin_calls_(
          {{&admin_, {0, 0, 0}}, {&clients_, {0, 0, 0}}}, [this] { ending_.set(); },
          [this](unsigned seconds) {
              options_.timeout = seconds;
              idle_.reset();
              clients_changed();
          },
          [] { return nullptr; }) {
    service_->add_to(clients_.own_handlers());
    admin_calls_.add_to(admin_.own_handlers());
    clients_.only_for(::geteuid());
    admin_.only_for(::geteuid());
    service_->on_change([this] { clients_changed(); });
}

void Helper::listen() {
    const auto& state = reexec_.inherited();
    if (!state) return sockets_.open(clients_, admin_);
    try {
        inherit(*state);
    } catch (const std::exception& error) {
        throw Error(ErrorCode::internal_error, ErrorDomain::rpc,
                    fmt::format("what the program before this one told makes no sense: {}", error.what()));
    }
}

void Helper::inherit(const Reexec::State& state) {
    service_->inherit(state.service.json);
    for (const auto& each : state.servers) {
        rpc::Server& server = each.name == clients_.name() ? clients_ : admin_;
        server.take_over(each.handover);
    }
    for (const auto& [id, json] : state.clients)
        if (const auto session = clients_.session(id)) service_->inherit_client(session, json);
}

/// While there is neither a client nor work that goes on without one, the idle timeout runs.
void Helper::clients_changed() {
    if (options_.timeout == 0) return;
    if (clients_.clients() + admin_.clients() > 0 || service_->is_busy()) {
        idle_.reset();
    } else if (!idle_) {
        idle_ = Loop::current().at(Loop::current().now() + std::chrono::seconds(options_.timeout), [this] {
            idle_.reset();
            ending_.set();
        });
    }
}

Task<> Helper::watch_signals(Signals* signals) {
    for (;;) {
        switch (co_await signals->next()) {
            case SIGHUP:
                // There is nothing to be read again, and this is no time to end.
                break;
            case SIGUSR1:
                co_await run_anew();
                break;
            default:
                ending_.set();
        }
    }
}

/// Returns if it cannot be: then everything goes on as it was.
Task<> Helper::run_anew() {
    co_await clients_.pause();
    co_await admin_.pause();
    const auto held = co_await service_->hold();
    Reexec::State state;
    state.servers.push_back({clients_.name(), clients_.hand_over()});
    state.servers.push_back({admin_.name(), admin_.hand_over()});
    state.service = service_->legacy();
    for (const auto& client : state.servers.front().handover.clients)
        state.clients.emplace(client.id, service_->legacy_of(client.id));
    try {
        reexec_.run(state);
    } catch (const Error& error) {
        log::error("the daemon cannot run its program anew, and goes on as it is: {}", error.message());
    }
    clients_.resume();
    admin_.resume();
}

Task<> Helper::serve(Signals& signals, StartReport report) {
    tasks_.spawn(watch_signals(&signals));
    report.tell(StartFailure::none);
    notify_ready();
    clients_.on_change([this] { clients_changed(); });
    admin_.on_change([this] { clients_changed(); });
    clients_.accept();
    admin_.accept();
    clients_changed();
    co_await ending_.wait();
    idle_.reset();
    co_await tasks_.close();
    service_->end();
    co_await clients_.close(end_patience);
    co_await admin_.close(end_patience);
    co_await service_->close();
}

}  // namespace innkeeper::app
