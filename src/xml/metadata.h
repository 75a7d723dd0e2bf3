#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "xml/node.h"
#include "xml/writer.h"

namespace innkeeper::xml {

/// What users and programs keep with a definition: at most one element for each namespace, otherwise free.
class Metadata {
  public:
    static Metadata read(const Node& metadata);
    void write(Writer& writer) const;

    /// The element of that namespace, as its owner gave it: without the namespace.
    std::optional<std::string> find(std::string_view uri) const;
    /// Puts `source` in the place of the namespace's element; `key` becomes its prefix. Throws if `source` is not
    /// well-formed.
    void set(std::string_view uri, std::string_view key, std::string_view source);
    /// False: there was none.
    bool remove(std::string_view uri);

    bool empty() const { return entries_.empty(); }
    bool operator==(const Metadata&) const = default;

  private:
    struct Entry {
        std::string uri;
        std::string source;
        bool operator==(const Entry&) const = default;
    };
    std::vector<Entry> entries_;
};

}  // namespace innkeeper::xml
