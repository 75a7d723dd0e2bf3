#include "shutdown/wake.h"

#include "base/error.h"
#include "base/files.h"
#include "loop/child.h"
#include "shutdown/console.h"

namespace innkeeper::shutdown {

Task<> wake_daemon(Target target, std::chrono::milliseconds patience) {
    if (target.service.empty() || !path_exists("/run/systemd/system") || !target.is_orphaned()) co_return;
    Command command;
    command.argv = {"/bin/systemctl", "--quiet",     "--no-ask-password", "--job-mode=ignore-dependencies",
                    "start",          target.service};
    try {
        const auto output = co_await run_command(std::move(command), patience);
        if (!output.status.ok()) complain("{} cannot be started: {}", target.service, output.err);
    } catch (const Error& error) {
        complain("{} cannot be started: {}", target.service, error.message());
    }
}

}  // namespace innkeeper::shutdown
