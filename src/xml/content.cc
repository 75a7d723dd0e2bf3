#include "xml/content.h"

#include <algorithm>

namespace innkeeper::xml {

namespace {

class Collector {
  public:
    Collector(const Part* of, std::size_t chosen) : union_(of), chosen_(chosen) {}

    void add(const Aspect& aspect) {
        switch (aspect.kind) {
            case Aspect::Kind::description:
                return add(static_cast<const Description*>(aspect.what)->parts, false);
            case Aspect::Kind::parts:
                return add(*static_cast<const std::vector<Part>*>(aspect.what), false);
            case Aspect::Kind::amount:
                attribute("unit", nullptr);
                [[fallthrough]];
            case Aspect::Kind::text:
                content_.texts.push_back(static_cast<const Part*>(aspect.what));
                return;
            case Aspect::Kind::empty:
                return;
            case Aspect::Kind::anything:
                content_.is_anything = true;
                return;
        }
    }

    Content take() && { return std::move(content_); }

  private:
    void add(const std::vector<Part>& parts, bool is_conditional) {
        for (const auto& part : parts) add(part, is_conditional);
    }

    void add(const Part& part, bool is_conditional) {
        const bool is_required = part.is_required && !is_conditional && !part.is_read_only && !part.is_live_only &&
                                 !part.is_secret && !part.write_condition;
        const bool is_list = part.holder && part.holder->is_list;
        switch (part.kind) {
            case Part::Kind::attribute:
                attribute(part.name, &part).is_required |= is_required;
                return;
            case Part::Kind::text:
                content_.texts.push_back(&part);
                return;
            case Part::Kind::value:
                return child(part.name, {Aspect::Kind::text, &part}, false, is_required);
            case Part::Kind::amount:
                return child(part.name, {Aspect::Kind::amount, &part}, false, is_required);
            case Part::Kind::flag:
                return child(part.name, {Aspect::Kind::empty}, false, is_required);
            case Part::Kind::group:
                return child(part.name, {Aspect::Kind::parts, &part.parts}, is_list, is_required);
            case Part::Kind::element:
                return child(part.name.empty() ? part.description->tag : part.name,
                             {Aspect::Kind::description, part.description}, is_list, is_required);
            case Part::Kind::embedded:
                return add(part.description->parts, is_conditional);
            case Part::Kind::when:
                return add(part.parts, true);
            case Part::Kind::one_of:
                return add_union(part, is_required);
            case Part::Kind::verbatim:
                if (!part.parts.empty()) return child(part.name, {Aspect::Kind::parts, &part.parts}, true, false);
                return child(part.name, {Aspect::Kind::anything}, true, false);
            case Part::Kind::by_hand:
                return add(part.parts, is_conditional);
        }
    }

    void add_union(const Part& part, bool is_required) {
        auto& attribute = this->attribute(part.name, &part);
        attribute.is_required |= is_required;
        content_.unions.push_back(&part);
        if (&part == union_) {
            attribute.word = part.alternatives[chosen_].word;
            attribute.is_required = true;
            return add(part.alternatives[chosen_].description->parts, false);
        }
        for (const auto& alternative : part.alternatives) add(alternative.description->parts, true);
    }

    Content::Attribute& attribute(std::string_view name, const Part* part) {
        auto found = std::ranges::find(content_.attributes, name, &Content::Attribute::name);
        if (found == content_.attributes.end()) found = content_.attributes.insert(found, {.name = name});
        if (part) found->values.push_back(part);
        return *found;
    }

    void child(std::string_view name, Aspect aspect, bool is_list, bool is_required) {
        auto found = std::ranges::find(content_.children, name, &Content::Child::name);
        if (found == content_.children.end()) found = content_.children.insert(found, {.name = name});
        if (std::ranges::find(found->aspects, aspect) == found->aspects.end()) found->aspects.push_back(aspect);
        found->is_list |= is_list;
        found->is_required |= is_required;
    }

    const Part* union_;
    std::size_t chosen_;
    Content content_;
};

}  // namespace

Part held_part(std::string_view path) {
    static constexpr Holder repeated{.is_list = true};
    if (path == "#") return {Part::Kind::text, {}, 0, &ScalarOf<std::string>::table};
    if (path.starts_with('@')) return {Part::Kind::attribute, path.substr(1), 0, &ScalarOf<std::string>::table};
    const auto end = path.find_first_of("/@#");
    if (end == path.npos) return {Part::Kind::verbatim, path};
    Part part{Part::Kind::group, path.substr(0, end)};
    part.holder = &repeated;
    path.remove_prefix(path[end] == '/' ? end + 1 : end);
    if (!path.empty()) part.parts.push_back(held_part(path));
    return part;
}

Part held_part(const Description& element) {
    Part part{Part::Kind::element, {}};
    part.description = &element;
    return part;
}

Content content_of(const Aspects& aspects, const Part* of, std::size_t chosen) {
    Collector collector(of, chosen);
    for (const auto& aspect : aspects) collector.add(aspect);
    return std::move(collector).take();
}

}  // namespace innkeeper::xml
