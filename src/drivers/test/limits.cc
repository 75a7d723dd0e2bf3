#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "drivers/test/handlers.h"
#include "model/domain/domain.h"
#include "protocol/remote/domain.h"
#include "rpc/codec/typed_params.h"

/// Shares and limits of a simulated guest: what is said of them is kept, and limits nobody.
namespace innkeeper::test {

namespace {

using model::BlockDeviceTune;
using model::DomainDef;
using model::Rate;
using rpc::ParamType;

constexpr std::uint64_t unlimited = VIR_DOMAIN_MEMORY_PARAM_UNLIMITED;

/// What is said of each disk of the host, as "PATH,NUMBER,PATH,NUMBER".
struct DeviceList {
    std::string_view name;
    std::uint64_t (*get)(const BlockDeviceTune&);
    void (*set)(BlockDeviceTune&, std::uint64_t);
};
template <auto member>
constexpr DeviceList device_list(std::string_view name) {
    return {name, [](const BlockDeviceTune& tune) -> std::uint64_t { return (tune.*member).value_or(0); },
            [](BlockDeviceTune& tune, std::uint64_t value) {
                using Number = std::remove_reference_t<decltype(*(tune.*member))>;
                tune.*member = value == 0 ? std::nullopt : std::optional(static_cast<Number>(value));
            }};
}
constexpr DeviceList device_lists[] = {device_list<&BlockDeviceTune::weight>("device_weight"),
                                       device_list<&BlockDeviceTune::read_iops_sec>("device_read_iops_sec"),
                                       device_list<&BlockDeviceTune::write_iops_sec>("device_write_iops_sec"),
                                       device_list<&BlockDeviceTune::read_bytes_sec>("device_read_bytes_sec"),
                                       device_list<&BlockDeviceTune::write_bytes_sec>("device_write_bytes_sec")};

std::string text_of(const DeviceList& list, const std::vector<BlockDeviceTune>& devices) {
    std::string text;
    for (const auto& device : devices)
        if (const auto value = list.get(device); value != 0)
            text += fmt::format("{}{},{}", text.empty() ? "" : ",", device.path, value);
    return text;
}

void apply_list(const DeviceList& list, std::string_view text, std::vector<BlockDeviceTune>& devices) {
    const auto whole = text;
    while (!text.empty()) {
        const auto comma = text.find(',');
        const std::string_view path = text.substr(0, comma);
        text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        if (comma == text.npos || path.empty() || error != std::errc() || (!text.empty() && text.front() != ','))
            throw Error(ErrorCode::invalid_arg, ErrorDomain::domain,
                        fmt::format("unable to parse blkio device '{}' '{}'", list.name, whole));
        if (!text.empty()) text.remove_prefix(1);
        auto found = std::ranges::find(devices, path, &BlockDeviceTune::path);
        if (found == devices.end()) {
            devices.emplace_back().path = path;
            found = devices.end() - 1;
        }
        list.set(*found, value);
    }
    std::erase_if(devices, [](const auto& device) { return device == BlockDeviceTune{.path = device.path}; });
}

void add_rate(rpc::TypedParams& params, const std::optional<Rate>& rate, std::string_view direction, bool has_floor) {
    const Rate shown = rate.value_or(Rate{});
    const auto add = [&](std::string_view name, std::optional<std::uint64_t> value) {
        rpc::add_uint(params, fmt::format("{}.{}", direction, name), static_cast<std::uint32_t>(value.value_or(0)));
    };
    add("average", shown.average);
    add("peak", shown.peak);
    add("burst", shown.burst);
    if (has_floor) add("floor", shown.floor);
}

/// A direction without an average stays as it is; an average of 0 ends its limits.
void apply_rate(std::optional<Rate>& rate, const rpc::TypedParams& params, std::string_view direction) {
    const auto find = [&](std::string_view name) -> std::optional<std::uint64_t> {
        const auto value = rpc::find_uint(params, fmt::format("{}.{}", direction, name));
        return value && *value != 0 ? std::optional<std::uint64_t>(*value) : std::nullopt;
    };
    const bool is_named = rpc::find(params, fmt::format("{}.average", direction)) != nullptr;
    const Rate wanted{.average = find("average"), .peak = find("peak"), .floor = find("floor"), .burst = find("burst")};
    if (wanted.average || wanted.floor)
        rate = wanted;
    else if (is_named)
        rate.reset();
}

std::optional<std::uint64_t> limit_of(std::uint64_t kib) {
    return kib >= unlimited ? std::nullopt : std::optional(kib);
}

void limit_memory(model::MemoryTune& tune, const rpc::TypedParams& params) {
    const auto hard = rpc::find_ullong(params, "hard_limit"), soft = rpc::find_ullong(params, "soft_limit"),
               swap = rpc::find_ullong(params, "swap_hard_limit");
    if (hard.value_or(tune.hard_limit.value_or(unlimited)) > swap.value_or(tune.swap_hard_limit.value_or(unlimited)))
        throw Error(ErrorCode::invalid_arg,
                    "memory hard_limit tunable value must be lower than or equal to swap_hard_limit");
    if (hard) tune.hard_limit = limit_of(*hard);
    if (soft) tune.soft_limit = limit_of(*soft);
    if (swap) tune.swap_hard_limit = limit_of(*swap);
}

class Limits : public Handlers {
  public:
    using Handlers::Handlers;
    using Self = Limits;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainGetMemoryParameters>(*this, &Self::get_memory);
        table.add<wire::DomainSetMemoryParameters>(*this, &Self::set_memory);
        table.add<wire::DomainGetBlkioParameters>(*this, &Self::get_blkio);
        table.add<wire::DomainSetBlkioParameters>(*this, &Self::set_blkio);
        table.add<wire::DomainSetNumaParameters>(*this, &Self::set_numa);
        table.add<wire::DomainSetPerfEvents>(*this, &Self::set_perf);
        table.add<wire::DomainGetInterfaceParameters>(*this, &Self::get_interface);
        table.add<wire::DomainSetInterfaceParameters>(*this, &Self::set_interface);
        table.add<wire::DomainGetSchedulerType>(*this, &Self::get_scheduler_type);
        table.add<wire::DomainGetSchedulerParameters>(*this, &Self::get_schedule);
        table.add<wire::DomainGetSchedulerParametersFlags>(*this, &Self::get_schedule_of);
        table.add<wire::DomainSetSchedulerParameters>(*this, &Self::set_schedule);
        table.add<wire::DomainSetSchedulerParametersFlags>(*this, &Self::set_schedule_of);
    }

  private:
    static constexpr std::uint32_t readable = affects | VIR_TYPED_PARAM_STRING_OKAY;

    Task<DefPtr> def_for(const wire::Domain& dom, std::uint32_t flags, std::string_view api) {
        return guests::definition_for(find(dom), flags & affects, api);
    }
    Task<> change_of(wire::Domain dom, std::uint32_t flags, std::string_view api,
                     std::function<void(DomainDef&)> apply) {
        const auto guest = find(dom);
        const auto turn = co_await guest->turn("set parameters");
        co_await guests::definition_for(guest, flags, api);
        co_await change(guest, guests::impact_of(flags, *guest), std::move(apply));
    }

    Task<wire::DomainGetMemoryParametersRet> get_memory(Caller, wire::DomainGetMemoryParametersArgs args) {
        check_flags(args.flags, readable, "DomainGetMemoryParameters");
        const auto def = co_await def_for(args.dom, args.flags, "virDomainGetMemoryParameters");
        rpc::TypedParams params;
        rpc::add_ullong(params, "hard_limit", def->memory_tune.hard_limit.value_or(unlimited));
        rpc::add_ullong(params, "soft_limit", def->memory_tune.soft_limit.value_or(unlimited));
        rpc::add_ullong(params, "swap_hard_limit", def->memory_tune.swap_hard_limit.value_or(unlimited));
        wire::DomainGetMemoryParametersRet ret;
        rpc::answer(ret, std::move(params), args.nparams);
        co_return ret;
    }
    Task<> set_memory(Caller, wire::DomainSetMemoryParametersArgs args) {
        check_flags(args.flags, affects, "DomainSetMemoryParameters");
        rpc::check(args.params, {{.name = "hard_limit", .type = ParamType::ullong},
                                 {.name = "soft_limit", .type = ParamType::ullong},
                                 {.name = "swap_hard_limit", .type = ParamType::ullong}});
        co_await change_of(args.dom, args.flags, "virDomainSetMemoryParameters",
                           [params = args.params](DomainDef& def) { limit_memory(def.memory_tune, params); });
    }

    Task<wire::DomainGetBlkioParametersRet> get_blkio(Caller, wire::DomainGetBlkioParametersArgs args) {
        check_flags(args.flags, readable, "DomainGetBlkioParameters");
        const auto def = co_await def_for(args.dom, args.flags, "virDomainGetBlkioParameters");
        rpc::TypedParams params;
        rpc::add_uint(params, "weight", def->block_io_tune.weight.value_or(0));
        for (const auto& list : device_lists)
            rpc::add_string(params, list.name, text_of(list, def->block_io_tune.devices));
        wire::DomainGetBlkioParametersRet ret;
        rpc::answer(ret, rpc::readable(std::move(params), args.flags), args.nparams);
        co_return ret;
    }
    Task<> set_blkio(Caller, wire::DomainSetBlkioParametersArgs args) {
        check_flags(args.flags, affects, "DomainSetBlkioParameters");
        rpc::check(args.params, {{.name = "weight", .type = ParamType::uint_},
                                 {.name = "device_weight", .type = ParamType::string},
                                 {.name = "device_read_iops_sec", .type = ParamType::string},
                                 {.name = "device_write_iops_sec", .type = ParamType::string},
                                 {.name = "device_read_bytes_sec", .type = ParamType::string},
                                 {.name = "device_write_bytes_sec", .type = ParamType::string}});
        co_await change_of(args.dom, args.flags, "virDomainSetBlkioParameters", [params = args.params](DomainDef& def) {
            if (const auto weight = rpc::find_uint(params, "weight")) def.block_io_tune.weight = *weight;
            for (const auto& list : device_lists)
                if (const auto text = rpc::find_string(params, list.name))
                    apply_list(list, *text, def.block_io_tune.devices);
        });
    }

    Task<> set_numa(Caller, wire::DomainSetNumaParametersArgs args) {
        using Mode = model::NumaTune::Mode;
        check_flags(args.flags, affects, "DomainSetNumaParameters");
        rpc::check(args.params, {{.name = "numa_mode", .type = ParamType::int_},
                                 {.name = "numa_nodeset", .type = ParamType::string}});
        const auto mode = rpc::find_int(args.params, "numa_mode");
        if (mode && (*mode < 0 || *mode > static_cast<int>(Mode::restrictive)))
            throw Error(ErrorCode::invalid_arg, fmt::format("unsupported numatune mode: '{}'", *mode));
        std::optional<model::CpuSet> nodes;
        if (const auto text = rpc::find_string(args.params, "numa_nodeset")) {
            nodes = model::CpuSet::parse(*text);
            if (!nodes || nodes->empty())
                throw Error(ErrorCode::invalid_arg, fmt::format("Failed to parse bitmap '{}'", *text));
        }
        co_await change_of(args.dom, args.flags, "virDomainSetNumaParameters", [mode, nodes](DomainDef& def) {
            auto& tune = def.numa_tune;
            if (!nodes && !tune.nodeset)
                throw Error(ErrorCode::config_unsupported, ErrorDomain::domain,
                            "nodeset for NUMA memory tuning must be set if 'placement' is 'static'");
            tune.has_memory = true;
            if (mode) tune.mode = static_cast<Mode>(*mode);
            if (nodes) tune.nodeset = nodes;
        });
    }

    Task<> set_perf(Caller, wire::DomainSetPerfEventsArgs args) {
        check_flags(args.flags, affects, "DomainSetPerfEvents");
        for (const auto& param : args.params) rpc::find_boolean(args.params, param.field);
        co_await change_of(args.dom, args.flags, "virDomainSetPerfEvents", [params = args.params](DomainDef& def) {
            for (const auto& param : params) {
                auto event = std::ranges::find(def.perf_events, param.field, &model::PerfEvent::name);
                if (event == def.perf_events.end()) {
                    def.perf_events.push_back({.name = param.field, .enabled = {}});
                    event = def.perf_events.end() - 1;
                }
                event->enabled = rpc::find_boolean(params, param.field);
            }
        });
    }

    /// By its device on the host or its address.
    static model::Interface& card_of(DomainDef& def, std::string_view name) {
        for (auto& card : def.devices.interfaces)
            if (card.target_device == name || (card.mac && card.mac->text() == name)) return card;
        throw Error(ErrorCode::invalid_arg, ErrorDomain::domain, fmt::format("'{}' is not a known interface", name));
    }

    Task<wire::DomainGetInterfaceParametersRet> get_interface(Caller, wire::DomainGetInterfaceParametersArgs args) {
        check_flags(args.flags, readable, "DomainGetInterfaceParameters");
        const auto def = co_await def_for(args.dom, args.flags, "virDomainGetInterfaceParameters");
        model::Bandwidth bandwidth;
        // Clients ask for the number with room for none.
        if (args.nparams != 0) {
            auto copy = *def;
            bandwidth = card_of(copy, args.device).bandwidth.value_or(bandwidth);
        }
        rpc::TypedParams params;
        add_rate(params, bandwidth.inbound, "inbound", true);
        add_rate(params, bandwidth.outbound, "outbound", false);
        wire::DomainGetInterfaceParametersRet ret;
        rpc::answer(ret, std::move(params), args.nparams);
        co_return ret;
    }
    Task<> set_interface(Caller, wire::DomainSetInterfaceParametersArgs args) {
        using enum ParamType;
        check_flags(args.flags, affects, "DomainSetInterfaceParameters");
        rpc::check(args.params, {{.name = "inbound.average", .type = uint_},
                                 {.name = "inbound.peak", .type = uint_},
                                 {.name = "inbound.burst", .type = uint_},
                                 {.name = "inbound.floor", .type = uint_},
                                 {.name = "outbound.average", .type = uint_},
                                 {.name = "outbound.peak", .type = uint_},
                                 {.name = "outbound.burst", .type = uint_}});
        co_await change_of(args.dom, args.flags, "virDomainSetInterfaceParameters",
                           [params = args.params, device = args.device](DomainDef& def) {
                               auto& card = card_of(def, device);
                               auto bandwidth = card.bandwidth.value_or(model::Bandwidth());
                               apply_rate(bandwidth.inbound, params, "inbound");
                               apply_rate(bandwidth.outbound, params, "outbound");
                               card.bandwidth = bandwidth.is_empty() ? std::nullopt : std::optional(bandwidth);
                           });
    }

    // The scheduler has a weight that nothing changes.

    static rpc::TypedParams schedule() {
        constexpr std::uint32_t weight = 50;
        rpc::TypedParams params;
        rpc::add_uint(params, "weight", weight);
        return params;
    }
    wire::DomainGetSchedulerTypeRet get_scheduler_type(const Caller&, const wire::DomainGetSchedulerTypeArgs&) {
        return {"fair", 1};
    }
    wire::DomainGetSchedulerParametersRet get_schedule(const Caller&,
                                                       const wire::DomainGetSchedulerParametersArgs& args) {
        find(args.dom);
        return {schedule()};
    }
    wire::DomainGetSchedulerParametersFlagsRet get_schedule_of(
        const Caller&, const wire::DomainGetSchedulerParametersFlagsArgs& args) {
        check_flags(args.flags, 0, "DomainGetSchedulerParametersFlags");
        find(args.dom);
        return {schedule()};
    }
    void set_schedule(const Caller&, const wire::DomainSetSchedulerParametersArgs& args) {
        rpc::check(args.params, {{.name = "weight", .type = ParamType::uint_}});
        find(args.dom);
    }
    void set_schedule_of(const Caller&, const wire::DomainSetSchedulerParametersFlagsArgs& args) {
        check_flags(args.flags, 0, "DomainSetSchedulerParametersFlags");
        rpc::check(args.params, {{.name = "weight", .type = ParamType::uint_}});
        find(args.dom);
    }
};

}  // namespace

Installed install_limits(guests::Guests& guests, rpc::HandlerTable& table) {
    return guests::install_group<Limits>(guests, table);
}

}  // namespace innkeeper::test
