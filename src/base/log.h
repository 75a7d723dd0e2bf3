#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

/// The daemon's log: one line per failure, where it is handled. Levels and outputs have the peer's syntax
/// (daemon-behaviour, section 9). Values of secrets never come here.
namespace innkeeper::log {

enum class Level { debug = 1, info = 2, warning = 3, error = 4 };

/// Sets where and from which level on lines are written; default: stderr, warnings. Throws Error on bad syntax.
void set_level(Level level);
/// `LEVEL:stderr`, `LEVEL:file:PATH`, `LEVEL:syslog:IDENT`, separated by spaces.
void set_outputs(std::string_view outputs);

bool enabled(Level level) noexcept;
void write(Level level, std::string_view message);

template <class... A>
void debug(fmt::format_string<A...> format, A&&... args) {
    if (enabled(Level::debug)) write(Level::debug, fmt::format(format, std::forward<A>(args)...));
}
template <class... A>
void info(fmt::format_string<A...> format, A&&... args) {
    if (enabled(Level::info)) write(Level::info, fmt::format(format, std::forward<A>(args)...));
}
template <class... A>
void warning(fmt::format_string<A...> format, A&&... args) {
    if (enabled(Level::warning)) write(Level::warning, fmt::format(format, std::forward<A>(args)...));
}
template <class... A>
void error(fmt::format_string<A...> format, A&&... args) {
    if (enabled(Level::error)) write(Level::error, fmt::format(format, std::forward<A>(args)...));
}

}  // namespace innkeeper::log
