#pragma once

#include <fmt/format.h>

#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>

/// The daemon's log: one line per failure, where it is handled. Levels, filters and outputs have the peer's syntax
/// (daemon-behaviour, section 9). Values of secrets never come here. Lines may come from any thread; settings change
/// while the daemon runs.
namespace innkeeper::log {

enum class Level { debug = 1, info = 2, warning = 3, error = 4 };

/// From which level on lines are written; default: warnings.
void set_level(Level level);
/// `LEVEL:stderr`, `LEVEL:journald`, `LEVEL:syslog:IDENT`, `LEVEL:file:PATH`, separated by spaces; of two equal ones
/// the last counts. Empty: the default ones. Throws Error (invalid_arg, system_error), and nothing has changed then.
void set_outputs(std::string_view outputs);
/// Files that outputs name lie below this folder.
void set_root(std::string root);
bool journal_is_there();
/// What an empty set_outputs() means from now on; at first `3:stderr`.
void set_default_outputs(std::string outputs);
/// `LEVEL:MATCH`: the level of those lines whose category contains MATCH, a pattern (glob(7)); the first that fits
/// counts. A category is the place in the source, as "rpc.server.session". Throws Error (invalid_arg), and nothing has
/// changed then.
void set_filters(std::string_view filters);

/// As they are set, in the same syntax, and how many they are.
struct Setting {
    std::string text;
    unsigned count = 0;
};
Setting outputs();
Setting filters();

bool enabled(Level level, const std::source_location& where) noexcept;
void write(Level level, const std::source_location& where, std::string_view message);

/// A format and where it stands.
template <class... A>
struct Format {
    template <class Text>
    consteval Format(const Text& text, std::source_location place = std::source_location::current())
        : format(text), where(place) {}
    fmt::format_string<A...> format;
    std::source_location where;
};

template <class... A>
void debug(Format<std::type_identity_t<A>...> text, A&&... args) {
    if (enabled(Level::debug, text.where))
        write(Level::debug, text.where, fmt::format(text.format, std::forward<A>(args)...));
}
template <class... A>
void info(Format<std::type_identity_t<A>...> text, A&&... args) {
    if (enabled(Level::info, text.where))
        write(Level::info, text.where, fmt::format(text.format, std::forward<A>(args)...));
}
template <class... A>
void warning(Format<std::type_identity_t<A>...> text, A&&... args) {
    if (enabled(Level::warning, text.where))
        write(Level::warning, text.where, fmt::format(text.format, std::forward<A>(args)...));
}
template <class... A>
void error(Format<std::type_identity_t<A>...> text, A&&... args) {
    if (enabled(Level::error, text.where))
        write(Level::error, text.where, fmt::format(text.format, std::forward<A>(args)...));
}

}  // namespace innkeeper::log
