#pragma once

#include <deque>
#include <memory>

#include "loop/event.h"
#include "loop/scope.h"
#include "rpc/codec/stream.h"
#include "rpc/server/session.h"

namespace innkeeper::rpc {

/// The server's end of a stream. The session delivers the client's packets; what the handler writes waits until the
/// client has read enough of what was written before.
class ServerStream final : public Stream {
  public:
    ServerStream(std::shared_ptr<Session> session, const protocol::Procedure& row, std::uint32_t serial, bool sparse);
    ~ServerStream() override;

    Task<std::optional<Chunk>> read() override;
    Task<> write(std::string data) override;
    Task<> write_hole(std::int64_t length) override;
    Task<> finish_writing() override;
    Task<> finished() override;
    void complete() override;
    void fail(Error error) override;
    bool ended() const override { return state_ == State::ended; }
    Task<> end() override { return ended_.wait(); }

    bool is_sparse() const { return sparse_; }

    // The session's side.
    void take(Chunk chunk);
    /// The client's finish.
    void client_finished();
    /// The stream is over, for this reason, and the client need not be told.
    void abandon();

  private:
    enum class State { open, completed, ended };

    static std::size_t size_of(const Chunk& chunk);
    void drop_incoming();
    void forget();
    void wake();
    Task<> room();
    void check_open() const;

    std::shared_ptr<Session> session_;
    const protocol::Procedure& row_;
    const std::uint32_t serial_;
    const bool sparse_;
    State state_ = State::open;
    bool client_finished_ = false;
    bool discarding_ = false;  ///< nobody will read what the client still sends
    std::deque<Chunk> incoming_;
    Wait* waiting_ = nullptr;  ///< the reader
    Event ended_;
};

}  // namespace innkeeper::rpc
