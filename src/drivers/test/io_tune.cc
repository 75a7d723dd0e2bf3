#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "drivers/test/handlers.h"
#include "model/domain/domain.h"
#include "protocol/remote/domain.h"
#include "rpc/codec/typed_params.h"

/// How much the disks of a simulated guest may carry.
namespace innkeeper::test {

namespace {

using model::DomainDef;
using model::IoTune;

struct Limit {
    std::string_view name;
    std::uint64_t IoTune::*member;
};
constexpr Limit limits[] = {{"total_bytes_sec", &IoTune::total_bytes_sec},
                            {"read_bytes_sec", &IoTune::read_bytes_sec},
                            {"write_bytes_sec", &IoTune::write_bytes_sec},
                            {"total_iops_sec", &IoTune::total_iops_sec},
                            {"read_iops_sec", &IoTune::read_iops_sec},
                            {"write_iops_sec", &IoTune::write_iops_sec},
                            {"total_bytes_sec_max", &IoTune::total_bytes_sec_max},
                            {"read_bytes_sec_max", &IoTune::read_bytes_sec_max},
                            {"write_bytes_sec_max", &IoTune::write_bytes_sec_max},
                            {"total_iops_sec_max", &IoTune::total_iops_sec_max},
                            {"read_iops_sec_max", &IoTune::read_iops_sec_max},
                            {"write_iops_sec_max", &IoTune::write_iops_sec_max},
                            {"size_iops_sec", &IoTune::size_iops_sec}};
constexpr Limit lengths[] = {{"total_bytes_sec_max_length", &IoTune::total_bytes_sec_max_length},
                             {"read_bytes_sec_max_length", &IoTune::read_bytes_sec_max_length},
                             {"write_bytes_sec_max_length", &IoTune::write_bytes_sec_max_length},
                             {"total_iops_sec_max_length", &IoTune::total_iops_sec_max_length},
                             {"read_iops_sec_max_length", &IoTune::read_iops_sec_max_length},
                             {"write_iops_sec_max_length", &IoTune::write_iops_sec_max_length}};
constexpr std::size_t with_burst = 6;  ///< the first so many have a burst of their own, so many places behind

/// Each kind is limited as a whole or in its two parts.
void refuse_both(const IoTune& tune) {
    for (std::size_t i = 0; i < 2 * with_burst; i += 3)
        if (tune.*limits[i].member != 0 && (tune.*limits[i + 1].member != 0 || tune.*limits[i + 2].member != 0))
            throw Error(ErrorCode::invalid_arg, fmt::format("total and read/write of {} cannot be set at the same time",
                                                            limits[i].name.substr(std::string_view("total_").size())));
}

void apply(IoTune& tune, const rpc::TypedParams& params) {
    for (const auto* table : {&limits[0], &lengths[0]})
        for (std::size_t i = 0; i < (table == limits ? std::size(limits) : std::size(lengths)); ++i)
            if (const auto value = rpc::find_ullong(params, table[i].name)) tune.*table[i].member = *value;
    if (const auto name = rpc::find_string(params, "group_name")) tune.group_name = *name;
    refuse_both(tune);
    for (std::size_t i = 0; i < with_burst; ++i)
        if (tune.*limits[i].member > tune.*limits[i + with_burst].member)
            throw Error(ErrorCode::invalid_arg,
                        fmt::format("{} cannot be set higher than {} ", limits[i].name, limits[i + with_burst].name));
}

IoTune& tune_of(DomainDef& def, std::string_view name) {
    for (auto& disk : def.devices.disks)
        if (disk.target == name || (!disk.source.path.empty() && disk.source.path == name)) return disk.iotune;
    throw Error(ErrorCode::invalid_arg, fmt::format("disk '{}' was not found in the domain config", name));
}

class IoTunes : public Handlers {
  public:
    using Handlers::Handlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainGetBlockIoTune>(*this, &IoTunes::get);
        table.add<wire::DomainSetBlockIoTune>(*this, &IoTunes::set);
    }

  private:
    Task<wire::DomainGetBlockIoTuneRet> get(Caller, wire::DomainGetBlockIoTuneArgs args) {
        check_flags(args.flags, affects | VIR_TYPED_PARAM_STRING_OKAY, "DomainGetBlockIoTune");
        const auto def =
            co_await guests::definition_for(find(args.dom), args.flags & affects, "virDomainGetBlockIoTune");
        IoTune tune;
        if (args.disk) {
            auto copy = *def;
            tune = tune_of(copy, *args.disk);
        }
        rpc::TypedParams params;
        for (const auto& limit : limits) rpc::add_ullong(params, limit.name, tune.*limit.member);
        rpc::add_string(params, "group_name", tune.group_name);
        for (const auto& limit : lengths) rpc::add_ullong(params, limit.name, tune.*limit.member);
        wire::DomainGetBlockIoTuneRet ret;
        rpc::answer(ret, std::move(params), args.nparams);
        co_return ret;
    }

    Task<> set(Caller, wire::DomainSetBlockIoTuneArgs args) {
        check_flags(args.flags, affects, "DomainSetBlockIoTune");
        for (const auto& param : args.params) {
            const auto same = [&](const Limit& limit) { return limit.name == param.field; };
            if (!std::ranges::any_of(limits, same) && !std::ranges::any_of(lengths, same) &&
                param.field != "group_name")
                throw Error(ErrorCode::argument_unsupported, fmt::format("parameter '{}' not supported", param.field));
        }
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("set block limits");
        co_await guests::definition_for(guest, args.flags, "virDomainSetBlockIoTune");
        co_await change(
            guest, guests::impact_of(args.flags, *guest),
            [disk = args.disk, params = args.params](DomainDef& def) { apply(tune_of(def, disk), params); });
    }
};

}  // namespace

Installed install_io_tune(guests::Guests& guests, rpc::HandlerTable& table) {
    return guests::install_group<IoTunes>(guests, table);
}

}  // namespace innkeeper::test
