#pragma once

#include <cstdint>
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
/// A number that may also be without bound.
struct Amount {
    std::optional<std::uint64_t> most = 0;  ///< nothing: "unlimited"
    bool operator==(const Amount&) const = default;
};
using OptionalText = std::optional<std::string>;
using Texts = std::vector<std::string>;
using OptionalTexts = std::optional<Texts>;
using OptionalNames = std::optional<Names>;
using OptionalFlag = std::optional<bool>;

template <class S>
struct Setting {
    using Member =
        std::variant<bool S::*, unsigned S::*, std::uint64_t S::*, int S::*, std::string S::*, OptionalText S::*,
                     Texts S::*, OptionalTexts S::*, OptionalNames S::*, OptionalFlag S::*, Amount S::*>;
    /// Whether this daemon does what the setting asks for. Whoever sets one that has no effect is warned, and told the
    /// reason.
    enum class Standing {
        supported,
        network,   ///< where the daemon listens on the network
        not_yet,   ///< no effect in this version
        needless,  ///< no effect: what it steers is not there
        obsolete,  ///< the same, and only old files have it
    };

    std::string_view name;
    Member member;
    std::string_view sentence;
    Standing standing = Standing::supported;
    std::string_view reason = {};  ///< why it has no effect: "there is no pool of workers"

    bool has_effect() const { return standing == Standing::supported || standing == Standing::network; }
};

/// What is worth a warning in a file that is accepted, as sentences with file and line.
using Remarks = std::vector<std::string>;
/// Logs them.
void tell(const Remarks& remarks);

/// Specialized for each struct of settings: `static std::span<const Setting<S>> rows()`, in the order of the sample
/// file, and `static constexpr std::string_view intro`.
template <class S>
struct Table;

namespace detail {

using Slot = std::variant<bool*, unsigned*, std::uint64_t*, int*, std::string*, OptionalText*, Texts*, OptionalTexts*,
                          OptionalNames*, OptionalFlag*, Amount*>;
/// Throws Error (internal_error) naming file, line and setting if the value does not suit the slot.
void assign(Slot slot, const Value& value, std::string_view name, std::string_view file);
std::string no_effect(std::string_view file, int line, std::string_view name, std::string_view reason);
/// Names that are given twice, and names that are none of the known ones.
void remark_on_names(const File& file, std::span<const std::string_view> known, Remarks& remarks);
/// A sentence as a comment of a sample file, after an empty line.
std::string comment(std::string_view sentence);
std::string sample_line(std::string_view name, Slot slot, std::string_view sentence);
/// An entry of a manual page, in man(7)'s words: what a name may be set to, and what it is about.
std::string manual_paragraph(std::string_view name, std::string_view what, std::string_view sentence);
std::string manual_entry(std::string_view name, Slot slot, std::string_view sentence, std::string_view reason);

template <class S>
Slot slot_of(S& settings, const Setting<S>& row) {
    return std::visit([&](auto member) { return Slot(&(settings.*member)); }, row.member);
}

}  // namespace detail

/// What the file says, and the defaults where it says nothing. Names that no row has are ignored, as the peer does.
template <class S>
S load(const File& file, Remarks& remarks) {
    S settings;
    std::vector<std::string_view> known;
    for (const auto& row : Table<S>::rows()) {
        known.push_back(row.name);
        const auto at = file.values.find(row.name);
        if (at == file.values.end()) continue;
        detail::assign(detail::slot_of(settings, row), at->second, row.name, file.name);
        if (!row.has_effect()) remarks.push_back(detail::no_effect(file.name, at->second.line, row.name, row.reason));
    }
    detail::remark_on_names(file, known, remarks);
    return settings;
}

/// A driver's file; if there is none, the defaults. What is worth a warning is logged.
template <class S>
S load_if_there(const std::string& path) {
    Remarks remarks;
    const auto file = read_if_there(path);
    auto settings = file ? load<S>(*file, remarks) : S();
    tell(remarks);
    return settings;
}

/// The names of what is not the same in both.
template <class S>
std::vector<std::string_view> differing(const S& one, const S& other) {
    std::vector<std::string_view> names;
    for (const auto& row : Table<S>::rows())
        if (!std::visit([&](auto member) { return one.*member == other.*member; }, row.member))
            names.push_back(row.name);
    return names;
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
    for (const auto& row : Table<S>::rows())
        if (row.standing != Setting<S>::Standing::obsolete)
            text += detail::manual_entry(row.name, detail::slot_of(defaults, row), row.sentence, row.reason);
    return text;
}

}  // namespace innkeeper::config
