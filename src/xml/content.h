#pragma once

#include <compare>
#include <cstddef>
#include <string_view>
#include <vector>

#include "xml/description.h"

/// What an element may hold, put together from everything that a description says about it. The same child is often
/// described several times (once for each kind of source, once for its text and once for its attributes); a schema
/// needs it once.
namespace innkeeper::xml {

/// One of the things that together describe an element.
struct Aspect {
    enum class Kind { description, parts, text, amount, empty, anything };
    Kind kind;
    const void* what = nullptr;  ///< a Description, a vector of Parts, a Part; nothing for the last two
    auto operator<=>(const Aspect&) const = default;
};
using Aspects = std::vector<Aspect>;

struct Content {
    struct Attribute {
        std::string_view name;
        std::vector<const Part*> values;  ///< each says some of the values
        std::string_view word;            ///< the one value, if the content is that of one type of a union
        bool is_required = false;
    };
    struct Child {
        std::string_view name;
        Aspects aspects;
        bool is_list = false, is_required = false;
    };

    std::vector<Attribute> attributes;
    std::vector<Child> children;
    std::vector<const Part*> texts;
    std::vector<const Part*> unions;  ///< the attributes that say which of several types the element has
    bool is_anything = false;
};

/// The content of an element with these aspects. What depends on a condition is there and not required. Of a union all
/// types are in it, or the `chosen` one of `of`.
Content content_of(const Aspects& aspects, const Part* of = nullptr, std::size_t chosen = 0);

}  // namespace innkeeper::xml
