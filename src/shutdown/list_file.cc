#include "shutdown/list_file.h"

#include <fmt/format.h>

#include <algorithm>

namespace innkeeper::shutdown {

namespace {

/// The next word of the line; empty at its end.
std::string_view next_word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
    const auto word = line.substr(0, std::min(line.find_first_of(" \t\r"), line.size()));
    line.remove_prefix(word.size());
    return word;
}

}  // namespace

std::string format_list(const std::vector<SavedGuests>& list) {
    std::string text;
    for (const auto& [uri, guests] : list) {
        text += uri;
        for (const Uuid& guest : guests) text += ' ' + guest.text();
        text += '\n';
    }
    return text;
}

std::vector<SavedGuests> parse_list(std::string_view text, std::string_view file,
                                    std::vector<std::string>& complaints) {
    std::vector<SavedGuests> list;
    for (int number = 1; !text.empty(); ++number) {
        auto line = text.substr(0, std::min(text.find('\n'), text.size()));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const auto uri = next_word(line);
        if (uri.empty()) continue;
        SavedGuests saved{.uri = std::string(uri)};
        for (auto word = next_word(line); !word.empty(); word = next_word(line)) {
            if (const auto uuid = Uuid::parse(word))
                saved.guests.push_back(*uuid);
            else
                complaints.push_back(
                    fmt::format("{}:{}: '{}' is no guest's UUID, it is left out", file, number, word.substr(0, 100)));
        }
        list.push_back(std::move(saved));
    }
    return list;
}

}  // namespace innkeeper::shutdown
