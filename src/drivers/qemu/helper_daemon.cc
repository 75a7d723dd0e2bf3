#include "drivers/qemu/helper_daemon.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <string_view>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "loop/child.h"

namespace innkeeper::qemu {

using namespace std::chrono_literals;

namespace {

/// How long it may take to listen, and how long it stays when nobody needs it.
constexpr auto patience = 30s;
constexpr std::string_view idle_time = "120";

}  // namespace

HelperDaemon::HelperDaemon(const Paths& paths, std::string name)
    : root_(paths.root()),
      name_(std::move(name)),
      socket_(fmt::format("{}/{}-sock", paths.state(), name_)),
      starts_it_(!paths.is_system() || !paths.root().empty()) {}

std::shared_ptr<rpc::Client> HelperDaemon::try_connect() const {
    auto connection = rpc::try_connect_unix(socket_);
    if (!connection)
        throw Error(ErrorCode::operation_failed, fmt::format("{} does not take connections at '{}'", name_, socket_));
    return rpc::Client::over(std::move(connection));
}

Task<std::shared_ptr<rpc::Client>> HelperDaemon::connect() const {
    try {
        co_return try_connect();
    } catch (const Error&) {
        if (!starts_it_) throw;
    }
    co_await start();
    co_return try_connect();
}

Task<> HelperDaemon::be_there() const {
    if (starts_it_) co_await connect();
}

/// If another has started it at the same time, there is that one.
Task<> HelperDaemon::start() const {
    const auto beside_us = (std::filesystem::read_symlink("/proc/self/exe").parent_path() / name_).string();
    Command command;
    command.argv = {path_exists(beside_us) ? beside_us : "/usr/sbin/" + name_, "--daemon", "--timeout",
                    std::string(idle_time)};
    if (!root_.empty()) command.argv.insert(command.argv.end(), {"--root", root_});
    for (char** variable = environ; *variable != nullptr; ++variable)
        if (!std::string_view(*variable).starts_with("NOTIFY_SOCKET=")) command.environment.emplace_back(*variable);
    const auto output = co_await run_command(std::move(command), patience);
    if (!output.status.ok()) log::warning("{} does not start: {}", name_, output.err);
}

}  // namespace innkeeper::qemu
