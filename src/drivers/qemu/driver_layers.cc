#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <exception>

#include "base/error.h"
#include "drivers/qemu/command/builder.h"
#include "drivers/qemu/command/storage.h"
#include "drivers/qemu/driver.h"
#include "drivers/qemu/image_tool.h"
#include "drivers/qemu/layers.h"
#include "drivers/qemu/machine.h"
#include "drivers/qemu/nodes.h"
#include "drivers/qemu/saved_image.h"
#include "drivers/qemu/status_parts.h"
#include "loop/pool.h"
#include "model/domain/domain.h"
#include "model/snapshot/snapshot.h"

/// Snapshots outside of the images: from now on the guest writes into new ones that lie on top of what it had.
namespace innkeeper::qemu {

namespace json = boost::json;
using guests::DefPtr;
using guests::GuestPtr;
using guests::SnapshotPtr;
using guests::SnapshotWish;
using Mode = model::Disk::Snapshot;

namespace {

/// A new image on its way to being a disk.
struct Overlay {
    std::string target;
    model::StorageSource image, below;
    bool is_made = false;  ///< by us: it goes again if something fails
    std::vector<std::string> nodes;
};

std::vector<Overlay> overlays_of(const model::SnapshotDef& snapshot, const model::DomainDef& def) {
    std::vector<Overlay> overlays;
    for (const auto& entry : snapshot.disks) {
        const auto* disk = disk_of(def, entry.name);
        if (entry.mode != Mode::external || disk == nullptr) continue;
        Overlay overlay;
        overlay.target = entry.name;
        overlay.image = entry.source;
        overlay.below = disk->source;
        overlays.push_back(std::move(overlay));
    }
    return overlays;
}

void remove_images(const std::vector<Overlay>& overlays) {
    for (const auto& overlay : overlays)
        if (overlay.is_made) ::unlink(overlay.image.path.c_str());
}

/// The definition on disk follows what runs, as far as it has the same disks.
DefPtr stored_with(const DefPtr& stored, const std::vector<Overlay>& overlays) {
    if (!stored) return nullptr;
    auto def = std::make_shared<model::DomainDef>(*stored);
    bool is_changed = false;
    for (const auto& overlay : overlays) {
        model::Disk* disk = disk_of(*def, overlay.target);
        if (disk == nullptr || disk->source.path != overlay.below.path) continue;
        model::StorageSource image = overlay.image;
        image.index.reset();
        put_layer_on(*disk, image);
        is_changed = true;
    }
    return is_changed ? def : nullptr;
}

/// Of an image that QEMU has open, which nobody else may look into.
std::vector<std::string> overlay_arguments_unseen(const Overlay& overlay, std::uint64_t size) {
    auto arguments = overlay_arguments(overlay.image, overlay.below);
    arguments.insert(arguments.begin() + 1, "-u");
    arguments.push_back(std::to_string(size));
    return arguments;
}

/// What is noted of the lower image goes on being noted, in the new one.
void carry_bitmaps(const json::value& nodes, const Overlay& overlay, json::array& actions) {
    for (const auto& node : nodes.as_array()) {
        const auto& about = node.as_object();
        const auto* bitmaps = about.if_contains("dirty-bitmaps");
        if (bitmaps == nullptr || about.at("node-name").as_string() != node_name(overlay.below) + "-format") continue;
        for (const auto& item : bitmaps->as_array()) {
            const auto& bitmap = item.as_object();
            const auto* name = bitmap.if_contains("name");
            if (name == nullptr || !bitmap.at("persistent").as_bool() || !bitmap.at("recording").as_bool()) continue;
            json::object data{{"node", node_name(overlay.image) + "-format"},
                              {"name", *name},
                              {"persistent", true},
                              {"granularity", bitmap.at("granularity")}};
            json::object action{{"type", "block-dirty-bitmap-add"}, {"data", std::move(data)}};
            actions.push_back(std::move(action));
        }
    }
}

QmpCommand switch_command(const std::vector<Overlay>& overlays, const json::value& nodes) {
    json::array actions;
    for (const auto& overlay : overlays) {
        carry_bitmaps(nodes, overlay, actions);
        json::object data{{"node", node_name(overlay.below) + "-format"},
                          {"overlay", node_name(overlay.image) + "-format"}};
        json::object action{{"type", "blockdev-snapshot"}, {"data", std::move(data)}};
        actions.push_back(std::move(action));
    }
    json::object arguments{{"actions", std::move(actions)}};
    return {.name = "transaction", .arguments = std::move(arguments)};
}

Task<> forget_overlays(std::shared_ptr<QemuMachine> machine, std::vector<Overlay> overlays) {
    for (const auto& overlay : overlays) co_await forget_nodes(machine, overlay.nodes);
}

}  // namespace

void Driver::give_to_guests(const std::string& path) const {
    if (::chmod(path.c_str(), 0600) != 0)
        throw Error::system(errno, fmt::format("unable to set the permissions of '{}'", path));
    if (!run_as_.uid) return;
    if (::chown(path.c_str(), *run_as_.uid, run_as_.gid.value_or(static_cast<gid_t>(-1))) != 0)
        throw Error::system(errno, fmt::format("unable to set user and group on '{}'", path));
}

Task<DefPtr> Driver::take_outside_offline(GuestPtr guest, SnapshotPtr snapshot, SnapshotWish wish) {
    const auto stored = co_await guest->persistent();
    auto overlays = overlays_of(*snapshot, *stored);
    std::exception_ptr failure;
    try {
        for (auto& overlay : overlays) {
            if (wish.reuse_files) continue;
            overlay.is_made = overlay.image.type == model::StorageSource::Type::file;
            co_await run_image_tool(overlay_arguments(overlay.image, overlay.below));
        }
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        remove_images(overlays);
        std::rethrow_exception(failure);
    }
    auto def = std::make_shared<model::DomainDef>(*stored);
    for (const auto& overlay : overlays) {
        // Where the definition does not say what lies below, the images do.
        model::Disk& disk = *disk_of(*def, overlay.target);
        disk.source = overlay.image;
        disk.backing.reset();
    }
    co_return def;
}

/// With its memory in a file, or the disks alone.
Task<DefPtr> Driver::take_outside(GuestPtr guest, SnapshotPtr snapshot, SnapshotWish wish) {
    const auto machine = machine_of(guest);
    const bool with_memory = snapshot->memory == Mode::external;
    const bool by_hand =
        std::ranges::find(snapshot->disks, Mode::manual, &model::SnapshotDisk::mode) != snapshot->disks.end();
    const bool was_running = guest->condition().state == guests::State::running;
    const bool stops = was_running && (with_memory || by_hand);
    if (stops && !wish.live) co_await suspend(guest, guests::Paused::snapshot);
    std::exception_ptr failure;
    DefPtr stored;
    try {
        if (with_memory) {
            SavedHead head;
            head.running = was_running;
            head.definition =
                model::format_domain(*snapshot->domain, {.inactive = true, .secure = true, .migratable = true});
            co_await write_image(machine, snapshot->memory_file, head.bytes());
        }
        stored = co_await switch_layers(guest, snapshot, wish);
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure && with_memory) ::unlink(snapshot->memory_file.c_str());
    Scope unhurried;
    // Whoever takes his part of it by hand resumes the guest when he has done so.
    if (stops && (failure || (!by_hand && !wish.halt)) && !machine->exited.is_set())
        co_await resume(guest, guests::Running::unpaused).under(unhurried);
    if (failure) std::rethrow_exception(failure);
    co_return stored;
}

std::vector<QmpCommand> Driver::nodes_for(const guests::Guest& guest, const model::StorageSource& image,
                                          const model::Disk& disk, std::string backing) const {
    const auto machine = guest.machine_as<QemuMachine>();
    const auto context = command_context(machine->files, guest.id());
    Builder builder(*guest.live(), *machine->capabilities, context);
    const bool is_bottom = backing.empty();
    add_image_nodes(builder, image,
                    {.name = node_name(image),
                     .driver = &disk.driver,
                     .alias = disk.info.alias,
                     .backing = std::move(backing),
                     .ends_chain = is_bottom});
    std::vector<QmpCommand> commands;
    const auto& words = builder.line.args;
    for (std::size_t i = 0; i + 1 < words.size(); i += 2)
        commands.push_back({.name = words[i] == "-blockdev" ? "blockdev-add" : "object-add",
                            .arguments = json::parse(words[i + 1]).as_object()});
    return commands;
}

Task<DefPtr> Driver::switch_layers(GuestPtr guest, SnapshotPtr snapshot, SnapshotWish wish) {
    const auto machine = machine_of(guest);
    auto overlays = overlays_of(*snapshot, *guest->live());
    if (overlays.empty()) co_return DefPtr();
    machine->last_image = std::max(machine->last_image, last_image(*guest->live()));
    std::exception_ptr failure;
    try {
        const auto known = co_await machine->monitor().execute("query-named-block-nodes", {{"flat", true}});
        for (auto& overlay : overlays) {
            overlay.image.index = ++machine->last_image;
            if (!wish.reuse_files) {
                overlay.is_made = overlay.image.type == model::StorageSource::Type::file;
                const auto size = image_size(known, node_name(overlay.below) + "-format");
                co_await run_image_tool(overlay_arguments_unseen(overlay, size));
                if (overlay.is_made) give_to_guests(overlay.image.path);
            }
            for (auto& command : nodes_for(*guest, overlay.image, *disk_of(*guest->live(), overlay.target))) {
                const std::string node(command.arguments.at("node-name").as_string());
                co_await machine->monitor().execute(command.name, std::move(command.arguments));
                overlay.nodes.push_back(node);
            }
        }
        auto command = switch_command(overlays, known);
        co_await machine->monitor().execute(command.name, std::move(command.arguments));
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        Scope unhurried;
        if (!machine->exited.is_set()) co_await forget_overlays(machine, overlays).under(unhurried);
        remove_images(overlays);
        std::rethrow_exception(failure);
    }
    auto live = std::make_shared<model::DomainDef>(*guest->live());
    for (const auto& overlay : overlays) put_layer_on(*disk_of(*live, overlay.target), overlay.image);
    guest->set_live(std::move(live));
    co_await correct_locks(guest, machine);
    co_return stored_with(co_await guest->persistent(), overlays);
}

}  // namespace innkeeper::qemu
