#include "objects/hooks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "loop/child.h"

namespace innkeeper::objects {

namespace {

/// Of what a hook writes: a definition, or the reason of a failure.
constexpr std::size_t most_output = 4U << 20;

bool is_executable(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

std::vector<std::string> environment() {
    std::vector<std::string> words{"LC_ALL=C"};
    for (const char* name : {"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "LD_PRELOAD", "LD_LIBRARY_PATH"})
        if (const char* value = std::getenv(name)) words.push_back(fmt::format("{}={}", name, value));
    return words;
}

Error failed(std::string reason) { return Error(ErrorCode::hook_script_failed, ErrorDomain::hook, std::move(reason)); }

/// In the peer's words.
Error failed(const Command& command, const Output& output) {
    return failed(fmt::format("internal error: Child process ({} {}) unexpected {}{}{}",
                              fmt::join(command.environment, " "), fmt::join(command.argv, " "),
                              output.status.signal != 0 ? fmt::format("fatal signal {}", output.status.signal)
                                                        : fmt::format("exit status {}", output.status.code),
                              output.err.empty() ? "" : ": ", output.err));
}

Task<std::string> call(std::string program, HookCall told) {
    Command command;
    command.argv = {std::move(program), std::move(told.object), std::move(told.operation), std::move(told.part),
                    std::move(told.extra)};
    command.environment = environment();
    log::info("hook '{}' is called", fmt::join(command.argv, " "));
    Output output;
    std::optional<std::string> refused;
    try {
        output = co_await run_patiently(command, most_output, std::move(told.input));
    } catch (const Error& error) {
        refused = error.message();
    }
    if (refused) throw failed(std::move(*refused));
    if (!output.status.ok()) throw failed(command, output);
    co_return std::move(output.out);
}

}  // namespace

void Hooks::look(const std::vector<std::string_view>& drivers) {
    programs_.clear();
    for (const auto driver : drivers) {
        const std::string first = fmt::format("{}/{}", folder_, driver), rest = first + ".d";
        std::vector<std::string> programs;
        if (is_executable(first))
            programs.push_back(first);
        else if (path_exists(first))
            log::warning("Non-executable hook script {}", first);
        for (const auto& name : list_directory(rest)) {
            const std::string path = fmt::format("{}/{}", rest, name);
            if (is_executable(path))
                programs.push_back(path);
            else
                log::warning("Non-executable hook script {}", path);
        }
        if (!programs.empty()) programs_.emplace(driver, std::move(programs));
    }
}

Task<> Hooks::run(HookCall told) {
    const auto at = programs_.find(told.driver);
    if (at == programs_.end()) co_return;
    // Another look may come while one of them runs.
    const auto programs = at->second;
    for (const auto& program : programs) co_await call(program, told);
}

Task<std::string> Hooks::filter(HookCall told) {
    const auto at = programs_.find(told.driver);
    if (at == programs_.end()) co_return std::move(told.input);
    const auto programs = at->second;
    for (const auto& program : programs) {
        auto changed = co_await call(program, told);
        if (changed.find_first_not_of(" \t\r\n") != std::string::npos) told.input = std::move(changed);
    }
    co_return std::move(told.input);
}

}  // namespace innkeeper::objects
