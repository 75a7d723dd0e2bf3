#include "drivers/qemu/plug_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>

#include "base/error.h"
#include "drivers/qemu/chardev_words.h"

namespace innkeeper::qemu {

namespace json = boost::json;

namespace {

/// An option, the command that does the same later, and the one that undoes it, which is told one member.
struct Twin {
    std::string_view option, command, undo, key, undo_key;
};
constexpr Twin twins[] = {{"-device", "device_add", "device_del", "id", "id"},
                          {"-blockdev", "blockdev-add", "blockdev-del", "node-name", "node-name"},
                          {"-object", "object-add", "object-del", "id", "id"},
                          {"-netdev", "netdev_add", "netdev_del", "id", "id"},
                          {"-chardev", "chardev-add", "chardev-remove", "id", "id"}};

PlugStep step_of(const std::string& option, const std::string& value) {
    // One action for all watchdogs: it stays when the device goes.
    if (option == "-watchdog-action")
        return {.command = {.name = "watchdog-set-action", .arguments = {{"action", value}}}, .undo = {}};
    const auto* twin = std::ranges::find(twins, option, &Twin::option);
    if (twin == std::end(twins))
        throw Error(ErrorCode::operation_unsupported,
                    fmt::format("'{} {}' cannot be said to a running domain", option, value));
    json::object arguments = option == "-chardev" ? chardev_arguments(value) : json::parse(value).as_object();
    const json::value name = arguments.at(twin->key);
    return {.command = {.name = std::string(twin->command), .arguments = std::move(arguments)},
            .undo = QmpCommand{.name = std::string(twin->undo), .arguments = {{twin->undo_key, name}}}};
}

}  // namespace

std::vector<PlugStep> plug_steps(const CommandLine& line) {
    if (!line.descriptors.empty())
        throw Error(
            ErrorCode::operation_unsupported,
            fmt::format("device '{}' cannot be connected to a running domain yet", line.descriptors.front().alias));
    // The devices come last: some of them are named before what they refer to.
    std::vector<PlugStep> steps, devices;
    for (std::size_t i = 0; i + 1 < line.args.size(); i += 2) {
        auto step = step_of(line.args[i], line.args[i + 1]);
        (step.is_device() ? devices : steps).push_back(std::move(step));
    }
    steps.insert(steps.end(), devices.begin(), devices.end());
    return steps;
}

std::vector<QmpCommand> leftovers(const std::vector<PlugStep>& steps) {
    std::vector<QmpCommand> commands;
    for (auto step = steps.rbegin(); step != steps.rend(); ++step)
        if (!step->is_device() && step->undo) commands.push_back(*step->undo);
    return commands;
}

}  // namespace innkeeper::qemu
