#include "app/limits.h"

namespace innkeeper::app {

rpc::Limits client_limits(const config::DaemonSettings& settings) {
    rpc::Limits limits;
    limits.max_clients = settings.max_clients;
    limits.max_anonymous_clients = settings.max_anonymous_clients;
    limits.max_client_requests = settings.max_client_requests;
    limits.keepalive_interval = std::chrono::seconds(settings.keepalive_interval);
    limits.keepalive_count = settings.keepalive_count;
    return limits;
}

rpc::Limits admin_limits(const config::DaemonSettings& settings) {
    rpc::Limits limits;
    limits.max_clients = settings.admin_max_clients;
    limits.max_anonymous_clients = 0;
    limits.max_client_requests = settings.admin_max_client_requests;
    limits.keepalive_interval = std::chrono::seconds(settings.admin_keepalive_interval);
    limits.keepalive_count = settings.admin_keepalive_count;
    return limits;
}

}  // namespace innkeeper::app
