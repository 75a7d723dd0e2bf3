#include "model/filter_reference.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

using Parameter = FilterReference::Parameter;

bool is_made_of(std::string_view text, std::string_view more) {
    return std::ranges::all_of(text, [more](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || more.contains(c);
    });
}

void settle(FilterReference& reference, const xml::Node& node, const xml::ParseFlags&) {
    std::multimap<std::string, std::string> settled;
    auto child = node.child("parameter");
    for (auto& parameter : reference.parameters) {
        const bool has_both = child.attribute("name") && child.attribute("value");
        child = child.next("parameter");
        if (has_both && is_made_of(parameter.name, "_") && !parameter.value.empty() &&
            is_made_of(parameter.value, "_.:"))
            settled.emplace(std::move(parameter.name), std::move(parameter.value));
    }
    reference.parameters.clear();
    for (auto& [name, value] : settled) reference.parameters.push_back({name, std::move(value)});
}

const auto parameter_element =
    xml::describe<Parameter>("parameter", xml::attribute("name", &Parameter::name).keep_empty(),
                             xml::attribute("value", &Parameter::value).keep_empty());

}  // namespace

const xml::Element<FilterReference> filter_reference_element =
    xml::describe<FilterReference>("filterref", xml::attribute("filter", &FilterReference::filter).keep_empty(),
                                   xml::children(&FilterReference::parameters, parameter_element))
        .finished_by(settle);

}  // namespace innkeeper::model
