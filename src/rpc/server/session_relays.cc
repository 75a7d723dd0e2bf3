#include "base/log.h"
#include "rpc/server/call.h"
#include "rpc/server/relay.h"
#include "rpc/server/server.h"

/// What of a client's session goes to daemons beside us.
namespace innkeeper::rpc {

std::shared_ptr<Relay> Session::relay_to(const std::shared_ptr<const Upstream>& upstream, bool* made) {
    auto relay = relays_[upstream.get()];
    const bool is_new = !relay || relay->is_closed();
    // One that fails at once leaves the list again.
    if (is_new) relays_[upstream.get()] = relay = std::make_shared<Relay>(*this, upstream);
    if (made != nullptr) {
        *made = is_new;
    } else if (is_new) {
        // Those who wait get the Error themselves.
        server_.calls_.spawn([](std::shared_ptr<Relay> opening) -> Task<> {
            try {
                co_await opening->open();
            } catch (const Error& error) {
                log::debug("{}", error.message());
            }
        }(relay));
    }
    return relay;
}

void Session::deliver(std::string message, std::vector<Fd> descriptors) {
    if (closed_) return;
    outgoing_.push(std::move(message));
    if (!descriptors.empty()) outgoing_.push_descriptors(std::move(descriptors));
    if (outgoing_.bytes() >= outgoing_pause()) pause_relays(true);
    want_flush();
}

void Session::pause_relays(bool paused) {
    for (const auto& [upstream, relay] : relays_) relay->pause(paused);
}

void Session::relay_drained() {
    if (closed_) return;
    std::erase_if(relays_, [](const auto& each) { return each.second->is_closed(); });
    // One that stood for all drivers of this connection has taken them along.
    if (opened_ && opened_->drivers->whole && !relays_.contains(opened_->drivers->whole.get())) close_after_reply();
    want_flush();
    watch();
}

}  // namespace innkeeper::rpc
