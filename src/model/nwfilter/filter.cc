#include "model/nwfilter/filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "model/nwfilter/fields.h"
#include "xml/parts.h"
#include "xml/schema.h"
#include "xml/validate.h"

namespace innkeeper::model {

namespace {

constexpr std::size_t longest_chain = 12;
constexpr int furthest_priority = 1000;

/// Where a chain stands among the others unless it says so: the lower, the earlier.
constexpr std::pair<std::string_view, int> chains[] = {{"mac", -800},  {"vlan", -750}, {"stp", 0},    {"arp", -500},
                                                       {"rarp", -400}, {"ipv4", -700}, {"ipv6", -600}};

std::optional<int> number(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

[[noreturn]] void internal(std::string message) { throw Error(ErrorCode::internal_error, std::move(message)); }
[[noreturn]] void unsupported(std::string message) { throw Error(ErrorCode::config_unsupported, std::move(message)); }
[[noreturn]] void invalid(std::string message) { throw Error(ErrorCode::invalid_arg, std::move(message)); }

bool has_port(const RuleMatch& match) {
    return std::ranges::any_of(match.fields, [](const auto& field) { return field.first.contains("port"); });
}

void check_ports(const RuleMatch& match) {
    if ((match.protocol != "ip" && match.protocol != "ipv6") || !has_port(match)) return;
    const auto protocol = std::ranges::find(match.fields, "protocol", &std::pair<std::string_view, std::string>::first);
    constexpr std::string_view with_ports[] = {"tcp", "udp", "33", "0x21", "sctp"};
    if (protocol == match.fields.end() || std::ranges::find(with_ports, protocol->second) == std::end(with_ports))
        internal(
            fmt::format("{} rule with port specification requires protocol specification with protocol to be either "
                        "one of tcp(6), udp(17), dccp(33), or sctp(132)",
                        match.protocol == "ip" ? "IP" : "IPv6"));
}

RuleMatch read_match(const xml::Node& node, const RuleProtocol& protocol) {
    RuleMatch match{.protocol = std::string(protocol.name), .negated = node.attribute("match") == "no"};
    std::string complaint;
    for (const auto& field : protocol.fields) {
        const auto text = node.attribute(field.name);
        if (!text) continue;
        if (auto value = tidy_field(field.type, *text))
            match.fields.emplace_back(field.name, std::move(*value));
        else
            complaint = fmt::format("{} has illegal value {}", field.name, *text);
    }
    // Of several the peer names the last one.
    if (!complaint.empty()) internal(std::move(complaint));
    // Where nothing is looked at there is nothing to be otherwise.
    match.negated = match.negated && !match.fields.empty();
    check_ports(match);
    return match;
}

FilterRule read_rule(const xml::Node& node) {
    FilterRule rule;
    const auto action = node.attribute("action"), direction = node.attribute("direction");
    if (!action) internal("rule node requires action attribute");
    if (const auto known = xml::value_of<FilterRule::Action>(*action))
        rule.action = *known;
    else
        unsupported("unknown rule action attribute value");
    if (!direction) internal("rule node requires direction attribute");
    if (const auto known = xml::value_of<FilterRule::Direction>(*direction))
        rule.direction = *known;
    else
        unsupported("unknown rule direction attribute value");
    if (const auto priority = number(node.attribute("priority").value_or("")))
        if (*priority >= -furthest_priority && *priority <= furthest_priority) rule.priority = *priority;
    const auto state = node.attribute("statematch");
    rule.match_state = state != "0" && state != "false";
    for (auto child = node.child(); child && !rule.match; child = child.next())
        if (const auto* protocol = find_rule_protocol(child.name())) rule.match = read_match(child, *protocol);
    return rule;
}

FilterReference read_reference(const xml::Node& node) {
    if (!node.attribute("filter")) internal("rule node requires action attribute");
    return filter_reference_element.read(node);
}

void read_entries(const xml::Node& node, Filter& filter, const xml::ParseFlags&) {
    for (auto child = node.child(); child; child = child.next()) {
        if (child.name() == "rule") filter.entries.emplace_back(read_rule(child));
        if (child.name() == "filterref") filter.entries.emplace_back(read_reference(child));
    }
}

void write_entry(const FilterRule& rule, xml::Writer& writer) {
    writer.open("rule");
    writer.attribute("action", xml::name(rule.action));
    writer.attribute("direction", xml::name(rule.direction));
    writer.attribute("priority", std::to_string(rule.priority));
    if (!rule.match_state) writer.attribute("statematch", "false");
    if (rule.match) {
        writer.open(rule.match->protocol);
        if (rule.match->negated) writer.attribute("match", "no");
        for (const auto& [name, value] : rule.match->fields) writer.attribute(name, value);
        writer.close();
    }
    writer.close();
}

void write_entry(const FilterReference& reference, xml::Writer& writer) {
    filter_reference_element.write(reference, writer);
}

void write_entries(const Filter& filter, xml::Writer& writer) {
    for (const auto& entry : filter.entries) std::visit([&](const auto& each) { write_entry(each, writer); }, entry);
}

void read_chain(const xml::Node& node, Filter& filter, const xml::ParseFlags&) {
    if (const auto name = node.attribute("name")) filter.name = *name;
    if (filter.name.empty()) internal("filter has no name");
    std::optional<int> priority;
    if (const auto text = node.attribute("priority")) {
        priority = number(*text);
        if (!priority) invalid(fmt::format("Could not parse chain priority '{}'", *text));
        if (*priority < -furthest_priority || *priority > furthest_priority)
            invalid(fmt::format("Priority '{}' is outside valid range of [{},{}]", *priority, -furthest_priority,
                                furthest_priority));
    }
    const auto chain = node.attribute("chain");
    if (!chain || *chain == "root") return;
    filter.chain = *chain;
    if (chain->size() > longest_chain)
        invalid(fmt::format("Name of chain is longer than {} characters", longest_chain));
    const auto* known = std::ranges::find_if(chains, [&](const auto& each) { return chain->starts_with(each.first); });
    if (known == std::end(chains))
        invalid(
            fmt::format("Invalid chain name '{}'. Please use a chain name called 'root' or any of the following "
                        "prefixes: mac, vlan, stp, arp, rarp, ipv4, ipv6",
                        *chain));
    filter.priority = priority.value_or(known->second);
}

void write_chain(const Filter& filter, xml::Writer& writer) {
    writer.attribute("name", filter.name);
    writer.attribute("chain", filter.chain);
    if (filter.priority != 0) writer.attribute("priority", std::to_string(filter.priority));
}

/// What a rule can look at, out of the table.
xml::Part held_rule() {
    xml::Part rule = xml::held_part("rule@action");
    for (const std::string_view name : {"@direction", "@priority", "@statematch"})
        rule.parts.push_back(xml::held_part(name));
    for (const auto& protocol : rule_protocols()) {
        xml::Part match{xml::Part::Kind::group, protocol.name};
        match.parts.push_back(xml::held_part("@match"));
        for (const auto& field : protocol.fields) {
            xml::Part part = xml::held_part("@");
            part.name = field.name;
            match.parts.push_back(std::move(part));
        }
        rule.parts.push_back(std::move(match));
    }
    return rule;
}

void complete(Filter& filter) {
    if (!filter.uuid) filter.uuid = Uuid::random();
}

}  // namespace

const xml::Element<Filter> nwfilter =
    xml::describe<Filter>(
        "filter", xml::by_hand<Filter>(read_chain, write_chain).holds("@name", "@chain", "@priority"),
        xml::value("uuid", &Filter::uuid).complain(ErrorCode::xml_error, "malformed uuid element"),
        xml::by_hand<Filter>(read_entries, write_entries)
            .holds(held_rule(), "filterref@filter", "filterref/parameter@name", "filterref/parameter@value"))
        .finished_by(complete);

std::string filter_grammar() { return xml::relaxng(nwfilter); }

void validate_filter(std::string_view text) {
    xml::validate(text, "(nwfilter_definition)", "filter", {"/usr/share/libvirt/schemas/nwfilter.rng", filter_grammar});
}

}  // namespace innkeeper::model
