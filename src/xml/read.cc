#include <fmt/format.h>

#include "base/no_domain.h"
#include "xml/amount.h"
#include "xml/description.h"
#include "xml/fragment.h"

/// Fills an object from an element by its description.
namespace innkeeper::xml {

namespace {

void* member_of(const Part& part, void* owner) { return static_cast<char*>(owner) + part.offset; }

/// The element's place as the peer names it: "./memory[1]".
std::string place(const Node& node) { return fmt::format("./{}[{}]", node.name(), node.ordinal()); }

[[noreturn]] void refuse(const Part& part, const Node& node, std::string_view value) {
    // What is an argument to a helper (a set of processors) is wrong for nobody in particular.
    if (!part.invalid.text.empty())
        throw Error(part.invalid.code, part.invalid.code == ErrorCode::invalid_arg ? no_domain : ErrorDomain::none,
                    fmt::format(fmt::runtime(part.invalid.text), value));
    if (part.kind == Part::Kind::amount || part.kind == Part::Kind::value)
        throw Error(ErrorCode::xml_error, ErrorDomain::xml,
                    fmt::format("Invalid value '{}' for element or attribute '{}'", value, place(node)));
    if (part.low == 1 && value == "0")
        throw Error(ErrorCode::xml_error, ErrorDomain::xml,
                    fmt::format("Invalid value for attribute '{}' in element '{}': Zero is not permitted", part.name,
                                node.name()));
    throw Error(ErrorCode::xml_error, ErrorDomain::xml,
                fmt::format("Invalid value for attribute '{}' in element '{}': '{}'.{}{}", part.name, node.name(),
                            value, part.scalar && !part.scalar->expected.empty() ? " " : "",
                            part.scalar ? part.scalar->expected : ""));
}

void refuse_absence(const Part& part, const Node& node) {
    if (!part.is_required) return;
    if (!part.missing.text.empty()) throw Error(part.missing.code, std::string(part.missing.text));
    throw Error(
        ErrorCode::xml_error, ErrorDomain::xml,
        fmt::format("Missing required {} '{}' in element '{}'",
                    part.kind == Part::Kind::attribute || part.kind == Part::Kind::one_of ? "attribute" : "element",
                    part.name, node.name()));
}

/// Whether the text is the value that is not written; a number may be spelled otherwise ("00", "-0").
bool is_omitted(const Part& part, std::string_view text) {
    if (text == part.omitted) return true;
    using Signed = std::numeric_limits<std::int64_t>;
    std::uint64_t number = 0;
    std::int64_t whole = 0;
    if (part.scalar->data_type == "nonNegativeInteger")
        return read_unsigned(part, text, std::numeric_limits<std::uint64_t>::max(), number) &&
               std::to_string(number) == part.omitted;
    return part.scalar->data_type == "integer" && read_signed(part, text, Signed::min(), Signed::max(), whole) &&
           std::to_string(whole) == part.omitted;
}

void read_scalar(const Part& part, const Node& node, std::string_view text, void* owner) {
    // A default that was spelled out and one that was left away are the same value.
    if (part.scalar->is_optional && part.omitted.data() && is_omitted(part, text)) return;
    if (!part.scalar->read(part, text, member_of(part, owner))) refuse(part, node, text);
}

void read_amount(const Part& part, const Node& node, void* owner) {
    const auto text = node.text();
    Part bare = {.kind = part.kind, .name = part.name};
    std::uint64_t count;
    if (!read_unsigned(bare, text, std::numeric_limits<std::int64_t>::max(), count)) refuse(part, node, text);
    count = convert_amount(count, node.attribute("unit").value_or(part.unit), part.unit);
    read_scalar(part, node, std::to_string(count), owner);
}

void read_one_of(const Part& part, const Node& node, void* owner, const ParseFlags& flags) {
    const auto word = node.attribute(part.name);
    if (!word) return refuse_absence(part, node);
    for (const auto& alternative : part.alternatives) {
        if (alternative.word != *word) continue;
        void* object = alternative.holder->add(member_of(part, owner));
        return read_into(*alternative.description, node, object, flags);
    }
    refuse(part, node, *word);
}

void read_parts(const std::vector<Part>& parts, const Node& node, void* owner, const ParseFlags& flags);

void read_elements(const Part& part, const Node& node, void* owner, const ParseFlags& flags) {
    const auto tag = part.name.empty() ? part.description->tag : part.name;
    // Of several where one is expected the first counts, as in the peer.
    Node child = node.child(tag);
    if (!child) return refuse_absence(part, node);
    do {
        read_into(*part.description, child, part.holder->add(member_of(part, owner)), flags);
        child = child.next(tag);
    } while (child && part.holder->is_list);
}

void read_part(const Part& part, const Node& node, void* owner, const ParseFlags& flags) {
    if (part.is_live_only && !flags.live) return;
    switch (part.kind) {
        case Part::Kind::attribute:
            if (const auto value = node.attribute(part.name))
                read_scalar(part, node, *value, owner);
            else
                refuse_absence(part, node);
            return;
        case Part::Kind::text:
            return read_scalar(part, node, node.text(), owner);
        case Part::Kind::value:
            if (const Node child = node.child(part.name))
                read_scalar(part, child, child.text(), owner);
            else
                refuse_absence(part, node);
            return;
        case Part::Kind::amount:
            if (const Node child = node.child(part.name))
                read_amount(part, child, owner);
            else
                refuse_absence(part, node);
            return;
        case Part::Kind::flag:
            if (node.child(part.name)) *static_cast<bool*>(member_of(part, owner)) = true;
            return;
        case Part::Kind::group:
            if (const Node child = node.child(part.name))
                read_parts(part.parts, child, owner, flags);
            else
                refuse_absence(part, node);
            return;
        case Part::Kind::element:
            return read_elements(part, node, owner, flags);
        case Part::Kind::embedded:
            return read_into(*part.description, node, member_of(part, owner), flags);
        case Part::Kind::one_of:
            return read_one_of(part, node, owner, flags);
        case Part::Kind::when:
            if (part.condition(owner)) read_parts(part.parts, node, owner, flags);
            return;
        case Part::Kind::verbatim: {
            auto& fragments = *static_cast<std::vector<Fragment>*>(member_of(part, owner));
            for (Node child = node.child(part.name); child; child = child.next(part.name))
                fragments.push_back({child.source()});
            return;
        }
        case Part::Kind::by_hand:
            return part.reader(node, owner, flags);
    }
}

void read_parts(const std::vector<Part>& parts, const Node& node, void* owner, const ParseFlags& flags) {
    for (const auto& part : parts) read_part(part, node, owner, flags);
}

}  // namespace

void read_into(const Description& description, const Node& node, void* object, const ParseFlags& flags) {
    read_parts(description.parts, node, object, flags);
    if (description.finish) description.finish(object, node, flags);
}

}  // namespace innkeeper::xml
