#pragma once

#include <bit>
#include <tuple>
#include <variant>

#include "xml/box.h"
#include "xml/description.h"
#include "xml/fragment.h"

/// The verbs of a description.
namespace innkeeper::xml {

/// Where a member lies in its struct. The Itanium ABI, which both compilers of this program use, represents a pointer
/// to a data member as just this number.
template <class T, class M>
std::ptrdiff_t offset_of(M T::* member) {
    static_assert(sizeof member == sizeof(std::ptrdiff_t));
    return std::bit_cast<std::ptrdiff_t>(member);
}

template <class M>
struct HolderOf {
    using Value = M;
    static void* add(void* member) { return member; }
    static std::size_t count(const void*) { return 1; }
    static const void* at(const void* member, std::size_t) { return member; }
    static constexpr Holder table{add, count, at, false, true};
};

template <class Maybe>
struct MaybeHolder {
    static void* add(void* member) { return &static_cast<Maybe*>(member)->emplace(); }
    static std::size_t count(const void* member) { return static_cast<const Maybe*>(member)->has_value(); }
    static const void* at(const void* member, std::size_t) { return &**static_cast<const Maybe*>(member); }
    static constexpr Holder table{add, count, at};
};
template <class M>
struct HolderOf<std::optional<M>> : MaybeHolder<std::optional<M>> {
    using Value = M;
};
template <class M>
struct HolderOf<Box<M>> : MaybeHolder<Box<M>> {
    using Value = M;
};

template <class M>
struct HolderOf<std::vector<M>> {
    using Value = M;
    using List = std::vector<M>;
    static void* add(void* member) { return &static_cast<List*>(member)->emplace_back(); }
    static std::size_t count(const void* member) { return static_cast<const List*>(member)->size(); }
    static const void* at(const void* member, std::size_t i) { return &(*static_cast<const List*>(member))[i]; }
    static constexpr Holder table{add, count, at, true, false};
};

template <class Variant, class M>
struct VariantHolder {
    static void* add(void* member) { return &static_cast<Variant*>(member)->template emplace<M>(); }
    static std::size_t count(const void* member) {
        return std::holds_alternative<M>(*static_cast<const Variant*>(member));
    }
    static const void* at(const void* member, std::size_t) {
        return &std::get<M>(*static_cast<const Variant*>(member));
    }
    static constexpr Holder table{add, count, at};
};

template <class T, class M>
PartOf<T> scalar_part(Part::Kind kind, std::string_view name, M T::* member, std::span<const std::string_view> words) {
    PartOf<T> part{Part{kind, name, offset_of(member), &ScalarOf<M>::table}};
    part.words = words.empty() ? ScalarOf<M>::table.words : words;
    return part;
}

/// An attribute of the element. `words` spell a truth or an enumeration otherwise than its type does.
template <class T, class M>
PartOf<T> attribute(std::string_view name, M T::* member, std::span<const std::string_view> words = {}) {
    return scalar_part(Part::Kind::attribute, name, member, words);
}

/// The text in the element.
template <class T, class M>
PartOf<T> text(M T::* member) {
    return scalar_part(Part::Kind::text, {}, member, {});
}

/// A child that holds nothing but a text: `<title>…</title>`.
template <class T, class M>
PartOf<T> value(std::string_view name, M T::* member, std::span<const std::string_view> words = {}) {
    return scalar_part(Part::Kind::value, name, member, words);
}

/// A child that holds an amount of memory with its unit. Read in any unit, kept and written in `unit`.
template <class T, class M>
PartOf<T> amount(std::string_view name, M T::* member, std::string_view unit = "KiB") {
    auto part = scalar_part(Part::Kind::amount, name, member, {});
    part.unit = unit;
    return part;
}

/// A child that says yes by being there: `<readonly/>`.
template <class T>
PartOf<T> flag(std::string_view name, bool T::* member) {
    return {Part{Part::Kind::flag, name, offset_of(member)}};
}

template <class T>
PartOf<T> with_parts(Part part, std::vector<Part> parts) {
    part.parts = std::move(parts);
    return {std::move(part)};
}

/// A child whose parts are members of the same struct; written if one of them is.
template <class T, class... Parts>
PartOf<T> child(std::string_view name, PartOf<T> first, Parts... rest) {
    return with_parts<T>({Part::Kind::group, name}, {std::move(first), std::move(rest)...});
}

/// A child with a description of its own. A `std::optional` or `Box` of it may be absent, a `std::vector` holds all of
/// them, a plain one is always there (and not written if nothing is in it).
template <class T, class M>
PartOf<T> child(std::string_view name, M T::* member, const Element<typename HolderOf<M>::Value>& element) {
    Part part{Part::Kind::element, name, offset_of(member)};
    part.holder = &HolderOf<M>::table;
    part.description = &element;
    return {std::move(part)};
}
/// The same for several kinds of parents: the name is the description's own.
template <class T, class M>
PartOf<T> child(M T::* member, const Element<typename HolderOf<M>::Value>& element) {
    return child(std::string_view{}, member, element);
}
template <class T, class M>
PartOf<T> children(std::vector<M> T::* member, const Element<M>& element) {
    return child(std::string_view{}, member, element);
}

/// The parts of another description, as if they stood here, filling a member.
template <class T, class M>
PartOf<T> embed(M T::* member, const Element<M>& element) {
    Part part{Part::Kind::embedded, {}, offset_of(member)};
    part.description = &element;
    return {std::move(part)};
}

/// Parts that are there only where a condition on the struct holds; it may ask for what was declared before.
template <class T, class... Parts>
PartOf<T> when(bool (*condition)(const T&), PartOf<T> first, Parts... rest) {
    Part part{Part::Kind::when};
    part.condition = [condition](const void* owner) { return condition(*static_cast<const T*>(owner)); };
    return with_parts<T>(std::move(part), {std::move(first), std::move(rest)...});
}
template <class T, class M, class... Parts>
PartOf<T> when(M T::* member, std::type_identity_t<M> value, PartOf<T> first, Parts... rest) {
    Part part{Part::Kind::when};
    part.condition = [member, value](const void* owner) { return static_cast<const T*>(owner)->*member == value; };
    return with_parts<T>(std::move(part), {std::move(first), std::move(rest)...});
}

/// One of the types that a variant can hold.
template <class M>
struct AlternativeOf {
    std::string_view word;
    const Element<M>& element;
};
template <class M>
AlternativeOf<M> alternative(std::string_view word, const Element<M>& element) {
    return {word, element};
}

/// A union: the attribute says which of the variant's types the rest of the element fills.
template <class T, class... M, class... A>
PartOf<T> one_of(std::string_view name, std::variant<M...> T::* member, AlternativeOf<A>... alternatives) {
    using Variant = std::variant<M...>;
    Part part{Part::Kind::one_of, name, offset_of(member)};
    part.alternatives = {{alternatives.word, &VariantHolder<Variant, A>::table, &alternatives.element}...};
    return {std::move(part)};
}

/// Children that have no description yet: kept as they came, at this place.
template <class T>
PartOf<T> verbatim(std::string_view name, std::vector<Fragment> T::* member) {
    return {Part{Part::Kind::verbatim, name, offset_of(member)}};
}

/// The end tag stands on a line of its own, whatever is in the element.
template <class T>
PartOf<T> expanded() {
    Part part{Part::Kind::by_hand};
    part.reader = [](const Node&, void*, const ParseFlags&) {};
    part.writer = [](const void*, Writer& writer) { writer.expand(); };
    return {std::move(part)};
}

/// What no verb fits. `read(const Node& of the element, T&, const ParseFlags&)`, `write(const T&, Writer&)`.
template <class T>
PartOf<T> by_hand(void (*read)(const Node&, T&, const ParseFlags&), void (*write)(const T&, Writer&)) {
    Part part{Part::Kind::by_hand};
    part.reader = [read](const Node& node, void* owner, const ParseFlags& flags) {
        read(node, *static_cast<T*>(owner), flags);
    };
    part.writer = [write](const void* owner, Writer& writer) { write(*static_cast<const T*>(owner), writer); };
    return {std::move(part)};
}

}  // namespace innkeeper::xml
