#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/error.h"
#include "guests/handlers.h"
#include "model/domain/domain.h"
#include "protocol/remote/domain.h"

/// What people and programs keep with a guest: a title, a description, an element for each of their namespaces.
namespace innkeeper::guests {

namespace {

[[noreturn]] void unknown_type(std::int32_t type) {
    throw Error(ErrorCode::invalid_arg, ErrorDomain::domain, fmt::format("unknown metadata type '{}'", type));
}

/// What the public functions check before any driver is asked.
void check_uri(std::int32_t type, const std::optional<std::string>& uri, std::string_view api) {
    const bool element = type == VIR_DOMAIN_METADATA_ELEMENT;
    const bool text = type == VIR_DOMAIN_METADATA_TITLE || type == VIR_DOMAIN_METADATA_DESCRIPTION;
    if (element && !uri) throw refused_argument(api, "uri", fmt::format("uri in {} must not be NULL", api));
    if (text && uri) throw refused_argument(api, "uri", fmt::format("uri in {} must be NULL", api));
}

void check_setting(const wire::DomainSetMetadataArgs& args) {
    constexpr std::string_view api = "virDomainSetMetadata";
    if (args.type == VIR_DOMAIN_METADATA_TITLE && args.metadata && args.metadata->contains('\n'))
        throw refused_argument(api, "metadata", "metadata title can't contain newlines");
    check_uri(args.type, args.uri, api);
    if (args.type != VIR_DOMAIN_METADATA_ELEMENT) {
        if (args.type <= VIR_DOMAIN_METADATA_TITLE && args.key)
            throw refused_argument(api, "key", fmt::format("key in {} must be NULL", api));
    } else if (args.metadata && !args.key) {
        throw refused_argument(api, "key", fmt::format("key in {} must not be NULL", api));
    }
}

void apply(model::DomainDef& def, const wire::DomainSetMetadataArgs& args) {
    switch (args.type) {
        case VIR_DOMAIN_METADATA_DESCRIPTION:
            def.description = args.metadata.value_or("");
            break;
        case VIR_DOMAIN_METADATA_TITLE:
            def.title = args.metadata.value_or("");
            break;
        case VIR_DOMAIN_METADATA_ELEMENT:
            if (args.metadata)
                def.metadata.set(args.uri.value_or(""), args.key.value_or(""), *args.metadata);
            else
                def.metadata.remove(args.uri.value_or(""));
            break;
        default:
            unknown_type(args.type);
    }
}

std::optional<std::string> read(const model::DomainDef& def, const wire::DomainGetMetadataArgs& args) {
    const auto unless_empty = [](const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); };
    switch (args.type) {
        case VIR_DOMAIN_METADATA_DESCRIPTION:
            return unless_empty(def.description);
        case VIR_DOMAIN_METADATA_TITLE:
            return unless_empty(def.title);
        case VIR_DOMAIN_METADATA_ELEMENT:
            return def.metadata.find(args.uri.value_or(""));
        default:
            unknown_type(args.type);
    }
}

class MetadataHandlers : public Handlers {
  public:
    using Handlers::Handlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainSetMetadata>(*this, &MetadataHandlers::set);
        table.add<wire::DomainGetMetadata>(*this, &MetadataHandlers::get);
    }

  private:
    Task<> set(Caller, wire::DomainSetMetadataArgs args) {
        check_flags(args.flags, VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG, "DomainSetMetadata");
        check_setting(args);
        const auto guest = find(args.dom);
        const auto turn = co_await guest->turn("set metadata");
        const Impact impact = impact_of(args.flags, *guest);
        const DefPtr stored = impact.config ? co_await guest->persistent() : nullptr;
        if (stored) {
            auto config = std::make_shared<model::DomainDef>(*stored);
            apply(*config, args);  // throws for a document that cannot be read, before anything has changed
            co_await guests_.store_definition(guest, std::move(config));
        }
        if (impact.live) {
            require_active(*guest);
            auto live = std::make_shared<model::DomainDef>(*guest->live());
            apply(*live, args);
            guest->set_live(std::move(live));
        }
        guest->publish(happening::MetadataChange{args.type, args.uri.value_or("")});
    }

    Task<wire::DomainGetMetadataRet> get(Caller, wire::DomainGetMetadataArgs args) {
        constexpr std::string_view api = "virDomainGetMetadata";
        check_flags(args.flags, VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG, "DomainGetMetadata");
        check_uri(args.type, args.uri, api);
        const auto def = co_await definition_for(find(args.dom), args.flags, api);
        auto text = def ? read(*def, args) : std::nullopt;
        if (!text)
            throw Error(ErrorCode::no_domain_metadata, ErrorDomain::domain,
                        "Requested metadata element is not present");
        co_return wire::DomainGetMetadataRet{std::move(*text)};
    }
};

}  // namespace

Installed install_metadata(Guests& guests, rpc::HandlerTable& table) {
    return install_group<MetadataHandlers>(guests, table);
}

}  // namespace innkeeper::guests
