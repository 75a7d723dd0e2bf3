#include "model/nwfilter/fields.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <vector>

#include "model/mac_address.h"

namespace innkeeper::model {

namespace {

using Kind = FieldType::Kind;
using Word = std::pair<std::string_view, std::uint64_t>;

constexpr Word ether_types[] = {{"ipv4", 0x800}, {"arp", 0x806}, {"rarp", 0x8035}, {"ipv6", 0x86dd}, {"vlan", 0x8100}};
constexpr Word ip_protocols[] = {{"tcp", 6},  {"udp", 17}, {"udplite", 136}, {"esp", 50},   {"ah", 51},
                                 {"icmp", 1}, {"igmp", 2}, {"sctp", 132},    {"icmpv6", 58}};
constexpr Word arp_opcodes[] = {{"Request", 1},       {"Reply", 2},         {"Request_Reverse", 3},
                                {"Reply_Reverse", 4}, {"DRARP_Request", 5}, {"DRARP_Reply", 6},
                                {"DRARP_Error", 7},   {"InARP_Request", 8}, {"ARP_NAK", 9}};

constexpr FieldType mac{Kind::mac}, ipv4{Kind::ipv4}, ipv6{Kind::ipv6}, ipv4_mask{Kind::ipv4_mask},
    ipv6_mask{Kind::ipv6_mask}, state{Kind::state}, tcp_flags{Kind::tcp_flags}, truth{Kind::truth},
    free_text{Kind::text};
constexpr FieldType byte{.high = 0xff}, word{}, wide{.high = 0xffffffff}, dscp{.high = 63}, vlan_id{.high = 4095};
constexpr FieldType ether_type{.low = 0x600, .names = ether_types};
constexpr FieldType ip_protocol{.high = 0xff, .names = ip_protocols};
constexpr FieldType opcode{.names = arp_opcodes};

#define INNKEEPER_MACS \
    {"srcmacaddr", mac}, {"srcmacmask", mac}, {"dstmacaddr", mac}, { "dstmacmask", mac }
#define INNKEEPER_PORTS \
    {"srcportstart", word}, {"srcportend", word}, {"dstportstart", word}, { "dstportend", word }
#define INNKEEPER_PACKET(address, mask)                                                                             \
    {"srcmacaddr", mac}, {"srcipaddr", address}, {"srcipmask", mask}, {"dstipaddr", address}, {"dstipmask", mask},  \
        {"srcipfrom", address}, {"srcipto", address}, {"dstipfrom", address}, {"dstipto", address}, {"dscp", dscp}, \
        {"connlimit-above", word}, {                                                                                \
        "state", state                                                                                              \
    }

constexpr Field mac_fields[] = {INNKEEPER_MACS, {"protocolid", ether_type}, {"comment", free_text}};
constexpr Field vlan_fields[] = {
    INNKEEPER_MACS, {"vlanid", vlan_id}, {"encap-protocol", ether_type}, {"comment", free_text}};
constexpr Field stp_fields[] = {{"srcmacaddr", mac},
                                {"srcmacmask", mac},
                                {"type", byte},
                                {"flags", byte},
                                {"root-priority", word},
                                {"root-priority-hi", word},
                                {"root-address", mac},
                                {"root-address-mask", mac},
                                {"root-cost", wide},
                                {"root-cost-hi", wide},
                                {"sender-priority", word},
                                {"sender-priority-hi", word},
                                {"sender-address", mac},
                                {"sender-address-mask", mac},
                                {"port", word},
                                {"port-hi", word},
                                {"age", word},
                                {"age-hi", word},
                                {"max-age", word},
                                {"max-age-hi", word},
                                {"hello-time", word},
                                {"hello-time-hi", word},
                                {"forward-delay", word},
                                {"forward-delay-hi", word},
                                {"comment", free_text}};
constexpr Field arp_fields[] = {INNKEEPER_MACS,         {"hwtype", word},
                                {"protocoltype", word}, {"opcode", opcode},
                                {"arpsrcmacaddr", mac}, {"arpdstmacaddr", mac},
                                {"arpsrcipaddr", ipv4}, {"arpsrcipmask", ipv4_mask},
                                {"arpdstipaddr", ipv4}, {"arpdstipmask", ipv4_mask},
                                {"gratuitous", truth},  {"comment", free_text}};
constexpr Field ip_fields[] = {INNKEEPER_MACS,      {"srcipaddr", ipv4},      {"srcipmask", ipv4_mask},
                               {"dstipaddr", ipv4}, {"dstipmask", ipv4_mask}, {"protocol", ip_protocol},
                               INNKEEPER_PORTS,     {"dscp", dscp},           {"comment", free_text}};
constexpr Field ipv6_fields[] = {INNKEEPER_MACS,      {"srcipaddr", ipv6},      {"srcipmask", ipv6_mask},
                                 {"dstipaddr", ipv6}, {"dstipmask", ipv6_mask}, {"protocol", ip_protocol},
                                 INNKEEPER_PORTS,     {"type", byte},           {"typeend", byte},
                                 {"code", byte},      {"codeend", byte},        {"comment", free_text}};
constexpr Field plain4[] = {INNKEEPER_PACKET(ipv4, ipv4_mask), {"comment", free_text}};
constexpr Field plain6[] = {INNKEEPER_PACKET(ipv6, ipv6_mask), {"comment", free_text}};
constexpr Field ports4[] = {INNKEEPER_PACKET(ipv4, ipv4_mask), INNKEEPER_PORTS, {"comment", free_text}};
constexpr Field ports6[] = {INNKEEPER_PACKET(ipv6, ipv6_mask), INNKEEPER_PORTS, {"comment", free_text}};
constexpr Field tcp4[] = {
    INNKEEPER_PACKET(ipv4, ipv4_mask), INNKEEPER_PORTS, {"option", byte}, {"flags", tcp_flags}, {"comment", free_text}};
constexpr Field tcp6[] = {
    INNKEEPER_PACKET(ipv6, ipv6_mask), INNKEEPER_PORTS, {"option", byte}, {"flags", tcp_flags}, {"comment", free_text}};
constexpr Field icmp4[] = {INNKEEPER_PACKET(ipv4, ipv4_mask), {"type", byte}, {"code", byte}, {"comment", free_text}};
constexpr Field icmp6[] = {INNKEEPER_PACKET(ipv6, ipv6_mask), {"type", byte}, {"code", byte}, {"comment", free_text}};
#undef INNKEEPER_MACS
#undef INNKEEPER_PORTS
#undef INNKEEPER_PACKET

constexpr RuleProtocol protocols[] = {
    {"mac", mac_fields}, {"vlan", vlan_fields}, {"stp", stp_fields},  {"arp", arp_fields},      {"rarp", arp_fields},
    {"ip", ip_fields},   {"ipv6", ipv6_fields}, {"tcp", tcp4},        {"udp", ports4},          {"udplite", plain4},
    {"esp", plain4},     {"ah", plain4},        {"sctp", ports4},     {"icmp", icmp4},          {"igmp", plain4},
    {"all", plain4},     {"tcp-ipv6", tcp6},    {"udp-ipv6", ports6}, {"udplite-ipv6", plain6}, {"esp-ipv6", plain6},
    {"ah-ipv6", plain6}, {"sctp-ipv6", ports6}, {"icmpv6", icmp6},    {"all-ipv6", plain6}};

constexpr std::size_t longest_comment = 256;

std::string_view trimmed(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

template <class T>
std::optional<T> number(std::string_view text, int base = 10) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool is_variable_name(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    });
}

/// `$A`, `$A[1]`: the second value of the list A. `$A[@1]`: all, in the second iterator; the first goes without saying.
std::optional<std::string> tidy_variable(std::string_view text) {
    text = trimmed(text.substr(1));
    const auto bracket = text.find('[');
    const auto name = trimmed(text.substr(0, bracket));
    if (!is_variable_name(name)) return std::nullopt;
    if (bracket == text.npos) return fmt::format("${}", name);
    if (text.back() != ']') return std::nullopt;
    auto index = trimmed(text.substr(bracket + 1, text.size() - bracket - 2));
    const bool iterates = index.starts_with('@');
    const auto at = number<std::uint32_t>(trimmed(index.substr(iterates ? 1 : 0)));
    if (!at) return std::nullopt;
    if (iterates && *at == 0) return fmt::format("${}", name);
    return fmt::format("${}[{}{}]", name, iterates ? "@" : "", *at);
}

std::optional<std::string> tidy_number(const FieldType& type, std::string_view text) {
    for (const auto& [name, value] : type.names)
        if (name == text) return std::string(name);
    const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
    const auto value = is_hex ? number<std::uint64_t>(text.substr(2), 16) : number<std::uint64_t>(text);
    if (!value || *value < type.low || *value > type.high) return std::nullopt;
    for (const auto& [name, named] : type.names)
        if (named == *value) return std::string(name);
    return is_hex ? fmt::format("0x{:x}", *value) : fmt::format("{}", *value);
}

template <int family>
std::optional<std::string> tidy_address(std::string_view text) {
    std::array<unsigned char, sizeof(in6_addr)> bytes;
    std::array<char, INET6_ADDRSTRLEN> out;
    if (::inet_pton(family, std::string(text).c_str(), bytes.data()) != 1) return std::nullopt;
    return std::string(::inet_ntop(family, bytes.data(), out.data(), out.size()));
}

/// A prefix's length, or a mask that is one.
template <int family>
std::optional<std::string> tidy_mask(std::string_view text) {
    constexpr std::size_t size = family == AF_INET ? 4 : 16;
    if (const auto length = number<unsigned>(text))
        return *length <= size * 8 ? std::optional(std::to_string(*length)) : std::nullopt;
    std::array<unsigned char, 16> bytes{};
    if (::inet_pton(family, std::string(text).c_str(), bytes.data()) != 1) return std::nullopt;
    unsigned length = 0;
    bool ended = false;
    for (std::size_t i = 0; i < size; ++i) {
        const int ones = std::countl_one(bytes[i]);
        if (std::popcount(bytes[i]) != ones || (ended && ones != 0)) return std::nullopt;
        ended = ended || ones != 8;
        length += static_cast<unsigned>(ones);
    }
    return std::to_string(length);
}

/// Words from a list between commas, in the list's own order; nothing if there is another.
std::optional<std::string> tidy_words(std::string_view text, std::span<const std::string_view> known) {
    std::vector<bool> has(known.size());
    while (!text.empty()) {
        const auto comma = text.find(',');
        const auto found = std::ranges::find(known, text.substr(0, comma));
        if (found == known.end()) return std::nullopt;
        has[static_cast<std::size_t>(found - known.begin())] = true;
        text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
    }
    std::string words;
    for (std::size_t i = 0; i < known.size(); ++i)
        if (has[i]) words += fmt::format("{}{}", words.empty() ? "" : ",", known[i]);
    return words;
}

std::optional<std::string> tidy_state(std::string_view text) {
    static constexpr std::string_view states[] = {"NEW", "ESTABLISHED", "RELATED", "INVALID", "NONE"};
    auto words = tidy_words(text, states);
    return words && words->empty() ? std::nullopt : words;
}

/// Flags to look at, and those of them that must be set.
std::optional<std::string> tidy_tcp_flags(std::string_view text) {
    static constexpr std::string_view flags[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG"};
    const auto side = [](std::string_view words) -> std::optional<std::string> {
        if (words.empty() || words == "NONE") return "NONE";
        return words == "ALL" ? std::optional<std::string>("ALL") : tidy_words(words, flags);
    };
    const auto slash = text.find('/');
    if (slash == text.npos) return std::nullopt;
    const auto mask = side(text.substr(0, slash)), set = side(text.substr(slash + 1));
    if (!mask || !set) return std::nullopt;
    return fmt::format("{}/{}", *mask, *set);
}

std::optional<std::string> tidy_mac(std::string_view text) {
    const auto address = MacAddress::parse(text);
    return address ? std::optional(address->text()) : std::nullopt;
}

}  // namespace

std::span<const RuleProtocol> rule_protocols() { return protocols; }

const RuleProtocol* find_rule_protocol(std::string_view name) {
    const auto* found = std::ranges::find(protocols, name, &RuleProtocol::name);
    return found == std::end(protocols) ? nullptr : found;
}

std::optional<std::string> tidy_field(const FieldType& type, std::string_view value) {
    if (type.kind == Kind::text) return std::string(value.substr(0, longest_comment));
    if (value.starts_with('$')) return tidy_variable(value);
    switch (type.kind) {
        case Kind::number:
            return tidy_number(type, value);
        case Kind::mac:
            return tidy_mac(value);
        case Kind::ipv4:
            return tidy_address<AF_INET>(value);
        case Kind::ipv6:
            return tidy_address<AF_INET6>(value);
        case Kind::ipv4_mask:
            return tidy_mask<AF_INET>(value);
        case Kind::ipv6_mask:
            return tidy_mask<AF_INET6>(value);
        case Kind::state:
            return tidy_state(value);
        case Kind::tcp_flags:
            return tidy_tcp_flags(value);
        case Kind::truth:
            return value == "true" || value == "yes" || value == "1" ? "true" : "false";
        case Kind::text:
            break;
    }
    return std::nullopt;
}

}  // namespace innkeeper::model
