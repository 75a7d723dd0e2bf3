#include "drivers/qemu/machine.h"

#include <fmt/format.h>
#include <signal.h>

#include "base/error.h"
#include "base/log.h"
#include "drivers/qemu/proc.h"
#include "loop/loop.h"

namespace innkeeper::qemu {

using namespace std::chrono_literals;

namespace {

/// How long QEMU may take to close its images before it is killed.
constexpr auto term_limit = 10s;

std::string_view reason_word(guests::Shutoff reason) {
    using enum guests::Shutoff;
    switch (reason) {
        case shutdown:
            return "shutdown";
        case destroyed:
            return "destroyed";
        case crashed:
            return "crashed";
        case migrated:
            return "migrated";
        case saved:
            return "saved";
        case failed:
            return "failed";
        case from_snapshot:
            return "from snapshot";
        case daemon:
            return "daemon";
        case unknown:
            break;
    }
    return "unknown";
}

}  // namespace

QemuMachine::QemuMachine(std::weak_ptr<guests::Guest> guest, std::string name, RunFiles run_files,
                         CapabilitiesPtr abilities)
    : files(std::move(run_files)),
      capabilities(std::move(abilities)),
      guest_(std::move(guest)),
      name_(std::move(name)) {}

QemuMachine::~QemuMachine() = default;

Qmp& QemuMachine::monitor() {
    if (!monitor_) throw Error(ErrorCode::operation_invalid, "domain is not running");
    return *monitor_;
}

void QemuMachine::connect(Fd socket) {
    Qmp::Callbacks callbacks;
    callbacks.event = [this](const QmpEvent& event) { happened(event); };
    callbacks.lost = [this] { lost_.set(); };
    monitor_ = std::make_unique<Qmp>(std::move(socket), name_, std::move(callbacks));
}

void QemuMachine::kill(Manner manner) {
    if (!process || exited.is_set()) return;
    const auto facts = process_facts(process->pid());
    if (manner == Manner::firmly && facts && facts->state == 'T') {
        process->send_signal(SIGKILL);
        return;
    }
    process->send_signal(SIGTERM);
    if (manner == Manner::gracefully || killing_) return;
    killing_ = true;
    tasks.spawn(kill_late(manner));
}

void QemuMachine::powered_off() {
    end_ = guests::Shutoff::shutdown;
    kill(Manner::firmly);
}

void QemuMachine::end_with(guests::Shutoff reason) {
    end_ = reason;
    silent_ = true;
    if (process) process->send_signal(SIGKILL);
}

Task<> QemuMachine::kill_late(Manner) {
    try {
        co_await within(term_limit, "the end of QEMU", exited.wait());
        co_return;
    } catch (const Error&) {
        log::warning("QEMU of domain '{}' does not end, and is killed", name_);
    }
    process->send_signal(SIGKILL);
}

Task<> QemuMachine::watch(std::shared_ptr<QemuMachine> machine, guests::GuestPtr guest) {
    struct Done {
        QemuMachine& machine;
        ~Done() { machine.gone.set(); }
    } done{*machine};
    const ExitStatus status = co_await machine->process->exited();
    // What it said last is still in the monitor's socket, and tells a power-off from a crash.
    if (machine->monitor_) {
        try {
            co_await within(1s, "the end of the monitor", machine->lost_.wait());
        } catch (const Error&) {
        }
        co_await machine->monitor_->close();
    }
    machine->exited.set();
    co_await machine->tasks.close();
    machine->monitor_.reset();
    if (status.signal != 0 && machine->log) machine->log->note(fmt::format("ended by {}", status.text()));
    const auto ran = guest->live();
    if (!machine->starting) co_await guest->hook_end("stopped", ran);
    co_await machine->end_helpers();
    machine->files.remove();
    if (!machine->starting) {
        co_await guest->hook_end("release", ran);
        if (guest->machine == machine) guest->machine.reset();
        const auto id = guest->id();
        guest->ended(machine->end_);
        if (machine->log && id > 0) {
            const auto reason = static_cast<guests::Shutoff>(guest->condition().reason);
            machine->log->note(fmt::format("shutting down, reason={}", reason_word(reason)));
        }
    }
    machine->gone.set();
    if (machine->locks) co_await machine->locks->end();
}

Task<> QemuMachine::end_helpers() {
    if (!tpm) co_return;
    // It went with QEMU, unless QEMU never came to it.
    tpm->send_signal(SIGTERM);
    bool has_ended = true;
    try {
        co_await within(term_limit, "the end of swtpm", tpm->exited());
    } catch (const Error&) {
        has_ended = false;
    }
    if (!has_ended) {
        tpm->send_signal(SIGKILL);
        co_await tpm->exited();
    }
    tpm.reset();
}

Task<> QemuMachine::release() {
    co_await tasks.close();
    if (monitor_) co_await monitor_->close();
    monitor_.reset();
}

}  // namespace innkeeper::qemu
