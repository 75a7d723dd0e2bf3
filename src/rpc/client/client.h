#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "loop/scope.h"
#include "loop/task.h"
#include "loop/watch.h"
#include "rpc/codec/frame.h"
#include "rpc/codec/stream.h"
#include "rpc/codec/xdr.h"
#include "rpc/transport/connection.h"
#include "rpc/transport/frame_reader.h"
#include "rpc/transport/outgoing.h"

/// The other end of the wire: for tests, for helpers, and for daemons that ask each other.
namespace innkeeper::rpc {

class Client;

/// The client's end of a stream that a call opened. Ends with the client that it belongs to.
class ClientStream {
  public:
    ClientStream(std::shared_ptr<Client> client, const protocol::Procedure& row, std::uint32_t serial)
        : client_(std::move(client)), row_(row), serial_(serial) {}
    ~ClientStream();

    void write(std::string_view data);
    void write_hole(std::int64_t length);
    /// The next bytes or hole; nothing at the end of the data. Throws the daemon's Error if the stream failed.
    Task<std::optional<Chunk>> read();
    /// Says that all is well and waits for the daemon's answer. Throws its Error.
    Task<> finish();
    Task<> abort();

  private:
    friend class Client;
    Task<> end(MessageStatus status);
    void wake();

    std::shared_ptr<Client> client_;
    const protocol::Procedure& row_;
    const std::uint32_t serial_;
    std::deque<Chunk> incoming_;
    bool end_of_data_ = false, answered_ = false;
    std::optional<Error> error_;
    Wait* waiting_ = nullptr;
};

/// A connection to a daemon. Calls may be made beside each other; each returns when its reply has come.
class Client : public std::enable_shared_from_this<Client> {
  public:
    /// Without any call.
    static std::shared_ptr<Client> over(std::unique_ptr<Connection> connection);
    /// Connects to a daemon's UNIX socket, and opens the URI there (empty: the daemon's default). Throws Error.
    static Task<std::shared_ptr<Client>> open(std::string socket, std::string uri = {}, bool read_only = false);
    ~Client();

    template <class Tag>
    Task<typename Tag::Ret> call(typename Tag::Args args) {
        const std::string reply = co_await exchange(Tag::row, next_serial_++, encoded(args), {});
        co_return decoded<typename Tag::Ret>(reply);
    }
    template <class Tag>
        requires std::is_same_v<typename Tag::Args, protocol::Nothing>
    Task<typename Tag::Ret> call() {
        return call<Tag>({});
    }
    /// A call with descriptors, which go along.
    template <class Tag>
    Task<typename Tag::Ret> call_with(typename Tag::Args args, std::vector<Fd> descriptors) {
        const std::string reply = co_await exchange(Tag::row, next_serial_++, encoded(args), std::move(descriptors));
        co_return decoded<typename Tag::Ret>(reply);
    }
    /// A call whose answer brings descriptors.
    template <class Tag>
    Task<std::pair<typename Tag::Ret, std::vector<Fd>>> call_for_descriptors(typename Tag::Args args) {
        std::vector<Fd> descriptors;
        const std::string reply = co_await exchange(Tag::row, next_serial_++, encoded(args), {}, &descriptors);
        co_return std::pair(decoded<typename Tag::Ret>(reply), std::move(descriptors));
    }
    /// A call that opens a stream.
    template <class Tag>
    Task<std::pair<typename Tag::Ret, std::shared_ptr<ClientStream>>> open_stream(typename Tag::Args args) {
        const auto serial = next_serial_++;
        auto stream = add_stream(Tag::row, serial);
        const std::string reply = co_await exchange(Tag::row, serial, encoded(args), {});
        co_return std::pair(decoded<typename Tag::Ret>(reply), std::move(stream));
    }

    /// What to do with an event, by its tag.
    template <class Tag>
    void on_event(std::move_only_function<void(const typename Tag::Msg&)> handle) {
        add_event(Tag::row,
                  [handle = std::move(handle)](XdrReader& in) mutable { handle(decoded<typename Tag::Msg>(in)); });
    }

    /// For who passes on what another client says: a whole message as it stands. What comes and is no answer to a call
    /// of this client goes to `take`, which may take its descriptors; while reading is paused nothing is read.
    void forward(std::string message, std::vector<Fd> descriptors);
    void on_other(std::move_only_function<void(RawFrame&, const MessageHeader&)> take) { other_ = std::move(take); }
    void pause_reading(bool paused);
    /// What the daemon has not read yet, and what to do when that has become nothing, or the connection has ended.
    std::size_t unsent() const { return outgoing_.bytes(); }
    void on_drained(std::move_only_function<void()> drained) { drained_ = std::move(drained); }

    /// Says goodbye properly (connect_close) and waits for it. Dropping the client does without.
    Task<> close();
    /// Ends the connection now.
    void hang_up() { end(); }
    bool is_closed() const { return closed_; }
    /// What the connection needs to be there, and goes with this client.
    void keep(std::shared_ptr<void> companion) { companion_ = std::move(companion); }
    /// Returns when the daemon has closed the connection.
    Task<> closed();

    /// For tests of what no proper client does.
    void send_raw(std::string bytes);

  private:
    friend class ClientStream;
    using StreamKey = std::pair<std::int32_t, std::uint32_t>;
    struct Pending {
        Wait wait;
        bool answered = false;
        std::string payload;
        std::vector<Fd> descriptors;
        std::optional<Error> error;
    };

    explicit Client(std::unique_ptr<Connection> connection);
    Task<std::string> exchange(const protocol::Procedure& row, std::uint32_t serial, std::string args,
                               std::vector<Fd> descriptors, std::vector<Fd>* answered_with = nullptr);
    std::shared_ptr<ClientStream> add_stream(const protocol::Procedure& row, std::uint32_t serial);
    void add_event(const protocol::Procedure& row, std::move_only_function<void(XdrReader&)> handle);
    void ready(Watch::Ready what);
    void take(RawFrame& frame);
    void take_stream(const MessageHeader& header, std::string_view payload);
    void flush();
    void end();

    std::shared_ptr<void> companion_;
    std::unique_ptr<Connection> connection_;
    std::unique_ptr<Watch> watch_;
    FrameReader reader_;
    Outgoing outgoing_;
    bool closed_ = false, paused_ = false;
    std::move_only_function<void(RawFrame&, const MessageHeader&)> other_;
    std::move_only_function<void()> drained_;
    std::uint32_t next_serial_ = 0;
    std::map<std::uint32_t, Pending*> pending_;
    std::map<StreamKey, ClientStream*> streams_;
    std::map<std::pair<std::uint32_t, std::int32_t>, std::move_only_function<void(XdrReader&)>> events_;
    std::vector<Wait*> closers_;
};

}  // namespace innkeeper::rpc
