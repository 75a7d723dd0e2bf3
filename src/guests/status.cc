#include "guests/status.h"

#include <fmt/format.h>

#include <charconv>
#include <span>

#include "base/error.h"
#include "model/domain/domain.h"
#include "objects/definition_store.h"
#include "xml/node.h"
#include "xml/writer.h"

namespace innkeeper::guests {

namespace {

using std::string_view;

constexpr string_view states[] = {"nostate",  "running", "blocked", "paused",
                                  "shutdown", "shutoff", "crashed", "pmsuspended"};
constexpr string_view unknown_only[] = {"unknown"};
constexpr string_view running_reasons[] = {"unknown",       "booted",   "migrated",           "restored",
                                           "from snapshot", "unpaused", "migration canceled", "save canceled",
                                           "wakeup",        "crashed",  "post-copy",          "post-copy failed"};
constexpr string_view paused_reasons[] = {
    "unknown",  "user",     "migration", "save",        "dump",      "ioerror",          "watchdog", "from snapshot",
    "shutdown", "snapshot", "panicked",  "starting up", "post-copy", "post-copy failed", "api error"};
constexpr string_view shutdown_reasons[] = {"unknown", "user"};
constexpr string_view shutoff_reasons[] = {"unknown", "shutdown", "destroyed",     "crashed", "migrated",
                                           "saved",   "failed",   "from snapshot", "daemon"};
constexpr string_view crashed_reasons[] = {"unknown", "panicked"};

std::span<const string_view> reasons_of(State state) {
    switch (state) {
        case State::running:
            return running_reasons;
        case State::paused:
            return paused_reasons;
        case State::shutdown:
            return shutdown_reasons;
        case State::shutoff:
            return shutoff_reasons;
        case State::crashed:
            return crashed_reasons;
        default:
            return unknown_only;
    }
}

[[noreturn]] void malformed(string_view what) {
    throw Error(ErrorCode::internal_error, ErrorDomain::domain, fmt::format("invalid domain status: {}", what));
}

std::int32_t index_of(std::span<const string_view> words, string_view word, string_view what) {
    for (std::size_t i = 0; i < words.size(); ++i)
        if (words[i] == word) return static_cast<std::int32_t>(i);
    malformed(fmt::format("{} '{}'", what, word));
}

}  // namespace

string_view state_word(State state) { return states[static_cast<std::size_t>(state)]; }

string_view reason_word(Condition condition) {
    const auto words = reasons_of(condition.state);
    const auto index = static_cast<std::size_t>(condition.reason);
    return index < words.size() ? words[index] : words[0];
}

std::string format_status(const Guest& guest, string_view elements) {
    std::string text = fmt::format("<domstatus state='{}' reason='{}' pid='{}'>\n", state_word(guest.condition().state),
                                   reason_word(guest.condition()), guest.pid());
    for (const auto& taint : guest.taints()) text += fmt::format("  <taint flag='{}'/>\n", taint);
    text += elements;
    xml::Writer writer(xml::FormatFlags{.inactive = false, .secure = true}, 1);
    if (guest.live()->cpu_before_start) model::cpu_element.write(*guest.live()->cpu_before_start, writer);
    model::domain_element.write(*guest.live(), writer);
    text += std::move(writer).take();
    text += "</domstatus>\n";
    return objects::DefinitionStore::with_comment("edit", guest.name(), guest.uuid(), text);
}

Status parse_status(string_view text) {
    const auto document = xml::Document::parse(text, "(domain_status)");
    const auto root = document.root();
    if (root.name() != "domstatus") malformed("the root element is not <domstatus>");
    Status status;
    status.condition.state = static_cast<State>(index_of(states, root.attribute("state").value_or(""), "state"));
    status.condition.reason =
        index_of(reasons_of(status.condition.state), root.attribute("reason").value_or("unknown"), "reason");
    const auto pid = root.attribute("pid").value_or("0");
    std::from_chars(pid.data(), pid.data() + pid.size(), status.pid);
    for (auto taint = root.child("taint"); taint; taint = taint.next("taint"))
        if (const auto flag = taint.attribute("flag")) status.taints.emplace_back(*flag);
    const auto domain = root.child("domain");
    if (!domain) malformed("it has no domain");
    auto definition = model::parse_domain(domain.source(), {.live = true});
    if (const auto cpu = root.child("cpu")) definition.cpu_before_start = model::cpu_element.read(cpu);
    status.id = definition.id.value_or(0);
    if (status.id <= 0) malformed("the domain has no id");
    status.definition = std::make_shared<const model::DomainDef>(std::move(definition));
    return status;
}

}  // namespace innkeeper::guests
