#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/paths.h"
#include "loop/task.h"
#include "loop/turns.h"
#include "model/secret/secret.h"
#include "objects/event_hub.h"
#include "objects/registry.h"
#include "objects/secret_values.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/secret.h"
#include "rpc/codec/handlers.h"

/// Secrets: what they are for, and their values. A value is read and written through the two calls for it alone, and
/// never comes near a message or the log. On disk each is UUID.xml and, once it has a value, UUID.base64; an ephemeral
/// one is in memory only.
namespace innkeeper::secret {

using Value = std::vector<std::uint8_t>;
using DefPtr = std::shared_ptr<const model::Secret>;

class Secret {
  public:
    explicit Secret(DefPtr def) : def_(std::move(def)), name_(def_->uuid->text()) {}

    /// Secrets have no name of their own.
    const std::string& name() const { return name_; }
    const Uuid& uuid() const { return *def_->uuid; }
    const DefPtr& def() const { return def_; }
    const std::optional<Value>& value() const { return value_; }

    void set_def(DefPtr def) { def_ = std::move(def); }
    void set_value(std::optional<Value> value) { value_ = std::move(value); }

  private:
    DefPtr def_;
    std::string name_;
    std::optional<Value> value_;
};

class Secrets final : public objects::SecretValues {
  public:
    explicit Secrets(const Paths& paths);

    Task<> start();
    /// Takes up what appeared or changed on disk; ephemeral secrets are not concerned.
    Task<> reload();
    rpc::HandlerTable handlers();
    /// There are secrets that end with this daemon.
    bool has_ephemeral() const;
    Task<Value> value(Wanted wanted) override;

  private:
    using Registry = objects::Registry<Secret>;
    using Ptr = Registry::Ptr;

    Task<protocol::Subject> subject(protocol::Subject asked);
    Task<std::vector<protocol::Subject>> subjects(protocol::Subject);

    protocol::remote::ConnectNumOfSecretsRet num(const rpc::Caller&);
    protocol::remote::ConnectListSecretsRet list(const rpc::Caller&, const protocol::remote::ConnectListSecretsArgs&);
    protocol::remote::ConnectListAllSecretsRet list_all(const rpc::Caller&,
                                                        const protocol::remote::ConnectListAllSecretsArgs&);
    protocol::remote::SecretLookupByUuidRet by_uuid(const rpc::Caller&,
                                                    const protocol::remote::SecretLookupByUuidArgs&);
    protocol::remote::SecretLookupByUsageRet by_usage(const rpc::Caller&,
                                                      const protocol::remote::SecretLookupByUsageArgs&);
    protocol::remote::SecretGetXmlDescRet xml(const rpc::Caller&, const protocol::remote::SecretGetXmlDescArgs&);
    protocol::remote::SecretGetValueRet get_value(const rpc::Caller&, const protocol::remote::SecretGetValueArgs&);

    Task<protocol::remote::SecretDefineXmlRet> define(rpc::Caller, protocol::remote::SecretDefineXmlArgs);
    Task<> set_value(rpc::Caller, protocol::remote::SecretSetValueArgs);
    Task<> undefine(rpc::Caller, protocol::remote::SecretUndefineArgs);

    protocol::remote::ConnectSecretEventRegisterAnyRet register_event(
        const rpc::Caller&, const protocol::remote::ConnectSecretEventRegisterAnyArgs&);
    void deregister_event(const rpc::Caller&, const protocol::remote::ConnectSecretEventDeregisterAnyArgs&);

    Ptr find(const Uuid& uuid) const;
    Ptr find_used(std::int32_t usage, const std::string& id) const;
    Ptr find_usage(model::Secret::Usage usage, std::string_view id) const;
    void check_change(const model::Secret& def, const Secret* old) const;
    std::string path(const Uuid& uuid, std::string_view suffix) const;
    void publish_lifecycle(const Secret& secret, std::int32_t what);

    std::string folder_;
    Registry registry_;
    objects::EventHub events_;
    std::shared_ptr<Turns> turns_ = std::make_shared<Turns>();
};

}  // namespace innkeeper::secret
