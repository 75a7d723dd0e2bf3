#pragma once

// For the tests of this room: a server with a small driver, and clients that write and read bytes as they like.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "loop/event.h"
#include "loop/group.h"
#include "loop/loop.h"
#include "protocol/qemu.h"
#include "protocol/remote/connect.h"
#include "protocol/remote/domain.h"
#include "protocol/remote/events.h"
#include "protocol/remote/storage.h"
#include "rpc/codec/frame.h"
#include "rpc/codec/stream.h"
#include "rpc/server/connection_calls.h"
#include "rpc/server/server.h"

namespace innkeeper::rpc::test {

namespace wire = protocol::remote;

/// Answers a few calls: at once, when the test opens a gate, never, with streams and with descriptors.
class FakeDriver final : public Drivers {
  public:
    FakeDriver() {
        table.add<wire::ConnectGetType>(*this, &FakeDriver::get_type);
        table.add<wire::ConnectGetCapabilities>(*this, &FakeDriver::get_capabilities);
        table.add<wire::DomainCreate>(*this, &FakeDriver::create);
        table.add<wire::DomainDestroy>(*this, &FakeDriver::destroy);
        table.add<wire::StorageVolUpload>(*this, &FakeDriver::upload);
        table.add<wire::StorageVolDownload>(*this, &FakeDriver::download);
        table.add<wire::DomainOpenGraphics>(*this, &FakeDriver::open_graphics);
        table.add<wire::DomainOpenGraphicsFd>(*this, &FakeDriver::open_graphics_fd);
        drivers->parts.push_back({"fake", ErrorDomain::qemu, &table});
    }

    Task<Opened> open(std::string uri) override {
        if (uri == "none:///") throw Error(ErrorCode::no_connect, uri);
        Opened opened{drivers, uri};
        co_return opened;
    }

    wire::ConnectGetTypeRet get_type(const Caller&) { return {"fake"}; }
    wire::ConnectGetCapabilitiesRet get_capabilities(const Caller&) { return {capabilities}; }
    Task<> create(Caller, wire::DomainCreateArgs) {
        ++started;
        co_await gate.wait();
    }
    void destroy(const Caller&, const wire::DomainDestroyArgs&) {
        throw Error(ErrorCode::operation_invalid, "domain is not running");
    }
    void upload(const Caller& caller, const wire::StorageVolUploadArgs& args) {
        tasks.spawn(take(this, caller.session->open_stream(*caller.row, caller.serial, (args.flags & 1) != 0)));
        if (args.offset == 13) throw Error(ErrorCode::no_storage_vol, "bad luck");
    }
    static Task<> take(FakeDriver* self, std::shared_ptr<Stream> stream) {
        try {
            co_await self->upload_gate.wait();
            while (auto chunk = co_await stream->read()) {
                if (const auto* hole = std::get_if<Hole>(&*chunk))
                    self->uploaded += "<" + std::to_string(hole->length) + ">";
                else
                    self->uploaded += std::get<std::string>(*chunk);
                if (self->uploaded.ends_with("FULL")) throw Error::system(ENOSPC, "cannot write", ErrorDomain::storage);
            }
            stream->complete();
            self->upload_end = "complete";
        } catch (const Error& error) {
            stream->fail(error);
            self->upload_end = error.message();
        }
    }
    void download(const Caller& caller, const wire::StorageVolDownloadArgs& args) {
        tasks.spawn(give(this, caller.session->open_stream(*caller.row, caller.serial, true), args.length));
    }
    static Task<> give(FakeDriver* self, std::shared_ptr<Stream> stream, std::uint64_t size) {
        try {
            for (std::uint64_t at = 0; at < size; at += 100'000) {
                co_await stream->write(std::string(std::min<std::uint64_t>(100'000, size - at), 'd'));
                self->downloaded = at + 100'000;
            }
            co_await stream->finish_writing();
            co_await stream->finished();
            stream->complete();
            self->download_end = "complete";
        } catch (const Error& error) {
            self->download_end = error.message();
        }
    }
    void open_graphics(const Caller& caller, const wire::DomainOpenGraphicsArgs&) {
        if (!caller.fds || caller.fds->size() != 1) throw Error(ErrorCode::internal_error, "no descriptor");
        passed = std::move(caller.fds->front());
    }
    void open_graphics_fd(const Caller& caller, const wire::DomainOpenGraphicsFdArgs&) {
        int ends[2];
        ASSERT_EQ(::pipe(ends), 0);
        passed.reset(ends[0]);
        caller.reply_fds->emplace_back(ends[1]);
    }

    HandlerTable table;
    std::shared_ptr<DriverSet> drivers = std::make_shared<DriverSet>();
    std::string capabilities = "<capabilities/>";
    Event gate, upload_gate;
    int started = 0;
    std::string uploaded, upload_end, download_end;
    std::uint64_t downloaded = 0;
    Fd passed;
    TaskGroup tasks;
};

struct Frame {
    MessageHeader header;
    std::string payload;
    bool ok() const { return header.status == MessageStatus::ok; }
    protocol::WireError error() const { return decoded<protocol::WireError>(payload); }
};

/// A client that may do anything.
class RawClient {
  public:
    explicit RawClient(Loop& loop) : loop_(loop) {
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
        socket.reset(ends[0]);
        server_end.reset(ends[1]);
    }

    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t size = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (size < 0) {
                // The server has closed, or does not read: whichever, the test finds out.
                loop_.run_ready();
                const ssize_t again = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
                if (again < 0) return;
                bytes.remove_prefix(static_cast<std::size_t>(again));
                continue;
            }
            bytes.remove_prefix(static_cast<std::size_t>(size));
        }
    }
    template <class Tag>
    static std::string call_bytes(const typename Tag::Args& args, std::uint32_t serial,
                                  MessageType type = MessageType::call) {
        const MessageHeader header{.prog = Tag::row.program,
                                   .vers = Tag::row.version,
                                   .proc = Tag::row.number,
                                   .type = type,
                                   .serial = serial,
                                   .status = MessageStatus::ok};
        return message(header, encoded(args));
    }
    static std::string message(const MessageHeader& header, std::string_view payload) {
        std::string out;
        FrameWriter frame(out, header);
        frame.put_raw(payload);
        frame.finish();
        return out;
    }
    template <class Tag>
    std::uint32_t send_call(const typename Tag::Args& args = {}) {
        send(call_bytes<Tag>(args, ++serial));
        return serial;
    }
    /// Sends and gives the next message that comes.
    template <class Tag>
    Frame call(const typename Tag::Args& args = {}) {
        send_call<Tag>(args);
        return next();
    }
    Frame next() {
        auto frame = try_next();
        EXPECT_TRUE(frame) << "nothing came";
        return frame.value_or(Frame{});
    }
    std::optional<Frame> try_next() {
        loop_.run_ready();
        for (;;) {
            if (buffer.size() >= 4) {
                const auto length = frame_length(std::string_view(buffer).substr(0, 4));
                EXPECT_TRUE(length);
                if (length && buffer.size() >= *length) {
                    XdrReader in(std::string_view(buffer).substr(4));
                    Frame frame{.header = decode_header(in), .payload = buffer.substr(28, *length - 28)};
                    buffer.erase(0, *length);
                    return frame;
                }
            }
            std::array<char, 65536> bytes;
            const ssize_t size = ::recv(socket.get(), bytes.data(), bytes.size(), 0);
            if (size <= 0) {
                ended = size == 0 || errno == ECONNRESET;
                return std::nullopt;
            }
            buffer.append(bytes.data(), static_cast<std::size_t>(size));
            loop_.run_ready();
        }
    }
    bool is_closed() { return !try_next() && ended; }

    Fd socket, server_end;
    std::string buffer;
    std::uint32_t serial = 100;
    bool ended = false;

  private:
    Loop& loop_;
};

class SessionTest : public testing::Test {
  protected:
    SessionTest() { calls.add_to(server.own_handlers()); }
    ~SessionTest() override {
        driver.gate.set();
        driver.upload_gate.set();
        loop.run(server.close(std::chrono::seconds(1)));
        loop.run_ready();
        loop.run(driver.tasks.close());
        loop.run_ready();
    }

    RawClient connect(Service service = {}) {
        RawClient client(loop);
        server.adopt(unix_connection(std::move(client.server_end)), service);
        return client;
    }
    RawClient open(Service service = {}) {
        RawClient client = connect(service);
        const Frame reply = client.call<wire::ConnectOpen>({.name = "fake:///"});
        EXPECT_TRUE(reply.ok());
        return client;
    }

    Loop loop{Loop::Time::manual};
    FakeDriver driver;
    ConnectionCalls calls{driver};
    Server server{"test", Limits{}, {wire::program_number, protocol::qemu::program_number}};
};

}  // namespace innkeeper::rpc::test
