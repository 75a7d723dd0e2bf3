#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/file.h"

/// Settings as rows: a member of a plain struct, its name in the file, and a sentence about it. Its type says what the
/// file may hold, the struct's initial value is the default, and the parser, the checks and the sample file follow.
namespace innkeeper::config {

/// A value that may be one string or a list of them.
struct Names {
    std::vector<std::string> names;
    bool operator==(const Names&) const = default;
};
using OptionalText = std::optional<std::string>;
using Texts = std::vector<std::string>;
using OptionalTexts = std::optional<Texts>;
using OptionalNames = std::optional<Names>;
using OptionalFlag = std::optional<bool>;

template <class S>
struct Setting {
    using Member = std::variant<bool S::*, unsigned S::*, int S::*, std::string S::*, OptionalText S::*, Texts S::*,
                                OptionalTexts S::*, OptionalNames S::*, OptionalFlag S::*>;
    /// Whether this daemon does what the setting asks for. What it does not yet is accepted and named in a warning if
    /// somebody sets it; what is obsolete is accepted in silence.
    enum class Standing { supported, not_yet, obsolete };

    std::string_view name;
    Member member;
    std::string_view sentence;
    Standing standing = Standing::supported;
};

/// Specialized for each struct of settings: `static std::span<const Setting<S>> rows()`, in the order of the sample
/// file, and `static constexpr std::string_view intro`.
template <class S>
struct Table;

namespace detail {

using Slot = std::variant<bool*, unsigned*, int*, std::string*, OptionalText*, Texts*, OptionalTexts*, OptionalNames*,
                          OptionalFlag*>;
/// Throws Error (internal_error) naming the file and the setting if the value does not suit the slot.
void assign(Slot slot, const Value& value, std::string_view name, std::string_view file);
/// A sentence as a comment of a sample file, after an empty line.
std::string comment(std::string_view sentence);
std::string sample_line(std::string_view name, Slot slot, std::string_view sentence);
enum class Effect { as_said, none_yet };
/// An entry of a manual page, in man(7)'s words: what a name may be set to, and what it is about.
std::string manual_paragraph(std::string_view name, std::string_view what, std::string_view sentence);
std::string manual_entry(std::string_view name, Slot slot, std::string_view sentence, Effect effect);
void warn_not_yet(std::string_view name, std::string_view file);

template <class S>
Slot slot_of(S& settings, const Setting<S>& row) {
    return std::visit([&](auto member) { return Slot(&(settings.*member)); }, row.member);
}

}  // namespace detail

/// What the file says, and the defaults where it says nothing. Names that no row has are ignored, as the peer does.
template <class S>
S load(const File& file, std::string_view file_name) {
    S settings;
    for (const auto& row : Table<S>::rows()) {
        const auto at = file.find(row.name);
        if (at == file.end()) continue;
        detail::assign(detail::slot_of(settings, row), at->second, row.name, file_name);
        if (row.standing == Setting<S>::Standing::not_yet) detail::warn_not_yet(row.name, file_name);
    }
    return settings;
}

/// The commented file that shows every setting with its default.
template <class S>
std::string sample() {
    std::string text(Table<S>::intro);
    S defaults;
    for (const auto& row : Table<S>::rows())
        if (row.standing != Setting<S>::Standing::obsolete)
            text += detail::sample_line(row.name, detail::slot_of(defaults, row), row.sentence);
    return text;
}

/// The entries of the manual page: name, type, default and what it is about.
template <class S>
std::string manual() {
    std::string text;
    S defaults;
    using Standing = typename Setting<S>::Standing;
    for (const auto& row : Table<S>::rows())
        if (row.standing != Standing::obsolete)
            text += detail::manual_entry(
                row.name, detail::slot_of(defaults, row), row.sentence,
                row.standing == Standing::not_yet ? detail::Effect::none_yet : detail::Effect::as_said);
    return text;
}

}  // namespace innkeeper::config
