#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "loop/loop.h"
#include "loop/task.h"
#include "loop/watch.h"

struct sd_bus;
struct sd_bus_message;

/// D-Bus on the loop: nothing here blocks. What a service of the host is asked has a class of its own on top.
namespace innkeeper::host {

struct MessageUnref {
    void operator()(sd_bus_message* message) const;
};
using Message = std::unique_ptr<sd_bus_message, MessageUnref>;

/// A connection, made when somebody first asks something, and again after it was lost.
class Bus {
  public:
    enum class Which : std::uint8_t { system, session };
    explicit Bus(Which which);
    ~Bus();
    Bus(const Bus&) = delete;
    Bus& operator=(const Bus&) = delete;

    /// A call to be filled with arguments. Throws Error (system_error) if the bus is not to be had.
    Message call(const char* service, const char* path, const char* interface, const char* method);
    /// The answer. Throws Error (system_error) with what the other end, or the bus, says.
    Task<Message> send(Message call);
    /// Nobody waits for an answer, and nobody hears that it cannot be sent.
    void tell(Message call);

    /// Throws Error (system_error). What follows connects by itself; this is for who wants to hear of its loss.
    void connect();

    using Heard = std::function<void(sd_bus_message*)>;
    /// Calls back for each such signal, until the connection is lost. Throws Error (system_error) if it is not to be
    /// had.
    void listen(const char* service, const char* path, const char* interface, const char* signal, Heard heard);
    /// Called when the connection was lost.
    void on_lost(std::function<void()> lost) { lost_ = std::move(lost); }

  private:
    struct Pending;
    struct Close {
        void operator()(sd_bus* bus) const;
    };
    sd_bus* open();
    void process();
    void watch();
    void lose(std::string why);

    const Which which_;
    std::vector<std::unique_ptr<Heard>> listeners_;
    std::unique_ptr<sd_bus, Close> bus_;
    int fd_ = -1;
    std::unique_ptr<Watch> watch_;
    std::unique_ptr<Loop::Timer> timer_;
    std::vector<Pending*> pending_;
    std::function<void()> lost_;
};

}  // namespace innkeeper::host
