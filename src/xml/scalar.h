#pragma once

#include <charconv>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/uuid.h"
#include "xml/names.h"

namespace innkeeper::xml {

struct Part;

/// How the values of one C++ type are read from and written as text. The functions get the part that asks, since it
/// knows the words, the bounds and the base of its numbers.
struct Scalar {
    /// False: the text is no value of this type, or not one within the part's bounds.
    bool (*read)(const Part& part, std::string_view text, void* value);
    /// False: the value is absent and nothing is written.
    bool (*write)(const Part& part, const void* value, std::string& out);
    bool (*equal)(const void* a, const void* b);
    /// What a message says was expected; empty for words.
    std::string_view expected;
    /// The RelaxNG data type.
    std::string_view data_type;
    std::span<const std::string_view> words;
    bool is_optional = false;
    /// What a text of this type looks like, as a schema says it; empty: like anything.
    std::string_view pattern = {};
};

/// A type that reads and writes itself: `static std::optional<T> T::parse(std::string_view)` and `std::string text()`.
template <class M>
concept Textual = requires(const M& m, std::string_view s) {
    { M::parse(s) } -> std::same_as<std::optional<M>>;
    { m.text() } -> std::convertible_to<std::string>;
};

/// The pattern of a type that has a constant of that name.
template <class M>
constexpr std::string_view pattern_of() {
    if constexpr (requires { M::pattern; })
        return M::pattern;
    else if constexpr (std::same_as<M, Uuid>)
        return R"(\s*-*([0-9a-fA-F]{2}-*){16}\s*)";
    else
        return {};
}

bool read_signed(const Part& part, std::string_view text, std::int64_t low, std::int64_t high, std::int64_t& value);
bool read_unsigned(const Part& part, std::string_view text, std::uint64_t high, std::uint64_t& value);
bool read_word(const Part& part, std::string_view text, std::size_t& index);
void write_signed(std::int64_t value, std::string& out);
void write_unsigned(const Part& part, std::uint64_t value, std::string& out);
void write_word(const Part& part, std::size_t index, std::string& out);

template <class M>
bool equal_values(const void* a, const void* b) {
    return *static_cast<const M*>(a) == *static_cast<const M*>(b);
}

template <class M>
struct ScalarOf;

/// Text. The empty string means that there is none.
template <>
struct ScalarOf<std::string> {
    static bool read(const Part&, std::string_view text, void* value);
    static bool write(const Part&, const void* value, std::string& out);
    static constexpr Scalar table{read, write, equal_values<std::string>, "", "string", {}};
};

/// A truth: the part's words say which spelling.
template <>
struct ScalarOf<bool> {
    static bool read(const Part& part, std::string_view text, void* value);
    static bool write(const Part& part, const void* value, std::string& out);
    static constexpr Scalar table{read, write, equal_values<bool>, "", "", yes_no};
};

template <std::signed_integral M>
struct ScalarOf<M> {
    static bool read(const Part& part, std::string_view text, void* value) {
        std::int64_t wide;
        if (!read_signed(part, text, std::numeric_limits<M>::min(), std::numeric_limits<M>::max(), wide)) return false;
        *static_cast<M*>(value) = static_cast<M>(wide);
        return true;
    }
    static bool write(const Part&, const void* value, std::string& out) {
        write_signed(*static_cast<const M*>(value), out);
        return true;
    }
    static constexpr Scalar table{
        read,
        write,
        equal_values<M>,
        sizeof(M) > sizeof(int) ? "Expected long long integer value" : "Expected integer value",
        "integer",
        {}};
};

template <std::unsigned_integral M>
struct ScalarOf<M> {
    static bool read(const Part& part, std::string_view text, void* value) {
        std::uint64_t wide;
        if (!read_unsigned(part, text, std::numeric_limits<M>::max(), wide)) return false;
        *static_cast<M*>(value) = static_cast<M>(wide);
        return true;
    }
    static bool write(const Part& part, const void* value, std::string& out) {
        write_unsigned(part, *static_cast<const M*>(value), out);
        return true;
    }
    static constexpr Scalar table{
        read, write, equal_values<M>, "Expected non-negative integer value", "nonNegativeInteger", {}};
};

template <Named M>
struct ScalarOf<M> {
    static bool read(const Part& part, std::string_view text, void* value) {
        std::size_t index;
        if (!read_word(part, text, index)) return false;
        *static_cast<M*>(value) = static_cast<M>(index);
        return true;
    }
    static bool write(const Part& part, const void* value, std::string& out) {
        write_word(part, static_cast<std::size_t>(*static_cast<const M*>(value)), out);
        return true;
    }
    static constexpr Scalar table{read, write, equal_values<M>, "", "", names_table<M>};
};

template <class Rep, class Period>
struct ScalarOf<std::chrono::duration<Rep, Period>> {
    using M = std::chrono::duration<Rep, Period>;
    static bool read(const Part& part, std::string_view text, void* value) {
        std::uint64_t wide;
        if (!read_unsigned(part, text, std::numeric_limits<std::int32_t>::max(), wide)) return false;
        *static_cast<M*>(value) = M(static_cast<Rep>(wide));
        return true;
    }
    static bool write(const Part&, const void* value, std::string& out) {
        write_signed(static_cast<const M*>(value)->count(), out);
        return true;
    }
    static constexpr Scalar table{
        read, write, equal_values<M>, "Expected non-negative integer value", "nonNegativeInteger", {}};
};

template <Textual M>
struct ScalarOf<M> {
    static bool read(const Part&, std::string_view text, void* value) {
        auto parsed = M::parse(text);
        if (!parsed) return false;
        *static_cast<M*>(value) = std::move(*parsed);
        return true;
    }
    static bool write(const Part&, const void* value, std::string& out) {
        out += static_cast<const M*>(value)->text();
        return true;
    }
    static constexpr Scalar table{read,     write, equal_values<M>, std::same_as<M, Uuid> ? "Expected UUID" : "",
                                  "string", {},    false,           pattern_of<M>()};
};

/// A value that may be absent.
template <class M>
struct ScalarOf<std::optional<M>> {
    using Inner = ScalarOf<M>;
    static bool read(const Part& part, std::string_view text, void* value) {
        auto& optional = *static_cast<std::optional<M>*>(value);
        M inner{};
        if (!Inner::read(part, text, &inner)) return false;
        optional = std::move(inner);
        return true;
    }
    static bool write(const Part& part, const void* value, std::string& out) {
        const auto& optional = *static_cast<const std::optional<M>*>(value);
        if (!optional) return false;
        Inner::write(part, &*optional, out);
        return true;
    }
    static constexpr Scalar table{read,
                                  write,
                                  equal_values<std::optional<M>>,
                                  Inner::table.expected,
                                  Inner::table.data_type,
                                  Inner::table.words,
                                  true,
                                  Inner::table.pattern};
};

}  // namespace innkeeper::xml
