#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "guests/condition.h"

/// What can happen to a guest that clients may have asked to hear of: one plain struct per kind of event. Numbers
/// inside are those of the wire.
namespace innkeeper::guests {

namespace happening {

struct LifecycleChange {
    Lifecycle event;
    std::int32_t detail = 0;
};
struct Reboot {};
struct RtcChange {
    std::int64_t offset = 0;
};
struct Watchdog {
    std::int32_t action = 0;
};
struct IoError {
    std::string path, alias;
    std::int32_t action = 0;
    std::string reason;
};
struct Graphics {
    struct Address {
        std::int32_t family = 0;
        std::string node, service;
    };
    std::int32_t phase = 0;
    Address local, remote;
    std::string auth_scheme;
    std::vector<std::pair<std::string, std::string>> subject;
};
/// Sent as event 8 with the source path and as event 16 with the target's name.
struct BlockJob {
    std::string path, target;
    std::int32_t type = 0;
    std::int32_t status = 0;
};
struct DiskChange {
    std::string old_path, new_path, alias;
    std::int32_t reason = 0;
};
struct TrayChange {
    std::string alias;
    std::int32_t reason = 0;
};
struct PmWakeup {};
struct PmSuspend {};
struct PmSuspendDisk {};
struct BalloonChange {
    std::uint64_t kib = 0;
};
struct DeviceAdded {
    std::string alias;
};
struct DeviceRemoved {
    std::string alias;
};
struct DeviceRemovalFailed {
    std::string alias;
};
struct AgentLifecycle {
    std::int32_t state = 0;
    std::int32_t reason = 0;
};
/// `type`: 0 description, 1 title, 2 element, with its namespace in `uri`.
struct MetadataChange {
    std::int32_t type = 0;
    std::string uri;
};
struct BlockThreshold {
    std::string dev, path;
    std::uint64_t threshold = 0, excess = 0;
};
struct MemoryFailure {
    std::int32_t recipient = 0, action = 0;
    std::uint32_t flags = 0;
};
struct MemoryDeviceSizeChange {
    std::string alias;
    std::uint64_t size = 0;
};
struct MigrationIteration {
    std::int32_t iteration = 0;
};
struct JobCompleted {
    std::vector<std::pair<std::string, std::variant<std::int32_t, std::uint64_t>>> params;
};
/// An event of the hypervisor's own monitor, for those who registered for these.
struct MonitorEvent {
    std::string event;
    std::int64_t seconds = 0;
    std::uint32_t micros = 0;
    std::string details;  ///< the JSON text of its data; empty: none
};

}  // namespace happening

using Happening =
    std::variant<happening::LifecycleChange, happening::Reboot, happening::RtcChange, happening::Watchdog,
                 happening::IoError, happening::Graphics, happening::BlockJob, happening::DiskChange,
                 happening::TrayChange, happening::PmWakeup, happening::PmSuspend, happening::PmSuspendDisk,
                 happening::BalloonChange, happening::DeviceAdded, happening::DeviceRemoved,
                 happening::DeviceRemovalFailed, happening::AgentLifecycle, happening::MetadataChange,
                 happening::BlockThreshold, happening::MemoryFailure, happening::MemoryDeviceSizeChange,
                 happening::MigrationIteration, happening::JobCompleted, happening::MonitorEvent>;

}  // namespace innkeeper::guests
