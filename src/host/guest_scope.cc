#include "host/guest_scope.h"

#include <fmt/format.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>

#include <memory>

#include "base/error.h"

namespace innkeeper::host {

namespace {

constexpr std::size_t longest_name = 64;
constexpr std::uint64_t patience_usec = 10'000'000;

struct Unref {
    void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
    void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using Bus = std::unique_ptr<sd_bus, Unref>;
using Message = std::unique_ptr<sd_bus_message, Unref>;

void check(int result, std::string_view what) {
    if (result < 0) throw Error::system(-result, std::string(what));
}

Message call_to(sd_bus* bus, const char* service, const char* path, const char* interface, const char* method) {
    sd_bus_message* message = nullptr;
    check(sd_bus_message_new_method_call(bus, &message, service, path, interface, method), "cannot make a D-Bus call");
    return Message(message);
}

/// Both daemons that may look after the guest: which of them does can change while it runs.
int append_orderings(sd_bus_message* message) {
    if (const int result = sd_bus_message_append(message, "(sv)", "After", "as", 4, "libvirtd.service",
                                                 "virtqemud.service", "virtlogd.service", "virtlockd.service");
        result < 0)
        return result;
    return sd_bus_message_append(message, "(sv)", "Before", "as", 1, "virt-guest-shutdown.target");
}

struct Refusal {
    sd_bus_error error{};
    ~Refusal() { sd_bus_error_free(&error); }
    std::string text(int result) const {
        return error.message != nullptr ? error.message : Error::system(-result, "D-Bus").message();
    }
};

/// Why it was refused, or nothing.
std::string send(sd_bus* bus, const Message& message) {
    Refusal refusal;
    const int result = sd_bus_call(bus, message.get(), patience_usec, &refusal.error, nullptr);
    return result < 0 ? refusal.text(result) : std::string();
}

std::string register_machine(sd_bus* bus, const GuestScope& scope, const std::string& machine) {
    const auto message = call_to(bus, "org.freedesktop.machine1", "/org/freedesktop/machine1",
                                 "org.freedesktop.machine1.Manager", "CreateMachineWithNetwork");
    const auto service = fmt::format("libvirt-{}", scope.driver);
    check(sd_bus_message_append(message.get(), "s", machine.c_str()), "machine's name");
    check(sd_bus_message_append_array(message.get(), 'y', scope.uuid.bytes.data(), scope.uuid.bytes.size()),
          "machine's UUID");
    check(sd_bus_message_append(message.get(), "ssus", service.c_str(), "vm", static_cast<std::uint32_t>(scope.process),
                                ""),
          "machine");
    check(sd_bus_message_append(message.get(), "ai", 0), "machine's network");
    check(sd_bus_message_open_container(message.get(), 'a', "(sv)"), "scope");
    check(append_orderings(message.get()), "scope's orderings");
    check(sd_bus_message_close_container(message.get()), "scope");
    return send(bus, message);
}

std::string start_scope(sd_bus* bus, const GuestScope& scope, const std::string& machine) {
    const auto message = call_to(bus, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                                 "org.freedesktop.systemd1.Manager", "StartTransientUnit");
    const auto about = fmt::format("Virtual machine {}", scope.guest);
    check(sd_bus_message_append(message.get(), "ss", scope_unit(machine).c_str(), "fail"), "scope's name");
    check(sd_bus_message_open_container(message.get(), 'a', "(sv)"), "scope");
    check(sd_bus_message_append(message.get(), "(sv)", "PIDs", "au", 1, static_cast<std::uint32_t>(scope.process)),
          "scope's process");
    check(sd_bus_message_append(message.get(), "(sv)(sv)", "Slice", "s", "machine.slice", "Description", "s",
                                about.c_str()),
          "scope");
    check(append_orderings(message.get()), "scope's orderings");
    check(sd_bus_message_close_container(message.get()), "scope");
    check(sd_bus_message_append(message.get(), "a(sa(sv))", 0), "scope");
    return send(bus, message);
}

bool is_plain(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

}  // namespace

std::string machine_name(const GuestScope& scope) {
    std::string name = fmt::format("{}-{}-", scope.driver, scope.id);
    for (const char c : scope.guest) {
        if (name.size() == longest_name) break;
        // No two dots in a row, nor a dot after a hyphen.
        if (is_plain(c) || c == '-' || (c == '.' && name.back() != '.' && name.back() != '-')) name += c;
    }
    while (name.ends_with('.') || name.ends_with('-')) name.pop_back();
    return name;
}

std::string scope_unit(std::string_view machine) {
    std::string unit = "machine-";
    for (const char c : machine) {
        if (is_plain(c) || c == '.')
            unit += c;
        else
            unit += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
    return unit + ".scope";
}

void enter_guest_scope(const GuestScope& scope) {
    if (::sd_booted() <= 0) return;
    sd_bus* opened = nullptr;
    check(sd_bus_open_system(&opened), "cannot connect to the system's D-Bus");
    const Bus bus(opened);
    const auto machine = machine_name(scope);
    const auto without_machined = register_machine(bus.get(), scope, machine);
    if (without_machined.empty()) return;
    const auto refused = start_scope(bus.get(), scope, machine);
    if (!refused.empty())
        throw Error(ErrorCode::internal_error,
                    fmt::format("systemd-machined: {}; systemd: {}", without_machined, refused));
}

}  // namespace innkeeper::host
