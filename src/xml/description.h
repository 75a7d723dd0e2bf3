#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "xml/node.h"
#include "xml/scalar.h"
#include "xml/writer.h"

namespace innkeeper::xml {

/// How a document is read.
struct ParseFlags {
    bool live = false;  ///< it describes a running guest: keep what the daemon itself had put there
};

/// An error with a text of its own instead of the general one. In the text `{}` stands for the value.
struct Complaint {
    ErrorCode code = ErrorCode::xml_error;
    std::string_view text;
};

class Description;

/// Access to a member that holds further elements: one, perhaps one, several, or one of several types.
struct Holder {
    void* (*add)(void* member);
    std::size_t (*count)(const void* member);
    const void* (*at)(const void* member, std::size_t index);
    bool is_list = false;   ///< several; otherwise the first element counts
    bool is_plain = false;  ///< exactly one, whether the element is there or not
};

/// One type of a member that can have several, and the word that stands for it.
struct Alternative {
    std::string_view word;
    const Holder* holder = nullptr;
    const Description* description = nullptr;
};

/// One line of a description, as the interpreters (`read.cc`, `write.cc`, `compare.cc`, `schema.cc`) see it: the types
/// are erased, so that a description costs a table and no code. Where a member lies in its struct is an offset.
struct Part {
    enum class Kind { attribute, text, value, amount, flag, group, element, embedded, one_of, when, verbatim, by_hand };

    Kind kind;
    std::string_view name;
    std::ptrdiff_t offset = 0;
    const Scalar* scalar = nullptr;

    // What is looked at for every part of every element, whether it is there or not, stands together up here: reading and
    // writing a document is mostly finding out that things are absent.
    const Holder* holder = nullptr;
    const Description* description = nullptr;
    bool is_required = false, is_fixed = false, is_live_only = false, is_secret = false, is_kept_empty = false,
         is_read_only = false;
    std::string_view omitted;  ///< not written if its text is this
    std::function<bool(const void* owner, const FormatFlags&)> write_condition;
    std::span<const std::string_view> words;
    unsigned hex_digits = 0;

    std::int64_t low = std::numeric_limits<std::int64_t>::min();
    std::uint64_t high = std::numeric_limits<std::uint64_t>::max();
    std::string_view unit;  ///< of an amount
    std::vector<Part> parts;
    std::vector<Alternative> alternatives;
    std::function<bool(const void* owner)> condition;
    std::function<void(const Node&, void* owner, const ParseFlags&)> reader;
    std::function<void(const void* owner, Writer&)> writer;

    Complaint invalid, missing;
};

// What `PartOf::holds` takes.
inline Part held_part(const Part& part) { return part; }
Part held_part(std::string_view path);
Part held_part(const Description& element);

/// A part of the description of T, with what can be said about it.
template <class T>
struct PartOf : Part {
    /// Its absence is an error.
    auto required(this auto self) { return self.is_required = true, self; }
    auto required(this auto self, ErrorCode code, std::string_view text) {
        return self.is_required = true, self.missing = {code, text}, self;
    }
    /// What a wrong value is answered with.
    auto complain(this auto self, ErrorCode code, std::string_view text) { return self.invalid = {code, text}, self; }
    /// The guest can see it: it may not differ between the two sides of a migration.
    auto fixed_across_migration(this auto self) { return self.is_fixed = true, self; }
    /// Belongs to a running guest: neither read into nor written from the definition on disk.
    auto live_only(this auto self) { return self.is_live_only = true, self; }
    /// Written only to those who may see secrets.
    auto secret(this auto self) { return self.is_secret = true, self; }
    /// Written even if it is empty.
    auto keep_empty(this auto self) { return self.is_kept_empty = true, self; }
    /// An older spelling: understood, never written.
    auto legacy(this auto self) { return self.is_read_only = true, self; }
    /// Not written where it says just this.
    auto omit(this auto self, std::string_view text) { return self.omitted = text, self; }
    auto at_least(this auto self, std::int64_t low) { return self.low = low, self; }
    auto at_most(this auto self, std::uint64_t high) { return self.high = high, self; }
    /// Written as 0x… with that many digits; read in either base.
    auto hex(this auto self, unsigned digits) { return self.hex_digits = digits, self; }
    /// What is read and written by hand, for those who look at the description alone (the schema, lists of elements):
    /// parts that say it, the description of a child, or paths, in which "@name" is an attribute, "#" a text, "child" a
    /// child with anything in it, "child/" an empty one, and "child@name" and so on one with that. Nothing is read by
    /// it.
    template <class... Held>
    auto holds(this auto self, const Held&... held) {
        return (self.parts.push_back(held_part(held)), ...), self;
    }
    /// Written only where this holds: `bool condition(const T&)` or `bool condition(const T&, const FormatFlags&)`.
    template <class Condition>
    auto written_when(this auto self, Condition condition) {
        self.write_condition = [condition](const void* owner, const FormatFlags& flags) {
            const T& object = *static_cast<const T*>(owner);
            if constexpr (requires { condition(object); })
                return condition(object);
            else
                return condition(object, flags);
        };
        return self;
    }
};

/// The description of an element, types erased.
class Description {
  public:
    std::string_view tag;
    std::vector<Part> parts;
    std::function<void(void* object, const Node&, const ParseFlags&)> finish;
};

void read_into(const Description&, const Node&, void* object, const ParseFlags&);
void write_from(const Description&, std::string_view tag, const void* object, Writer&);
void write_inside(const Description&, const void* object, Writer&);

/// The description of an element that fills a T.
template <class T>
class Element : public Description {
  public:
    T read(const Node& node, const ParseFlags& flags = {}) const {
        T object{};
        read_into(*this, node, &object, flags);
        return object;
    }
    void write(const T& object, Writer& writer) const { write_from(*this, tag, &object, writer); }
    std::string format(const T& object, FormatFlags flags = {}) const {
        Writer writer(flags);
        write(object, writer);
        return std::move(writer).take();
    }

    /// What is looked at and put right once the element has been read: `void check(T&, const Node&, const ParseFlags&)`
    /// or `void check(T&)`.
    template <class Check>
    Element finished_by(Check check) && {
        finish = [check](void* object, const Node& node, const ParseFlags& flags) {
            if constexpr (requires(T& t) { check(t); })
                check(*static_cast<T*>(object));
            else
                check(*static_cast<T*>(object), node, flags);
        };
        return std::move(*this);
    }
};

template <class T, class... Parts>
Element<T> describe(std::string_view tag, Parts... parts) {
    static_assert((std::same_as<Parts, PartOf<T>> && ...), "a part names a member of another type");
    Element<T> element;
    element.tag = tag;
    element.parts.reserve(sizeof...(parts));
    (element.parts.push_back(std::move(parts)), ...);
    return element;
}

}  // namespace innkeeper::xml
