// What a session does with calls: they begin, wait, end and are answered.

#include <fmt/format.h>

#include "base/log.h"
#include "rpc/server/call.h"
#include "rpc/server/guard.h"
#include "rpc/server/relay.h"
#include "rpc/server/server.h"
#include "rpc/server/session.h"
#include "rpc/server/stream.h"

namespace innkeeper::rpc {

void Session::begin_waiting() {
    while (!closed_ && !closing_ && !waiting_.empty() && may_begin()) {
        WaitingCall call = std::move(waiting_.front());
        waiting_.pop_front();
        waiting_bytes_ -= call.payload.size();
        begin(call.header, call.payload, std::move(call.descriptors));
    }
}

void Session::begin(const MessageHeader& header, std::string_view payload, std::vector<Fd> descriptors) {
    std::unique_ptr<Call> call;
    if (server_.spare_.empty()) {
        call = std::make_unique<Call>();
    } else {
        call = std::move(server_.spare_.back());
        server_.spare_.pop_back();
    }
    call->header = header;
    call->caller.serial = header.serial;
    if (!descriptors.empty()) call->caller.fds = std::make_shared<std::vector<Fd>>(std::move(descriptors));
    std::optional<Task<>> later;
    try {
        dispatch(*call, payload, later);
        if (later) {
            ++in_progress_;
            auto self = std::static_pointer_cast<Session>(shared_from_this());
            server_.calls_.spawn(finish(std::move(self), std::move(call), std::move(*later)));
            return;
        }
        if (!call->relayed) reply(*call);
    } catch (...) {
        reply_error(*call, std::current_exception());
    }
    call->clear();
    if (server_.spare_.size() < 64) server_.spare_.push_back(std::move(call));
}

void Session::dispatch(Call& call, std::string_view payload, std::optional<Task<>>& later) {
    const MessageHeader& header = call.header;
    const protocol::Program* program = server_.offered(header.prog, header.vers);
    if (program == nullptr) throw unknown_program(header.prog, header.vers);
    if (header.status != MessageStatus::ok)
        throw Error(ErrorCode::rpc, ErrorDomain::rpc,
                    fmt::format("Unexpected message status {}", static_cast<std::int32_t>(header.status)));
    const protocol::Procedure* row = program->find(header.proc);
    if (row == nullptr) throw unknown_procedure(header.proc);
    if (!authenticated_ && !row->name.starts_with("auth_"))
        throw Error(ErrorCode::rpc, ErrorDomain::rpc, "authentication required");
    call.row = row;
    call.caller.row = row;
    // Names only: arguments may hold secrets.
    log::debug("client {} calls {} {}", id_, program->name, row->name);
    if (row->needs_write.kind == protocol::Condition::Kind::always && authenticated_) log_change(*row);
    call.caller.session = shared_from_this();
    if (row->fds == protocol::FdDirection::reply || row->fds == protocol::FdDirection::both)
        call.caller.reply_fds = std::make_shared<std::vector<Fd>>();

    if (const auto own = server_.own_.find(*row)) {
        invoke(call, **own, payload, later);
        return;
    }
    if (!opened_) throw Error(ErrorCode::internal_error, ErrorDomain::rpc, "hypervisor connection not open");
    const auto found = opened_->drivers->find(*row);
    if (!found || found->handler == nullptr) {
        using enum protocol::Condition::Kind;
        const auto kind = row->needs_write.kind;
        XdrReader in(payload);
        check_access(call.caller, *row,
                     kind == never || kind == always ? protocol::AccessValues() : row->facts(in).values);
    }
    if (!found) throw unsupported(*row);
    call.domain = found->part.domain;
    if (found->handler == nullptr) {
        relay_to(found->part.upstream)
            ->forward(header, payload, call.caller.fds ? std::move(*call.caller.fds) : std::vector<Fd>(),
                      row->stream != protocol::StreamDirection::none);
        call.relayed = true;
        return;
    }
    invoke(call, *found->handler, payload, later);
    if (later) call.drivers = opened_->drivers;
}

void Session::invoke(Call& call, const Handler& handler, std::string_view payload, std::optional<Task<>>& later) {
    XdrReader in(payload);
    const auto& row = *call.row;
    auto guarded = opened_ && row.facts != nullptr ? guard(opened_->drivers) : std::nullopt;
    if (!guarded) {
        later = handler.invoke(call.caller, in, call.writer);
        return;
    }
    check_access(call.caller, row, row.facts(in).values);
    later = call_if_allowed(std::move(*guarded), call.caller, &handler, std::string(payload), &call.writer);
}

std::optional<Guard> Session::guard(const std::shared_ptr<const DriverSet>& drivers) const {
    if (server_.permissions_ == nullptr || drivers->access_name.empty() || !server_.permissions_->concern(identity()))
        return std::nullopt;
    return Guard{*server_.permissions_, drivers};
}

Task<> Session::demand_opening(const protocol::Procedure& row, std::shared_ptr<const DriverSet> drivers) {
    if (auto guarded = guard(drivers)) co_await ask_for_connection(std::move(*guarded), identity(), &row);
}

Task<> Session::finish(std::shared_ptr<Session> self, std::unique_ptr<Call> call, Task<> work) {
    std::exception_ptr error;
    bool cancelled = false;
    try {
        co_await std::move(work);
    } catch (const Cancelled&) {
        cancelled = true;
    } catch (...) {
        error = std::current_exception();
    }
    --self->in_progress_;
    if (self->closed_ || cancelled) co_return;
    if (!error) {
        try {
            self->reply(*call);
        } catch (...) {
            error = std::current_exception();
        }
    }
    if (error) self->reply_error(*call, error);
    self->begin_waiting();
    self->watch();
}

void Session::reply(Call& call) {
    std::string& out = outgoing_.tail();
    const auto& fds = call.caller.reply_fds;
    if (fds && !fds->empty()) {
        if (!connection_->carries_descriptors())
            throw Error(
                ErrorCode::operation_unsupported, ErrorDomain::rpc,
                fmt::format("{} answers with a file descriptor, which only a UNIX socket can carry", call.row->api));
        FrameWriter frame(out, reply_header(call.header, MessageStatus::ok, MessageType::reply_with_fds));
        frame.body().put_uint32(static_cast<std::uint32_t>(fds->size()));
        frame.put_raw(call.results);
        frame.finish();
        outgoing_.push_descriptors(std::move(*fds));
    } else if (call.results.size() <= 4096) {
        FrameWriter frame(out, reply_header(call.header));
        frame.put_raw(call.results);
        frame.finish();
    } else {
        outgoing_.push(encode_reply(call.header, call.results));
    }
    if (layer_) put_layer_on();
    want_flush();
}

void Session::put_layer_on() {
    connection_ = layered(std::move(connection_), std::move(layer_), outgoing_.bytes());
    // The client cannot have wrapped anything before it knew that it should.
    if (reader_.held() > 0) end("did not wait for the end of its authentication");
}

void Session::reply_error(const Call& call, std::exception_ptr failure) {
    // A call that fails has no stream.
    if (const auto at = streams_.find({call.header.prog, call.header.proc, call.header.serial}); at != streams_.end()) {
        if (at->second.stream != nullptr)
            at->second.stream->abandon();
        else
            streams_.erase(at);
    }
    try {
        std::rethrow_exception(failure);
    } catch (const Error& thrown) {
        Error error = thrown;
        error.set_domain_if_none(call.domain);
        outgoing_.push(encode_error_reply(call.header, error));
    } catch (const std::exception& thrown) {
        log::error("{} failed: {}", call.row != nullptr ? call.row->name : "a call", thrown.what());
        outgoing_.push(
            encode_error_reply(call.header, Error(ErrorCode::internal_error, call.domain, std::string(thrown.what()))));
    }
    want_flush();
}

// Writing

}  // namespace innkeeper::rpc
