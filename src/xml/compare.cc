#include "xml/compare.h"

#include <fmt/format.h>

#include "xml/fragment.h"

namespace innkeeper::xml {

namespace {

/// Walks two objects side by side by their description.
class Comparison {
  public:
    std::vector<Difference> differences;

    void inside(const Description& description, const void* before, const void* after, const std::string& path) {
        parts(description.parts, before, after, path);
    }

  private:
    void parts(const std::vector<Part>& list, const void* before, const void* after, const std::string& path) {
        for (const auto& part : list) compare_part(part, before, after, path);
    }

    void note(const Part& part, std::string path, std::string before, std::string after) {
        differences.push_back({std::move(path), std::move(before), std::move(after), part.is_fixed});
    }

    static const void* member(const Part& part, const void* owner) {
        return static_cast<const char*>(owner) + part.offset;
    }

    void scalars(const Part& part, const void* before, const void* after, std::string path) {
        if (part.scalar->equal(member(part, before), member(part, after))) return;
        std::string old_text, new_text;
        part.scalar->write(part, member(part, before), old_text);
        part.scalar->write(part, member(part, after), new_text);
        note(part, std::move(path), std::move(old_text), std::move(new_text));
    }

    /// Elements of a list are compared in pairs; what one side has more is a difference as a whole.
    void elements(const Part& part, const void* before, const void* after, const std::string& path) {
        const auto tag = part.name.empty() ? part.description->tag : part.name;
        const std::size_t old_count = part.holder->count(member(part, before));
        const std::size_t new_count = part.holder->count(member(part, after));
        for (std::size_t i = 0; i < std::max(old_count, new_count); ++i) {
            auto place =
                part.holder->is_list ? fmt::format("{}/{}[{}]", path, tag, i + 1) : fmt::format("{}/{}", path, tag);
            if (i < old_count && i < new_count)
                inside(*part.description, part.holder->at(member(part, before), i),
                       part.holder->at(member(part, after), i), place);
            else
                note(part, std::move(place), i < old_count ? "present" : "", i < new_count ? "present" : "");
        }
    }

    void unions(const Part& part, const void* before, const void* after, const std::string& path) {
        const auto chosen = [&](const void* owner) -> const Alternative* {
            for (const auto& alternative : part.alternatives)
                if (alternative.holder->count(member(part, owner))) return &alternative;
            return nullptr;
        };
        const Alternative *old_one = chosen(before), *new_one = chosen(after);
        if (old_one != new_one)
            note(part, path + "@" + std::string(part.name), std::string(old_one ? old_one->word : ""),
                 std::string(new_one ? new_one->word : ""));
        else if (old_one)
            inside(*old_one->description, old_one->holder->at(member(part, before), 0),
                   old_one->holder->at(member(part, after), 0), path);
    }

    /// What has no table of its own is compared as it would be written.
    void written(const Part& part, const void* before, const void* after, const std::string& path) {
        const auto text = [&](const void* owner) {
            Writer writer({.secure = true});
            writer.open("x");
            if (part.kind == Part::Kind::by_hand)
                part.writer(owner, writer);
            else
                for (const auto& fragment : *static_cast<const std::vector<Fragment>*>(member(part, owner)))
                    writer.fragment(fragment.source);
            writer.close();
            return std::move(writer).take();
        };
        auto old_text = text(before), new_text = text(after);
        if (old_text != new_text)
            note(part, part.name.empty() ? path : path + "/" + std::string(part.name), std::move(old_text),
                 std::move(new_text));
    }

    void compare_part(const Part& part, const void* before, const void* after, const std::string& path) {
        switch (part.kind) {
            case Part::Kind::attribute:
                return scalars(part, before, after, fmt::format("{}@{}", path, part.name));
            case Part::Kind::text:
                return scalars(part, before, after, path);
            case Part::Kind::value:
            case Part::Kind::amount:
                return scalars(part, before, after, fmt::format("{}/{}", path, part.name));
            case Part::Kind::flag: {
                const bool was = *static_cast<const bool*>(member(part, before));
                const bool is = *static_cast<const bool*>(member(part, after));
                if (was != is)
                    note(part, fmt::format("{}/{}", path, part.name), was ? "present" : "", is ? "present" : "");
                return;
            }
            case Part::Kind::group:
                return parts(part.parts, before, after, fmt::format("{}/{}", path, part.name));
            case Part::Kind::element:
                return elements(part, before, after, path);
            case Part::Kind::embedded:
                return inside(*part.description, member(part, before), member(part, after), path);
            case Part::Kind::one_of:
                return unions(part, before, after, path);
            case Part::Kind::when:
                if (part.condition(before) || part.condition(after)) parts(part.parts, before, after, path);
                return;
            case Part::Kind::verbatim:
            case Part::Kind::by_hand:
                return written(part, before, after, path);
        }
    }
};

}  // namespace

std::vector<Difference> compare_objects(const Description& description, const void* before, const void* after) {
    Comparison comparison;
    comparison.inside(description, before, after, std::string(description.tag));
    return std::move(comparison.differences);
}

}  // namespace innkeeper::xml
