#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/cpu_set.h"
#include "xml/description.h"

/// The shares and limits of a guest among its neighbours.
namespace innkeeper::model {

struct BlockDeviceTune {
    std::string path;
    std::optional<unsigned> weight, read_iops_sec, write_iops_sec;
    std::optional<std::uint64_t> read_bytes_sec, write_bytes_sec;
    bool operator==(const BlockDeviceTune&) const = default;
};

struct BlockIoTune {
    std::optional<unsigned> weight;
    std::vector<BlockDeviceTune> devices;
    bool operator==(const BlockIoTune&) const = default;
};

/// In KiB.
struct MemoryTune {
    std::optional<std::uint64_t> hard_limit, soft_limit, min_guarantee, swap_hard_limit;
    bool operator==(const MemoryTune&) const = default;
};

/// The host's processors that one thread may run on.
struct Pin {
    unsigned id = 0;
    CpuSet cpuset;
    bool operator==(const Pin&) const = default;
};

/// The kernel's scheduler for some threads.
struct Schedule {
    enum class Policy { batch, idle, fifo, rr };
    CpuSet ids;
    Policy scheduler = Policy::batch;
    std::optional<int> priority;
    bool operator==(const Schedule&) const = default;
};
constexpr auto names_of(Schedule::Policy) { return xml::names("batch", "idle", "fifo", "rr"); }

struct CacheBank {
    enum class Type { both, code, data };
    unsigned id = 0, level = 0;
    Type type = Type::both;
    std::uint64_t size = 0;
    std::string unit;
    bool operator==(const CacheBank&) const = default;
};
constexpr auto names_of(CacheBank::Type) { return xml::names("both", "code", "data"); }

struct CacheMonitor {
    unsigned level = 0;
    CpuSet vcpus;
    bool operator==(const CacheMonitor&) const = default;
};

struct CacheTune {
    CpuSet vcpus;
    std::string id;
    std::vector<CacheBank> caches;
    std::vector<CacheMonitor> monitors;
    bool operator==(const CacheTune&) const = default;
};

/// The share of the memory's bandwidth, in percent, that processors may use.
struct MemoryBandwidth {
    struct Node {
        unsigned id = 0, percent = 0;
        bool operator==(const Node&) const = default;
    };
    CpuSet vcpus;
    std::vector<Node> nodes;
    bool operator==(const MemoryBandwidth&) const = default;
};

struct CpuTune {
    std::optional<std::uint64_t> shares, period, global_period, emulator_period, iothread_period;
    std::optional<std::int64_t> quota, global_quota, emulator_quota, iothread_quota;
    std::vector<Pin> vcpu_pins;
    std::optional<CpuSet> emulator_pin;
    std::vector<Pin> iothread_pins;
    std::vector<Schedule> vcpu_schedules, iothread_schedules;
    std::optional<Schedule> emulator_schedule;
    std::vector<CacheTune> caches;
    std::vector<MemoryBandwidth> memory;
    bool operator==(const CpuTune&) const = default;
};

/// Which of the host's nodes the guest's memory comes from.
struct NumaTune {
    enum class Mode { strict, preferred, interleave, restrictive };
    enum class Placement { static_, auto_ };
    struct Node {
        unsigned cell = 0;
        Mode mode = Mode::strict;
        CpuSet nodeset;
        bool operator==(const Node&) const = default;
    };
    bool has_memory = false;
    Mode mode = Mode::strict;
    std::optional<CpuSet> nodeset;
    std::optional<Placement> placement;
    std::vector<Node> nodes;
    bool operator==(const NumaTune&) const = default;
};
constexpr auto names_of(NumaTune::Mode) { return xml::names("strict", "preferred", "interleave", "restrictive"); }
constexpr auto names_of(NumaTune::Placement) { return xml::names("static", "auto"); }

extern const xml::Element<BlockIoTune> block_io_tune_element;
extern const xml::Element<MemoryTune> memory_tune_element;
extern const xml::Element<CpuTune> cpu_tune_element;
extern const xml::Element<NumaTune> numa_tune_element;

}  // namespace innkeeper::model
