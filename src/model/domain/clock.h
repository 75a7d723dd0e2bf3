#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "xml/description.h"

namespace innkeeper::model {

/// A timer device, and what becomes of the ticks that a guest missed.
struct Timer {
    enum class Name { platform, pit, rtc, hpet, tsc, kvmclock, hypervclock, armvtimer };
    enum class Tickpolicy { delay, catchup, merge, discard };
    enum class Track { boot, guest, wall, realtime };
    enum class Mode { auto_, native, emulate, paravirt, smpsafe };
    struct Catchup {
        std::optional<std::uint64_t> threshold, slew, limit;
        bool operator==(const Catchup&) const = default;
    };

    Name name = Name::platform;
    std::optional<bool> present;
    std::optional<Tickpolicy> tickpolicy;
    std::optional<Track> track;
    std::optional<std::uint64_t> frequency;  ///< tsc
    std::optional<Mode> mode;                ///< tsc
    Catchup catchup;

    bool operator==(const Timer&) const = default;
};
constexpr auto names_of(Timer::Name) {
    return xml::names("platform", "pit", "rtc", "hpet", "tsc", "kvmclock", "hypervclock", "armvtimer");
}
constexpr auto names_of(Timer::Tickpolicy) { return xml::names("delay", "catchup", "merge", "discard"); }
constexpr auto names_of(Timer::Track) { return xml::names("boot", "guest", "wall", "realtime"); }
constexpr auto names_of(Timer::Mode) { return xml::names("auto", "native", "emulate", "paravirt", "smpsafe"); }

/// What the guest's clock shows at its start.
struct Clock {
    enum class Offset { utc, localtime, variable, timezone, absolute };
    enum class Basis { utc, localtime };

    Offset offset = Offset::utc;
    std::optional<Basis> basis;               ///< variable
    std::optional<std::int64_t> adjustment;   ///< seconds; utc, localtime, variable
    bool adjustment_reset = false;            ///< adjustment='reset': forgets what the guest had set
    std::optional<std::int64_t> adjustment0;  ///< of a running guest: the adjustment at its start
    std::string timezone;
    std::int64_t start = 0;  ///< absolute: seconds since 1970
    std::vector<Timer> timers;

    bool operator==(const Clock&) const = default;
};
constexpr auto names_of(Clock::Offset) { return xml::names("utc", "localtime", "variable", "timezone", "absolute"); }
constexpr auto names_of(Clock::Basis) { return xml::names("utc", "localtime"); }

extern const xml::Element<Timer> timer_element;
extern const xml::Element<Clock> clock_element;

}  // namespace innkeeper::model
