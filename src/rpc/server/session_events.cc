// Events on their way to a client, which may have to be asked about first.

#include "rpc/server/client_scope.h"
#include "rpc/server/guard.h"
#include "rpc/server/server.h"
#include "rpc/server/session.h"

namespace innkeeper::rpc {

/// One after the other, in the order in which they happened.
struct Session::HeldEvent {
    const protocol::Procedure& row;
    std::shared_ptr<const std::string> payload;
    std::optional<bool> allowed = std::nullopt;
};

void Session::send_event(const protocol::Procedure& row, std::shared_ptr<const std::string> payload) {
    if (closed_ || closing_) return;
    if (outgoing_.bytes() + held_event_bytes_ + payload->size() > limits().outgoing_most) {
        end("does not read its events");
        return;
    }
    auto guarded = opened_ && !row.acl_filter.empty() ? guard(opened_->drivers) : std::nullopt;
    if (!guarded) {
        put_event(row, *payload);
        return;
    }
    auto event = std::make_shared<HeldEvent>(row, std::move(payload));
    held_event_bytes_ += event->payload->size();
    held_events_.push_back(event);
    auto self = std::static_pointer_cast<Session>(shared_from_this());
    server_.calls_.spawn(ask_about(std::move(self), std::move(event), std::move(*guarded)));
}

Task<> Session::ask_about(std::shared_ptr<Session> self, std::shared_ptr<HeldEvent> event, Guard guard) {
    ClientScope while_there(self, co_await current_scope());
    XdrReader in(*event->payload);
    event->allowed =
        co_await lets_through(std::move(guard), self->identity(), &event->row, event->row.facts(in).subject)
            .under(while_there.scope());
    auto& held = self->held_events_;
    while (!held.empty() && held.front()->allowed) {
        const auto first = std::move(held.front());
        held.pop_front();
        self->held_event_bytes_ -= first->payload->size();
        if (*first->allowed && !self->closing_) self->put_event(first->row, *first->payload);
    }
}

void Session::put_event(const protocol::Procedure& row, const std::string& payload) {
    MessageHeader header = event_header(row);
    std::string& out = outgoing_.tail();
    FrameWriter frame(out, header);
    frame.put_raw(payload);
    frame.finish();
    want_flush();
}

}  // namespace innkeeper::rpc
