#include "drivers/nwfilter/demands.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "base/error.h"

namespace innkeeper::nwfilter {

namespace {

/// How many values each variable has.
using Variables = std::map<std::string, std::size_t, std::less<>>;

/// Filters that refer to each other twice over and over lead to a number that doubles with each.
constexpr std::size_t most_visits = 4096;

/// The references in a filter have values for what is behind them; the others are those of the filter itself.
Variables with(Variables variables, const model::FilterReference& reference) {
    Variables own;
    for (const auto& parameter : reference.parameters) ++own[parameter.name];
    for (const auto& [name, count] : own) variables.insert_or_assign(name, count);
    return variables;
}

/// `text` is "$NAME", "$NAME[1]" or "$NAME[@1]": whether it has a value. An iterator has, if the variable has any.
bool is_resolved(std::string_view text, const Variables& variables) {
    const auto bracket = text.find('[');
    const auto found = variables.find(text.substr(1, bracket == text.npos ? bracket : bracket - 1));
    if (found == variables.end()) return false;
    std::size_t index = 0;
    if (bracket != text.npos) std::from_chars(text.data() + bracket + 1, text.data() + text.size(), index);
    return index < found->second;
}

class Walk {
  public:
    explicit Walk(const Lookup& filters) : filters_(filters) {}

    Demands from(const model::FilterReference& reference) && {
        // The guest's address is found out while it runs, if nobody has said it.
        visit(reference.filter, with({{"MAC", 1}, {"IP", 1}}, reference));
        for (std::size_t next = 0; next < visits_.size(); ++next) {
            const auto [filter, variables] = visits_[next];
            for (const auto& entry : filter->entries) {
                if (const auto* rule = std::get_if<model::FilterRule>(&entry))
                    add(*rule, variables);
                else
                    visit(std::get<model::FilterReference>(entry).filter,
                          with(variables, std::get<model::FilterReference>(entry)));
            }
        }
        return std::move(demands_);
    }

  private:
    void visit(const std::string& name, Variables variables) {
        if (!seen_.emplace(name, variables).second) return;
        const auto filter = filters_(name);
        if (!filter) throw Error(ErrorCode::internal_error, fmt::format("referenced filter '{}' is missing", name));
        if (visits_.size() == most_visits)
            throw Error(ErrorCode::operation_failed,
                        fmt::format("filter '{}' is one of more than {} that are referred to", name, most_visits));
        demands_.filters.insert(name);
        visits_.emplace_back(filter, std::move(variables));
    }

    void add(const model::FilterRule& rule, const Variables& variables) {
        demands_.has_rules = true;
        if (!rule.match) return;
        for (const auto& [field, value] : rule.match->fields) {
            if (!value.starts_with('$') || is_resolved(value, variables)) continue;
            auto shown = value.substr(1);
            if (std::ranges::find(demands_.unresolved, shown) == demands_.unresolved.end())
                demands_.unresolved.push_back(std::move(shown));
        }
    }

    const Lookup& filters_;
    Demands demands_;
    std::set<std::pair<std::string, Variables>> seen_;
    std::vector<std::pair<DefPtr, Variables>> visits_;
};

}  // namespace

Demands demands_of(const model::FilterReference& reference, const Lookup& filters) {
    return Walk(filters).from(reference);
}

bool leads_to_itself(const model::Filter& filter, const Lookup& filters) {
    std::set<std::string, std::less<>> seen;
    std::vector<DefPtr> waiting;
    const auto add_references = [&](const model::Filter& from) {
        for (const auto& entry : from.entries)
            if (const auto* reference = std::get_if<model::FilterReference>(&entry))
                if (seen.insert(reference->filter).second && reference->filter != filter.name)
                    if (auto found = filters(reference->filter)) waiting.push_back(std::move(found));
    };
    add_references(filter);
    while (!waiting.empty()) {
        const auto next = std::move(waiting.back());
        waiting.pop_back();
        add_references(*next);
    }
    return seen.contains(filter.name);
}

}  // namespace innkeeper::nwfilter
