#pragma once

#include <optional>
#include <string>
#include <vector>

#include "xml/description.h"

namespace innkeeper::model {

/// A value that can be chosen.
struct Word {
    std::string text;
    bool operator==(const Word&) const = default;
};

/// The values that an attribute or element of a definition can have.
struct Choice {
    std::string name;
    std::vector<Word> values;
    bool operator==(const Choice&) const = default;

    static Choice of(std::string name, std::vector<std::string_view> values);
};

/// Whether a guest can have something, and what of it can be chosen.
struct Support {
    bool supported = false;
    std::vector<Choice> choices;
    bool operator==(const Support&) const = default;
};

extern const xml::Element<Word> word_element;
extern const xml::Element<Choice> choice_element;
extern const xml::Element<Support> support_element;

}  // namespace innkeeper::model
