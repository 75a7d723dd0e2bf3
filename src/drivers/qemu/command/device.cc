#include <fmt/format.h>

#include <algorithm>

#include "drivers/qemu/command/builder.h"

/// The words for one device: the same functions that make the whole command line, asked for one kind alone.
namespace innkeeper::qemu {

namespace {

struct Kind {
    std::string_view element;
    void (*add)(Builder&);
};
/// Those that can be plugged into what runs.
constexpr Kind kinds[] = {{"disk", add_disks},
                          {"controller", add_controllers},
                          {"interface", add_interfaces},
                          {"serial", add_serials},
                          {"parallel", add_parallels},
                          {"console", add_consoles},
                          {"channel", add_channels},
                          {"input", add_inputs},
                          {"redirdev", add_redirections},
                          {"watchdog", add_watchdogs},
                          {"rng", add_rngs},
                          {"shmem", add_shared_memory},
                          {"memory", add_memory_devices}};

/// Controllers are looked up for the place of each other, so all of them are there: the words of one stay.
void keep_device(CommandLine& line, const std::string& alias) {
    const std::string id = fmt::format("\"id\":\"{}\"", alias);
    std::vector<std::string> kept;
    for (std::size_t i = 0; i + 1 < line.args.size(); i += 2)
        if (line.args[i + 1].contains(id)) kept.insert(kept.end(), {line.args[i], line.args[i + 1]});
    line.args = std::move(kept);
}

}  // namespace

DeviceWords build_device(const model::DomainDef& domain, std::string_view element, const Capabilities& capabilities,
                         const CommandContext& context) {
    const auto* kind = std::ranges::find(kinds, element, &Kind::element);
    if (kind == std::end(kinds)) unsupported(fmt::format("<{}> cannot be plugged into a running domain", element));
    Builder b(domain, capabilities, context);
    b.is_collecting = true;
    prepare_overrides(b);
    kind->add(b);
    if (element == "controller") keep_device(b.line, domain.devices.controllers.back().info.alias);
    return {.line = std::move(b.line), .secrets = std::move(b.secrets)};
}

}  // namespace innkeeper::qemu
