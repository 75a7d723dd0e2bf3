#include <optional>
#include <utility>

#include "guests/handlers.h"
#include "protocol/qemu.h"

/// The way past this daemon, to the hypervisor's own monitor and to the agent in the guest.
namespace innkeeper::guests {

namespace {

namespace monitor = protocol::qemu;

constexpr std::uint32_t human_command = 1;

class Monitor : public Handlers {
  public:
    using Handlers::Handlers;

    void install(rpc::HandlerTable& table) {
        table.add<monitor::DomainMonitorCommand>(*this, &Monitor::command);
        table.add<monitor::DomainAgentCommand>(*this, &Monitor::agent_command);
    }

  private:
    Task<monitor::DomainMonitorCommandRet> command(Caller, monitor::DomainMonitorCommandArgs args) {
        check_flags(args.flags, human_command, "DomainQemuMonitorCommandWithFiles");
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("monitor command");
        require_active(*guest);
        guest->taint("custom-monitor");
        auto reply = co_await hypervisor().monitor_command(guest, std::move(args.cmd), args.flags == human_command);
        co_return monitor::DomainMonitorCommandRet{std::move(reply)};
    }

    // The agent has its own queue, in the driver: a guest that does not answer must not keep its management waiting.
    Task<monitor::DomainAgentCommandRet> agent_command(Caller, monitor::DomainAgentCommandArgs args) {
        check_flags(args.flags, 0, "DomainQemuAgentCommand");
        const auto guest = find(args.dom);
        require_active(*guest);
        auto reply = co_await hypervisor().agent_command(guest, std::move(args.cmd), args.timeout);
        guest->taint("custom-ga-command");
        co_return monitor::DomainAgentCommandRet{std::move(reply)};
    }
};

}  // namespace

Installed install_monitor(Guests& guests, rpc::HandlerTable& table) { return install_group<Monitor>(guests, table); }

}  // namespace innkeeper::guests
