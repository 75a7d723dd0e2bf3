#include <fmt/format.h>

#include <exception>
#include <memory>
#include <utility>

#include "base/error.h"
#include "base/undo.h"
#include "guests/handlers.h"
#include "guests/moments.h"
#include "model/domain/domain.h"
#include "protocol/remote/domain.h"

namespace innkeeper::guests {

namespace {

void check_name(const std::string& name) {
    if (name.contains('/'))
        throw Error(ErrorCode::xml_error, ErrorDomain::domain, fmt::format("name {} cannot contain '/'", name));
    // A file that is called after the guest must not be another folder, nor its comment end early.
    if (name == "." || name == "..")
        throw Error(ErrorCode::xml_error, ErrorDomain::domain, fmt::format("name '{}' is not usable", name));
    if (name.contains('\n'))
        throw Error(ErrorCode::xml_error, ErrorDomain::domain, fmt::format("name '{}' cannot contain '\\n'", name));
}

class Rename : public Handlers {
  public:
    using Handlers::Handlers;

    void install(rpc::HandlerTable& table) { table.add<wire::DomainRename>(*this, &Rename::rename); }

  private:
    Task<wire::DomainRenameRet> rename(Caller, wire::DomainRenameArgs args) {
        check_flags(args.flags, 0, "DomainRename");
        const std::string to = args.new_name.value_or("");
        if (to.empty())
            throw refused_argument("virDomainRename", "new_name",
                                   "string new_name in virDomainRename must not be empty");
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("rename");
        const std::string from = guest->name();
        check_guest(*guest, to);
        check_name(to);
        const auto old = co_await guest->persistent();
        auto def = std::make_shared<model::DomainDef>(*old);
        def->name = to;
        std::string document = model::format_domain(*def, {.inactive = true, .secure = true});
        if (guests_.registry().by_name(to)) already_exists(to);

        // While the disk is waited for, nobody may have either name: a definition that is written under the old one
        // could be the one that is moved. Whoever asks meanwhile gets the old one, which `old` keeps alive.
        const auto place = guests_.find_or_make(to, Uuid::random());
        Undo undo;
        undo.push([&] { guests_.forget_unused(*place); });
        co_await guests_.store().rename(from, to, guest->uuid(), std::move(document), guest->autostarts());
        undo.roll_back();
        co_await guests_.snapshots().rename(guest, from, to);
        co_await guests_.checkpoints().rename(guest, from, to);
        guests_.renamed(*guest, to);
        guest->set_persistent(std::move(def));
        const Guest as_it_was(guests_, guest->uuid(), from);
        guests_.publish(as_it_was, happening::LifecycleChange{Lifecycle::undefined,
                                                              static_cast<std::int32_t>(UndefinedDetail::renamed)});
        guest->lifecycle(Lifecycle::defined, static_cast<std::int32_t>(DefinedDetail::renamed));
        co_return wire::DomainRenameRet{0};
    }

    void check_guest(const Guest& guest, const std::string& to) {
        require_persistent(guest, "cannot rename a transient domain");
        if (guest.is_active()) throw Error(ErrorCode::operation_invalid, "cannot rename active domain");
        if (guest.name() == to)
            throw Error(ErrorCode::operation_invalid, ErrorDomain::domain, "Can't rename domain to itself");
        if (guest.has_managed_save())
            throw Error(ErrorCode::operation_invalid, "domain with a managed saved state can't be renamed");
    }

    [[noreturn]] static void already_exists(const std::string& name) {
        throw Error(ErrorCode::operation_invalid, ErrorDomain::domain,
                    fmt::format("domain with name '{}' already exists", name));
    }
};

}  // namespace

Installed install_rename(Guests& guests, rpc::HandlerTable& table) { return install_group<Rename>(guests, table); }

}  // namespace innkeeper::guests
