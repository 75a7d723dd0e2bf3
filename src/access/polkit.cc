#include <fmt/format.h>
#include <unistd.h>

#include <chrono>

#include "access/authenticator.h"
#include "base/error.h"
#include "loop/child.h"

namespace innkeeper::access {

namespace {

// Long enough for a person to find the password, short enough not to hold a stranger's slot for ever.
constexpr std::chrono::minutes patience{2};

// What pkcheck says by its exit status (its manual page).
constexpr int authorized = 0, not_authorized = 1, needs_agent = 2, dismissed = 3;

class Polkit final : public Authenticator {
  public:
    explicit Polkit(std::string pkcheck) : pkcheck_(std::move(pkcheck)) {}

    Task<> check(rpc::Identity identity, bool read_only) override {
        const std::string action = read_only ? "org.libvirt.unix.monitor" : "org.libvirt.unix.manage";
        if (!identity.pid || !identity.uid || identity.process_start == 0)
            throw Error(ErrorCode::auth_failed, ErrorDomain::polkit, "the client's process is not known");
        if (::access(pkcheck_.c_str(), X_OK) != 0)
            throw Error(ErrorCode::auth_unavailable, ErrorDomain::polkit,
                        fmt::format("polkit cannot be asked about action '{}': {} is missing", action, pkcheck_));
        Command command;
        command.argv = {pkcheck_,
                        "--action-id",
                        action,
                        "--process",
                        fmt::format("{},{},{}", *identity.pid, identity.process_start, *identity.uid),
                        "--allow-user-interaction"};
        command.environment = {"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
        const Output output = co_await run_command(std::move(command), patience);
        if (output.status.signal == 0) switch (output.status.code) {
                case authorized:
                    co_return;
                case not_authorized:
                    throw Error(ErrorCode::auth_failed, ErrorDomain::polkit, "access denied by policy");
                case needs_agent:
                    throw Error(ErrorCode::auth_unavailable, ErrorDomain::polkit,
                                fmt::format("no polkit agent available to authenticate action '{}'", action));
                case dismissed:
                    throw Error(ErrorCode::auth_cancelled, ErrorDomain::polkit,
                                "user cancelled authentication process");
                default:
                    break;
            }
        std::string why = output.err.substr(0, output.err.find('\n'));
        throw Error(ErrorCode::auth_failed, ErrorDomain::polkit,
                    fmt::format("polkit cannot be asked about action '{}': {}", action,
                                why.empty() ? output.status.text() : why));
    }

  private:
    std::string pkcheck_;
};

}  // namespace

std::unique_ptr<Authenticator> polkit(std::string pkcheck) { return std::make_unique<Polkit>(std::move(pkcheck)); }

}  // namespace innkeeper::access
