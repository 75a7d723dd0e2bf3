#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "guests/audit.h"
#include "guests/handlers.h"
#include "model/domain/domain.h"
#include "protocol/remote/domain.h"
#include "rpc/codec/typed_params.h"

/// Threads that serve a guest's disks: more, fewer, and how they work.
namespace innkeeper::guests {

namespace {

using model::DomainDef;
using model::IoThread;

bool has(const DomainDef& def, unsigned id) {
    return std::ranges::find(def.iothread_ids, id, &IoThread::id) != def.iothread_ids.end();
}

void refuse_taken(const DomainDef& def, unsigned id) {
    if (has(def, id))
        throw Error(ErrorCode::invalid_arg, fmt::format("an IOThread is already using iothread_id '{}'", id));
}

void refuse_removal(const DomainDef& def, unsigned id) {
    if (!has(def, id))
        throw Error(ErrorCode::invalid_arg, fmt::format("cannot find IOThread '{}' in iothreadids list", id));
    for (const auto& disk : def.devices.disks)
        if (disk.driver.iothread == id)
            throw Error(ErrorCode::invalid_arg,
                        fmt::format("cannot remove IOThread {} since it is being used by disk '{}'", id, disk.target));
    for (const auto& controller : def.devices.controllers)
        if (controller.iothread == id)
            throw Error(ErrorCode::invalid_arg,
                        fmt::format("cannot remove IOThread {} since it is being used by controller", id));
}

void add(DomainDef& def, unsigned id) {
    refuse_taken(def, id);
    def.iothread_ids.push_back({.id = id, .thread_pool_min = {}, .thread_pool_max = {}});
    def.iothreads = static_cast<unsigned>(def.iothread_ids.size());
}

void remove(DomainDef& def, unsigned id) {
    refuse_removal(def, id);
    std::erase_if(def.iothread_ids, [id](const IoThread& thread) { return thread.id == id; });
    std::erase_if(def.cpu_tune.iothread_pins, [id](const model::Pin& pin) { return pin.id == id; });
    def.iothreads = static_cast<unsigned>(def.iothread_ids.size());
}

class Iothreads : public Handlers {
  public:
    using Handlers::Handlers;
    using Self = Iothreads;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainAddIothread>(*this, &Self::add_one);
        table.add<wire::DomainDelIothread>(*this, &Self::remove_one);
        table.add<wire::DomainSetIothreadParams>(*this, &Self::tune);
    }

  private:
    static constexpr std::uint32_t both = VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG;

    Task<> add_one(Caller, wire::DomainAddIothreadArgs args) {
        check_flags(args.flags, both, "DomainAddIOThread");
        const unsigned id = args.iothread_id;
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("add iothread");
        const Impact impact = impact_of(args.flags, *guest);
        if (impact.live) refuse_taken(*guest->live(), id);
        if (impact.config) {
            const auto stored = co_await guest->persistent();
            refuse_taken(*stored, id);
        }
        if (impact.live) {
            require_active(*guest);
            audit::Attempt attempt(record(guest->live(), +1));
            co_await hypervisor().add_iothread(guest, id);
            attempt.succeeded();
        }
        co_await change(guest, impact, [id](DomainDef& def) { add(def, id); });
    }

    Task<> remove_one(Caller, wire::DomainDelIothreadArgs args) {
        check_flags(args.flags, both, "DomainDelIOThread");
        const unsigned id = args.iothread_id;
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("remove iothread");
        const Impact impact = impact_of(args.flags, *guest);
        if (impact.live) refuse_removal(*guest->live(), id);
        if (impact.config) {
            const auto stored = co_await guest->persistent();
            refuse_removal(*stored, id);
        }
        if (impact.live) {
            require_active(*guest);
            audit::Attempt attempt(record(guest->live(), -1));
            co_await hypervisor().remove_iothread(guest, id);
            attempt.succeeded();
        }
        co_await change(guest, impact, [id](DomainDef& def) { remove(def, id); });
    }

    audit::Attempt::Record record(DefPtr live, int more) {
        const auto* audit = guests_.audit();
        if (audit == nullptr) return {};
        return [audit, live = std::move(live), more](bool success) {
            audit::amount(*audit, *live, "iothread", live->iothreads,
                          static_cast<unsigned>(static_cast<int>(live->iothreads) + more), success);
        };
    }

    Task<> tune(Caller, wire::DomainSetIothreadParamsArgs args) {
        using enum rpc::ParamType;
        check_flags(args.flags, both, "DomainSetIOThreadParams");
        rpc::check(args.params, {{.name = "poll_max_ns", .type = ullong},
                                 {.name = "poll_grow", .type = uint_},
                                 {.name = "poll_shrink", .type = uint_},
                                 {.name = "thread_pool_min", .type = int_},
                                 {.name = "thread_pool_max", .type = int_}});
        const IothreadTuning tuning{.poll_max_ns = rpc::find_ullong(args.params, "poll_max_ns"),
                                    .poll_grow = rpc::find_uint(args.params, "poll_grow"),
                                    .poll_shrink = rpc::find_uint(args.params, "poll_shrink"),
                                    .pool_min = rpc::find_int(args.params, "thread_pool_min"),
                                    .pool_max = rpc::find_int(args.params, "thread_pool_max")};
        const unsigned id = args.iothread_id;
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("tune iothread");
        const Impact impact = impact_of(args.flags, *guest);
        if (impact.live) refuse_tuning(*guest->live(), id, tuning);
        if (impact.config) {
            if (tuning.poll_max_ns || tuning.poll_grow || tuning.poll_shrink)
                throw Error(ErrorCode::operation_unsupported, "configuring persistent polling values is not supported");
            const auto stored = co_await guest->persistent();
            refuse_tuning(*stored, id, tuning);
        }
        if (impact.live) {
            require_active(*guest);
            co_await hypervisor().tune_iothread(guest, id, tuning);
        }
        co_await change(guest, impact, [id, tuning](DomainDef& def) {
            const auto thread = std::ranges::find(def.iothread_ids, id, &IoThread::id);
            if (thread == def.iothread_ids.end()) return;
            if (tuning.pool_min) thread->thread_pool_min = tuning.pool_min;
            if (tuning.pool_max) thread->thread_pool_max = tuning.pool_max;
        });
    }

    static void refuse_tuning(const DomainDef& def, unsigned id, const IothreadTuning& tuning) {
        const auto thread = std::ranges::find(def.iothread_ids, id, &IoThread::id);
        if (thread == def.iothread_ids.end())
            throw Error(ErrorCode::invalid_arg, fmt::format("cannot find IOThread '{}' in iothreadids", id));
        const auto least = tuning.pool_min ? tuning.pool_min : thread->thread_pool_min;
        const auto most = tuning.pool_max ? tuning.pool_max : thread->thread_pool_max;
        if (least && most && *least > *most)
            throw Error(ErrorCode::operation_invalid,
                        fmt::format("thread_pool_min ({}) can't be greater than thread_pool_max ({})", *least, *most));
    }
};

}  // namespace

Installed install_iothreads(Guests& guests, rpc::HandlerTable& table) {
    return install_group<Iothreads>(guests, table);
}

}  // namespace innkeeper::guests
