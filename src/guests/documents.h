#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/uuid.h"
#include "xml/writer.h"

namespace innkeeper::guests {

/// Documents as clients got them, so that asking again needs neither disk nor parser nor writer. What is kept is
/// bounded in bytes; who has to go when there is no room is left to chance, since those who ask for all guests in turn
/// would find nothing at all behind a queue that is a little too short.
class Documents {
  public:
    explicit Documents(std::size_t most_bytes) : most_(most_bytes) {}

    /// Valid until the next change.
    const std::string* find(const Uuid& guest, const xml::FormatFlags& face) const;
    void put(const Uuid& guest, const xml::FormatFlags& face, std::string document);
    /// One of the guest's definitions has changed.
    void forget(const Uuid& guest);

    std::size_t bytes() const { return bytes_; }

  private:
    struct Key {
        Uuid guest;
        unsigned face;
        bool operator==(const Key&) const = default;
    };
    struct Hash {
        std::size_t operator()(const Key& key) const noexcept { return std::hash<Uuid>()(key.guest) * 8 + key.face; }
    };
    struct Entry {
        Key key;
        std::string document;
    };
    static Key key_of(const Uuid& guest, const xml::FormatFlags& face);
    static std::size_t cost_of(const Entry& entry);
    void remove(std::size_t index);

    std::size_t most_, bytes_ = 0;
    std::vector<Entry> entries_;
    std::unordered_map<Key, std::size_t, Hash> places_;  ///< in entries_
    std::minstd_rand chance_;
};

}  // namespace innkeeper::guests
