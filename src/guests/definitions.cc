#include "guests/definitions.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/undo.h"
#include "guests/handlers.h"
#include "guests/moments.h"
#include "loop/pool.h"
#include "model/domain/domain.h"
#include "model/domain/schema.h"
#include "protocol/remote/domain.h"

namespace innkeeper::guests {

namespace {

constexpr std::size_t large_document = 64 << 10;

/// The file of the firmware's variables; one that the definition does not name is named after the guest.
std::string nvram_file(const Guests& guests, const model::DomainDef& def) {
    if (def.os.nvram && !def.os.nvram->source.path.empty()) return def.os.nvram->source.path;
    if (def.os.firmware != model::Os::Firmware::efi) return {};
    return guests.nvram_path(def.name);
}

}  // namespace

Task<DefPtr> read_definition(Guests& guests, std::string xml, Purpose purpose, Validate validate) {
    model::DomainDef def;
    if (validate == Validate::yes) co_await in_pool([xml] { model::validate_domain(xml); });
    if (xml.size() > large_document)
        def = co_await in_pool([xml = std::move(xml)] { return model::parse_domain(xml); });
    else
        def = model::parse_domain(xml);
    if (def.uuid == Uuid{}) def.uuid = Uuid::random();
    co_return co_await guests.hypervisor().complete(std::move(def), purpose);
}

Task<GuestPtr> define(Guests& guests, DefPtr def) {
    for (;;) {
        const auto guest = guests.find_or_make(def->name, def->uuid);
        Undo undo;
        undo.push([&] { guests.forget_unused(*guest); });
        const auto turn = co_await guest->queue("define");
        // Undefined or renamed by who had the turn before.
        if (guest->is_gone() || guest->name() != def->name) continue;
        const auto detail = guest->is_persistent() ? DefinedDetail::updated : DefinedDetail::added;
        co_await guests.store_definition(guest, def);
        undo.commit();
        guest->lifecycle(Lifecycle::defined, static_cast<std::int32_t>(detail));
        co_return guest;
    }
}

namespace {

class Definitions : public Handlers {
  public:
    using Handlers::Handlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainDefineXml>(*this, &Definitions::define_xml);
        table.add<wire::DomainDefineXmlFlags>(*this, &Definitions::define_xml_flags);
        table.add<wire::DomainUndefine>(*this, &Definitions::undefine);
        table.add<wire::DomainUndefineFlags>(*this, &Definitions::undefine_flags);
        table.add<wire::DomainGetXmlDesc>(*this, &Definitions::get_xml_desc);
    }

  private:
    Task<wire::DomainDefineXmlRet> define_xml(Caller, wire::DomainDefineXmlArgs args) {
        const auto def = co_await read_definition(guests_, std::move(args.xml), Purpose::define);
        const auto guest = co_await define(guests_, def);
        co_return wire::DomainDefineXmlRet{wire_domain(*guest)};
    }

    Task<wire::DomainDefineXmlFlagsRet> define_xml_flags(Caller, wire::DomainDefineXmlFlagsArgs args) {
        check_flags(args.flags, VIR_DOMAIN_DEFINE_VALIDATE, "DomainDefineXMLFlags");
        const auto validate = (args.flags & VIR_DOMAIN_DEFINE_VALIDATE) != 0 ? Validate::yes : Validate::no;
        const auto def = co_await read_definition(guests_, std::move(args.xml), Purpose::define, validate);
        const auto guest = co_await define(guests_, def);
        co_return wire::DomainDefineXmlFlagsRet{wire_domain(*guest)};
    }

    Task<> undefine(Caller, wire::DomainUndefineArgs args) { co_await remove(find(args.dom), 0); }

    Task<> undefine_flags(Caller, wire::DomainUndefineFlagsArgs args) {
        check_flags(args.flags, 0x7f, "DomainUndefineFlags");
        co_await remove(find(args.dom), args.flags);
    }

  public:
    Task<> remove(GuestPtr guest, std::uint32_t flags) {
        const auto turn = co_await guest->turn("undefine");
        require_persistent(*guest, "cannot undefine transient domain");
        if (guest->has_managed_save() && (flags & VIR_DOMAIN_UNDEFINE_MANAGED_SAVE) == 0)
            throw Error(ErrorCode::operation_invalid, "Refusing to undefine while domain managed save image exists");
        check_moments(*guest, co_await guests_.snapshots().of(guest), "snapshots",
                      (flags & VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA) != 0);
        check_moments(*guest, co_await guests_.checkpoints().of(guest), "checkpoints",
                      (flags & VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA) != 0);
        const std::string variables = co_await variables_to_remove(guest, flags);
        const std::string tpm = co_await tpm_to_remove(guest, flags);
        const bool saved = guest->has_managed_save();
        // The definition goes first: what is left of a guest that nobody knows any more harms nobody, a guest without
        // its saved memory does.
        co_await guests_.store().remove(guest->name());
        // Before anybody else can have the name, and files that are called after it.
        if (!guest->is_active()) {
            co_await guests_.snapshots().erase_all(guest);
            co_await guests_.checkpoints().erase_all(guest);
        }
        guest->set_persistent(nullptr);
        guest->lifecycle(Lifecycle::undefined, static_cast<std::int32_t>(UndefinedDetail::removed));
        if (saved) co_await guests_.remove_managed_save(guest->name());
        if (variables.empty() && tpm.empty()) co_return;
        co_await in_pool([variables, tpm] {
            if (!variables.empty()) remove_file(variables);
            std::error_code ignored;
            if (!tpm.empty()) std::filesystem::remove_all(tpm, ignored);
        });
    }

    /// The folder of what the guest's TPM in software remembers, if it is to go with the guest.
    Task<std::string> tpm_to_remove(GuestPtr guest, std::uint32_t flags) {
        if ((flags & VIR_DOMAIN_UNDEFINE_KEEP_TPM) != 0 || guest->is_active()) co_return std::string();
        std::string path = guests_.tpm_path(guest->uuid());
        // Most guests have none; that much the kernel knows by heart.
        if (path.empty() || !path_exists(path)) co_return std::string();
        const auto def = co_await guest->persistent();
        const bool is_kept = def && std::ranges::find(def->devices.tpms, std::optional(true),
                                                      &model::Tpm::persistent_state) != def->devices.tpms.end();
        co_return is_kept && (flags & VIR_DOMAIN_UNDEFINE_TPM) == 0 ? std::string() : path;
    }

  private:
    /// Those of a guest that is no more are of no use, which whoever undefines it is to have thought of.
    template <class Tree>
    static void check_moments(const Guest& guest, const Tree& tree, std::string_view noun, bool may_go) {
        if (guest.is_active() || may_go || tree->all().empty()) return;
        throw Error(ErrorCode::operation_invalid,
                    fmt::format("cannot delete inactive domain with {} {}", tree->all().size(), noun));
    }

    /// The file of the firmware's variables, if it is to go with the guest.
    Task<std::string> variables_to_remove(GuestPtr guest, std::uint32_t flags) {
        if (const auto* outline = guests_.outline(*guest); outline != nullptr && !outline->has_nvram)
            co_return std::string();
        const auto def = co_await guest->persistent();
        std::string path = nvram_file(guests_, *def);
        if (path.empty()) co_return path;
        const bool exists = co_await in_thread([path] { return path_exists(path); });
        if (!exists) co_return std::string();
        if ((flags & VIR_DOMAIN_UNDEFINE_NVRAM) != 0) co_return path;
        if ((flags & VIR_DOMAIN_UNDEFINE_KEEP_NVRAM) == 0)
            throw Error(ErrorCode::operation_invalid, "cannot undefine domain with nvram");
        co_return std::string();
    }

    Task<wire::DomainGetXmlDescRet> get_xml_desc(Caller, wire::DomainGetXmlDescArgs args) {
        check_flags(
            args.flags,
            VIR_DOMAIN_XML_SECURE | VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_UPDATE_CPU | VIR_DOMAIN_XML_MIGRATABLE,
            "DomainGetXMLDesc");
        const auto guest = find(args.dom);
        const bool inactive = (args.flags & VIR_DOMAIN_XML_INACTIVE) != 0;
        const bool migratable = (args.flags & VIR_DOMAIN_XML_MIGRATABLE) != 0;
        const bool update_cpu = (args.flags & VIR_DOMAIN_XML_UPDATE_CPU) != 0;
        // Another host needs all of it, and nothing that only this run has.
        const xml::FormatFlags face{.inactive = inactive || migratable,
                                    .secure = migratable || (args.flags & VIR_DOMAIN_XML_SECURE) != 0,
                                    .migratable = migratable};
        const bool may_be_kept = !update_cpu && !migratable;
        if (const auto* kept = may_be_kept ? guests_.documents().find(guest->uuid(), face) : nullptr)
            co_return wire::DomainGetXmlDescRet{*kept};

        const auto changes = guests_.changes();
        DefPtr def = inactive && guest->is_persistent() ? co_await guest->persistent() : co_await guest->current();
        if (!def) def = (find(args.dom), guest->live());  // it ended or went while its file was read
        if (!def) throw Error(ErrorCode::operation_failed, "the definition changed while it was read");
        if (update_cpu) def = co_await hypervisor().update_cpu(def);
        if (migratable) def = hypervisor().migratable(def);
        wire::DomainGetXmlDescRet ret{model::format_domain(*def, face)};
        // What was described may not be what is there any more.
        if (may_be_kept && guests_.changes() == changes) guests_.documents().put(guest->uuid(), face, ret.xml);
        co_return ret;
    }
};

}  // namespace

Task<> undefine(Guests& guests, GuestPtr guest, std::uint32_t flags) {
    Definitions definitions(guests);
    co_await definitions.remove(std::move(guest), flags);
}

Installed install_definitions(Guests& guests, rpc::HandlerTable& table) {
    return install_group<Definitions>(guests, table);
}

}  // namespace innkeeper::guests
