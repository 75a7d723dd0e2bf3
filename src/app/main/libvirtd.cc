// libvirtd, and its siblings by their names (app/program.h).

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <memory>

#include "app/configuration.h"
#include "app/daemon.h"
#include "app/helper.h"
#include "app/reexec.h"
#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "config/helper_settings.h"
#include "config/qemu_settings.h"
#include "host/identity.h"
#include "lockd/locks.h"
#include "logd/logs.h"
#include "loop/spawn.h"

namespace innkeeper::app {
namespace {

/// The settings that all daemons have, and those of the one that this is.
struct Settings {
    config::DaemonSettings daemon;
    config::LogDaemonSettings log;
};

Settings read_all_settings(const Program& program, const Options& options, const Paths& paths,
                           config::Remarks& remarks) {
    if (!program.is_helper()) return {.daemon = read_settings(program, options, paths, remarks), .log = {}};
    const std::string file = configuration_file(program, options, paths);
    if (program.has(Part::lock))
        return {.daemon = config::read_helper_settings<config::LockDaemonSettings>(file, remarks).daemon(), .log = {}};
    const auto log = config::read_helper_settings<config::LogDaemonSettings>(file, remarks);
    return {.daemon = log.daemon(), .log = log};
}

std::string sample(const Program& program) {
    if (program.has(Part::log)) return config::sample<config::LogDaemonSettings>();
    if (program.has(Part::lock)) return config::sample<config::LockDaemonSettings>();
    return config::sample<config::DaemonSettings>();
}

std::unique_ptr<objects::Service> make_service(const Program& program, const Settings& settings) {
    if (program.has(Part::lock)) return std::make_unique<lockd::Locks>();
    return std::make_unique<logd::Logs>(
        logd::Rotation{.max_size = settings.log.max_size, .max_backups = settings.log.max_backups});
}

int run(int argc, char** argv) {
    const Program& program = program_called(argv[0]);
    auto [options, exit_status] = Options::parse(program, argc, argv);
    if (exit_status) return *exit_status;
    if (options.print_sample) {
        fmt::print("{}", sample(program));
        return 0;
    }
    const auto privilege = ::geteuid() == 0 ? Paths::Privilege::system : Paths::Privilege::user;
    const Paths paths = Paths::standard(privilege, options.root);

    Settings settings;
    config::Remarks remarks;  // until it is known where the log is
    try {
        settings = read_all_settings(program, options, paths, remarks);
    } catch (const Error& error) {
        log::error("Can't load config file: {}: {}", error.message(),
                   options.config.value_or(paths.config() + '/' + program.config_file()));
        return 1;
    }
    try {
        set_up_log(program, options, paths, settings.daemon);
    } catch (const Error& error) {
        fmt::print(stderr, "libvirt:  error : {}\n", error.message());
        return 1;
    }
    config::tell(remarks);
    try {
        host::set_uuid(settings.daemon.host_uuid, settings.daemon.host_uuid_source);
    } catch (const Error& error) {
        log::error("{}", error.message());
        log::error("Can't setup host uuid");
        return 1;
    }
    for (const auto& driver : settings.daemon.access_drivers)
        if (driver != "polkit" && driver != "none" && driver != "nop") {
            log::error("internal error: Cannot find security driver '{}'", driver);
            log::error("Can't initialize access manager");
            return 1;
        }

    StartReport report;
    const auto failed = [&report](StartFailure failure) {
        report.tell(failure);
        return static_cast<int>(failure);
    };
    Reexec reexec(program, paths, argv);
    try {
        if (program.is_helper()) reexec.read();
    } catch (const Error& error) {
        log::error("{}", error.message());
        return failed(StartFailure::reexec);
    }
    try {
        if (options.daemonize && !reexec.inherited()) report = daemonize(argv[0]);
    } catch (const Error& error) {
        log::error("{}", error.message());
        return 1;
    }

    const std::string pid_path = options.pid_file.value_or(paths.pid_file(program.name));
    std::optional<PidFile> pid_file;
    if (!pid_path.empty()) {
        try {
            if (!options.root.empty() || !paths.is_system()) make_directories(parent_of(pid_path));
            pid_file = PidFile::acquire(pid_path, ::getpid());
            if (!pid_file) log::error("Failed to acquire pid file '{}': Resource temporarily unavailable", pid_path);
        } catch (const Error& error) {
            log::error("{}", error.message());
        }
        if (!pid_file) return failed(StartFailure::pid_file);
    }

    try {
        const mode_t mask = ::umask(paths.is_system() ? 022 : 077);
        make_directories(paths.state());
        ::umask(mask);
    } catch (const Error& error) {
        log::error("unable to create rundir {}: {}", paths.state(), error.message());
        return failed(StartFailure::run_directory);
    }

    std::signal(SIGPIPE, SIG_IGN);
    if (const auto descriptors = raise_descriptor_limit(); descriptors <= settings.daemon.max_clients)
        log::warning(
            "max_clients is {}, but this process may have no more than {} descriptors (LimitNOFILE of its unit)",
            settings.daemon.max_clients, descriptors);
    Loop loop;
    std::optional<Signals> signals;
    try {
        std::vector<int> ours{SIGINT, SIGQUIT, SIGTERM, SIGHUP};
        if (program.is_helper()) ours.push_back(SIGUSR1);
        signals.emplace(ours);
        // The program before us in this process left it ignored.
        if (program.is_helper()) std::signal(SIGUSR1, SIG_DFL);
    } catch (const Error& error) {
        log::error("{}", error.message());
        return failed(StartFailure::signals);
    }
    const auto serve = [&](auto& daemon) {
        try {
            daemon.listen();
        } catch (const Error& error) {
            log::error("{}", error.message());
            return failed(StartFailure::network);
        }
        try {
            loop.run(daemon.serve(*signals, std::move(report)));
        } catch (const std::exception& error) {
            log::error("{}", error.what());
            return 1;
        }
        loop.run_ready();
        return 0;
    };
    if (program.is_helper()) {
        Helper helper(program, options, paths, settings.daemon, make_service(program, settings), reexec);
        return serve(helper);
    }
    std::optional<Daemon> daemon;
    try {
        daemon.emplace(program, options, paths, std::move(settings.daemon));
    } catch (const Error& error) {
        log::error("{}", error.message());
        return failed(StartFailure::audit);
    }
    loop.run(daemon->tell_hooks_of_start());
    return serve(*daemon);
}

}  // namespace
}  // namespace innkeeper::app

int main(int argc, char** argv) { return innkeeper::app::run(argc, argv); }
