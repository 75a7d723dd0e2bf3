#include "xml/metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"

namespace innkeeper::xml {

Metadata Metadata::read(const Node& metadata) {
    Metadata result;
    std::set<std::string, std::less<>> seen;
    for (Node node = metadata.child(); node; node = node.next()) {
        const std::string uri(node.namespace_uri());
        // Elements that belong to nobody, and a namespace's second, are dropped as the peer drops them.
        if (uri.empty() || !seen.insert(uri).second) continue;
        result.entries_.push_back({uri, node.foreign_source()});
    }
    return result;
}

void Metadata::write(Writer& writer) const {
    if (entries_.empty()) return;
    writer.open("metadata");
    for (const auto& entry : entries_) writer.fragment(entry.source);
    writer.close();
}

std::optional<std::string> Metadata::find(std::string_view uri) const {
    const auto entry = std::ranges::find(entries_, uri, &Entry::uri);
    if (entry == entries_.end()) return std::nullopt;
    const auto document = Document::parse(entry->source, "(metadata_xml)");
    auto source = document.root().source_without_prefix();
    source.pop_back();
    return source;
}

void Metadata::set(std::string_view uri, std::string_view key, std::string_view source) {
    const auto document = Document::parse(source, "(metadata_xml)");
    Entry entry{std::string(uri), document.root().source_with_prefix(key, uri)};
    const auto old = std::ranges::find(entries_, uri, &Entry::uri);
    if (old == entries_.end())
        entries_.push_back(std::move(entry));
    else
        *old = std::move(entry);
}

bool Metadata::remove(std::string_view uri) {
    return std::erase_if(entries_, [uri](const Entry& entry) { return entry.uri == uri; }) > 0;
}

}  // namespace innkeeper::xml
