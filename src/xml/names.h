#pragma once

#include <array>
#include <concepts>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace innkeeper::xml {

/// The words of an enumeration in the order of its values. An enumeration gets its words from a function beside it,
/// found by argument-dependent lookup:
///
///     enum class Tickpolicy { delay, catchup, merge, discard };
///     constexpr auto names_of(Tickpolicy) { return xml::names("delay", "catchup", "merge", "discard"); }
template <class... Words>
constexpr std::array<std::string_view, sizeof...(Words)> names(Words... words) {
    return {std::string_view(words)...};
}

template <class E>
concept Named = std::is_enum_v<E> && requires(E e) { names_of(e); };

template <Named E>
inline constexpr auto names_table = names_of(E{});

/// The word of a value, as it stands in a document (and mostly on a command line too).
template <Named E>
constexpr std::string_view name(E value) {
    return names_table<E>[static_cast<std::size_t>(value)];
}

/// The value of a word; nothing if there is no such word.
template <Named E>
constexpr std::optional<E> value_of(std::string_view word) {
    for (std::size_t i = 0; i < names_table<E>.size(); ++i)
        if (names_table<E>[i] == word) return static_cast<E>(i);
    return std::nullopt;
}

/// The two spellings of a truth.
inline constexpr std::array<std::string_view, 2> yes_no_words{"no", "yes"};
inline constexpr std::array<std::string_view, 2> on_off_words{"off", "on"};
inline constexpr std::span<const std::string_view> yes_no{yes_no_words};
inline constexpr std::span<const std::string_view> on_off{on_off_words};

}  // namespace innkeeper::xml
