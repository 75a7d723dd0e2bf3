#include "guests/documents.h"

#include <utility>

namespace innkeeper::guests {

namespace {

constexpr unsigned faces = 8;
constexpr std::size_t node_bytes = 64;  // of the map, about

}  // namespace

Documents::Key Documents::key_of(const Uuid& guest, const xml::FormatFlags& face) {
    return {guest, (face.inactive ? 1U : 0U) | (face.secure ? 2U : 0U) | (face.migratable ? 4U : 0U)};
}

std::size_t Documents::cost_of(const Entry& entry) { return sizeof entry + node_bytes + entry.document.capacity(); }

const std::string* Documents::find(const Uuid& guest, const xml::FormatFlags& face) const {
    const auto place = places_.find(key_of(guest, face));
    if (place == places_.end()) return nullptr;
    return &entries_[place->second].document;
}

void Documents::put(const Uuid& guest, const xml::FormatFlags& face, std::string document) {
    document.shrink_to_fit();
    Entry entry{key_of(guest, face), std::move(document)};
    const std::size_t cost = cost_of(entry);
    // One that takes a good part of the room is not worth those that would have to go.
    if (cost > most_ / 8) return;
    if (const auto place = places_.find(entry.key); place != places_.end()) remove(place->second);
    while (bytes_ + cost > most_) remove(chance_() % entries_.size());
    bytes_ += cost;
    places_.emplace(entry.key, entries_.size());
    entries_.push_back(std::move(entry));
}

void Documents::forget(const Uuid& guest) {
    for (unsigned face = 0; face < faces; ++face)
        if (const auto place = places_.find({guest, face}); place != places_.end()) remove(place->second);
}

void Documents::remove(std::size_t index) {
    bytes_ -= cost_of(entries_[index]);
    places_.erase(entries_[index].key);
    if (index + 1 < entries_.size()) {
        entries_[index] = std::move(entries_.back());
        places_[entries_[index].key] = index;
    }
    entries_.pop_back();
}

}  // namespace innkeeper::guests
