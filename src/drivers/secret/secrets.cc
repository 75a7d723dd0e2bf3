#include "drivers/secret/secrets.h"

#include <fmt/format.h>

#include <chrono>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "drivers/secret/base64.h"
#include "loop/pool.h"
#include "objects/requests.h"
#include "objects/subjects.h"
#include "protocol/constants.h"
#include "protocol/remote/events.h"
#include "xml/node.h"

namespace innkeeper::secret {

namespace remote = protocol::remote;
using namespace std::chrono_literals;
using protocol::Subject;

namespace {

constexpr auto patience = 30s;
constexpr std::size_t most_in_a_file = 1U << 20;

model::Secret parse(std::string_view text) {
    const auto document = xml::Document::parse(text, "(definition_of_secret)");
    return model::secret.read(document.root("secret"));
}

remote::Secret handle(const Secret& secret) {
    return {.uuid = secret.uuid(),
            .usageType = static_cast<std::int32_t>(secret.def()->usage),
            .usageID = secret.def()->usage_id};
}

Subject subject_of(const model::Secret& def) {
    return {.kind = "secret",
            .by = Subject::By::identity,
            .word = def.usage_id,
            .uuid = *def.uuid,
            .number = static_cast<std::int32_t>(def.usage)};
}

std::vector<std::string> names(const rpc::Caller& caller, const objects::Registry<Secret>& registry) {
    std::vector<std::string> names;
    for (const auto& [name, secret] : registry.all())
        if (caller.sees(name)) names.push_back(name);
    return names;
}

struct OnDisk {
    model::Secret def;
    std::optional<Value> value;
};

std::optional<OnDisk> read_secret(const std::string& folder, const std::string& name) {
    const auto text = read_file(folder + "/" + name + ".xml", most_in_a_file);
    if (!text) return std::nullopt;
    OnDisk secret{parse(*text), std::nullopt};
    if (secret.def.uuid->text() != name) throw Error(ErrorCode::internal_error, "its name is not its UUID");
    if (const auto encoded = read_file(folder + "/" + name + ".base64", most_in_a_file)) {
        secret.value = from_base64(*encoded);
        if (!secret.value) throw Error(ErrorCode::internal_error, "its value is not base64");
    }
    return secret;
}

std::vector<OnDisk> read_all(const std::string& folder) {
    constexpr std::string_view suffix = ".xml";
    std::vector<OnDisk> secrets;
    for (auto& file : list_directory(folder)) {
        if (!file.ends_with(suffix)) continue;
        file.resize(file.size() - suffix.size());
        try {
            if (auto secret = read_secret(folder, file)) secrets.push_back(std::move(*secret));
        } catch (const Error& error) {
            log::error("secret '{}/{}{}' is left alone: {}", folder, file, suffix, error.message());
        }
    }
    return secrets;
}

}  // namespace

Secrets::Secrets(const Paths& paths) : folder_(paths.config() + "/secrets"), registry_("secret", ErrorDomain::secret) {}

Task<> Secrets::start() {
    const std::string folder = folder_;
    for (auto& found : co_await in_pool([folder] { return read_all(folder); })) {
        auto secret = std::make_shared<Secret>(std::make_shared<const model::Secret>(std::move(found.def)));
        secret->set_value(std::move(found.value));
        registry_.add(std::move(secret));
    }
}

Task<> Secrets::reload() {
    const auto turn = co_await turns_->take("reload", patience, "secrets");
    const std::string folder = folder_;
    for (auto& found : co_await in_pool([folder] { return read_all(folder); })) {
        auto def = std::make_shared<const model::Secret>(std::move(found.def));
        auto secret = registry_.by_uuid(*def->uuid);
        if (!secret) {
            secret = std::make_shared<Secret>(def);
            registry_.add(secret);
        }
        secret->set_def(std::move(def));
        secret->set_value(std::move(found.value));
    }
}

bool Secrets::has_ephemeral() const {
    return std::ranges::any_of(registry_.all(), [](const auto& entry) { return entry.second->def()->ephemeral; });
}

rpc::HandlerTable Secrets::handlers() {
    rpc::HandlerTable table;
    table.describe("secret", *this, &Secrets::subject, &Secrets::subjects);
    table.add<remote::ConnectNumOfSecrets>(*this, &Secrets::num);
    table.add<remote::ConnectListSecrets>(*this, &Secrets::list);
    table.add<remote::ConnectListAllSecrets>(*this, &Secrets::list_all);
    table.add<remote::SecretLookupByUuid>(*this, &Secrets::by_uuid);
    table.add<remote::SecretLookupByUsage>(*this, &Secrets::by_usage);
    table.add<remote::SecretGetXmlDesc>(*this, &Secrets::xml);
    table.add<remote::SecretGetValue>(*this, &Secrets::get_value);
    table.add<remote::SecretSetValue>(*this, &Secrets::set_value);
    table.add<remote::SecretDefineXml>(*this, &Secrets::define);
    table.add<remote::SecretUndefine>(*this, &Secrets::undefine);
    table.add<remote::ConnectSecretEventRegisterAny>(*this, &Secrets::register_event);
    table.add<remote::ConnectSecretEventDeregisterAny>(*this, &Secrets::deregister_event);
    return table;
}

std::string Secrets::path(const Uuid& uuid, std::string_view suffix) const {
    return fmt::format("{}/{}{}", folder_, uuid.text(), suffix);
}

Secrets::Ptr Secrets::find(const Uuid& uuid) const {
    if (auto found = registry_.by_uuid(uuid)) return found;
    throw Error(ErrorCode::no_secret, fmt::format("no secret with matching uuid '{}'", uuid.text()));
}

Secrets::Ptr Secrets::find_usage(model::Secret::Usage usage, std::string_view id) const {
    for (const auto& [name, secret] : registry_.all())
        if (secret->def()->usage == usage && secret->def()->usage_id == id) return secret;
    return nullptr;
}

Secrets::Ptr Secrets::find_used(std::int32_t usage, const std::string& id) const {
    if (auto found = find_usage(static_cast<model::Secret::Usage>(usage), id)) return found;
    throw Error(ErrorCode::no_secret, fmt::format("no secret with matching usage '{}'", id));
}

// -------------------------------------------------------------------------------------------------- for access rules

Task<Subject> Secrets::subject(Subject asked) {
    switch (asked.by) {
        case Subject::By::document:
            // What it is for stands deeper than its identity.
            objects::require_small(asked.word);
            co_return subject_of(parse(asked.word));
        case Subject::By::usage:
            co_return subject_of(*find_used(asked.number, asked.word)->def());
        default:
            co_return subject_of(*find(asked.uuid)->def());
    }
}

Task<std::vector<Subject>> Secrets::subjects(Subject) {
    std::vector<Subject> all;
    for (const auto& [name, secret] : registry_.all()) all.push_back(subject_of(*secret->def()));
    co_return all;
}

// ---------------------------------------------------------------------------------------------------------- questions

remote::ConnectNumOfSecretsRet Secrets::num(const rpc::Caller& caller) {
    return {.num = static_cast<std::int32_t>(names(caller, registry_).size())};
}

remote::ConnectListSecretsRet Secrets::list(const rpc::Caller& caller, const remote::ConnectListSecretsArgs& args) {
    return {.uuids = objects::at_most(names(caller, registry_), args.maxuuids)};
}

remote::ConnectListAllSecretsRet Secrets::list_all(const rpc::Caller& caller,
                                                   const remote::ConnectListAllSecretsArgs& args) {
    using objects::passes;
    objects::allow_flags(args.flags, 0xf, ErrorDomain::secret, "secretConnectListAllSecrets");
    remote::ConnectListAllSecretsRet ret;
    for (const auto& [name, secret] : registry_.all()) {
        if (!passes(args.flags, protocol::VIR_CONNECT_LIST_SECRETS_EPHEMERAL,
                    protocol::VIR_CONNECT_LIST_SECRETS_NO_EPHEMERAL, secret->def()->ephemeral) ||
            !passes(args.flags, protocol::VIR_CONNECT_LIST_SECRETS_PRIVATE,
                    protocol::VIR_CONNECT_LIST_SECRETS_NO_PRIVATE, secret->def()->is_private) ||
            !caller.sees(name))
            continue;
        ++ret.ret;
        if (args.need_results != 0) ret.secrets.push_back(handle(*secret));
    }
    return ret;
}

remote::SecretLookupByUuidRet Secrets::by_uuid(const rpc::Caller&, const remote::SecretLookupByUuidArgs& args) {
    return {.secret = handle(*find(args.uuid))};
}

remote::SecretLookupByUsageRet Secrets::by_usage(const rpc::Caller&, const remote::SecretLookupByUsageArgs& args) {
    return {.secret = handle(*find_used(args.usageType, args.usageID))};
}

remote::SecretGetXmlDescRet Secrets::xml(const rpc::Caller&, const remote::SecretGetXmlDescArgs& args) {
    objects::allow_flags(args.flags, 0, ErrorDomain::secret, "secretGetXMLDesc");
    return {.xml = model::secret.format(*find(args.secret.uuid)->def())};
}

remote::SecretGetValueRet Secrets::get_value(const rpc::Caller& caller, const remote::SecretGetValueArgs& args) {
    objects::allow_flags(args.flags, 0, ErrorDomain::secret, "secretGetValue");
    const auto secret = find(args.secret.uuid);
    if (secret->def()->is_private && !caller.session->identity().is_system)
        throw Error(ErrorCode::invalid_secret, "secret is private");
    if (!secret->value())
        throw Error(ErrorCode::no_secret, fmt::format("secret '{}' does not have a value", secret->name()));
    return {.value = *secret->value()};
}

Task<Value> Secrets::value(Wanted wanted) {
    const auto secret = wanted.uuid ? registry_.by_uuid(*wanted.uuid)
                                    : find_usage(static_cast<model::Secret::Usage>(wanted.usage), wanted.usage_id);
    if (!secret)
        throw Error(ErrorCode::no_secret, ErrorDomain::secret,
                    wanted.uuid ? fmt::format("no secret with matching uuid '{}'", wanted.uuid->text())
                                : fmt::format("no secret with matching usage '{}'", wanted.usage_id));
    if (!secret->value())
        throw Error(ErrorCode::no_secret, ErrorDomain::secret,
                    fmt::format("secret '{}' does not have a value", secret->name()));
    co_return *secret->value();
}

// ------------------------------------------------------------------------------------------------------------ changes

/// What a redefinition may not change: what the secret is for, and that it is private.
void Secrets::check_change(const model::Secret& def, const Secret* old) const {
    if (old != nullptr) {
        if (old->def()->usage != def.usage || old->def()->usage_id != def.usage_id)
            throw Error(ErrorCode::internal_error,
                        fmt::format("a secret with UUID {} is already defined for use with {}", old->name(),
                                    old->def()->usage_id));
        if (old->def()->is_private && !def.is_private)
            throw Error(ErrorCode::internal_error, "cannot change private flag on existing secret");
        return;
    }
    if (def.usage == model::Secret::Usage::none) return;
    if (const auto other = find_usage(def.usage, def.usage_id))
        throw Error(ErrorCode::internal_error,
                    fmt::format("a secret with UUID {} already defined for use with {}", other->name(), def.usage_id));
}

Task<remote::SecretDefineXmlRet> Secrets::define(rpc::Caller, remote::SecretDefineXmlArgs args) {
    objects::allow_flags(args.flags, protocol::VIR_SECRET_DEFINE_VALIDATE, ErrorDomain::secret, "secretDefineXML");
    if (args.flags != 0) co_await in_pool([text = args.xml] { model::validate_secret(text); });
    const auto def = std::make_shared<const model::Secret>(parse(args.xml));
    const auto turn = co_await turns_->take("define", patience, "secrets");
    auto secret = registry_.by_uuid(*def->uuid);
    check_change(*def, secret.get());
    const std::string folder = folder_, xml_path = path(*def->uuid, ".xml"), value_path = path(*def->uuid, ".base64");
    if (def->ephemeral) {
        // What was on disk would outlive what shall be forgotten.
        co_await in_pool([=] {
            remove_file(value_path);
            remove_file(xml_path);
        });
    } else {
        const auto value = secret && secret->def()->ephemeral ? secret->value() : std::nullopt;
        co_await in_pool([=, text = model::secret.format(*def)] {
            make_directories(folder, 0700);
            if (value) write_file(value_path, base64(*value), 0600);
            write_file(xml_path, text, 0600);
        });
    }
    if (secret) {
        secret->set_def(def);
    } else {
        secret = std::make_shared<Secret>(def);
        registry_.add(secret);
    }
    publish_lifecycle(*secret, protocol::VIR_SECRET_EVENT_DEFINED);
    co_return remote::SecretDefineXmlRet{.secret = handle(*secret)};
}

Task<> Secrets::set_value(rpc::Caller, remote::SecretSetValueArgs args) {
    objects::allow_flags(args.flags, 0, ErrorDomain::secret, "secretSetValue");
    const auto turn = co_await turns_->take("set value", patience, "secrets");
    const auto secret = find(args.secret.uuid);
    if (!secret->def()->ephemeral) {
        const std::string folder = folder_, value_path = path(secret->uuid(), ".base64");
        co_await in_pool([folder, value_path, text = base64(args.value)] {
            make_directories(folder, 0700);
            write_file(value_path, text, 0600);
        });
    }
    secret->set_value(std::move(args.value));
    constexpr int id = protocol::VIR_SECRET_EVENT_ID_VALUE_CHANGED;
    const remote::SecretEventValueChangedMsg message{.secret = handle(*secret)};
    events_.publish(id, secret->name(), {.callback = &remote::SecretEventValueChanged::row},
                    rpc::encoded(message).substr(4));
}

Task<> Secrets::undefine(rpc::Caller, remote::SecretUndefineArgs args) {
    const auto turn = co_await turns_->take("undefine", patience, "secrets");
    const auto secret = find(args.secret.uuid);
    const std::string xml_path = path(secret->uuid(), ".xml"), value_path = path(secret->uuid(), ".base64");
    // The value goes first: without its definition nobody would find it again.
    co_await in_pool([=] {
        remove_file(value_path);
        remove_file(xml_path);
    });
    registry_.remove(*secret);
    publish_lifecycle(*secret, protocol::VIR_SECRET_EVENT_UNDEFINED);
}

// ------------------------------------------------------------------------------------------------------------- events

remote::ConnectSecretEventRegisterAnyRet Secrets::register_event(
    const rpc::Caller& caller, const remote::ConnectSecretEventRegisterAnyArgs& args) {
    if (args.eventID < 0 || args.eventID > protocol::VIR_SECRET_EVENT_ID_VALUE_CHANGED)
        throw Error(ErrorCode::internal_error, fmt::format("unsupported secret event ID {}", args.eventID));
    const auto object = args.secret ? find(args.secret->uuid)->name() : std::string();
    return {.callbackID = events_.add(caller.session, args.eventID, object, objects::EventHub::Style::callback)};
}

void Secrets::deregister_event(const rpc::Caller& caller, const remote::ConnectSecretEventDeregisterAnyArgs& args) {
    events_.remove(*caller.session, args.callbackID);
}

void Secrets::publish_lifecycle(const Secret& secret, std::int32_t what) {
    const remote::SecretEventLifecycleMsg message{.secret = handle(secret), .event = what};
    events_.publish(protocol::VIR_SECRET_EVENT_ID_LIFECYCLE, secret.name(),
                    {.callback = &remote::SecretEventLifecycle::row}, rpc::encoded(message).substr(4));
}

}  // namespace innkeeper::secret
