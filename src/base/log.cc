#include "base/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>

#include <fcntl.h>
#include <fnmatch.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <memory>
#include <mutex>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/journal_sink.h"
#include "base/preface_sink.h"

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

std::shared_ptr<spdlog::logger> make_logger(std::vector<spdlog::sink_ptr> sinks) {
    auto logger = std::make_shared<spdlog::logger>("innkeeper", sinks.begin(), sinks.end());
    // The peer's line: date, time to the millisecond in UTC, thread, level, function, line, message.
    logger->set_formatter(std::make_unique<spdlog::pattern_formatter>("%Y-%m-%d %H:%M:%S.%e+0000: %t: %l : %!:%# : %v",
                                                                      spdlog::pattern_time_type::utc));
    logger->set_level(spdlog::level::debug);
    logger->flush_on(spdlog::level::debug);
    return logger;
}

struct Output {
    std::string text;   ///< as it was given
    std::string where;  ///< without the level: two of the same are one
    spdlog::sink_ptr sink;
};

struct Filter {
    Level level;
    std::string pattern;
};

/// Never changed, but exchanged as a whole.
struct Settings {
    std::vector<Output> outputs;
    std::vector<Filter> filters;
    std::shared_ptr<spdlog::logger> logger;
};

struct State {
    std::atomic<Level> level = Level::warning;
    std::atomic<bool> filtered = false;
    std::string root, standard = "3:stderr";
    std::mutex changing;
    std::shared_ptr<const Settings> settings = std::make_shared<Settings>(Settings{
        .outputs = {},
        .filters = {},
        .logger = make_logger({std::make_shared<PrefaceSink>(std::make_shared<spdlog::sinks::stderr_sink_mt>())})});
};

State& state() {
    static State state;
    return state;
}

std::shared_ptr<const Settings> current() {
    const std::lock_guard lock(state().changing);
    return state().settings;
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

/// "rpc.server.session" of ".../src/rpc/server/session.cc".
std::string category_of(std::string_view file) {
    if (const auto src = file.rfind("src/"); src != std::string_view::npos) file.remove_prefix(src + 4);
    std::string category(file.substr(0, file.rfind('.')));
    std::ranges::replace(category, '/', '.');
    return category;
}

/// "Session::end" of "void innkeeper::rpc::Session::end(const char *)".
std::string short_name(std::string_view function) {
    constexpr std::string_view nameless = "(anonymous namespace)::";
    if (const auto at = function.find(nameless); at != std::string_view::npos)
        function.remove_prefix(at + nameless.size());
    function = function.substr(0, function.find('('));
    if (const auto space = function.rfind(' '); space != std::string_view::npos) function.remove_prefix(space + 1);
    const auto last = function.rfind("::");
    if (last == std::string_view::npos) return std::string(function);
    const auto before = function.rfind("::", last - 1);
    return std::string(before == std::string_view::npos ? function : function.substr(before + 2));
}

int priority_in(std::string_view number) {
    int priority = 0;
    const auto parsed = std::from_chars(number.data(), number.data() + number.size(), priority);
    return parsed.ec == std::errc{} && parsed.ptr == number.data() + number.size() && priority >= 1 && priority <= 4
               ? priority
               : 0;
}

spdlog::sink_ptr make_sink(std::string_view kind, const std::string& detail) {
    if (kind == "stderr") return std::make_shared<spdlog::sinks::stderr_sink_mt>();
    if (kind == "journald") return std::make_shared<JournalSink>();
    if (kind == "syslog") return std::make_shared<spdlog::sinks::syslog_sink_mt>(detail, LOG_PID, LOG_DAEMON, false);
    // The folder is the administrator's; nobody else is to read what is written.
    const std::string path = state().root + detail;
    const Fd file(::open(path.c_str(), O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600));
    if (!file) throw Error::system(errno, fmt::format("failed to open {}", path));
    return std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
}

Output make_output(std::string_view text) {
    const auto refuse = [text](std::string what) {
        throw Error(ErrorCode::invalid_arg, fmt::format("{} log output '{}'", what, text));
    };
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) refuse("Malformed format for");
    const auto number = text.substr(0, colon);
    const int priority = priority_in(number);
    if (priority == 0) refuse(fmt::format("Invalid log priority '{}' for", number));
    const auto where = text.substr(colon + 1);
    const auto second = where.find(':');
    const auto kind = where.substr(0, second);
    const std::string detail(second == std::string_view::npos ? "" : where.substr(second + 1));
    const bool plain = kind == "stderr" || kind == "journald", named = kind == "syslog" || kind == "file";
    if (!plain && !named) refuse(fmt::format("Invalid log destination '{}' for", kind));
    if (plain ? second != std::string_view::npos : detail.empty())
        throw Error(
            ErrorCode::invalid_arg,
            fmt::format("Log output '{}' does not meet the format requirements for destination type '{}'", text, kind));
    Output output{std::string(text), std::string(where), std::make_shared<PrefaceSink>(make_sink(kind, detail))};
    output.sink->set_level(to_spdlog(static_cast<Level>(priority)));
    return output;
}

std::vector<Filter> make_filters(std::string_view text) {
    std::vector<Filter> filters;
    for (const auto word : words(text)) {
        const auto colon = word.find(':');
        auto match = colon == std::string_view::npos ? std::string_view() : word.substr(colon + 1);
        if (match.starts_with('+')) match.remove_prefix(1);
        if (match.empty()) throw Error(ErrorCode::invalid_arg, fmt::format("Malformed format for filter '{}'", word));
        const int priority = priority_in(word.substr(0, colon));
        if (priority == 0)
            throw Error(ErrorCode::invalid_arg,
                        fmt::format("Invalid priority '{}' for filter '{}'", word.substr(0, colon), word));
        filters.push_back({static_cast<Level>(priority), fmt::format("*{}*", match)});
    }
    return filters;
}

}  // namespace

void set_level(Level level) { state().level = level; }

void set_root(std::string root) { state().root = std::move(root); }

bool journal_is_there() { return JournalSink::is_there(); }

void set_default_outputs(std::string outputs) { state().standard = std::move(outputs); }

void set_outputs(std::string_view text) {
    Settings settings;
    std::vector<spdlog::sink_ptr> sinks;
    const auto wanted = words(text).empty() ? words(state().standard) : words(text);
    for (const auto word : wanted) {
        Output output = make_output(word);
        std::erase_if(settings.outputs, [&](const auto& other) { return other.where == output.where; });
        settings.outputs.push_back(std::move(output));
    }
    for (const auto& output : settings.outputs) sinks.push_back(output.sink);
    settings.logger = make_logger(std::move(sinks));
    const std::lock_guard lock(state().changing);
    settings.filters = state().settings->filters;
    state().settings = std::make_shared<Settings>(std::move(settings));
}

void set_filters(std::string_view text) {
    auto filters = make_filters(text);
    const std::lock_guard lock(state().changing);
    Settings settings = *state().settings;
    settings.filters = std::move(filters);
    state().filtered = !settings.filters.empty();
    state().settings = std::make_shared<Settings>(std::move(settings));
}

Setting outputs() {
    Setting setting;
    for (const auto& output : current()->outputs) {
        setting.text += setting.count++ > 0 ? " " : "";
        setting.text += output.text;
    }
    return setting;
}

Setting filters() {
    Setting setting;
    for (const auto& filter : current()->filters)
        setting.text +=
            fmt::format("{}{}:{}", setting.count++ > 0 ? " " : "", static_cast<int>(filter.level), filter.pattern);
    return setting;
}

bool enabled(Level level, const std::source_location& where) noexcept {
    if (state().filtered.load(std::memory_order_relaxed)) try {
            const std::string category = category_of(where.file_name());
            for (const auto& filter : current()->filters)
                if (::fnmatch(filter.pattern.c_str(), category.c_str(), 0) == 0) return level >= filter.level;
        } catch (...) {
            return true;
        }
    return level >= state().level.load(std::memory_order_relaxed);
}

void write(Level level, const std::source_location& where, std::string_view message) {
    const std::string function = short_name(where.function_name());
    current()->logger->log(spdlog::source_loc{where.file_name(), static_cast<int>(where.line()), function.c_str()},
                           to_spdlog(level), spdlog::string_view_t(message.data(), message.size()));
}

}  // namespace innkeeper::log
