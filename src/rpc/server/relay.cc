#include "rpc/server/relay.h"

#include <fmt/format.h>

#include "loop/group.h"
#include "loop/loop.h"
#include "protocol/remote/connect.h"
#include "rpc/codec/typed_params.h"
#include "rpc/server/identity_params.h"
#include "rpc/server/session.h"

namespace innkeeper::rpc {

namespace wire = protocol::remote;

namespace {

std::string whole_message(const MessageHeader& header, std::string_view payload, std::size_t descriptors = 0) {
    std::string message;
    FrameWriter frame(message, header);
    if (descriptors > 0) frame.body().put_uint32(static_cast<std::uint32_t>(descriptors));
    frame.put_raw(payload);
    frame.finish();
    return message;
}

constexpr std::chrono::seconds patience{30};

Task<std::shared_ptr<Client>> opened(std::shared_ptr<const Upstream> upstream, TypedParams who, bool read_only) {
    std::shared_ptr<Client> client;
    try {
        auto connection = try_connect_unix(upstream->socket);
        if (!connection) throw Error(ErrorCode::system_error, ErrorDomain::rpc, "too many others wait for it");
        client = Client::over(std::move(connection));
    } catch (const Error& error) {
        throw Error(ErrorCode::no_connect, ErrorDomain::rpc,
                    fmt::format("{}, which serves this, cannot be reached: {}", upstream->program, error.message()));
    }
    // A daemon lets root in by this very call.
    co_await client->call<wire::AuthList>();
    co_await client->call<wire::ConnectSetIdentity>({.params = std::move(who)});
    co_await client->call<wire::ConnectOpen>(
        {.name = upstream->uri, .flags = read_only ? std::uint32_t{1} : std::uint32_t{0}});
    co_return client;
}

}  // namespace

Task<std::shared_ptr<Client>> open_upstream(std::shared_ptr<const Upstream> upstream, TypedParams who, bool read_only) {
    auto what = fmt::format("an answer of {}, which serves this", upstream->program);
    return within(patience, std::move(what), opened(std::move(upstream), std::move(who), read_only));
}

Task<> Relay::open() {
    const auto self = shared_from_this();
    try {
        if (session_ == nullptr) co_return;
        const auto client =
            co_await open_upstream(upstream_, identity_params(session_->identity()), session_->read_only());
        if (session_ == nullptr) co_return;
        const auto here = weak_from_this();
        client->on_other([here](RawFrame& frame, const MessageHeader& header) {
            if (const auto relay = here.lock()) relay->take(frame, header);
        });
        client->on_drained([here] {
            if (const auto relay = here.lock()) relay->drained();
        });
        client_ = client;
    } catch (const Error& error) {
        fail(error);
        throw;
    }
    for (auto& each : std::exchange(waiting_, {}))
        client_->forward(std::move(each.message), std::move(each.descriptors));
}

void Relay::send(std::string message, std::vector<Fd> descriptors) {
    if (client_)
        client_->forward(std::move(message), std::move(descriptors));
    else
        waiting_.push_back({std::move(message), std::move(descriptors)});
}

void Relay::forward(const MessageHeader& call, std::string_view arguments, std::vector<Fd> descriptors,
                    bool opens_stream) {
    if (failed_) {
        if (session_ != nullptr) session_->deliver(encode_error_reply(call, *failed_), {});
        return;
    }
    calls_.emplace(Key(call), call);
    if (opens_stream) streams_.insert(Key(call));
    send(whole_message(call, arguments, descriptors.size()), std::move(descriptors));
}

void Relay::forward_packet(const MessageHeader& packet, std::string_view payload) {
    send(whole_message(packet, payload), {});
}

void Relay::take(RawFrame& frame, const MessageHeader& header) {
    if (session_ == nullptr) return;
    const Key key(header);
    const bool failed = header.status == MessageStatus::error;
    if (header.type == MessageType::reply || header.type == MessageType::reply_with_fds) {
        calls_.erase(key);
        if (failed) streams_.erase(key);
    } else if (header.type == MessageType::stream && header.status != MessageStatus::continue_) {
        streams_.erase(key);
    }
    session_->deliver(whole_message(header, frame.payload), std::move(frame.descriptors));
}

/// Whoever waits is answered, and the next call tries anew.
void Relay::fail(const Error& error) {
    if (std::exchange(closed_, true) || session_ == nullptr) return;
    failed_ = error;
    waiting_.clear();
    for (const auto& [key, call] : std::exchange(calls_, {})) {
        streams_.erase(key);
        session_->deliver(encode_error_reply(call, error), {});
    }
    for (const auto& key : std::exchange(streams_, {})) {
        const protocol::Program* program = protocol::find_program(key.program);
        const protocol::Procedure* row = program != nullptr ? program->find(key.procedure) : nullptr;
        if (row != nullptr) session_->deliver(encode_stream_error(*row, key.serial, error), {});
    }
    session_->relay_drained();
}

void Relay::drained() {
    if (client_ && client_->is_closed())
        fail(Error(ErrorCode::rpc, ErrorDomain::rpc,
                   fmt::format("{}, which serves this, has ended the connection", upstream_->program)));
    else if (session_ != nullptr)
        session_->relay_drained();
}

std::size_t Relay::unsent() const {
    std::size_t bytes = client_ ? client_->unsent() : 0;
    for (const auto& each : waiting_) bytes += each.message.size();
    return bytes;
}

void Relay::pause(bool paused) {
    if (client_) client_->pause_reading(paused);
}

void Relay::drop() {
    session_ = nullptr;
    closed_ = true;
    // This may be the client's own call.
    if (client_) Loop::current().post([client = std::exchange(client_, nullptr)] { client->hang_up(); });
}

}  // namespace innkeeper::rpc
