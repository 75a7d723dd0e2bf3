#include <array>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "base/error.h"
#include "base/log.h"
#include "guests/handlers.h"
#include "loop/descriptor.h"
#include "protocol/remote/domain.h"
#include "rpc/codec/stream.h"

/// Consoles and channels: bytes between a client's stream and a port of the guest, both ways at once.
namespace innkeeper::guests {

namespace {

struct Line {
    Line(std::shared_ptr<rpc::Stream> s, Fd fd) : stream(std::move(s)), port(std::move(fd)) {}
    std::shared_ptr<rpc::Stream> stream;
    Descriptor port;
};

/// Until the guest's side ends; the client is told so and finishes then.
Task<> from_guest(std::shared_ptr<Line> line) {
    std::array<std::byte, 16384> buffer;
    try {
        for (;;) {
            const std::size_t size = co_await line->port.read_some(buffer);
            if (size == 0) break;
            co_await line->stream->write(std::string(reinterpret_cast<const char*>(buffer.data()), size));
        }
    } catch (const Error& error) {
        // A pty whose other side is gone fails instead of ending, and so does a stream whose client is gone.
        log::debug("a console ends: {}", error.message());
    }
    if (line->stream->ended()) co_return;
    try {
        co_await line->stream->finish_writing();
    } catch (const Error& error) {
        log::debug("a console ends: {}", error.message());
    }
}

/// Until the client ends the stream, which lets go of the port.
Task<> from_client(std::shared_ptr<Line> line) {
    try {
        while (auto chunk = co_await line->stream->read())
            if (const auto* bytes = std::get_if<std::string>(&*chunk)) co_await line->port.write_all(*bytes);
    } catch (const Error& error) {
        log::debug("a console ends: {}", error.message());
    }
    line->stream->complete();
    line->port.close();
}

/// A client that goes while the guest takes nothing lets go of the port as well.
Task<> until_end(std::shared_ptr<Line> line) {
    co_await line->stream->end();
    line->port.close();
}

class Consoles : public Handlers {
  public:
    using Handlers::Handlers;

    void install(rpc::HandlerTable& table) {
        table.add<wire::DomainOpenConsole>(*this, &Consoles::open_console);
        table.add<wire::DomainOpenChannel>(*this, &Consoles::open_channel);
    }

  private:
    // Neither waits for the guest's turn: a console is most wanted when something hangs.
    Task<> open_console(Caller caller, wire::DomainOpenConsoleArgs args) {
        check_flags(args.flags, VIR_DOMAIN_CONSOLE_FORCE | VIR_DOMAIN_CONSOLE_SAFE, "DomainOpenConsole");
        const auto guest = find(args.dom);
        require_active(*guest);
        auto port = co_await hypervisor().open_console(guest, args.dev_name.value_or(""),
                                                       (args.flags & VIR_DOMAIN_CONSOLE_FORCE) != 0);
        connect(caller, std::move(port));
    }

    Task<> open_channel(Caller caller, wire::DomainOpenChannelArgs args) {
        check_flags(args.flags, VIR_DOMAIN_CHANNEL_FORCE, "DomainOpenChannel");
        const auto guest = find(args.dom);
        require_active(*guest);
        auto port = co_await hypervisor().open_channel(guest, args.name.value_or(""),
                                                       (args.flags & VIR_DOMAIN_CHANNEL_FORCE) != 0);
        connect(caller, std::move(port));
    }

    void connect(const Caller& caller, Fd port) {
        auto stream = caller.session->open_stream(*caller.row, caller.serial, false);
        const auto line = std::make_shared<Line>(std::move(stream), std::move(port));
        guests_.background().spawn(from_guest(line));
        guests_.background().spawn(from_client(line));
        guests_.background().spawn(until_end(line));
    }
};

}  // namespace

Installed install_console(Guests& guests, rpc::HandlerTable& table) { return install_group<Consoles>(guests, table); }

}  // namespace innkeeper::guests
