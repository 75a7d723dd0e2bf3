#include "model/cpu_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace innkeeper::model {

namespace {

void skip_space(std::string_view& text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\n' || text.front() == '\t'))
        text.remove_prefix(1);
}

bool take_number(std::string_view& text, unsigned& number) {
    skip_space(text);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || number > CpuSet::highest) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    skip_space(text);
    return true;
}

bool take(std::string_view& text, char c) {
    skip_space(text);
    if (!text.starts_with(c)) return false;
    text.remove_prefix(1);
    return true;
}

}  // namespace

std::optional<CpuSet> CpuSet::parse(std::string_view text) {
    CpuSet set;
    do {
        const bool out = take(text, '^');
        unsigned first, last;
        if (!take_number(text, first)) return std::nullopt;
        last = first;
        if (take(text, '-') && (out || !take_number(text, last) || last < first)) return std::nullopt;
        for (unsigned number = first; number <= last; ++number) out ? set.remove(number) : set.add(number);
    } while (take(text, ','));
    if (!text.empty()) return std::nullopt;
    return set;
}

std::string CpuSet::text() const {
    std::string out;
    for (std::size_t i = 0; i < numbers_.size();) {
        std::size_t end = i + 1;
        while (end < numbers_.size() && numbers_[end] == numbers_[end - 1] + 1) ++end;
        if (!out.empty()) out += ',';
        out += end - i == 1 ? fmt::format("{}", numbers_[i]) : fmt::format("{}-{}", numbers_[i], numbers_[end - 1]);
        i = end;
    }
    return out;
}

void CpuSet::add(unsigned number) {
    const auto at = std::ranges::lower_bound(numbers_, number);
    if (at == numbers_.end() || *at != number) numbers_.insert(at, number);
}

void CpuSet::remove(unsigned number) {
    const auto at = std::ranges::lower_bound(numbers_, number);
    if (at != numbers_.end() && *at == number) numbers_.erase(at);
}

bool CpuSet::contains(unsigned number) const { return std::ranges::binary_search(numbers_, number); }

}  // namespace innkeeper::model
