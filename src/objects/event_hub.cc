#include "objects/event_hub.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "rpc/codec/xdr.h"

namespace innkeeper::objects {

EventHub::~EventHub() {
    for (const auto& [id, client] : clients_)
        if (const auto session = client.session.lock()) session->cancel_on_close(client.close_number);
}

int EventHub::add(std::shared_ptr<rpc::ClientSession> session, int event, std::string object, Style style,
                  std::string detail) {
    auto& list = events_[event];
    for (const auto& other : list)
        if (other.session_id == session->id() && other.style == style && other.object == object &&
            other.detail == detail)
            throw Error(ErrorCode::invalid_arg, ErrorDomain::event, "event callback already tracked");
    auto [client, is_new] = clients_.try_emplace(session->id());
    if (is_new) {
        client->second.session = session;
        client->second.close_number = session->on_close([this, id = session->id()] { forget(id); });
    }
    if (client->second.registrations >= most_of_a_client)
        throw Error(ErrorCode::operation_failed, ErrorDomain::event, "too many event callbacks of one client");
    ++client->second.registrations;
    const int callback = client->second.next_callback++;
    list.push_back({session, session->id(), callback, style, std::move(object), std::move(detail)});
    return callback;
}

void EventHub::remove(const rpc::ClientSession& session, int callback) {
    for (auto& [event, list] : events_) {
        const auto found = std::ranges::find_if(list, [&](const Registration& r) {
            return r.session_id == session.id() && r.callback == callback && r.style == Style::callback;
        });
        if (found == list.end()) continue;
        erase(list, found);
        return;
    }
    throw Error(ErrorCode::internal_error, ErrorDomain::event,
                fmt::format("domain event callback {} not registered", callback));
}

void EventHub::remove_legacy(const rpc::ClientSession& session, int event) {
    auto& list = events_[event];
    const auto found = std::ranges::find_if(
        list, [&](const Registration& r) { return r.session_id == session.id() && r.style == Style::legacy; });
    if (found == list.end())
        throw Error(ErrorCode::internal_error, ErrorDomain::event,
                    fmt::format("domain event {} not registered", event));
    erase(list, found);
}

void EventHub::erase(std::vector<Registration>& list, std::vector<Registration>::iterator found) {
    --clients_.at(found->session_id).registrations;
    list.erase(found);
}

bool EventHub::wanted(int event, std::string_view object, std::string_view detail) const {
    const auto list = events_.find(event);
    return list != events_.end() &&
           std::ranges::any_of(list->second, [&](const Registration& r) { return r.wants(object, detail); });
}

void EventHub::publish(int event, std::string_view object, Rows rows, const std::string& body,
                       std::string_view detail) {
    const auto list = events_.find(event);
    if (list == events_.end()) return;
    // Numbers are counted for each client alone, so that most clients have the same one for the same event and share
    // its bytes.
    std::map<int, std::shared_ptr<const std::string>> payloads;
    std::shared_ptr<const std::string> plain;
    // Sending may end a client that reads nothing, and with it its registrations: not while we go through them.
    struct Message {
        std::shared_ptr<rpc::ClientSession> session;
        const protocol::Procedure& row;
        std::shared_ptr<const std::string> payload;
    };
    std::vector<Message> messages;
    for (const auto& registration : list->second) {
        const auto session = registration.session.lock();
        if (!session || !registration.wants(object, detail)) continue;
        if (registration.style == Style::legacy) {
            if (rows.legacy == nullptr) continue;
            if (!plain) plain = std::make_shared<const std::string>(body);
            messages.push_back({session, *rows.legacy, plain});
            continue;
        }
        if (rows.callback == nullptr) continue;
        auto& payload = payloads[registration.callback];
        if (!payload) {
            std::string bytes;
            bytes.reserve(4 + body.size());
            rpc::XdrWriter(bytes).put_int32(registration.callback);
            payload = std::make_shared<const std::string>(bytes + body);
        }
        messages.push_back({session, *rows.callback, payload});
    }
    for (const auto& message : messages) message.session->send_event(message.row, message.payload);
}

void EventHub::forget(std::uint64_t session) {
    for (auto& [event, list] : events_)
        std::erase_if(list, [session](const Registration& r) { return r.session_id == session; });
    clients_.erase(session);
}

}  // namespace innkeeper::objects
