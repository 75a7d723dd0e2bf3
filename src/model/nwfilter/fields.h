#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

/// The fields of packets that rules can ask about: which protocol has which, and what their values look like.
namespace innkeeper::model {

struct FieldType {
    enum class Kind { number, mac, ipv4, ipv6, ipv4_mask, ipv6_mask, state, tcp_flags, truth, text };
    Kind kind = Kind::number;
    std::uint64_t low = 0, high = 0xffff;                                    ///< of a number
    std::span<const std::pair<std::string_view, std::uint64_t>> names = {};  ///< words for some numbers
};

struct Field {
    std::string_view name;
    const FieldType& type;
};

struct RuleProtocol {
    std::string_view name;
    std::span<const Field> fields;  ///< in the order in which they are written
};

std::span<const RuleProtocol> rule_protocols();
const RuleProtocol* find_rule_protocol(std::string_view name);

/// The value in the one spelling that is written; nothing if the field cannot have it. `$NAME`, `$NAME[1]` and
/// `$NAME[@1]` stand for values that a guest brings along.
std::optional<std::string> tidy_field(const FieldType& type, std::string_view text);

}  // namespace innkeeper::model
