#include "rpc/server/identity_params.h"

#include "rpc/server/relay.h"

namespace innkeeper::rpc {

TypedParams identity_params(const Identity& identity) {
    TypedParams params;
    const auto text = [&params](std::string_view name, const std::string& value) {
        if (!value.empty()) add_string(params, name, value);
    };
    text("user-name", identity.user);
    if (identity.uid) add_ullong(params, "unix-user-id", *identity.uid);
    text("group-name", identity.group);
    if (identity.gid) add_ullong(params, "unix-group-id", *identity.gid);
    if (identity.pid) add_llong(params, "process-id", *identity.pid);
    if (identity.process_start != 0) add_ullong(params, "process-time", identity.process_start);
    text("sasl-user-name", identity.sasl_user);
    text("x509-distinguished-name", identity.x509_name);
    text("selinux-context", identity.selinux_context);
    return params;
}

Identity identity_from(const TypedParams& params) {
    using enum ParamType;
    check(params, {{"user-name", string},
                   {"unix-user-id", ullong},
                   {"group-name", string},
                   {"unix-group-id", ullong},
                   {"process-id", llong},
                   {"process-time", ullong},
                   {"sasl-user-name", string},
                   {"x509-distinguished-name", string},
                   {"selinux-context", string},
                   {system_token_param, string}});
    Identity identity;
    const auto text = [&params](std::string_view name) { return find_string(params, name).value_or(""); };
    identity.user = text("user-name");
    if (const auto uid = find_ullong(params, "unix-user-id")) identity.uid = static_cast<uid_t>(*uid);
    identity.group = text("group-name");
    if (const auto gid = find_ullong(params, "unix-group-id")) identity.gid = static_cast<gid_t>(*gid);
    if (const auto pid = find_llong(params, "process-id")) identity.pid = static_cast<pid_t>(*pid);
    identity.process_start = find_ullong(params, "process-time").value_or(0);
    identity.sasl_user = text("sasl-user-name");
    identity.x509_name = text("x509-distinguished-name");
    identity.selinux_context = text("selinux-context");
    return identity;
}

}  // namespace innkeeper::rpc
