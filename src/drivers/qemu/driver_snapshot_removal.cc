#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "drivers/qemu/driver.h"
#include "drivers/qemu/human.h"
#include "drivers/qemu/image_tool.h"
#include "drivers/qemu/layers.h"
#include "drivers/qemu/machine.h"
#include "loop/pool.h"
#include "model/domain/domain.h"
#include "model/snapshot/snapshot.h"

/// Snapshots go: out of the images that they lie in, or by being merged into what lies below them.
namespace innkeeper::qemu {

using namespace std::chrono_literals;
using guests::GuestPtr;
using guests::SnapshotPtr;
using model::SnapshotDef;
using Mode = model::Disk::Snapshot;

namespace {

constexpr auto removal_limit = 1h;

/// The layer of a disk that an external snapshot brought, and what is below it.
struct Layer {
    std::string target, path;
    model::StorageSource below;
};

[[noreturn]] void not_in_chain() {
    throw Error(ErrorCode::invalid_arg, ErrorDomain::storage, "could not find base disk source in disk source chain");
}

}  // namespace

void Driver::check_removal(const guests::Guest&, const std::vector<SnapshotPtr>& doomed, bool with_top) {
    std::size_t inside = 0, outside = 0;
    for (std::size_t i = with_top ? 1 : 0; i < doomed.size(); ++i) ++(doomed[i]->is_external() ? outside : inside);
    if (outside == 0) return;
    throw Error(ErrorCode::config_unsupported,
                inside > 0 ? "deletion of external and internal children disk snapshots not supported"
                           : "deletion of external children disk snapshots not supported");
}

Task<guests::Hypervisor::Removal> Driver::remove_snapshot(GuestPtr guest, SnapshotPtr snapshot,
                                                          std::vector<SnapshotPtr> others) {
    Removal removal;
    if (!snapshot->is_external()) {
        if (guest->is_active()) {
            try {
                co_await human(machine_of(guest)->monitor(), fmt::format("delvm {}", quoted(snapshot->name)),
                               removal_limit);
            } catch (const Error&) {
                if (!guest->is_active()) throw;
                // What the images do not have is as good as gone from them.
            }
            co_return removal;
        }
        for (const auto& entry : snapshot->disks) {
            const auto* disk = snapshot->domain ? disk_of(*snapshot->domain, entry.name) : nullptr;
            if (entry.mode != Mode::internal || disk == nullptr) continue;
            try {
                co_await run_image_tool({"snapshot", "-d", snapshot->name, disk->source.path}, removal_limit);
            } catch (const Error&) {
            }
        }
        co_return removal;
    }
    co_return co_await merge_snapshot(guest, snapshot, std::move(others));
}

/// What the snapshot's images hold goes into what lies below them.
Task<guests::Hypervisor::Removal> Driver::merge_snapshot(GuestPtr guest, SnapshotPtr snapshot,
                                                         std::vector<SnapshotPtr> others) {
    const auto def = co_await guest->current();
    std::vector<Layer> layers;
    for (const auto& entry : snapshot->disks) {
        if (entry.mode != Mode::external) continue;
        const auto* disk = disk_of(*def, entry.name);
        const auto* before = snapshot->domain ? disk_of(*snapshot->domain, entry.name) : nullptr;
        if (disk == nullptr || before == nullptr) not_in_chain();
        const int depth = layer_of(*disk, entry.source.path);
        if (depth < 0) not_in_chain();
        const auto* below = layer_at(*disk, depth + 1);
        if (below == nullptr && guest->is_active()) not_in_chain();
        // Nobody knows what of the images of a guest that does not run lies on top of that one.
        layers.push_back({entry.name, entry.source.path, below != nullptr ? *below : before->source});
    }
    Removal removal;
    auto stored = guest->is_persistent() ? std::make_shared<model::DomainDef>(*co_await guest->persistent()) : nullptr;
    bool is_changed = false;
    for (const auto& layer : layers) {
        if (guest->is_active())
            co_await merge_layer(guest, layer.target, layer.path);
        else
            co_await run_image_tool({"commit", layer.path}, removal_limit);
        ::unlink(layer.path.c_str());
        if (stored) is_changed = take_layer_out(*stored, layer.target, layer.path, layer.below) || is_changed;
    }
    if (is_changed) removal.persistent = stored;
    for (const auto& other : others) {
        auto changed = std::make_shared<SnapshotDef>(*other);
        bool is_other = false;
        for (auto* domain : {&changed->domain, &changed->inactive_domain}) {
            if (!*domain) continue;
            auto moved = std::make_shared<model::DomainDef>(**domain);
            bool is_moved = false;
            for (const auto& layer : layers)
                is_moved = take_layer_out(*moved, layer.target, layer.path, layer.below) || is_moved;
            if (!is_moved) continue;
            *domain = std::move(moved);
            is_other = true;
        }
        if (is_other) removal.changed.push_back(std::move(changed));
    }
    co_return removal;
}

}  // namespace innkeeper::qemu
