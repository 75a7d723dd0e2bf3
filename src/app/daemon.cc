#include "app/daemon.h"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "app/configuration.h"
#include "app/host_shutdown.h"
#include "app/limits.h"
#include "app/notify.h"
#include "app/secondary.h"
#include "app/siblings.h"
#include "app/test_world.h"
#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "config/network_settings.h"
#include "config/qemu_settings.h"
#include "drivers/qemu/driver.h"
#include "guests/guests.h"
#include "protocol/admin.h"
#include "protocol/qemu.h"
#include "protocol/remote/connect.h"

namespace innkeeper::app {

namespace {

constexpr std::chrono::seconds end_patience{30};

access::SaslPolicy sasl_policy(const config::DaemonSettings& settings, const Paths& paths) {
    access::SaslPolicy policy{.allowed_users = settings.sasl_allowed_username_list,
                              .least_strength = settings.tcp_min_ssf};
    if (!paths.root().empty()) policy.folder = paths.below_root("/etc/sasl2");
    return policy;
}

}  // namespace

/// The drivers that this daemon has.
struct Daemon::Drivers {
    Drivers(const Program& program, const Paths& paths, objects::Hooks& hooks, const host::Audit& audit,
            std::function<void()> session_ended)
        : secondary(program, paths) {
        if (program.has(Part::network)) config::NetworkSettings::read(paths.config() + "/network.conf");
        if (!program.has(Part::qemu)) return;
        qemu_settings = config::QemuSettings::read(paths.config() + "/qemu.conf");
        guests.emplace(paths,
                       std::make_unique<qemu::Driver>(
                           paths, qemu_settings,
                           qemu::Neighbours{&secondary.secrets(), &secondary.volumes(), &secondary.networks()}),
                       &hooks, audit.is_on() ? &audit : nullptr);
        host_shutdown.emplace(paths, qemu_settings, *guests, std::move(session_ended));
        guests->install(qemu);
        qemu.merge(secondary.pci_assignment());
    }
    /// One daemon at a time looks after the objects of these paths.
    std::vector<PidFile> locks;
    SecondaryDrivers secondary;
    config::QemuSettings qemu_settings;  ///< as its file was when it was last read
    std::optional<guests::Guests> guests;
    std::optional<HostShutdown> host_shutdown;
    rpc::HandlerTable qemu;
    TestWorlds test;
};

Daemon::Daemon(const Program& program, Options options, Paths paths, config::DaemonSettings settings)
    : program_(program),
      options_(std::move(options)),
      paths_(std::move(paths)),
      settings_(std::move(settings)),
      told_(settings_),
      audit_(settings_.audit_level, settings_.audit_logging),
      hooks_(paths_.config() + "/hooks"),
      sockets_(program_, options_, paths_, settings_),
      choice_(paths_.is_system() ? Paths::Privilege::system : Paths::Privilege::user),
      connection_calls_(choice_, &polkit_, sasl_policy(settings_, paths_)),
      clients_(std::string(program_.name), client_limits(settings_),
               {protocol::remote::program_number, protocol::qemu::program_number}),
      admin_("admin", admin_limits(settings_), {protocol::admin::program_number}),
      admin_calls_(
          {{&admin_, {settings_.admin_min_workers, settings_.admin_max_workers, 0}},
           {&clients_, {settings_.min_workers, settings_.max_workers, settings_.prio_workers}}},
          [this] { ending_.set(); },
          [this](unsigned seconds) {
              options_.timeout = seconds;
              idle_.reset();
              clients_changed();
          },
          [this] { return sockets_.tls(); }) {
    if (settings_.asks_about_calls()) {
        permissions_ = access::permissions_by(polkit_);
        clients_.guard_by(permissions_.get());
    }
    connection_calls_.add_to(clients_.own_handlers());
    admin_calls_.add_to(admin_.own_handlers());
    admin_.only_for(::geteuid());
}

Daemon::~Daemon() = default;

void Daemon::look_for_hooks() {
    std::vector<std::string_view> names{"daemon"};
    if (program_.has(Part::qemu)) names.push_back("qemu");
    if (program_.has(Part::network)) names.push_back("network");
    hooks_.look(names);
}

Task<> Daemon::tell_hooks(std::string operation, std::string part, std::string extra) {
    try {
        co_await hooks_.run({.driver = "daemon",
                             .operation = std::move(operation),
                             .part = std::move(part),
                             .extra = std::move(extra)});
    } catch (const Error& error) {
        log::error("{}", error.message());
    }
}

Task<> Daemon::tell_hooks_of_start() {
    look_for_hooks();
    co_await tell_hooks("start", "-", "start");
}

void Daemon::listen() { sockets_.open(clients_, admin_); }

/// Each driver has a pid file of its own, so that the monolithic daemon and a modular one cannot have it both.
void Daemon::lock_drivers() {
    constexpr std::pair<Part, std::string_view> folders[] = {
        {Part::qemu, "qemu"},           {Part::network, "network"}, {Part::storage, "storage"},
        {Part::secret, "secrets"},      {Part::nodedev, "nodedev"}, {Part::nwfilter, "nwfilter"},
        {Part::interface, "interface"},
    };
    for (const auto& [part, name] : folders) {
        if (!program_.has(part)) continue;
        const std::string folder = paths_.state_of(name);
        make_directories(folder);
        auto lock = PidFile::acquire(folder + "/driver.pid", ::getpid());
        if (!lock)
            throw Error(ErrorCode::operation_failed,
                        fmt::format("another daemon holds '{}/driver.pid' and has the driver '{}'", folder, name));
        drivers_->locks.push_back(std::move(*lock));
    }
}

Task<> Daemon::start_drivers() {
    drivers_ = std::make_unique<Drivers>(program_, paths_, hooks_, audit_, [this] { ending_.set(); });
    lock_drivers();
    connection_calls_.set_token(system_token(paths_));
    if (program_.has(Part::test)) choice_.add_test(&drivers_->test);
    if (drivers_->guests) choice_.add_hypervisor({"qemu", ErrorDomain::qemu, &drivers_->qemu}, "QEMU");
    co_await drivers_->secondary.start(&choice_);
    choice_.add_siblings(program_, paths_);
    if (!drivers_->guests) co_return;
    co_await drivers_->guests->load();
    drivers_->guests->on_activity([this] { guests_changed(); });
    drivers_->guests->background().spawn(drivers_->guests->autostart());
}

Task<> Daemon::stop_drivers() {
    if (!drivers_) co_return;
    co_await drivers_->test.close();
    if (drivers_->host_shutdown) co_await drivers_->host_shutdown->close();
    if (drivers_->guests) co_await drivers_->guests->close();
    co_await drivers_->secondary.stop();
}

/// Of what has changed in the file the log's settings and the numbers of clients take effect. What was changed at run
/// time by others, and not in the file, stays.
void Daemon::take_settings(const config::DaemonSettings& now) {
    bool log_changed = false, limits_changed = false;
    for (const auto name : config::differing(told_, now)) {
        const bool of_log = name == "log_level" || name == "log_filters" || name == "log_outputs";
        const bool of_limits = name == "max_clients" || name == "max_anonymous_clients";
        log_changed |= of_log;
        limits_changed |= of_limits;
        if (!of_log && !of_limits) log::warning("'{}' has changed, which the next start of the daemon heeds", name);
    }
    if (log_changed) set_up_log(program_, options_, paths_, now);
    if (limits_changed) clients_.set_limits(now.max_clients, now.max_anonymous_clients);
}

/// Files that are wrong change nothing.
void Daemon::reload_settings() {
    try {
        config::Remarks remarks;
        const auto now = read_settings(program_, options_, paths_, remarks);
        config::tell(remarks);
        try {
            take_settings(now);
        } catch (const Error&) {
            set_up_log(program_, options_, paths_, told_);
            throw;
        }
        told_ = now;
    } catch (const Error& error) {
        log::error("the configuration stays as it was: {}", error.message());
    }
    if (!drivers_->guests) return;
    try {
        const auto now = config::QemuSettings::read(paths_.config() + "/qemu.conf");
        for (const auto name : config::differing(drivers_->qemu_settings, now))
            log::warning("'{}' in qemu.conf has changed, which the next start of the daemon heeds", name);
        drivers_->qemu_settings = now;
    } catch (const Error& error) {
        log::error("the configuration of QEMU's driver stays as it was: {}", error.message());
    }
}

Task<> Daemon::reload() {
    if (!serving_) {
        log::warning("SIGHUP is ignored while drivers are being started");
        co_return;
    }
    reload_wanted_ = true;
    if (std::exchange(reloading_, true)) co_return;
    while (std::exchange(reload_wanted_, false)) {
        look_for_hooks();
        co_await tell_hooks("reload", "begin", "SIGHUP");
        reload_settings();
        try {
            co_await drivers_->secondary.reload();
            if (drivers_->guests) co_await drivers_->guests->reload();
        } catch (const Error& error) {
            log::error("cannot reload definitions: {}", error.message());
        }
    }
    reloading_ = false;
}

bool Daemon::inhibited() const {
    if (!drivers_) return false;
    return (drivers_->guests && !drivers_->guests->registry().active().empty()) || drivers_->secondary.is_needed();
}

/// The idle timeout runs from the end of the last guest on.
void Daemon::guests_changed() {
    drivers_->host_shutdown->guests_changed();
    idle_.reset();
    if (serving_) clients_changed();
}

/// While there is no client on any server, the idle timeout runs.
void Daemon::clients_changed() {
    if (options_.timeout == 0) return;
    if (clients_.clients() + admin_.clients() > 0) {
        idle_.reset();
    } else if (!idle_) {
        idle_ = Loop::current().at(Loop::current().now() + std::chrono::seconds(options_.timeout), [this] {
            idle_.reset();
            if (inhibited())
                clients_changed();
            else
                ending_.set();
        });
    }
}

Task<> Daemon::watch_signals(Signals* signals) {
    for (;;) {
        const int signal = co_await signals->next();
        if (signal == SIGHUP)
            tasks_.spawn(reload());
        else
            ending_.set();
    }
}

Task<> Daemon::serve(Signals& signals, StartReport report) {
    tasks_.spawn(watch_signals(&signals));
    report.tell(StartFailure::none);
    notify_ready();
    bool failed = false;
    try {
        co_await start_drivers();
    } catch (const Error& error) {
        log::error("Driver state initialization failed: {}", error.message());
        failed = true;
    }
    if (!failed) {
        serving_ = true;
        clients_.on_change([this] { clients_changed(); });
        admin_.on_change([this] { clients_changed(); });
        clients_.accept();
        admin_.accept();
        clients_changed();
        if (drivers_->host_shutdown) drivers_->host_shutdown->start();
        co_await ending_.wait();
    }
    idle_.reset();
    co_await tasks_.close();
    co_await clients_.close(end_patience);
    co_await admin_.close(end_patience);
    look_for_hooks();
    try {
        co_await within(end_patience, "the hooks", tell_hooks("shutdown", "-", "shutdown"));
    } catch (const Error& error) {
        log::warning("{}", error.message());
    }
    co_await stop_drivers();
}

}  // namespace innkeeper::app
