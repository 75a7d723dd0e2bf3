#include "access/permissions.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "access/polkit.h"
#include "base/error.h"
#include "base/log.h"

namespace innkeeper::access {

namespace {

/// How an administrator's rules look up what is known of an object.
Polkit::Details details_of(const std::string& driver, const protocol::Subject& object) {
    Polkit::Details details{{"connect_driver", driver}};
    const auto add = [&details](const char* name, const std::string& value) {
        if (!value.empty()) details.emplace_back(name, value);
    };
    if (object.kind == "domain") {
        add("domain_name", object.name);
        add("domain_uuid", object.uuid.text());
    } else if (object.kind == "network" || object.kind == "network_port") {
        const bool port = object.kind == "network_port";
        add("network_name", port ? object.parent : object.name);
        add("network_uuid", (port ? object.parent_uuid : object.uuid).text());
        if (port) add("network_port_uuid", object.uuid.text());
    } else if (object.kind == "interface") {
        add("interface_name", object.name);
        add("interface_macaddr", object.word);
    } else if (object.kind == "node_device") {
        add("node_device_name", object.name);
    } else if (object.kind == "nwfilter") {
        add("nwfilter_name", object.name);
        add("nwfilter_uuid", object.uuid.text());
    } else if (object.kind == "nwfilter_binding") {
        add("nwfilter_binding_portdev", object.name);
        add("nwfilter_binding_filter", object.word);
    } else if (object.kind == "secret") {
        add("secret_uuid", object.uuid.text());
        // By the type of use: volume, ceph, iscsi, tls.
        constexpr const char* usages[] = {"", "secret_usage_volume", "secret_usage_ceph", "secret_usage_target",
                                          "secret_usage_name"};
        if (object.number > 0 && object.number < 5) add(usages[object.number], object.word);
    } else if (object.kind == "storage_pool") {
        add("pool_name", object.name);
        add("pool_uuid", object.uuid.text());
    } else if (object.kind == "storage_vol") {
        add("pool_name", object.parent);
        add("pool_uuid", object.parent_uuid.text());
        add("vol_name", object.name);
        add("vol_key", object.word);
    }
    return details;
}

std::string action_of(const protocol::AccessRule& rule) {
    std::string action = fmt::format("org.libvirt.api.{}.{}", rule.object, rule.permission);
    std::ranges::replace(action, '_', '-');
    return action;
}

class ByPolkit final : public Permissions {
  public:
    explicit ByPolkit(Polkit& polkit) : polkit_(polkit) {}

    /// Polkit lets root do everything before it looks at any rule, and the host's daemons ask for themselves only what
    /// their own work needs.
    bool concern(const rpc::Identity& who) const override { return who.uid != uid_t{0} && !who.is_system; }

    Task<bool> allow(rpc::Identity who, std::string driver, protocol::AccessRule rule,
                     protocol::Subject object) override {
        const std::string action = action_of(rule);
        std::string why;
        try {
            const auto verdict =
                co_await polkit_.ask(who, action, details_of(driver, object), Polkit::Interaction::none);
            co_return verdict == Polkit::Verdict::yes;
        } catch (const Error& error) {
            why = error.message();
        }
        throw Error(ErrorCode::access_denied, ErrorDomain::access, fmt::format("'{}' denied access: {}", driver, why));
    }

  private:
    Polkit& polkit_;
};

}  // namespace

std::unique_ptr<Permissions> permissions_by(Polkit& polkit) { return std::make_unique<ByPolkit>(polkit); }

}  // namespace innkeeper::access
