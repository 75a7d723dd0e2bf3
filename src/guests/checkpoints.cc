#include <fmt/format.h>

#include "base/error.h"
#include "guests/moment_checks.h"
#include "guests/moment_lists.h"
#include "loop/pool.h"
#include "model/domain/domain.h"
#include "model/snapshot/schema.h"
#include "protocol/remote/checkpoint.h"
#include "protocol/remote/domain.h"

/// Checkpoints: which there are, how they come and go.
namespace innkeeper::guests {

namespace {

using model::CheckpointDef;
using Current = Checkpoints::Current;
using Tree = Checkpoints::Tree;

constexpr auto ours = ErrorDomain::domain_checkpoint;
constexpr std::uint32_t list_flags = 0xf;
constexpr Flag redefine{VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE, "VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE"},
    validate{VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE_VALIDATE, "VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE_VALIDATE"},
    quiesce{VIR_DOMAIN_CHECKPOINT_CREATE_QUIESCE, "VIR_DOMAIN_CHECKPOINT_CREATE_QUIESCE"},
    with_children{VIR_DOMAIN_CHECKPOINT_DELETE_CHILDREN, "VIR_DOMAIN_CHECKPOINT_DELETE_CHILDREN"},
    children_only{VIR_DOMAIN_CHECKPOINT_DELETE_CHILDREN_ONLY, "VIR_DOMAIN_CHECKPOINT_DELETE_CHILDREN_ONLY"};

class CheckpointHandlers : public Handlers {
  public:
    using Handlers::Handlers;
    using Self = CheckpointHandlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainListAllCheckpoints>(*this, &Self::all);
        table.add<wire::DomainCheckpointListAllChildren>(*this, &Self::all_children);
        table.add<wire::DomainCheckpointLookupByName>(*this, &Self::lookup);
        table.add<wire::DomainCheckpointGetParent>(*this, &Self::parent);
        table.add<wire::DomainCheckpointGetXmlDesc>(*this, &Self::describe);
        table.add<wire::DomainCheckpointCreateXml>(*this, &Self::create);
        table.add<wire::DomainCheckpointDelete>(*this, &Self::remove);
    }

  private:
    struct Found {
        GuestPtr guest;
        Tree tree;
        CheckpointPtr checkpoint;
    };
    Task<Found> of(wire::Domain dom) {
        Found found;
        found.guest = find(dom);
        found.tree = co_await guests_.checkpoints().of(found.guest);
        co_return found;
    }
    Task<Found> of(wire::DomainCheckpoint checkpoint) {
        auto found = co_await of(checkpoint.dom);
        found.checkpoint = find_checkpoint(*found.tree, checkpoint.name);
        co_return found;
    }

    Task<wire::DomainListAllCheckpointsRet> all(Caller, wire::DomainListAllCheckpointsArgs args) {
        check_flags(args.flags, list_flags, "DomainListAllCheckpoints");
        const auto found = co_await of(args.dom);
        wire::DomainListAllCheckpointsRet ret;
        for (const auto& checkpoint : listed(*found.tree, "", args.flags)) {
            ++ret.ret;
            if (args.need_results != 0) ret.checkpoints.push_back(wire_checkpoint(*found.guest, *checkpoint));
        }
        co_return ret;
    }
    Task<wire::DomainCheckpointListAllChildrenRet> all_children(Caller,
                                                                wire::DomainCheckpointListAllChildrenArgs args) {
        check_flags(args.flags, list_flags, "DomainCheckpointListAllChildren");
        const auto found = co_await of(args.checkpoint);
        wire::DomainCheckpointListAllChildrenRet ret;
        for (const auto& checkpoint : listed(*found.tree, found.checkpoint->name, args.flags)) {
            ++ret.ret;
            if (args.need_results != 0) ret.checkpoints.push_back(wire_checkpoint(*found.guest, *checkpoint));
        }
        co_return ret;
    }
    Task<wire::DomainCheckpointLookupByNameRet> lookup(Caller, wire::DomainCheckpointLookupByNameArgs args) {
        check_flags(args.flags, 0, "DomainCheckpointLookupByName");
        const auto found = co_await of(args.dom);
        co_return wire::DomainCheckpointLookupByNameRet{
            wire_checkpoint(*found.guest, *find_checkpoint(*found.tree, args.name))};
    }
    Task<wire::DomainCheckpointGetParentRet> parent(Caller, wire::DomainCheckpointGetParentArgs args) {
        check_flags(args.flags, 0, "DomainCheckpointGetParent");
        const auto found = co_await of(args.checkpoint);
        if (found.checkpoint->parent.empty())
            throw Error(ErrorCode::no_domain_checkpoint,
                        fmt::format("checkpoint '{}' does not have a parent", found.checkpoint->name));
        co_return wire::DomainCheckpointGetParentRet{
            wire_checkpoint(*found.guest, *find_checkpoint(*found.tree, found.checkpoint->parent))};
    }

    Task<wire::DomainCheckpointGetXmlDescRet> describe(Caller, wire::DomainCheckpointGetXmlDescArgs args) {
        const auto rules = hypervisor().moment_rules();
        check_flags(args.flags, rules.describe_checkpoint.flags, rules.describe_checkpoint.name);
        auto found = co_await of(args.checkpoint);
        if ((args.flags & VIR_DOMAIN_CHECKPOINT_XML_SIZE) != 0) {
            const auto turn = co_await found.guest->turn("measure checkpoint");
            found.checkpoint = co_await hypervisor().measure_checkpoint(found.guest, found.checkpoint);
        }
        co_return wire::DomainCheckpointGetXmlDescRet{model::format_checkpoint(
            *found.checkpoint, {.secure = (args.flags & VIR_DOMAIN_CHECKPOINT_XML_SECURE) != 0,
                                .domain = (args.flags & VIR_DOMAIN_CHECKPOINT_XML_NO_DOMAIN) == 0})};
    }

    Task<wire::DomainCheckpointCreateXmlRet> create(Caller, wire::DomainCheckpointCreateXmlArgs args) {
        const auto rules = hypervisor().moment_rules();
        refuse_both(args.flags, redefine, quiesce, ours);
        refuse_alone(args.flags, validate, redefine, ours);
        check_flags(args.flags, rules.create_checkpoint.flags, rules.create_checkpoint.name);
        const auto guest = find(args.dom);
        const bool again = (args.flags & redefine.bit) != 0;
        if (!again) require_running(*guest);
        co_await in_pool([text = args.xml_desc] { model::validate_checkpoint(text); });
        auto checkpoint = model::parse_checkpoint(
            args.xml_desc, again ? model::CheckpointPart::whole : model::CheckpointPart::request);
        const auto turn = co_await guest->turn("checkpoint");
        const auto made = again ? co_await define_again(guest, std::move(checkpoint), args.flags)
                                : co_await take(guest, std::move(checkpoint));
        guests_.registry().touch();
        co_return wire::DomainCheckpointCreateXmlRet{wire_checkpoint(*guest, *made)};
    }

    Task<CheckpointPtr> define_again(GuestPtr guest, CheckpointDef checkpoint, std::uint32_t flags) {
        if ((flags & validate.bit) != 0) require_active(*guest);
        if (checkpoint.domain) {
            checkpoint.domain = co_await hypervisor().complete(*checkpoint.domain, Purpose::stored);
            check_same_guest(*checkpoint.domain, *guest, checkpoint.name, "checkpoint", ours);
        }
        const auto tree = co_await guests_.checkpoints().of(guest);
        const auto old = tree->find(checkpoint.name);
        check_parent(*tree, checkpoint);
        if (old && old->domain && checkpoint.domain) check_same_machine(*old->domain, *checkpoint.domain);
        if (old && !checkpoint.domain) checkpoint.domain = old->domain;
        const auto made = settled_checkpoint(guests_, std::move(checkpoint));
        if ((flags & validate.bit) != 0) co_await hypervisor().check_checkpoint(guest, made);
        // A chain that is defined again goes on from its end.
        const auto current = tree->current();
        const bool is_newest = !current || (!old && made->parent == current->name);
        co_await guests_.checkpoints().put(guest, made, is_newest ? Current::yes : Current::as_before);
        co_return made;
    }

    static void require_running(const Guest& guest) {
        if (!guest.is_active())
            throw Error(ErrorCode::operation_unsupported, "cannot create checkpoint for inactive domain");
    }

    Task<CheckpointPtr> take(GuestPtr guest, CheckpointDef checkpoint) {
        require_running(*guest);
        const auto made = co_await new_checkpoint(guests_, guest, std::move(checkpoint));
        co_await hypervisor().take_checkpoint(guest, made);
        co_await guests_.checkpoints().put(guest, made, Current::yes);
        co_return made;
    }

    Task<> remove(Caller, wire::DomainCheckpointDeleteArgs args) {
        const auto rules = hypervisor().moment_rules();
        refuse_both(args.flags, with_children, children_only, ours);
        check_flags(args.flags, rules.remove_checkpoint.flags, rules.remove_checkpoint.name);
        const auto guest = find(args.checkpoint.dom);
        const auto turn = co_await guest->turn("delete checkpoint");
        const bool from_images = (args.flags & VIR_DOMAIN_CHECKPOINT_DELETE_METADATA_ONLY) == 0;
        const auto tree = co_await guests_.checkpoints().of(guest);
        const auto checkpoint = find_checkpoint(*tree, args.checkpoint.name);
        std::vector<CheckpointPtr> doomed;
        if ((args.flags & (with_children.bit | children_only.bit)) != 0)
            doomed = tree->below(checkpoint->name, Moments<CheckpointDef>::Depth::all);
        if ((args.flags & children_only.bit) == 0) doomed.insert(doomed.begin(), checkpoint);
        for (auto at = doomed.rbegin(); at != doomed.rend(); ++at) {
            if (from_images) co_await hypervisor().remove_checkpoint(guest, *at);
            co_await guests_.checkpoints().erase(guest, (*at)->name);
        }
        guests_.registry().touch();
    }
};

}  // namespace

Installed install_checkpoints(Guests& guests, rpc::HandlerTable& table) {
    return install_group<CheckpointHandlers>(guests, table);
}

}  // namespace innkeeper::guests
