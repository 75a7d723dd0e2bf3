#include <fmt/format.h>

#include <exception>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "guests/handlers.h"
#include "guests/start.h"
#include "loop/pool.h"
#include "model/domain/domain.h"
#include "protocol/remote/domain.h"

/// A guest's memory in a file: where the client wants it, or where the next start looks for it.
namespace innkeeper::guests {

namespace {

constexpr std::uint32_t save_flags = VIR_DOMAIN_SAVE_BYPASS_CACHE | VIR_DOMAIN_SAVE_RUNNING | VIR_DOMAIN_SAVE_PAUSED;

/// What the guest is to be after it was restored, if the client says so.
std::optional<bool> running_wanted(std::uint32_t flags) {
    if ((flags & VIR_DOMAIN_SAVE_RUNNING) != 0) return true;
    if ((flags & VIR_DOMAIN_SAVE_PAUSED) != 0) return false;
    return std::nullopt;
}

/// What is said of a guest that sleeps can change; who it is cannot.
void require_same_guest(const model::DomainDef& def, const model::DomainDef& old) {
    if (def.name != old.name)
        throw Error(ErrorCode::config_unsupported,
                    fmt::format("Target domain name '{}' does not match source '{}'", def.name, old.name));
    if (def.uuid != old.uuid)
        throw Error(ErrorCode::config_unsupported,
                    fmt::format("Target domain uuid {} does not match source {}", def.uuid.text(), old.uuid.text()));
}

class Saved : public Handlers {
  public:
    using Handlers::Handlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainManagedSave>(*this, &Saved::managed_save);
        table.add<wire::DomainHasManagedSaveImage>(*this, &Saved::has_managed_save);
        table.add<wire::DomainManagedSaveRemove>(*this, &Saved::managed_save_remove);
        table.add<wire::DomainManagedSaveGetXmlDesc>(*this, &Saved::managed_save_xml);
        table.add<wire::DomainSave>(*this, &Saved::save);
        table.add<wire::DomainSaveFlags>(*this, &Saved::save_with_flags);
        table.add<wire::DomainRestore>(*this, &Saved::restore_file);
        table.add<wire::DomainRestoreFlags>(*this, &Saved::restore_with_flags);
        table.add<wire::DomainSaveImageGetXmlDesc>(*this, &Saved::image_xml);
        table.add<wire::DomainSaveImageDefineXml>(*this, &Saved::image_define);
        table.add<wire::DomainManagedSaveDefineXml>(*this, &Saved::managed_save_define);
    }

  private:
    Task<> managed_save(Caller, wire::DomainManagedSaveArgs args) {
        check_flags(args.flags, save_flags, "DomainManagedSave");
        co_await guests::managed_save(guests_, find(args.dom), options_of(args.flags));
    }

    wire::DomainHasManagedSaveImageRet has_managed_save(const Caller&,
                                                        const wire::DomainHasManagedSaveImageArgs& args) {
        check_flags(args.flags, 0, "DomainHasManagedSaveImage");
        return {find(args.dom)->has_managed_save()};
    }

    Task<> managed_save_remove(Caller, wire::DomainManagedSaveRemoveArgs args) {
        check_flags(args.flags, 0, "DomainManagedSaveRemove");
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("remove managed save");
        if (!guest->has_managed_save()) co_return;
        co_await guests_.remove_managed_save(guest->name());
        guest->set_managed_save(false);
    }

    Task<wire::DomainManagedSaveGetXmlDescRet> managed_save_xml(Caller, wire::DomainManagedSaveGetXmlDescArgs args) {
        check_flags(args.flags, VIR_DOMAIN_SAVE_IMAGE_XML_SECURE, "DomainManagedSaveGetXMLDesc");
        const auto guest = find(args.dom);
        if (!guest->has_managed_save())
            throw Error(ErrorCode::operation_invalid, "domain does not have managed save image");
        const auto image = co_await hypervisor().read_saved(guests_.managed_save_path(guest->name()));
        co_return wire::DomainManagedSaveGetXmlDescRet{document_of(image, args.flags)};
    }

    Task<> save(Caller, wire::DomainSaveArgs args) {
        co_await save_to(find(args.dom), std::move(args.to), std::nullopt, 0);
    }
    Task<> save_with_flags(Caller, wire::DomainSaveFlagsArgs args) {
        check_flags(args.flags, save_flags, "DomainSaveFlags");
        co_await save_to(find(args.dom), std::move(args.to), std::move(args.dxml), args.flags);
    }

    Task<> save_to(GuestPtr guest, std::string path, std::optional<std::string> document, std::uint32_t flags) {
        const auto turn = co_await guest->turn("save");
        require_active(*guest);
        SaveOptions options = options_of(flags);
        options.path = std::move(path);
        if (document) options.definition = std::make_shared<const model::DomainDef>(model::parse_domain(*document));
        co_await save_held(guests_, guest, std::move(options));
    }

    Task<> restore_file(Caller, wire::DomainRestoreArgs args) {
        co_await restore_from(std::move(args.from), std::nullopt, 0);
    }
    Task<> restore_with_flags(Caller, wire::DomainRestoreFlagsArgs args) {
        check_flags(args.flags, save_flags | VIR_DOMAIN_SAVE_RESET_NVRAM, "DomainRestoreFlags");
        co_await restore_from(std::move(args.from), std::move(args.dxml), args.flags);
    }

    Task<> restore_from(std::string path, std::optional<std::string> document, std::uint32_t flags) {
        auto image = co_await hypervisor().read_saved(path);
        if (document) {
            auto def = model::parse_domain(*document);
            require_same_guest(def, *image.definition);
            image.definition = co_await hypervisor().complete(std::move(def), Purpose::restore);
        }
        if (const auto wanted = running_wanted(flags)) image.running = *wanted;
        StartRequest request;
        request.bypass_cache = (flags & VIR_DOMAIN_SAVE_BYPASS_CACHE) != 0;
        request.reset_nvram = (flags & VIR_DOMAIN_SAVE_RESET_NVRAM) != 0;
        request.paused = (flags & VIR_DOMAIN_SAVE_PAUSED) != 0;
        co_await restore(guests_, std::move(path), std::move(image), std::move(request));
    }

    Task<wire::DomainSaveImageGetXmlDescRet> image_xml(Caller, wire::DomainSaveImageGetXmlDescArgs args) {
        check_flags(args.flags, VIR_DOMAIN_SAVE_IMAGE_XML_SECURE, "DomainSaveImageGetXMLDesc");
        const auto image = co_await hypervisor().read_saved(args.file);
        co_return wire::DomainSaveImageGetXmlDescRet{document_of(image, args.flags)};
    }

    Task<> image_define(Caller, wire::DomainSaveImageDefineXmlArgs args) {
        check_flags(args.flags, VIR_DOMAIN_SAVE_RUNNING | VIR_DOMAIN_SAVE_PAUSED, "DomainSaveImageDefineXML");
        co_await redefine(std::move(args.file), std::move(args.dxml), args.flags);
    }

    Task<> managed_save_define(Caller, wire::DomainManagedSaveDefineXmlArgs args) {
        check_flags(args.flags, VIR_DOMAIN_SAVE_RUNNING | VIR_DOMAIN_SAVE_PAUSED, "DomainManagedSaveDefineXML");
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("redefine managed save");
        if (!guest->has_managed_save())
            throw Error(ErrorCode::operation_invalid, "domain does not have managed save image");
        co_await redefine(guests_.managed_save_path(guest->name()), args.dxml.value_or(""), args.flags);
    }

    /// What is said of a guest that sleeps changes; who it is stays.
    Task<> redefine(std::string path, std::string document, std::uint32_t flags) {
        auto image = co_await hypervisor().read_saved(path);
        const auto old = image.definition;
        const auto def = co_await hypervisor().complete(model::parse_domain(document), Purpose::restore);
        require_same_guest(*def, *old);
        image.definition = def;
        if (const auto wanted = running_wanted(flags)) image.running = *wanted;
        co_await hypervisor().rewrite_saved(std::move(path), std::move(image));
    }

    static SaveOptions options_of(std::uint32_t flags) {
        SaveOptions options;
        options.bypass_cache = (flags & VIR_DOMAIN_SAVE_BYPASS_CACHE) != 0;
        options.running = running_wanted(flags);
        return options;
    }

    static std::string document_of(const SavedImage& image, std::uint32_t flags) {
        return model::format_domain(
            *image.definition,
            {.inactive = false, .secure = (flags & VIR_DOMAIN_SAVE_IMAGE_XML_SECURE) != 0, .migratable = true});
    }
};

}  // namespace

Task<> save_held(Guests& guests, GuestPtr guest, SaveOptions options) {
    guest->expect_end(Shutoff::saved);
    std::exception_ptr failure;
    try {
        co_await guests.hypervisor().save(guest, std::move(options));
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        guest->expect_end(std::nullopt);
        std::rethrow_exception(failure);
    }
    guest->ended(Shutoff::saved);
}

Task<> managed_save(Guests& guests, GuestPtr guest, SaveOptions options) {
    const auto turn = co_await guest->turn("save");
    require_active(*guest);
    require_persistent(*guest, "cannot do managed save for transient domain");
    options.path = guests.managed_save_path(guest->name());
    co_await in_pool([folder = parent_of(options.path)] { make_directories(folder); });
    co_await save_held(guests, guest, std::move(options));
    guest->set_managed_save(true);
}

Installed install_saved(Guests& guests, rpc::HandlerTable& table) { return install_group<Saved>(guests, table); }

}  // namespace innkeeper::guests
