#include "xml/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <deque>
#include <map>
#include <set>

#include "xml/content.h"

namespace innkeeper::xml {

namespace {

constexpr std::string_view anything = "anything";

class Grammar {
  public:
    explicit Grammar(std::span<const Namespace> namespaces) : namespaces_(namespaces) {}

    std::string write(std::span<const Description* const> roots) {
        out_.open("grammar");
        out_.attribute("xmlns", "http://relaxng.org/ns/structure/1.0");
        out_.attribute("datatypeLibrary", "http://www.w3.org/2001/XMLSchema-datatypes");
        out_.open("start");
        if (roots.size() > 1) out_.open("choice");
        for (const Description* root : roots) reference(definition(root->tag, {{Aspect::Kind::description, root}}));
        if (roots.size() > 1) out_.close();
        out_.close();
        // Each definition may need further ones, which come behind it; one that holds itself finds itself.
        for (; !waiting_.empty(); waiting_.pop_front()) {
            const auto& [what, name] = *waiting_.front();
            out_.open("define");
            out_.attribute("name", name);
            element(what.first, what.second);
            out_.close();
        }
        define_anything();
        out_.close();
        return std::move(out_).take();
    }

  private:
    /// An element is the same as another if it has the same name and everything that describes it is the same.
    using Definitions = std::map<std::pair<std::string_view, Aspects>, std::string>;

    const std::string& definition(std::string_view tag, const Aspects& aspects) {
        const auto [found, is_new] = definitions_.try_emplace({tag, aspects});
        if (is_new) {
            std::string plain(tag);
            std::ranges::replace(plain, ':', '.');
            found->second = plain;
            for (unsigned i = 2; !names_.insert(found->second).second; ++i)
                found->second = fmt::format("{}-{}", plain, i);
            waiting_.push_back(&*found);
        }
        return found->second;
    }

    void reference(std::string_view name) {
        out_.open("ref");
        out_.attribute("name", name);
        out_.close();
    }

    void define_anything() {
        out_.open("define");
        out_.attribute("name", anything);
        out_.open("zeroOrMore");
        out_.open("choice");
        out_.open("attribute");
        out_.leaf("anyName");
        out_.close();
        out_.leaf("text");
        out_.open("element");
        out_.leaf("anyName");
        reference(anything);
        for (int i = 0; i < 4; ++i) out_.close();
    }

    void element(std::string_view tag, const Aspects& aspects) {
        out_.open("element");
        if (const auto colon = tag.find(':'); colon != tag.npos) {
            const auto space = std::ranges::find(namespaces_, tag.substr(0, colon), &Namespace::prefix);
            assert(space != namespaces_.end() && "a name with a prefix that stands for nothing");
            out_.attribute("ns", space->uri);
            tag.remove_prefix(colon + 1);
        }
        out_.attribute("name", tag);
        const auto whole = content_of(aspects);
        if (whole.is_anything)
            reference(anything);
        else if (whole.unions.size() == 1)
            alternatives(aspects, *whole.unions.front());
        else
            content(whole);
        out_.close();
    }

    void alternatives(const Aspects& aspects, const Part& of) {
        out_.open("choice");
        for (std::size_t i = 0; i < of.alternatives.size(); ++i) {
            out_.open("group");
            content(content_of(aspects, &of, i));
            out_.close();
        }
        if (!of.is_required) {
            Content rest = content_of(aspects);
            std::erase_if(rest.attributes, [&](const auto& attribute) { return attribute.name == of.name; });
            out_.open("group");
            content(rest);
            out_.close();
        }
        out_.close();
    }

    /// Interleaved, which changes nothing, since attributes have no order: libxml2 goes on with one state behind each
    /// part of an interleave, and with two behind each optional part of a group, which doubles with every attribute.
    void attributes(const Content& content) {
        const bool is_several = content.attributes.size() > 1;
        if (is_several) out_.open("interleave");
        for (const auto& attribute : content.attributes) {
            if (!attribute.is_required) out_.open("optional");
            out_.open("attribute");
            out_.attribute("name", attribute.name);
            if (!attribute.word.empty())
                value(attribute.word);
            else
                data(attribute.values);
            out_.close();
            if (!attribute.is_required) out_.close();
        }
        if (is_several) out_.close();
    }

    void content(const Content& content) {
        attributes(content);
        if (content.children.empty() && content.texts.empty()) {
            if (content.attributes.empty()) out_.leaf("empty");
            return;
        }
        if (content.children.empty()) return data(content.texts);
        const bool is_several = content.children.size() > 1 || !content.texts.empty();
        if (is_several) out_.open("interleave");
        for (const auto& child : content.children) {
            const auto how_many = child.is_required && child.is_list ? "oneOrMore"
                                  : child.is_required                ? ""
                                  : child.is_list                    ? "zeroOrMore"
                                                                     : "optional";
            if (*how_many) out_.open(how_many);
            // An element without children is said where it stands.
            if (content_of(child.aspects).children.empty())
                element(child.name, child.aspects);
            else
                reference(definition(child.name, child.aspects));
            if (*how_many) out_.close();
        }
        if (!content.texts.empty()) out_.leaf("text");
        if (is_several) out_.close();
    }

    void value(std::string_view word) { out_.leaf("value", word); }

    /// The text that an attribute or an element may have: whatever one of the parts would read.
    void data(const std::vector<const Part*>& parts) {
        std::vector<std::string> words;
        std::vector<const Part*> types;
        for (const Part* part : parts) {
            if (part->kind == Part::Kind::one_of)
                for (const auto& alternative : part->alternatives) words.emplace_back(alternative.word);
            else if (!part->words.empty())
                words.insert(words.end(), part->words.begin(), part->words.end());
            else
                types.push_back(part);
            if (part->scalar && part->scalar->is_optional && !part->omitted.empty()) words.emplace_back(part->omitted);
        }
        std::erase(words, "");
        std::ranges::sort(words);
        words.erase(std::ranges::unique(words).begin(), words.end());
        const auto is_free = [](const Part* part) { return part->scalar->pattern.empty() && is_text(*part); };
        if (words.size() + types.size() == 0 || std::ranges::any_of(types, is_free)) return out_.leaf("text");
        // Several descriptions of one attribute often say the same.
        const auto same = [](const Part* a, const Part* b) {
            return a->scalar == b->scalar && a->low == b->low && a->high == b->high && a->hex_digits == b->hex_digits;
        };
        for (std::size_t i = 0; i < types.size(); ++i)
            std::erase_if(types, [&, at = 0ul](const Part* part) mutable { return at++ > i && same(types[i], part); });
        const bool is_choice = words.size() + types.size() > 1;
        if (is_choice) out_.open("choice");
        for (const auto& word : words) value(word);
        for (const Part* part : types) type(*part);
        if (is_choice) out_.close();
    }

    static bool is_text(const Part& part) { return part.scalar->data_type == "string"; }

    void type(const Part& part) {
        if (is_text(part)) return data_type("string", [&] { parameter("pattern", part.scalar->pattern); });
        if (part.hex_digits) {
            out_.open("choice");
            data_type("string", [&] { parameter("pattern", "0[xX][0-9a-fA-F]+"); });
        }
        data_type(part.scalar->data_type, [&] {
            // Both kinds of numbers keep their bounds in the same pair, whose ends mean that there is none.
            if (part.low != std::numeric_limits<std::int64_t>::min())
                parameter("minInclusive", std::to_string(part.low));
            if (part.high != std::numeric_limits<std::uint64_t>::max())
                parameter("maxInclusive", std::to_string(part.high));
        });
        if (part.hex_digits) out_.close();
    }

    template <class Parameters>
    void data_type(std::string_view name, Parameters parameters) {
        out_.open("data");
        out_.attribute("type", name);
        parameters();
        out_.close();
    }
    void parameter(std::string_view name, std::string_view value) {
        out_.open("param");
        out_.attribute("name", name);
        out_.text(value);
        out_.close();
    }

    std::span<const Namespace> namespaces_;
    Writer out_;
    Definitions definitions_;
    std::set<std::string> names_{std::string(anything)};
    std::deque<const Definitions::value_type*> waiting_;
};

}  // namespace

std::string relaxng(const Description& root, std::span<const Namespace> namespaces) {
    const Description* const roots[] = {&root};
    return relaxng(roots, namespaces);
}

std::string relaxng(std::span<const Description* const> roots, std::span<const Namespace> namespaces) {
    return Grammar(namespaces).write(roots);
}

}  // namespace innkeeper::xml
