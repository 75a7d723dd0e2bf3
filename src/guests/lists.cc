#include <algorithm>
#include <array>

#include "guests/handlers.h"
#include "guests/list_filters.h"
#include "guests/moments.h"
#include "protocol/remote/connect.h"

/// Which guests there are: answered from what is known, never from disk.
namespace innkeeper::guests {

namespace {

constexpr std::uint32_t all_filters = 0xffff;

/// A list as it was sent, as long as nothing changed: a large one is asked for again and again.
struct KeptList {
    std::uint64_t generation = ~std::uint64_t{0};
    std::uint32_t flags = 0;
    std::int32_t need_results = 0;
    std::string bytes;
};

/// Each pair of filters narrows the list unless both or none of the two is given.
bool passes(std::uint32_t flags, std::uint32_t yes, std::uint32_t no, bool is) {
    const bool wants = (flags & yes) != 0, rejects = (flags & no) != 0;
    return wants == rejects || is == wants;
}

bool passes_state(std::uint32_t flags, State state) {
    constexpr std::uint32_t any = VIR_CONNECT_LIST_DOMAINS_RUNNING | VIR_CONNECT_LIST_DOMAINS_PAUSED |
                                  VIR_CONNECT_LIST_DOMAINS_SHUTOFF | VIR_CONNECT_LIST_DOMAINS_OTHER;
    if ((flags & any) == 0) return true;
    switch (state) {
        case State::running:
            return (flags & VIR_CONNECT_LIST_DOMAINS_RUNNING) != 0;
        case State::paused:
            return (flags & VIR_CONNECT_LIST_DOMAINS_PAUSED) != 0;
        case State::shutoff:
            return (flags & VIR_CONNECT_LIST_DOMAINS_SHUTOFF) != 0;
        default:
            return (flags & VIR_CONNECT_LIST_DOMAINS_OTHER) != 0;
    }
}

}  // namespace

bool passes_filters(Guests& guests, const Guest& guest, std::uint32_t flags) {
    return guest.is_visible() &&
           passes(flags, VIR_CONNECT_LIST_DOMAINS_ACTIVE, VIR_CONNECT_LIST_DOMAINS_INACTIVE, guest.is_active()) &&
           passes(flags, VIR_CONNECT_LIST_DOMAINS_PERSISTENT, VIR_CONNECT_LIST_DOMAINS_TRANSIENT,
                  guest.is_persistent()) &&
           passes_state(flags, guest.condition().state) &&
           passes(flags, VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE, VIR_CONNECT_LIST_DOMAINS_NO_MANAGEDSAVE,
                  guest.has_managed_save()) &&
           passes(flags, VIR_CONNECT_LIST_DOMAINS_AUTOSTART, VIR_CONNECT_LIST_DOMAINS_NO_AUTOSTART,
                  guest.autostarts()) &&
           passes(flags, VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT, VIR_CONNECT_LIST_DOMAINS_NO_SNAPSHOT,
                  guests.snapshots().has_any(guest)) &&
           passes(flags, VIR_CONNECT_LIST_DOMAINS_HAS_CHECKPOINT, VIR_CONNECT_LIST_DOMAINS_NO_CHECKPOINT,
                  guests.checkpoints().has_any(guest));
}

namespace {

class Lists : public Handlers {
  public:
    using Handlers::Handlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::ConnectNumOfDomains>(*this, &Lists::num_of_domains);
        table.add<wire::ConnectListDomains>(*this, &Lists::list_domains);
        table.add<wire::ConnectNumOfDefinedDomains>(*this, &Lists::num_of_defined_domains);
        table.add<wire::ConnectListDefinedDomains>(*this, &Lists::list_defined_domains);
        // Put as bytes, so that a list that is kept need not be made again.
        table.put(rpc::Handler(wire::ConnectListAllDomains::row,
                               [this](const Caller& caller, rpc::XdrReader& in, rpc::XdrWriter& out) {
                                   list_all_domains(caller, in, out);
                                   return std::optional<Task<>>();
                               }));
    }

  private:
    wire::ConnectNumOfDomainsRet num_of_domains(const Caller& caller) {
        const auto seen = [&](const auto& entry) { return caller.sees(entry.second->name()); };
        return {static_cast<std::int32_t>(std::ranges::count_if(guests_.registry().active(), seen))};
    }

    wire::ConnectListDomainsRet list_domains(const Caller& caller, const wire::ConnectListDomainsArgs& args) {
        wire::ConnectListDomainsRet ret;
        for (const auto& [id, guest] : guests_.registry().active()) {
            if (std::cmp_greater_equal(ret.ids.size(), args.maxids)) break;
            if (caller.sees(guest->name())) ret.ids.push_back(id);
        }
        return ret;
    }

    wire::ConnectNumOfDefinedDomainsRet num_of_defined_domains(const Caller& caller) {
        const auto inactive = [&](const auto& entry) {
            return entry.second->is_visible() && !entry.second->is_active() && caller.sees(entry.first);
        };
        return {static_cast<std::int32_t>(std::ranges::count_if(guests_.registry().all(), inactive))};
    }

    wire::ConnectListDefinedDomainsRet list_defined_domains(const Caller& caller,
                                                            const wire::ConnectListDefinedDomainsArgs& args) {
        wire::ConnectListDefinedDomainsRet ret;
        for (const auto& [name, guest] : guests_.registry().all()) {
            if (std::cmp_greater_equal(ret.names.size(), args.maxnames)) break;
            if (guest->is_visible() && !guest->is_active() && caller.sees(name)) ret.names.push_back(name);
        }
        return ret;
    }

    void list_all_domains(const Caller& caller, rpc::XdrReader& in, rpc::XdrWriter& out) {
        const auto args = rpc::decoded<wire::ConnectListAllDomainsArgs>(in);
        rpc::check_access(caller, wire::ConnectListAllDomains::row, wire::ConnectListAllDomains::access_values(args));
        check_flags(args.flags, all_filters, "ConnectListAllDomains");
        if (caller.visible) {
            out.buffer() += rpc::encoded(all_domains(caller, args));
            return;
        }
        auto& kept = kept_[next_kept_];
        const auto same = std::ranges::find_if(kept_, [&](const KeptList& list) {
            return list.generation == guests_.registry().generation() && list.flags == args.flags &&
                   list.need_results == args.need_results;
        });
        if (same != kept_.end()) {
            out.buffer() += same->bytes;
            return;
        }
        kept = {guests_.registry().generation(), args.flags, args.need_results,
                rpc::encoded(all_domains(caller, args))};
        next_kept_ = (next_kept_ + 1) % kept_.size();
        out.buffer() += kept.bytes;
    }

    wire::ConnectListAllDomainsRet all_domains(const Caller& caller, const wire::ConnectListAllDomainsArgs& args) {
        wire::ConnectListAllDomainsRet ret;
        for (const auto& [name, guest] : guests_.registry().all()) {
            if (!passes_filters(guests_, *guest, args.flags) || !caller.sees(name)) continue;
            ++ret.ret;
            if (args.need_results != 0) ret.domains.push_back(wire_domain(*guest));
        }
        return ret;
    }

    std::array<KeptList, 2> kept_;
    std::size_t next_kept_ = 0;
};

}  // namespace

Installed install_lists(Guests& guests, rpc::HandlerTable& table) { return install_group<Lists>(guests, table); }

}  // namespace innkeeper::guests
