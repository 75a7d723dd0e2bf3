#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <exception>
#include <map>

#include "base/error.h"
#include "drivers/qemu/bitmaps.h"
#include "drivers/qemu/command/storage.h"
#include "drivers/qemu/driver.h"
#include "drivers/qemu/layers.h"
#include "drivers/qemu/machine.h"
#include "model/domain/domain.h"
#include "model/snapshot/checkpoint.h"

/// Checkpoints: QEMU notes in a bitmap of each image, which is stored in it, what is written from then on.
namespace innkeeper::qemu {

namespace json = boost::json;
using guests::CheckpointPtr;
using guests::GuestPtr;
using model::CheckpointDef;
using model::CheckpointDisk;

namespace {

/// A bitmap of a node, as QEMU describes it.
struct Bitmap {
    std::uint64_t bytes = 0;
    bool is_usable = false;
};
/// By node and name.
using Bitmaps = std::map<std::pair<std::string, std::string>, Bitmap>;

bool is_true(const json::object& about, const char* key) {
    const auto* value = about.if_contains(key);
    return value != nullptr && value->is_bool() && value->get_bool();
}

Bitmaps read_bitmaps(const json::value& nodes) {
    Bitmaps found;
    if (!nodes.is_array()) return found;
    for (const auto& node : nodes.get_array()) {
        const auto& about = node.as_object();
        const auto* list = about.if_contains("dirty-bitmaps");
        if (list == nullptr) continue;
        for (const auto& item : list->as_array()) {
            const auto& bitmap = item.as_object();
            const auto* name = bitmap.if_contains("name");
            if (name == nullptr) continue;
            found[{std::string(about.at("node-name").as_string()), std::string(name->as_string())}] = {
                .bytes = bitmap.at("count").to_number<std::uint64_t>(),
                .is_usable =
                    is_true(bitmap, "persistent") && is_true(bitmap, "recording") && !is_true(bitmap, "inconsistent")};
        }
    }
    return found;
}

bool is_noted(const CheckpointDisk& disk) { return disk.mode == CheckpointDisk::Mode::bitmap; }

/// The node of the disk that the guest writes; empty if it has no such disk any more.
std::string node_of(const guests::Guest& guest, const CheckpointDisk& entry) {
    const auto* disk = disk_of(*guest.live(), entry.name);
    return disk == nullptr ? std::string() : node_name(disk->source) + "-format";
}

json::object action(const char* type, const std::string& node, const std::string& name) {
    json::object data{{"node", node}, {"name", name}};
    if (std::string_view(type) == "block-dirty-bitmap-add") data["persistent"] = true;
    return {{"type", type}, {"data", std::move(data)}};
}

/// Nodes, described as when they were made, become writable or no longer so.
Task<> reopen(std::shared_ptr<QemuMachine> machine, std::vector<json::object> nodes, bool read_only) {
    if (nodes.empty()) co_return;
    json::array options;
    for (auto& node : nodes) {
        node["read-only"] = read_only;
        options.push_back(std::move(node));
    }
    json::object arguments{{"options", std::move(options)}};
    co_await machine->monitor().execute("blockdev-reopen", std::move(arguments));
}

void check_disks(const guests::Guest& guest, const CheckpointDef& checkpoint) {
    for (const auto& entry : checkpoint.disks) {
        if (!is_noted(entry)) continue;
        const auto* disk = disk_of(*guest.live(), entry.name);
        if (disk == nullptr) continue;
        if (disk->source.format != "qcow2")
            throw Error(ErrorCode::config_unsupported,
                        fmt::format("checkpoint for disk {} unsupported for storage type {}", entry.name,
                                    disk->source.format.empty() ? "raw" : disk->source.format));
        if (entry.bitmap != checkpoint.name)
            throw Error(
                ErrorCode::config_unsupported,
                fmt::format("bitmap for disk '{}' must match checkpoint name '{}'", entry.name, checkpoint.name));
    }
}

}  // namespace

json::array checkpoint_actions(const guests::Guest& guest, const CheckpointDef& checkpoint) {
    check_disks(guest, checkpoint);
    json::array actions;
    for (const auto& entry : checkpoint.disks)
        if (is_noted(entry)) actions.push_back(action("block-dirty-bitmap-add", node_of(guest, entry), entry.bitmap));
    return actions;
}

Task<> Driver::take_checkpoint(GuestPtr guest, CheckpointPtr checkpoint) {
    auto actions = checkpoint_actions(*guest, *checkpoint);
    if (actions.empty()) co_return;
    json::object arguments{{"actions", std::move(actions)}};
    co_await machine_of(guest)->monitor().execute("transaction", std::move(arguments));
}

/// All bitmaps note what is written, each from its own time on, so that one can go without the others.
Task<> Driver::remove_checkpoint(GuestPtr guest, CheckpointPtr checkpoint) {
    if (!guest->is_active())
        throw Error(ErrorCode::operation_unsupported, "cannot delete checkpoint for inactive domain");
    const auto machine = machine_of(guest);
    const auto there = read_bitmaps(co_await machine->monitor().execute("query-named-block-nodes", {{"flat", true}}));
    json::array actions;
    // An external snapshot leaves a bitmap in what is a lower layer now, and is only read.
    std::vector<json::object> lower;
    for (const auto& entry : checkpoint->disks) {
        const auto* disk = is_noted(entry) ? disk_of(*guest->live(), entry.name) : nullptr;
        for (int depth = 0; disk != nullptr && layer_at(*disk, depth) != nullptr; ++depth) {
            const auto node = node_name(*layer_at(*disk, depth)) + "-format";
            if (!there.contains({node, entry.bitmap})) continue;
            actions.push_back(action("block-dirty-bitmap-remove", node, entry.bitmap));
            if (depth == 0) continue;
            const auto* below = layer_at(*disk, depth + 1);
            auto commands = nodes_for(*guest, *layer_at(*disk, depth), *disk,
                                      below != nullptr ? node_name(*below) + "-format" : std::string());
            lower.push_back(std::move(commands.back().arguments));
        }
    }
    if (actions.empty()) co_return;
    json::object arguments{{"actions", std::move(actions)}};
    std::exception_ptr failure;
    try {
        co_await reopen(machine, lower, false);
        co_await machine->monitor().execute("transaction", std::move(arguments));
    } catch (...) {
        failure = std::current_exception();
    }
    Scope unhurried;
    if (!machine->exited.is_set()) co_await reopen(machine, lower, true).under(unhurried);
    if (failure) std::rethrow_exception(failure);
}

Task<> Driver::check_checkpoint(GuestPtr guest, CheckpointPtr checkpoint) {
    const auto there =
        read_bitmaps(co_await machine_of(guest)->monitor().execute("query-named-block-nodes", {{"flat", true}}));
    for (const auto& entry : checkpoint->disks) {
        if (!is_noted(entry)) continue;
        const auto found = there.find({node_of(*guest, entry), entry.bitmap});
        if (found == there.end() || !found->second.is_usable)
            throw Error(ErrorCode::checkpoint_inconsistent,
                        fmt::format("missing or broken bitmap '{}' for disk '{}'", entry.bitmap, entry.name));
    }
}

Task<CheckpointPtr> Driver::measure_checkpoint(GuestPtr guest, CheckpointPtr checkpoint) {
    if (!guest->is_active()) throw Error(ErrorCode::operation_invalid, ErrorDomain::domain, "domain is not running");
    const auto there =
        read_bitmaps(co_await machine_of(guest)->monitor().execute("query-named-block-nodes", {{"flat", true}}));
    auto measured = std::make_shared<CheckpointDef>(*checkpoint);
    for (auto& entry : measured->disks) {
        if (!is_noted(entry)) continue;
        const auto found = there.find({node_of(*guest, entry), entry.bitmap});
        if (found == there.end() || !found->second.is_usable)
            throw Error(ErrorCode::checkpoint_inconsistent,
                        fmt::format("missing or broken bitmap '{}' for disk '{}'", entry.bitmap, entry.name));
        entry.size = found->second.bytes;
        // What was written before an external snapshot is noted in the image below.
        const auto* disk = disk_of(*guest->live(), entry.name);
        for (int depth = 1; const auto* layer = layer_at(*disk, depth); ++depth)
            if (const auto lower = there.find({node_name(*layer) + "-format", entry.bitmap}); lower != there.end())
                *entry.size += lower->second.bytes;
    }
    co_return measured;
}

}  // namespace innkeeper::qemu
