#include "drivers/test/domains.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/error.h"
#include "drivers/test/driver.h"
#include "drivers/test/handlers.h"
#include "drivers/test/procedures.h"
#include "guests/definitions.h"
#include "guests/start.h"
#include "xml/node.h"

namespace innkeeper::test {

using guests::State;

namespace {

constexpr std::string_view test_namespace = "http://libvirt.org/schemas/domain/test/1.0";

/// An element of a <domain> that says how it is, not what it is.
xml::Node word(xml::Node domain, std::string_view name) {
    for (auto element = domain.child(name); element; element = element.next(name))
        if (element.namespace_uri() == test_namespace) return element;
    return {};
}

std::optional<int> number_in(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

State state_of(xml::Node domain) {
    const auto element = word(domain, "runstate");
    if (!element) return State::running;
    const auto value = number_in(element.text());
    if (!value || *value < static_cast<int>(State::running) || *value > static_cast<int>(State::crashed))
        throw Error(ErrorCode::xml_error, fmt::format("invalid domain state: {}", element.text()));
    return static_cast<State>(*value);
}

}  // namespace

Domains::Domains(Subnets subnets) : guests_(std::nullopt, std::make_unique<Driver>()) {
    driver().subnet_of = std::move(subnets);
    rpc::HandlerTable all;
    guests_.install(all);
    for (const auto install : {install_addresses, install_definitions, install_host, install_figures, install_inside,
                               install_life, install_saved, install_limits, install_io_tune, install_processors})
        own_handlers_.push_back(install(guests_, all));
    handlers_.merge(all, domain_procedures());
}

Driver& Domains::driver() { return static_cast<Driver&>(guests_.hypervisor()); }
Host& Domains::host() { return driver().host; }

Task<> Domains::add(xml::Node element) {
    const State state = state_of(element);
    const bool is_transient = static_cast<bool>(word(element, "transient"));
    if (is_transient && state == State::shutoff)
        throw Error(ErrorCode::internal_error, "transient domain cannot have runstate 'shutoff'");
    auto def = co_await guests::read_definition(guests_, element.source(), guests::Purpose::define);
    guests::GuestPtr guest;
    if (is_transient) {
        guest = co_await guests::start_transient(guests_, std::move(def), {});
    } else {
        guest = co_await guests::define(guests_, std::move(def));
        guest->set_managed_save(static_cast<bool>(word(element, "hasmanagedsave")));
    }
    if (state == State::shutoff) co_return;
    if (!is_transient) co_await guests::start_stored(guests_, guest, {});
    guest->enter({state, 0});
}

void Domains::describe_cpu(xml::Node element) {
    Host& host = this->host();
    const auto set = [&](std::string_view name, int& value) {
        const auto child = element.child(name);
        if (!child) return;
        const auto number = number_in(child.text());
        if (!number || *number < 0) throw Error(ErrorCode::xml_error, fmt::format("invalid node cpu {} value", name));
        value = *number;
    };
    set("nodes", host.nodes);
    set("sockets", host.sockets);
    set("cores", host.cores);
    set("threads", host.threads);
    set("active", host.cpus);
    set("mhz", host.mhz);
    if (const auto model = element.child("model")) host.model = model.text();
}

void Domains::describe_memory(xml::Node element) {
    const auto number = number_in(element.text());
    if (!number || *number < 0) throw Error(ErrorCode::xml_error, "invalid node memory value");
    host().memory_kib = static_cast<std::uint64_t>(*number);
}

}  // namespace innkeeper::test
