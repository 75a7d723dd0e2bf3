#include "drivers/qemu/abilities/schema.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <unordered_map>

namespace innkeeper::qemu {

namespace json = boost::json;

namespace {

/// QEMU's own schema has 8,000 paths of this depth; what is asked for lies within it.
constexpr int deepest = 3;
constexpr std::size_t most_paths = 50000;

std::string_view text(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

/// Walks from a command's arguments down. Types refer to each other by name and may do so in circles, which the depth
/// ends.
class Walk {
  public:
    Walk(const json::array& entries, std::set<std::string, std::less<>>& paths) : paths_(paths) {
        for (const auto& entry : entries)
            if (entry.is_object()) types_.emplace(text(entry.get_object(), "name"), &entry.get_object());
    }

    void down(const std::string& path, std::string_view type, int depth) {
        const auto found = types_.find(type);
        if (found == types_.end() || depth > deepest || paths_.size() > most_paths) return;
        const json::object& entry = *found->second;
        const auto kind = text(entry, "meta-type");
        if (kind == "object")
            object(path, entry, depth);
        else if (kind == "array")
            down(path, text(entry, "element-type"), depth + 1);
        else if (kind == "alternate")
            members(path, entry, "type", {}, depth);
        else if (kind == "enum")
            values(path, entry);
    }

  private:
    void object(const std::string& path, const json::object& entry, int depth) {
        members(path, entry, "type", "name", depth);
        const json::value* variants = entry.if_contains("variants");
        if (variants == nullptr || !variants->is_array()) return;
        for (const auto& variant : variants->get_array())
            if (variant.is_object()) {
                const std::string below = path + "." + std::string(text(variant.get_object(), "case"));
                paths_.insert(below);
                down(below, text(variant.get_object(), "type"), depth + 1);
            }
    }
    void members(const std::string& path, const json::object& entry, std::string_view type, std::string_view name,
                 int depth) {
        const json::value* list = entry.if_contains("members");
        if (list == nullptr || !list->is_array()) return;
        for (const auto& member : list->get_array()) {
            if (!member.is_object()) continue;
            std::string below = path;
            if (!name.empty()) {
                below += "." + std::string(text(member.get_object(), name));
                paths_.insert(below);
            }
            down(below, text(member.get_object(), type), depth + 1);
        }
    }
    void values(const std::string& path, const json::object& entry) {
        const json::value* list = entry.if_contains("values");
        if (list == nullptr || !list->is_array()) return;
        for (const auto& value : list->get_array())
            if (value.is_string()) paths_.insert(path + "=" + std::string(value.get_string()));
    }

    std::unordered_map<std::string_view, const json::object*> types_;
    std::set<std::string, std::less<>>& paths_;
};

}  // namespace

void read_schema(const json::value& answer, Capabilities& into) {
    if (!answer.is_array()) return;
    Walk walk(answer.get_array(), into.schema);
    for (const auto& item : answer.get_array()) {
        if (!item.is_object()) continue;
        const auto& entry = item.get_object();
        const auto kind = text(entry, "meta-type");
        const std::string name(text(entry, "name"));
        if (kind == "event") into.events.insert(name);
        if (kind != "command") continue;
        into.commands.insert(name);
        walk.down(name, text(entry, "arg-type"), 0);
    }
}

}  // namespace innkeeper::qemu
