#include "base/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <vector>

#include "base/error.h"

namespace innkeeper::log {

namespace {

spdlog::level::level_enum to_spdlog(Level level) {
    switch (level) {
        case Level::debug:
            return spdlog::level::debug;
        case Level::info:
            return spdlog::level::info;
        case Level::warning:
            return spdlog::level::warn;
        case Level::error:
            return spdlog::level::err;
    }
    return spdlog::level::err;
}

std::unique_ptr<spdlog::logger> make_logger(std::vector<spdlog::sink_ptr> sinks) {
    auto logger = std::make_unique<spdlog::logger>("innkeeper", sinks.begin(), sinks.end());
    // The peer's line: date, time to the millisecond in UTC, thread, level, message.
    logger->set_formatter(std::make_unique<spdlog::pattern_formatter>("%Y-%m-%d %H:%M:%S.%e+0000: %t: %l : %v",
                                                                      spdlog::pattern_time_type::utc));
    logger->set_level(spdlog::level::debug);
    logger->flush_on(spdlog::level::debug);
    return logger;
}

struct State {
    Level level = Level::warning;
    std::unique_ptr<spdlog::logger> logger = make_logger({std::make_shared<spdlog::sinks::stderr_sink_mt>()});
};

State& state() {
    static State state;
    return state;
}

std::vector<std::string_view> words(std::string_view text) {
    std::vector<std::string_view> result;
    while (true) {
        const auto start = text.find_first_not_of(' ');
        if (start == std::string_view::npos) return result;
        text.remove_prefix(start);
        const auto end = std::min(text.find(' '), text.size());
        result.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
}

spdlog::sink_ptr make_sink(std::string_view output) {
    const auto colon = output.find(':');
    if (colon == std::string_view::npos)
        throw Error(ErrorCode::invalid_arg, fmt::format("Malformed format for log output '{}'", output));
    int priority = 0;
    const auto number = output.substr(0, colon);
    const auto parsed = std::from_chars(number.data(), number.data() + number.size(), priority);
    if (parsed.ec != std::errc{} || parsed.ptr != number.data() + number.size() || priority < 1 || priority > 4)
        throw Error(ErrorCode::invalid_arg,
                    fmt::format("Invalid log priority '{}' for log output '{}'", number, output));
    const auto rest = output.substr(colon + 1);
    const auto second = rest.find(':');
    const auto kind = rest.substr(0, second);
    const std::string detail(second == std::string_view::npos ? "" : rest.substr(second + 1));
    spdlog::sink_ptr sink;
    if (kind == "stderr" && detail.empty()) sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    if (kind == "file" && !detail.empty()) sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(detail);
    if (kind == "syslog" && !detail.empty())
        sink = std::make_shared<spdlog::sinks::syslog_sink_mt>(detail, 0, 0, false);
    if (!sink)
        throw Error(ErrorCode::invalid_arg,
                    fmt::format("Invalid log destination '{}' for log output '{}'", kind, output));
    sink->set_level(to_spdlog(static_cast<Level>(priority)));
    return sink;
}

}  // namespace

void set_level(Level level) { state().level = level; }

void set_outputs(std::string_view outputs) {
    std::vector<spdlog::sink_ptr> sinks;
    for (const auto output : words(outputs)) sinks.push_back(make_sink(output));
    if (!sinks.empty()) state().logger = make_logger(std::move(sinks));
}

bool enabled(Level level) noexcept { return level >= state().level; }

void write(Level level, std::string_view message) { state().logger->log(to_spdlog(level), message); }

}  // namespace innkeeper::log
