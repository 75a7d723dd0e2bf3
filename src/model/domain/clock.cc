#include "model/domain/clock.h"

#include <charconv>

#include "xml/parts.h"

namespace innkeeper::model {

namespace {

using Offset = Clock::Offset;

const auto catchup_element = xml::describe<Timer::Catchup>(
    "catchup", xml::attribute("threshold", &Timer::Catchup::threshold).omit("0"),
    xml::attribute("slew", &Timer::Catchup::slew).omit("0"), xml::attribute("limit", &Timer::Catchup::limit).omit("0"));

/// The adjustment is a number of seconds or the word `reset`; a zero that was written is kept only for `variable`.
void read_adjustment(const xml::Node& node, Clock& clock, const xml::ParseFlags&) {
    const auto word = node.attribute("adjustment");
    const bool is_variable = clock.offset == Offset::variable;
    if (!word) {
        if (is_variable) clock.adjustment = 0;
        return;
    }
    if (*word == "reset" && !is_variable) {
        clock.adjustment_reset = true;
        return;
    }
    std::int64_t seconds = 0;
    const auto text = word->starts_with('+') ? word->substr(1) : *word;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc{} || end != text.data() + text.size())
        throw Error(ErrorCode::xml_error, "unknown clock adjustment '" + std::string(*word) + "'");
    // A number makes the clock one that remembers: the peer then calls it variable.
    if (!is_variable) {
        clock.basis = clock.offset == Offset::localtime ? Clock::Basis::localtime : Clock::Basis::utc;
        clock.offset = Offset::variable;
    }
    clock.adjustment = seconds;
}

void write_adjustment(const Clock& clock, xml::Writer& writer) {
    if (clock.adjustment_reset)
        writer.attribute("adjustment", "reset");
    else if (clock.offset == Offset::variable)
        writer.attribute("adjustment", std::to_string(clock.adjustment.value_or(0)));
}

void settle_basis(Clock& clock) {
    if (clock.offset == Offset::variable && !clock.basis) clock.basis = Clock::Basis::utc;
    if (clock.offset == Offset::timezone && clock.timezone.empty())
        throw Error(ErrorCode::xml_error, "missing 'timezone' attribute for clock with offset='timezone'");
}

bool is_clock(const Clock& clock, Offset offset) { return clock.offset == offset; }

}  // namespace

const xml::Element<Timer> timer_element = xml::describe<Timer>(
    "timer", xml::attribute("name", &Timer::name).required(), xml::attribute("present", &Timer::present, xml::yes_no),
    xml::attribute("tickpolicy", &Timer::tickpolicy),
    xml::when(
        +[](const Timer& timer) { return timer.name == Timer::Name::platform || timer.name == Timer::Name::rtc; },
        xml::attribute("track", &Timer::track)),
    xml::when(&Timer::name, Timer::Name::tsc, xml::attribute("frequency", &Timer::frequency),
              xml::attribute("mode", &Timer::mode)),
    xml::child("catchup", &Timer::catchup, catchup_element));

const xml::Element<Clock> clock_element =
    xml::describe<Clock>("clock",
                         xml::attribute("offset", &Clock::offset)
                             .required()
                             .complain(ErrorCode::config_unsupported, "unknown clock offset '{}'"),
                         xml::when(
                             +[](const Clock& clock) {
                                 return !is_clock(clock, Offset::timezone) && !is_clock(clock, Offset::absolute);
                             },
                             xml::by_hand(read_adjustment, write_adjustment).holds("@adjustment")),
                         xml::when(&Clock::offset, Offset::variable, xml::attribute("basis", &Clock::basis),
                                   xml::attribute("adjustment0", &Clock::adjustment0).live_only()),
                         xml::when(&Clock::offset, Offset::timezone, xml::attribute("timezone", &Clock::timezone)),
                         xml::when(&Clock::offset, Offset::absolute, xml::attribute("start", &Clock::start).required()),
                         xml::children(&Clock::timers, timer_element))
        .finished_by(settle_basis);

}  // namespace innkeeper::model
