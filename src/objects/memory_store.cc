#include "objects/memory_store.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"

namespace innkeeper::objects {

const MemoryStore::Entry& MemoryStore::entry(const std::string& name) const {
    const auto found = entries_.find(name);
    if (found == entries_.end())
        throw Error(ErrorCode::internal_error, fmt::format("there is no definition of '{}'", name));
    return found->second;
}

Task<> MemoryStore::write(std::string name, Uuid uuid, std::string document) {
    auto& kept = entries_[name];
    kept.uuid = uuid;
    kept.document = std::move(document);
    co_return;
}

Task<std::string> MemoryStore::read(std::string name) const { co_return entry(name).document; }

std::optional<std::string> MemoryStore::read_at_once(std::string_view name, std::size_t most) const {
    const auto found = entries_.find(name);
    if (found == entries_.end() || found->second.document.size() > most) return std::nullopt;
    return found->second.document;
}

Task<> MemoryStore::remove(std::string name) {
    entries_.erase(name);
    co_return;
}

Task<> MemoryStore::rename(std::string from, std::string to, Uuid uuid, std::string document, bool autostart) {
    entries_.erase(from);
    entries_[to] = {uuid, std::move(document), autostart};
    co_return;
}

Task<> MemoryStore::set_autostart(std::string name, bool autostart) {
    entry(name);
    entries_[name].autostart = autostart;
    co_return;
}

Task<std::vector<DefinitionStore::Found>> MemoryStore::look_again() const {
    std::vector<Found> all;
    for (const auto& [name, kept] : entries_) all.push_back({name, kept.uuid, kept.autostart});
    co_return all;
}

}  // namespace innkeeper::objects
