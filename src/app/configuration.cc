#include "app/configuration.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"

namespace innkeeper::app {

namespace {

std::string from_environment(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

log::Level level_named(const std::string& word) {
    constexpr std::string_view names[] = {"debug", "info", "warning", "error"};
    for (int i = 1; i <= 4; ++i)
        if (word == std::to_string(i) || word == names[i - 1]) return static_cast<log::Level>(i);
    throw Error(ErrorCode::invalid_arg, fmt::format("Failed to set logging priority, argument '{}' is invalid", word));
}

/// Where the log goes if nobody says it (daemon-behaviour, section 9). The journal is the whole machine's: a daemon
/// below a root of its own leaves it alone.
std::string default_outputs(const Program& program, const Options& options, const Paths& paths, log::Level level) {
    const bool may_be_journal = options.daemonize || ::isatty(STDIN_FILENO) == 0;
    if (may_be_journal && options.root.empty() && log::journal_is_there())
        return fmt::format("{}:journald", static_cast<int>(std::max(level, log::Level::info)));
    if (!options.daemonize) return fmt::format("{}:stderr", static_cast<int>(level));
    return fmt::format("{}:file:{}/{}.log", static_cast<int>(level), paths.log().substr(options.root.size()),
                       program.name);
}

}  // namespace

std::string configuration_file(const Program& program, const Options& options, const Paths& paths) {
    const std::string standard = paths.config() + '/' + program.config_file();
    return options.config.value_or(path_exists(standard) ? standard : "");
}

config::DaemonSettings read_settings(const Program& program, const Options& options, const Paths& paths,
                                     config::Remarks& remarks) {
    using Reach = config::DaemonSettings::Reach;
    return config::DaemonSettings::read(configuration_file(program, options, paths),
                                        program.ip == Program::Ip::never ? Reach::host : Reach::network, remarks);
}

void set_up_log(const Program& program, const Options& options, const Paths& paths,
                const config::DaemonSettings& settings) {
    const std::string debug = from_environment("LIBVIRT_DEBUG");
    auto level = level_named(debug.empty() ? std::to_string(settings.log_level) : debug);
    if (options.verbose) level = std::min(level, log::Level::info);
    log::set_level(level);
    log::set_root(options.root);
    log::set_default_outputs(default_outputs(program, options, paths, level));
    if (options.daemonize) make_directories(paths.log());

    const std::string filters = from_environment("LIBVIRT_LOG_FILTERS");
    log::set_filters(filters.empty() ? settings.log_filters.value_or("") : filters);
    const std::string outputs = from_environment("LIBVIRT_LOG_OUTPUTS");
    log::set_outputs(outputs.empty() ? settings.log_outputs.value_or("") : outputs);
}

}  // namespace innkeeper::app
