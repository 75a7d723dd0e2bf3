#include "cpu/decode.h"

#include <algorithm>
#include <charconv>
#include <ranges>

namespace innkeeper::cpu {

namespace {

struct Candidate {
    Decoded decoded;
    bool is_named = false, is_signed = false;
    std::size_t burden = 0;  ///< what is missing, in pairs
    std::size_t cost = 0;
};

/// As the peer weighs them. To have a feature named costs one, whether it is there or missing; and what is missing
/// costs more the more of it there is: each pair of them one more than the pair before.
Candidate weigh(const X86Model& model, const FeatureSet& features, const Search& search) {
    Candidate candidate;
    Decoded& decoded = candidate.decoded;
    FeatureSet withheld;
    if (search.withheld) withheld = search.withheld(model);
    decoded.model = &model;
    decoded.extra = features & ~model.features & ~withheld;
    decoded.missing = (model.features & ~features) | withheld;
    decoded.unspoken = model.removed & ~features & ~decoded.missing;
    const std::size_t missing = decoded.missing.count() + decoded.unspoken.count();
    candidate.burden = (missing + 1) / 2;
    candidate.cost = decoded.extra.count() + missing + candidate.burden * (candidate.burden + 1) / 2;
    candidate.is_named = std::ranges::find(search.named, model.name) != search.named.end();
    candidate.is_signed = search.signature && has_signature(model, *search.signature);
    return candidate;
}

/// Whether the one that comes next is taken instead of the best so far. This is no order: what comes out depends on
/// where the search starts, and it starts with the newest model.
bool replaces(const Candidate& next, const Candidate& best) {
    if (next.is_signed != best.is_signed) return next.is_signed;
    if (next.is_named && next.burden < best.burden) return true;
    return std::pair(next.cost, next.burden) < std::pair(best.cost, best.burden);
}

bool is_possible(const X86Model& model, const Search& search) {
    if (!model.is_decoded) return false;
    if (!model.vendor.empty() && !search.vendor.empty() && model.vendor != search.vendor) return false;
    return !search.is_possible || search.is_possible(model);
}

unsigned number(std::string_view text) {
    unsigned value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

std::optional<Decoded> decode(const FeatureSet& features, const Search& search) {
    std::optional<Candidate> best;
    for (const X86Model& model : std::views::reverse(x86_models())) {
        if (!is_possible(model, search)) continue;
        const Candidate next = weigh(model, features, search);
        if (search.only_additions && next.decoded.missing.any()) continue;
        if (!best || replaces(next, *best)) best = next;
    }
    if (!best) return std::nullopt;
    return best->decoded;
}

bool has_signature(const X86Model& model, const model::CpuSignature& signature) {
    for (const auto word : std::views::split(model.signatures, ' ')) {
        std::vector<std::string_view> parts;
        for (const auto part : std::views::split(std::string_view(word), '/')) parts.emplace_back(part);
        if (parts.size() < 2 || number(parts[0]) != signature.family || number(parts[1]) != signature.model) continue;
        if (parts.size() == 2) return true;
        const auto dash = parts[2].find('-');
        const unsigned first = number(parts[2].substr(0, dash));
        const unsigned last = dash == parts[2].npos ? first : number(parts[2].substr(dash + 1));
        if (signature.stepping >= first && signature.stepping <= last) return true;
    }
    return false;
}

}  // namespace innkeeper::cpu
