#include "model/domain/clock.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "drivers/qemu/command/builder.h"

/// The guest's clock and timers, and what powering off means.
namespace innkeeper::qemu {

using model::Clock;
using model::Timer;

namespace {

std::string moment(std::int64_t seconds) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

std::string base(const Builder& b, const Clock& clock) {
    switch (clock.offset) {
        case Clock::Offset::utc:
            return "utc";
        case Clock::Offset::localtime:
        case Clock::Offset::timezone:
            return "localtime";
        case Clock::Offset::absolute:
            return moment(clock.start);
        case Clock::Offset::variable:
            break;
    }
    std::int64_t at = b.context.now + clock.adjustment.value_or(0);
    if (clock.basis == Clock::Basis::localtime) at += b.context.local_offset;
    return moment(at);
}

void add_rtc(Builder& b) {
    Pairs words;
    words.add("base", base(b, b.domain.clock));
    for (const Timer& timer : b.domain.clock.timers) {
        if (timer.name != Timer::Name::rtc) continue;
        if (timer.track) {
            if (*timer.track == Timer::Track::boot) unsupported("unsupported rtc timer track 'boot'");
            words.add("clock", *timer.track == Timer::Track::guest  ? "vm"
                               : *timer.track == Timer::Track::wall ? "host"
                                                                    : "rt");
        }
        if (timer.tickpolicy == Timer::Tickpolicy::catchup) words.word("driftfix=slew");
        break;
    }
    b.option("-rtc", words);
}

void add_pit(Builder& b, const Timer& timer) {
    if (!timer.tickpolicy) return;
    switch (*timer.tickpolicy) {
        case Timer::Tickpolicy::delay:
            b.option("-global", "kvm-pit.lost_tick_policy=delay");
            break;
        case Timer::Tickpolicy::discard:
            b.option("-global", "kvm-pit.lost_tick_policy=discard");
            break;
        case Timer::Tickpolicy::catchup:  // it does so by itself
            break;
        case Timer::Tickpolicy::merge:
            unsupported("unsupported pit tickpolicy 'merge'");
    }
}

}  // namespace

void add_clock(Builder& b) {
    // The time zone of QEMU's own process is the guest's.
    if (b.domain.clock.offset == Clock::Offset::timezone)
        b.line.environment.emplace_back("TZ", b.domain.clock.timezone);
    add_rtc(b);
    for (const Timer& timer : b.domain.clock.timers) {
        if (timer.name == Timer::Name::platform) unsupported("unsupported timer type (name) 'platform'");
        if (timer.name == Timer::Name::pit) add_pit(b, timer);
        if (timer.name == Timer::Name::hpet && timer.present == false && b.is_x86()) b.option("-no-hpet");
    }
}

void add_power(Builder& b) {
    b.option("-no-shutdown");
    const bool can_acpi = b.is_x86() || b.domain.os.arch == model::Architecture::aarch64;
    if (can_acpi && !b.domain.features.acpi) b.option("-no-acpi");
    const std::string_view holder = b.is_q35() ? "ICH9-LPC" : "PIIX4_PM";
    if (b.domain.suspend_to_mem)
        b.option("-global", fmt::format("{}.disable_s3={}", holder, *b.domain.suspend_to_mem ? 0 : 1));
    if (b.domain.suspend_to_disk)
        b.option("-global", fmt::format("{}.disable_s4={}", holder, *b.domain.suspend_to_disk ? 0 : 1));
}

}  // namespace innkeeper::qemu
