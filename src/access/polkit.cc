#include "access/polkit.h"

#include <fmt/format.h>
#include <systemd/sd-bus.h>

#include <chrono>
#include <cstring>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "loop/group.h"

namespace innkeeper::access {

namespace {

// Long enough for a person to find the password, short enough not to hold a stranger's slot for ever.
constexpr std::chrono::minutes patience_with_people{2};
constexpr std::chrono::seconds patience{5};
constexpr unsigned most_at_once = 64;

constexpr const char *service = "org.freedesktop.PolicyKit1", *path = "/org/freedesktop/PolicyKit1/Authority",
                     *interface_name = "org.freedesktop.PolicyKit1.Authority";

void check_made(int result) {
    if (result < 0) throw Error::system(-result, "cannot make a D-Bus call");
}

void put_subject(sd_bus_message* message, const rpc::Identity& who) {
    check_made(sd_bus_message_append(message, "(sa{sv})", "unix-process", 3, "pid", "u",
                                     static_cast<std::uint32_t>(*who.pid), "start-time", "t", who.process_start, "uid",
                                     "i", static_cast<std::int32_t>(*who.uid)));
}

void put_details(sd_bus_message* message, const Polkit::Details& details) {
    check_made(sd_bus_message_open_container(message, 'a', "{ss}"));
    for (const auto& [name, value] : details)
        check_made(sd_bus_message_append(message, "{ss}", name.c_str(), value.c_str()));
    check_made(sd_bus_message_close_container(message));
}

Polkit::Verdict verdict_of(sd_bus_message* reply) {
    int authorized = 0, challenge = 0;
    check_made(sd_bus_message_enter_container(reply, 'r', "bba{ss}"));
    check_made(sd_bus_message_read(reply, "bb", &authorized, &challenge));
    if (authorized != 0) return Polkit::Verdict::yes;
    if (challenge != 0) return Polkit::Verdict::needs_agent;
    check_made(sd_bus_message_enter_container(reply, 'a', "{ss}"));
    const char *name = nullptr, *value = nullptr;
    while (sd_bus_message_read(reply, "{ss}", &name, &value) > 0)
        if (std::strcmp(name, "polkit.dismissed") == 0) return Polkit::Verdict::dismissed;
    return Polkit::Verdict::no;
}

Error unavailable(std::string_view action, const rpc::Identity& who, std::string_view why) {
    return Error(ErrorCode::auth_unavailable, ErrorDomain::polkit,
                 fmt::format("polkit cannot be asked about action '{}' for {}: {}", action, described(who), why));
}

}  // namespace

std::string described(const rpc::Identity& who) {
    std::string text = who.uid ? fmt::format("user {}", *who.uid) : "a client without a user";
    if (who.pid) text += fmt::format(" (process {})", *who.pid);
    return text;
}

Task<> Polkit::check(rpc::Identity identity, bool read_only) {
    const std::string action = read_only ? "org.libvirt.unix.monitor" : "org.libvirt.unix.manage";
    switch (co_await ask(identity, action, {}, Interaction::allowed)) {
        case Verdict::yes:
            co_return;
        case Verdict::no:
            throw Error(
                ErrorCode::auth_failed, ErrorDomain::polkit,
                fmt::format("access denied by policy: polkit refuses action '{}' to {}", action, described(identity)));
        case Verdict::needs_agent:
            throw Error(ErrorCode::auth_unavailable, ErrorDomain::polkit,
                        fmt::format("no polkit agent available to authenticate action '{}' for {}", action,
                                    described(identity)));
        case Verdict::dismissed:
            throw Error(ErrorCode::auth_cancelled, ErrorDomain::polkit, "user cancelled authentication process");
    }
}

Task<Polkit::Verdict> Polkit::ask(rpc::Identity who, std::string action, Details details, Interaction interaction) {
    // Without the start time a later process with the same pid could get this one's rights.
    if (!who.pid || !who.uid || who.process_start == 0)
        throw Error(ErrorCode::auth_failed, ErrorDomain::polkit,
                    fmt::format("the process of {} is not known", described(who)));
    if (interaction == Interaction::allowed)
        co_return co_await ask_now(std::move(who), std::move(action), std::move(details), interaction);

    if (under_way_ >= most_at_once) {
        Turn mine;
        waiting_.push_back(&mine);
        try {
            co_await mine.wait;
        } catch (const Cancelled&) {
            // If it was chosen already, the next one goes in its place.
            if (std::erase(waiting_, &mine) == 0 && !mine.hopeless) ended();
            throw;
        }
        if (mine.hopeless) throw unavailable(action, who, "it does not answer");
    } else {
        ++under_way_;
    }
    std::exception_ptr failure;
    std::optional<Verdict> verdict;
    try {
        verdict = co_await ask_now(std::move(who), std::move(action), std::move(details), interaction);
    } catch (...) {
        failure = std::current_exception();
    }
    ended();
    if (failure) std::rethrow_exception(failure);
    co_return *verdict;
}

/// They would each wait as long, one after the other.
void Polkit::give_up_waiting() {
    for (Turn* turn : std::exchange(waiting_, {})) {
        turn->hopeless = true;
        turn->wait.wake();
    }
}

/// The place goes to the next in the queue.
void Polkit::ended() {
    if (waiting_.empty()) {
        --under_way_;
        return;
    }
    waiting_.front()->wait.wake();
    waiting_.pop_front();
}

Task<Polkit::Verdict> Polkit::ask_now(rpc::Identity who, std::string action, Details details, Interaction interaction) {
    const bool people = interaction == Interaction::allowed;
    const std::string cancellation = people ? fmt::format("innkeeper-{}", ++asked_) : std::string();
    std::string why;
    try {
        host::Message call = bus_.call(service, path, interface_name, "CheckAuthorization");
        put_subject(call.get(), who);
        check_made(sd_bus_message_append(call.get(), "s", action.c_str()));
        put_details(call.get(), details);
        check_made(sd_bus_message_append(call.get(), "us", people ? 1U : 0U, cancellation.c_str()));
        const host::Message reply =
            co_await within(people ? patience_with_people : patience, "polkit's answer", bus_.send(std::move(call)));
        co_return verdict_of(reply.get());
    } catch (const Error& error) {
        why = error.message();
        if (error.code() == ErrorCode::operation_timeout && !people) give_up_waiting();
    } catch (const Cancelled&) {
        take_back(cancellation);
        throw;
    }
    take_back(cancellation);
    throw unavailable(action, who, why);
}

/// A person may sit before the question: it disappears.
void Polkit::take_back(const std::string& cancellation) {
    if (cancellation.empty()) return;
    try {
        host::Message call = bus_.call(service, path, interface_name, "CancelCheckAuthorization");
        check_made(sd_bus_message_append(call.get(), "s", cancellation.c_str()));
        bus_.tell(std::move(call));
    } catch (const Error& error) {
        log::debug("polkit's question stays: {}", error.message());
    }
}

}  // namespace innkeeper::access
