#include "drivers/qemu/image_tool.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "loop/child.h"

namespace innkeeper::qemu {

namespace {

constexpr const char* program = "/usr/bin/qemu-img";

/// A comma ends an option, unless there are two of them.
std::string escaped_comma(const std::string& value) {
    std::string out;
    for (const char c : value) out += c == ',' ? std::string(",,") : std::string(1, c);
    return out;
}

}  // namespace

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

std::vector<std::string> overlay_arguments(const model::StorageSource& overlay, const model::StorageSource& below) {
    const std::string format = below.format.empty() ? "raw" : below.format;
    return {"create",
            "-f",
            overlay.format,
            "-o",
            fmt::format("backing_fmt={},backing_file={}", format, escaped_comma(below.path)),
            overlay.path};
}

}  // namespace innkeeper::qemu
