#include "model/capabilities/support.h"

#include "xml/parts.h"

namespace innkeeper::model {

Choice Choice::of(std::string name, std::vector<std::string_view> values) {
    Choice choice{std::move(name), {}};
    for (const auto value : values) choice.values.push_back({std::string(value)});
    return choice;
}

const xml::Element<Word> word_element = xml::describe<Word>("value", xml::text(&Word::text));

const xml::Element<Choice> choice_element =
    xml::describe<Choice>("enum", xml::attribute("name", &Choice::name), xml::children(&Choice::values, word_element));

const xml::Element<Support> support_element =
    xml::describe<Support>("", xml::attribute("supported", &Support::supported, xml::yes_no).required(),
                           xml::children(&Support::choices, choice_element));

}  // namespace innkeeper::model
