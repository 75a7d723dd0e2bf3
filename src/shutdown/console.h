#pragma once

#include <fmt/format.h>

#include <cstdio>

namespace innkeeper::shutdown {

/// A line for the people who watch the host go down or come up; it is there at once.
template <class... A>
void say(fmt::format_string<A...> format, A&&... args) {
    fmt::print("{}\n", fmt::format(format, std::forward<A>(args)...));
    std::fflush(stdout);
}

/// What went wrong, for those who look for the reason.
template <class... A>
void complain(fmt::format_string<A...> format, A&&... args) {
    fmt::print(stderr, "error: {}\n", fmt::format(format, std::forward<A>(args)...));
}

}  // namespace innkeeper::shutdown
