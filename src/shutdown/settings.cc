#include "shutdown/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "shutdown/assignments.h"

namespace innkeeper::shutdown {

namespace {

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    // Seconds and counts beyond these are nobody's intention, and must not overflow a clock.
    if (value > 1'000'000'000 || value < -1'000'000'000) return std::nullopt;
    return value;
}

bool set_uris(Settings& settings, std::string_view value) {
    settings.uris.clear();
    for (std::size_t at = 0; at < value.size();) {
        const auto start = value.find_first_not_of(" \t\n\r", at);
        if (start == std::string_view::npos) break;
        at = std::min(value.find_first_of(" \t\n\r", start), value.size());
        settings.uris.emplace_back(value.substr(start, at - start));
    }
    return true;
}

bool set_choice(bool& member, std::string_view value, std::string_view yes, std::string_view no) {
    if (value != yes && value != no) return false;
    member = value == yes;
    return true;
}

bool set_flag(bool& member, std::string_view value) {
    const auto given = number(value);
    if (given) member = *given != 0;
    return given.has_value();
}

bool set_seconds(std::chrono::seconds& member, std::string_view value) {
    const auto given = number(value);
    if (given) member = std::chrono::seconds(*given);
    return given.has_value();
}

struct Row {
    std::string_view key, expected;
    bool (*set)(Settings&, std::string_view);
};

constexpr std::array rows{
    Row{"URIS", "connection URIs with blanks between them", set_uris},
    Row{"ON_BOOT", "'start' or 'ignore'",
        [](Settings& s, std::string_view v) { return set_choice(s.start_on_boot, v, "start", "ignore"); }},
    Row{"START_DELAY", "a number of seconds, 0 or more",
        [](Settings& s, std::string_view v) { return !v.starts_with('-') && set_seconds(s.start_delay, v); }},
    Row{"ON_SHUTDOWN", "'suspend' or 'shutdown'",
        [](Settings& s, std::string_view v) { return set_choice(s.suspend, v, "suspend", "shutdown"); }},
    Row{"PARALLEL_SHUTDOWN", "a number of guests, 0 or more",
        [](Settings& s, std::string_view v) {
            const auto given = number(v);
            if (!given || *given < 0) return false;
            s.parallel_shutdown = static_cast<unsigned>(*given);
            return true;
        }},
    // A negative one is read, too: a stop refuses it with a sentence and an exit status of its own.
    Row{"SHUTDOWN_TIMEOUT", "a number of seconds, 0 for no limit",
        [](Settings& s, std::string_view v) { return set_seconds(s.shutdown_timeout, v); }},
    Row{"BYPASS_CACHE", "0 or 1", [](Settings& s, std::string_view v) { return set_flag(s.bypass_cache, v); }},
    Row{"SYNC_TIME", "0 or 1", [](Settings& s, std::string_view v) { return set_flag(s.sync_time, v); }},
};

}  // namespace

void Settings::apply(std::string_view text, std::string_view file, std::vector<std::string>& complaints) {
    auto assignments = parse_assignments(text, file);
    std::ranges::move(assignments.complaints, std::back_inserter(complaints));
    for (const auto& [name, value, line] : assignments.values) {
        const auto row = std::ranges::find(rows, name, &Row::key);
        if (row == rows.end())
            complaints.push_back(fmt::format("{}:{}: {} is not known here, it has no effect", file, line, name));
        // As with a shell's ${NAME:-…}, an empty value is none, except that no URI is a choice.
        else if ((!value.empty() || row->key == "URIS") && !row->set(*this, value))
            complaints.push_back(
                fmt::format("{}:{}: {}='{}' is ignored: expected {}", file, line, name, value, row->expected));
    }
}

Settings Settings::read(std::string_view root, std::vector<std::string>& complaints) {
    Settings settings;
    for (const std::string_view file : {"/etc/sysconfig/libvirt-guests", "/etc/default/libvirt-guests"}) {
        const std::string path = fmt::format("{}{}", root, file);
        try {
            if (const auto text = read_file(path)) settings.apply(*text, path, complaints);
        } catch (const Error& error) {
            complaints.push_back(error.message());
        }
    }
    return settings;
}

}  // namespace innkeeper::shutdown
