#include "shutdown/settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <variant>

#include "base/error.h"
#include "base/files.h"
#include "config/setting.h"
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

/// One of two words.
struct Choice {
    bool Settings::* member;
    std::string_view yes, no;
};
using Member = std::variant<std::vector<std::string> Settings::*, Choice, bool Settings::*, unsigned Settings::*,
                            std::chrono::seconds Settings::*>;

/// What may stand behind the name, for messages and the manual.
struct Expected {
    std::string operator()(std::vector<std::string> Settings::*) const {
        return "connection URIs with blanks between them";
    }
    std::string operator()(const Choice& choice) const { return fmt::format("'{}' or '{}'", choice.yes, choice.no); }
    std::string operator()(bool Settings::*) const { return "0 or 1"; }
    std::string operator()(unsigned Settings::*) const { return "a number of guests"; }
    std::string operator()(std::chrono::seconds Settings::*) const { return "a number of seconds"; }
};

/// The value as the file would have it.
struct Shown {
    const Settings& settings;
    std::string operator()(std::vector<std::string> Settings::* member) const {
        return fmt::format("{}", fmt::join(settings.*member, " "));
    }
    std::string operator()(const Choice& choice) const {
        return std::string(settings.*choice.member ? choice.yes : choice.no);
    }
    std::string operator()(bool Settings::* member) const { return settings.*member ? "1" : "0"; }
    std::string operator()(unsigned Settings::* member) const { return std::to_string(settings.*member); }
    std::string operator()(std::chrono::seconds Settings::* member) const {
        return std::to_string((settings.*member).count());
    }
};

/// False if the value does not suit.
struct Take {
    Settings& settings;
    std::string_view value;

    bool operator()(std::vector<std::string> Settings::* member) const {
        auto& words = settings.*member;
        words.clear();
        for (std::size_t at = 0; (at = value.find_first_not_of(" \t\n\r", at)) != std::string_view::npos;) {
            const auto end = std::min(value.find_first_of(" \t\n\r", at), value.size());
            words.emplace_back(value.substr(at, end - at));
            at = end;
        }
        return true;
    }
    bool operator()(const Choice& choice) const {
        if (value != choice.yes && value != choice.no) return false;
        settings.*choice.member = value == choice.yes;
        return true;
    }
    bool operator()(bool Settings::* member) const {
        const auto given = number(value);
        if (given) settings.*member = *given != 0;
        return given.has_value();
    }
    bool operator()(unsigned Settings::* member) const {
        const auto given = number(value);
        if (!given || *given < 0) return false;
        settings.*member = static_cast<unsigned>(*given);
        return true;
    }
    bool operator()(std::chrono::seconds Settings::* member) const {
        const auto given = number(value);
        // A negative limit is read: a stop refuses it with a sentence and an exit status of its own.
        if (!given || (*given < 0 && member != &Settings::shutdown_timeout)) return false;
        settings.*member = std::chrono::seconds(*given);
        return true;
    }
};

struct Row {
    std::string_view key;
    Member member;
    std::string_view sentence;
};

const std::array rows{
    Row{"URIS", &Settings::uris,
        "Which hypervisors have guests to look after: URIs of daemons on this host. The word default means what "
        "clients "
        "use when they are not told."},
    Row{"ON_BOOT", Choice{&Settings::start_on_boot, "start", "ignore"},
        "What becomes at boot of the guests that ran at shutdown. Guests marked for autostart are the daemon's and "
        "start in "
        "either case."},
    Row{"START_DELAY", &Settings::start_delay, "How long to wait between two starts. With 0, several start at a time."},
    Row{"ON_SHUTDOWN", Choice{&Settings::suspend, "suspend", "shutdown"},
        "What becomes of guests at shutdown: the memory of those that have a definition is saved to disk and the "
        "others are "
        "left, or all are asked to shut down. How long a guest takes for the latter is its own affair: see "
        "SHUTDOWN_TIMEOUT."},
    Row{"PARALLEL_SHUTDOWN", &Settings::parallel_shutdown,
        "How many guests of each URI are asked to shut down at a time. With 0, one after the other."},
    Row{"SHUTDOWN_TIMEOUT", &Settings::shutdown_timeout,
        "How long to wait for a guest that was asked to shut down; with PARALLEL_SHUTDOWN, for all guests of a URI "
        "together. With 0 there is no limit, and a guest that ignores the request keeps the host up."},
    Row{"BYPASS_CACHE", &Settings::bypass_cache, "Whether memory is saved and restored past the host's page cache."},
    Row{"SYNC_TIME", &Settings::sync_time,
        "Whether a guest's clock is set after its start. It needs the guest agent in the guest."},
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
        else if ((!value.empty() || row->key == "URIS") && !std::visit(Take{*this, value}, row->member))
            complaints.push_back(fmt::format("{}:{}: {}='{}' is ignored: expected {}", file, line, name, value,
                                             std::visit(Expected{}, row->member)));
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

std::string Settings::sample() {
    std::string text =
        "# Settings of libvirt-guests.service, see libvirt-guests(8): assignments in the shell's syntax, which no "
        "shell\n"
        "# reads. What is commented out shows the default.\n";
    for (const auto& row : rows)
        text += config::detail::comment(row.sentence) +
                fmt::format("#{}={}\n", row.key, std::visit(Shown{Settings()}, row.member));
    return text;
}

std::string Settings::manual() {
    std::string text;
    for (const auto& row : rows)
        text += config::detail::manual_paragraph(row.key,
                                                 fmt::format("{}; default {}", std::visit(Expected{}, row.member),
                                                             std::visit(Shown{Settings()}, row.member)),
                                                 row.sentence);
    return text;
}

}  // namespace innkeeper::shutdown
