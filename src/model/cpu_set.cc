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
        if (out)
            set.remove(first);
        else
            set.add({first, last});
    } while (take(text, ','));
    if (!text.empty()) return std::nullopt;
    return set;
}

std::string CpuSet::text() const {
    std::string out;
    for (const auto [first, last] : ranges_) {
        if (!out.empty()) out += ',';
        out += first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last);
    }
    return out;
}

void CpuSet::add(Range range) {
    // Those that overlap or touch it become one with it.
    const auto begin = std::ranges::partition_point(ranges_, [&](const Range& r) { return r.last + 1 < range.first; });
    auto end = begin;
    for (; end != ranges_.end() && end->first <= range.last + 1; ++end) {
        range.first = std::min(range.first, end->first);
        range.last = std::max(range.last, end->last);
    }
    if (begin == end)
        ranges_.insert(begin, range);
    else
        ranges_.erase(begin + 1, end), *begin = range;
}

void CpuSet::remove(unsigned number) {
    const auto at = std::ranges::lower_bound(ranges_, number, {}, &Range::last);
    if (at == ranges_.end() || at->first > number) return;
    const Range below{at->first, number - 1}, above{number + 1, at->last};
    const bool has_below = at->first < number, has_above = number < at->last;
    if (has_below && has_above)
        *at = above, ranges_.insert(at, below);
    else if (has_below || has_above)
        *at = has_below ? below : above;
    else
        ranges_.erase(at);
}

bool CpuSet::contains(unsigned number) const {
    const auto at = std::ranges::lower_bound(ranges_, number, {}, &Range::last);
    return at != ranges_.end() && at->first <= number;
}

bool CpuSet::overlaps(const CpuSet& other) const {
    return std::ranges::any_of(other.ranges_, [&](const Range& range) {
        const auto at = std::ranges::lower_bound(ranges_, range.first, {}, &Range::last);
        return at != ranges_.end() && at->first <= range.last;
    });
}

void CpuSet::cut(unsigned end) {
    while (!ranges_.empty() && ranges_.back().first >= end) ranges_.pop_back();
    if (!ranges_.empty() && ranges_.back().last >= end) ranges_.back().last = end - 1;
}

std::size_t CpuSet::size() const {
    std::size_t sum = 0;
    for (const auto [first, last] : ranges_) sum += last - first + 1;
    return sum;
}

std::vector<unsigned> CpuSet::numbers() const {
    std::vector<unsigned> out;
    out.reserve(size());
    for (const auto [first, last] : ranges_)
        for (unsigned number = first; number <= last; ++number) out.push_back(number);
    return out;
}

}  // namespace innkeeper::model
