#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "guests/handlers.h"
#include "model/domain/domain.h"
#include "protocol/remote/domain.h"
#include "rpc/codec/typed_params.h"

/// How much a guest's disks may carry.
namespace innkeeper::guests {

namespace {

using model::Disk;
using model::DomainDef;
using model::IoTune;

constexpr std::uint32_t both = VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG;

struct Limit {
    std::string_view name;
    std::uint64_t IoTune::* member;
    int group;  ///< those of a group are given together: what is not among them is 0 from then on
};
constexpr Limit limits[] = {{"total_bytes_sec", &IoTune::total_bytes_sec, 0},
                            {"read_bytes_sec", &IoTune::read_bytes_sec, 0},
                            {"write_bytes_sec", &IoTune::write_bytes_sec, 0},
                            {"total_iops_sec", &IoTune::total_iops_sec, 1},
                            {"read_iops_sec", &IoTune::read_iops_sec, 1},
                            {"write_iops_sec", &IoTune::write_iops_sec, 1},
                            {"total_bytes_sec_max", &IoTune::total_bytes_sec_max, 2},
                            {"read_bytes_sec_max", &IoTune::read_bytes_sec_max, 2},
                            {"write_bytes_sec_max", &IoTune::write_bytes_sec_max, 2},
                            {"total_iops_sec_max", &IoTune::total_iops_sec_max, 3},
                            {"read_iops_sec_max", &IoTune::read_iops_sec_max, 3},
                            {"write_iops_sec_max", &IoTune::write_iops_sec_max, 3},
                            {"size_iops_sec", &IoTune::size_iops_sec, 4}};
constexpr Limit lengths[] = {{"total_bytes_sec_max_length", &IoTune::total_bytes_sec_max_length, 5},
                             {"read_bytes_sec_max_length", &IoTune::read_bytes_sec_max_length, 6},
                             {"write_bytes_sec_max_length", &IoTune::write_bytes_sec_max_length, 7},
                             {"total_iops_sec_max_length", &IoTune::total_iops_sec_max_length, 8},
                             {"read_iops_sec_max_length", &IoTune::read_iops_sec_max_length, 9},
                             {"write_iops_sec_max_length", &IoTune::write_iops_sec_max_length, 10}};
constexpr std::size_t without_max = 6;  ///< the first so many have a burst of their own, so many places behind

void check_names(const rpc::TypedParams& params) {
    using enum rpc::ParamType;
    for (const auto& param : params) {
        const auto same = [&](const Limit& limit) { return limit.name == param.field; };
        const bool is_number = std::ranges::any_of(limits, same) || std::ranges::any_of(lengths, same);
        if (!is_number && param.field != "group_name")
            throw Error(ErrorCode::argument_unsupported, fmt::format("parameter '{}' not supported", param.field));
        if (is_number)
            rpc::find_ullong(params, param.field);
        else
            rpc::find_string(params, param.field);
    }
    const auto refuse_both = [&](std::string_view kind) {
        const auto given = [&](std::string_view who) {
            return rpc::find_ullong(params, fmt::format("{}_{}", who, kind)).value_or(0) != 0;
        };
        if (given("total") && (given("read") || given("write")))
            throw Error(ErrorCode::invalid_arg,
                        fmt::format("total and read/write of {} cannot be set at the same time", kind));
    };
    for (const auto* kind : {"bytes_sec", "iops_sec", "bytes_sec_max", "iops_sec_max"}) refuse_both(kind);
}

/// The limits with what the client wants of them. Throws where a burst would be left without what it exceeds.
IoTune changed(const IoTune& old, const rpc::TypedParams& params) {
    IoTune tune = old;
    for (const auto& param : params)
        for (const Limit& limit : limits)
            if (limit.name == param.field)
                for (const Limit& other : limits)
                    if (other.group == limit.group) tune.*other.member = 0;
    for (const Limit& limit : limits)
        if (const auto value = rpc::find_ullong(params, limit.name)) tune.*limit.member = *value;
    for (const Limit& limit : lengths)
        if (const auto value = rpc::find_ullong(params, limit.name)) tune.*limit.member = *value;
    if (const auto name = rpc::find_string(params, "group_name")) tune.group_name = *name;
    for (std::size_t i = 0; i < without_max; ++i) {
        const Limit &plain = limits[i], &burst = limits[i + without_max];
        if (old.*plain.member != 0 && tune.*plain.member == 0 && tune.*burst.member != 0)
            throw Error(ErrorCode::config_unsupported,
                        fmt::format("cannot reset '{}' when '{}' is set", plain.name, burst.name));
    }
    return tune;
}

Disk* disk_of(DomainDef& def, std::string_view name) {
    for (Disk& disk : def.devices.disks)
        if (disk.target == name || (!disk.source.path.empty() && disk.source.path == name)) return &disk;
    return nullptr;
}
const Disk* disk_of(const DomainDef& def, std::string_view name) {
    return disk_of(const_cast<DomainDef&>(def), name);  // looked at only
}

rpc::TypedParams params_of(const IoTune& tune, bool is_live) {
    rpc::TypedParams params;
    for (const Limit& limit : limits) rpc::add_ullong(params, limit.name, tune.*limit.member);
    rpc::add_string(params, "group_name", tune.group_name);
    for (std::size_t i = 0; i < std::size(lengths); ++i) {
        std::uint64_t length = tune.*lengths[i].member;
        // A burst lasts a second where nobody says otherwise.
        if (is_live && length == 0 && tune.*limits[i + without_max].member != 0) length = 1;
        rpc::add_ullong(params, lengths[i].name, length);
    }
    return params;
}

class IoLimits : public Handlers {
  public:
    using Handlers::Handlers;
    using Self = IoLimits;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainGetBlockIoTune>(*this, &Self::get_tune);
        table.add<wire::DomainSetBlockIoTune>(*this, &Self::set_tune);
        table.add<wire::DomainSetBlockThreshold>(*this, &Self::set_threshold);
    }

  private:
    Task<wire::DomainGetBlockIoTuneRet> get_tune(Caller, wire::DomainGetBlockIoTuneArgs args) {
        check_flags(args.flags, both | VIR_TYPED_PARAM_STRING_OKAY, "DomainGetBlockIoTune");
        const auto guest = find(args.dom);
        const auto def = co_await definition_for(guest, args.flags & both, "virDomainGetBlockIoTune");
        if (!def) throw Error(ErrorCode::operation_failed, "the definition changed while it was read");
        const bool is_live = guest->is_active() && (args.flags & VIR_DOMAIN_AFFECT_CONFIG) == 0;
        wire::DomainGetBlockIoTuneRet ret;
        // Clients ask for the number with no disk.
        IoTune tune;
        if (args.disk) {
            const Disk* disk = disk_of(*def, *args.disk);
            if (disk == nullptr)
                throw Error(ErrorCode::invalid_arg,
                            fmt::format("disk '{}' was not found in the domain config", *args.disk));
            tune = disk->iotune;
        }
        rpc::answer(ret, params_of(tune, is_live), args.nparams);
        co_return ret;
    }

    Task<> set_tune(Caller, wire::DomainSetBlockIoTuneArgs args) {
        check_flags(args.flags, both, "DomainSetBlockIoTune");
        check_names(args.params);
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("set block limits");
        const Impact impact = impact_of(args.flags, *guest);
        const auto apply = [name = args.disk, params = args.params](DomainDef& def) {
            Disk* disk = disk_of(def, name);
            if (disk == nullptr)
                throw Error(ErrorCode::invalid_arg, fmt::format("disk '{}' was not found in the domain config", name));
            disk->iotune = changed(disk->iotune, params);
        };
        if (impact.config) {
            const auto stored = co_await guest->persistent();
            auto trial = *stored;
            apply(trial);
        }
        if (impact.live) {
            require_active(*guest);
            auto trial = *guest->live();
            apply(trial);
            co_await hypervisor().limit_disk(guest, *disk_of(trial, args.disk));
        }
        co_await change(guest, impact, apply);
    }

    Task<> set_threshold(Caller, wire::DomainSetBlockThresholdArgs args) {
        check_flags(args.flags, 0, "DomainSetBlockThreshold");
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("set block threshold");
        require_active(*guest);
        // "vda[3]" is a layer below the disk.
        const auto bracket = args.dev.find('[');
        const Disk* disk = disk_of(*guest->live(), std::string_view(args.dev).substr(0, bracket));
        if (disk == nullptr) throw Error(ErrorCode::invalid_arg, fmt::format("failed to find disk '{}'", args.dev));
        unsigned layer = disk->source.index.value_or(0);
        if (bracket != args.dev.npos) layer = static_cast<unsigned>(std::strtoul(&args.dev[bracket + 1], nullptr, 10));
        co_await hypervisor().set_write_threshold(guest, layer, args.threshold);
    }
};

}  // namespace

Installed install_io_limits(Guests& guests, rpc::HandlerTable& table) { return install_group<IoLimits>(guests, table); }

}  // namespace innkeeper::guests
