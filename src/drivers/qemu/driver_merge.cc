#include <fmt/format.h>

#include "base/error.h"
#include "drivers/qemu/block_job.h"
#include "drivers/qemu/command/storage.h"
#include "drivers/qemu/driver.h"
#include "drivers/qemu/layers.h"
#include "drivers/qemu/machine.h"
#include "model/domain/domain.h"

/// A layer of a running guest's disk goes into the one below it.
namespace innkeeper::qemu {

using guests::GuestPtr;

namespace {

/// What QEMU wants as the name of an image within another one.
QmpCommand commit_command(const model::Disk& disk, int depth) {
    const auto format = [&](int at) { return node_name(*layer_at(disk, at)) + "-format"; };
    boost::json::object arguments{{"device", format(0)}, {"base-node", format(depth + 1)}};
    if (depth > 0) {
        arguments["top-node"] = format(depth);
        // The layer above names it in its head from now on.
        arguments["backing-file"] = layer_at(disk, depth + 1)->path;
    }
    return {.name = "block-commit", .arguments = std::move(arguments)};
}

}  // namespace

Task<> Driver::merge_layer(GuestPtr guest, std::string target, std::string path) {
    const auto machine = machine_of(guest);
    const model::Disk disk = *disk_of(*guest->live(), target);
    const int depth = layer_of(disk, path);
    const model::StorageSource gone = *layer_at(disk, depth), below = *layer_at(disk, depth + 1);
    {
        BlockJob job(machine, fmt::format("commit-{}-{}", target, node_name(gone)));
        co_await job.run(commit_command(disk, depth));
    }
    std::vector<QmpCommand> commands;
    for (const auto* part : {"-format", "-storage"})
        commands.push_back({.name = "blockdev-del", .arguments = {{"node-name", node_name(gone) + part}}});
    co_await machine->monitor().batch(std::move(commands));
    auto live = std::make_shared<model::DomainDef>(*guest->live());
    take_layer_out(*live, target, path, below);
    guest->set_live(std::move(live));
    co_await correct_locks(guest, machine);
}

}  // namespace innkeeper::qemu
