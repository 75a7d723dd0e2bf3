#include "drivers/qemu/nodes.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "base/error.h"

namespace innkeeper::qemu {

std::uint64_t image_size(const boost::json::value& nodes, const std::string& name) {
    if (nodes.is_array())
        for (const auto& node : nodes.get_array()) {
            const auto& about = node.as_object();
            if (about.at("node-name").as_string() != name) continue;
            return about.at("image").as_object().at("virtual-size").to_number<std::uint64_t>();
        }
    throw Error(ErrorCode::internal_error, fmt::format("QEMU does not know the size of '{}'", name));
}

Task<> forget_nodes(std::shared_ptr<QemuMachine> machine, std::vector<std::string> nodes) {
    std::vector<QmpCommand> commands;
    for (auto node = nodes.rbegin(); node != nodes.rend(); ++node)
        commands.push_back({.name = "blockdev-del", .arguments = {{"node-name", *node}}});
    if (!commands.empty()) co_await machine->monitor().batch(std::move(commands));
}

}  // namespace innkeeper::qemu
