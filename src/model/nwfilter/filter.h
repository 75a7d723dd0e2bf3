#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/uuid.h"
#include "model/filter_reference.h"
#include "xml/description.h"

/// A filter for the packets of guests' network cards, as documents describe it: rules and references to other filters,
/// in their order.
namespace innkeeper::model {

/// What packets a rule is about: a protocol, and the values that its fields must (or must not) have. Each value is kept
/// in the one spelling that documents are written with.
struct RuleMatch {
    std::string protocol;
    bool negated = false;
    std::vector<std::pair<std::string_view, std::string>> fields;
    bool operator==(const RuleMatch&) const = default;
};

struct FilterRule {
    enum class Action { drop, accept, reject, return_, continue_ };
    enum class Direction { in, out, inout };
    Action action = Action::drop;
    Direction direction = Direction::in;
    int priority = 500;
    bool match_state = true;
    std::optional<RuleMatch> match;
    bool operator==(const FilterRule&) const = default;
};
constexpr auto names_of(FilterRule::Action) { return xml::names("drop", "accept", "reject", "return", "continue"); }
constexpr auto names_of(FilterRule::Direction) { return xml::names("in", "out", "inout"); }

struct Filter {
    std::string name;
    std::string chain = "root";
    int priority = 0;
    std::optional<Uuid> uuid;  ///< always there once the document has been completed
    std::vector<std::variant<FilterRule, FilterReference>> entries;
    bool operator==(const Filter&) const = default;
};

extern const xml::Element<Filter> nwfilter;

/// The RelaxNG grammar of `<filter>`, made from its declarations.
std::string filter_grammar();
/// What the VALIDATE flags ask for, before a definition is read: whether the document follows the installed schema (or
/// that grammar). Throws the peer's sentences; for the pool.
void validate_filter(std::string_view text);

}  // namespace innkeeper::model
