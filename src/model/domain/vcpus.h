#pragma once

#include <optional>
#include <vector>

#include "model/cpu_set.h"
#include "xml/description.h"

namespace innkeeper::model {

/// One virtual processor by itself; `<vcpus>` names all of them or none.
struct Vcpu {
    unsigned id = 0;
    bool enabled = true;
    std::optional<bool> hotpluggable;
    std::optional<unsigned> order;
    bool operator==(const Vcpu&) const = default;
};

/// How many virtual processors there are, and on which of the host's they run.
struct Vcpus {
    enum class Placement { static_, auto_ };
    std::optional<Placement> placement;
    std::optional<CpuSet> cpuset;
    std::optional<unsigned> current;  ///< how many of them are plugged in at a start; all if not said
    unsigned maximum = 1;
    bool operator==(const Vcpus&) const = default;
};
constexpr auto names_of(Vcpus::Placement) { return xml::names("static", "auto"); }

/// A thread that serves disks besides the main loop.
struct IoThread {
    unsigned id = 0;
    std::optional<int> thread_pool_min, thread_pool_max;
    bool operator==(const IoThread&) const = default;
};

extern const xml::Element<Vcpus> vcpus_element;
extern const xml::Element<Vcpu> vcpu_element;
extern const xml::Element<IoThread> iothread_element;

}  // namespace innkeeper::model
