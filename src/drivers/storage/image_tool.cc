#include "drivers/storage/image_tool.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "loop/child.h"

namespace innkeeper::storage {

namespace {

constexpr const char* program = "/usr/bin/qemu-img";

/// What the tool calls a format. Images of discs have none of their own: they are bytes.
std::string tool_format(const std::string& format) { return format == "iso" ? "raw" : format; }

/// `-o` and the options of the image's format, if there are any.
void add_options(const model::Volume& volume, bool preallocate_metadata, std::vector<std::string>& arguments) {
    std::vector<std::string> options;
    if (preallocate_metadata) options.emplace_back("preallocation=metadata");
    if (volume.format == "qcow2") {
        if (!volume.compat.empty()) options.push_back("compat=" + volume.compat);
        if (volume.cluster_size) options.push_back(fmt::format("cluster_size={}", *volume.cluster_size));
        if (volume.features && volume.features->lazy_refcounts) options.emplace_back("lazy_refcounts=on");
        if (volume.features && volume.features->extended_l2) options.emplace_back("extended_l2=on");
    }
    if (volume.no_copy_on_write) options.emplace_back("nocow=on");
    if (options.empty()) return;
    arguments.emplace_back("-o");
    arguments.push_back(fmt::format("{}", fmt::join(options, ",")));
}

}  // namespace

std::vector<std::string> create_arguments(const model::Volume& volume, bool preallocate_metadata) {
    std::vector<std::string> arguments{"create", "-f", tool_format(volume.format)};
    if (volume.backing)
        arguments.insert(arguments.end(), {"-b", volume.backing->path, "-F", tool_format(volume.backing->format)});
    add_options(volume, preallocate_metadata, arguments);
    arguments.push_back(volume.path);
    if (volume.capacity) arguments.push_back(fmt::format("{}K", (*volume.capacity + 1023) / 1024));
    return arguments;
}

std::vector<std::string> convert_arguments(const std::string& from, const std::string& format,
                                           const model::Volume& volume, bool preallocate_metadata) {
    std::vector<std::string> arguments{"convert", "-f", tool_format(format), "-O", tool_format(volume.format)};
    add_options(volume, preallocate_metadata, arguments);
    arguments.insert(arguments.end(), {from, volume.path});
    return arguments;
}

std::vector<std::string> resize_arguments(const std::string& path, const std::string& format, std::uint64_t capacity,
                                          bool shrink) {
    std::vector<std::string> arguments{"resize", "-f", tool_format(format)};
    if (shrink) arguments.emplace_back("--shrink");
    arguments.insert(arguments.end(), {path, std::to_string(capacity)});
    return arguments;
}

Task<> run_image_tool(std::vector<std::string> arguments, std::chrono::milliseconds limit) {
    Command command;
    command.argv = std::move(arguments);
    command.argv.insert(command.argv.begin(), program);
    command.environment = {"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
    const std::string line = fmt::format("{}", fmt::join(command.argv, " "));
    const auto output = co_await run_command(std::move(command), limit);
    if (output.status.ok()) co_return;
    throw Error(ErrorCode::internal_error,
                fmt::format("Child process ({}) unexpected {}: {}", line, output.status.text(), output.err));
}

}  // namespace innkeeper::storage
