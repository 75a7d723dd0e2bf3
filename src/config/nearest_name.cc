#include "config/nearest_name.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace innkeeper::config {

namespace {

constexpr std::size_t longest_name = 64;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// How many letters have to go, come, change, or change places with their neighbour.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> above(b.size() + 1), row(b.size() + 1), next(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        next[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = lower(a[i - 1]) == lower(b[j - 1]);
            next[j] = std::min({row[j] + 1, next[j - 1] + 1, row[j - 1] + (same ? 0 : 1)});
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
                next[j] = std::min(next[j], above[j - 2] + 1);
        }
        std::swap(above, row);
        std::swap(row, next);
    }
    return row[b.size()];
}

}  // namespace

std::string_view nearest_name(std::string_view written, std::span<const std::string_view> known) {
    if (written.size() > longest_name) return {};
    std::string_view nearest;
    std::size_t least = std::max<std::size_t>(2, written.size() / 4) + 1;
    for (const auto name : known) {
        const auto far = distance(written, name);
        // A short name is near to any other short one.
        if (far >= least || far * 2 > name.size()) continue;
        least = far;
        nearest = name;
    }
    return nearest;
}

}  // namespace innkeeper::config
