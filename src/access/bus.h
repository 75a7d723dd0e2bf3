#pragma once

// Private to this room.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "loop/loop.h"
#include "loop/task.h"
#include "loop/watch.h"

struct sd_bus;
struct sd_bus_message;

namespace innkeeper::access {

struct MessageUnref {
    void operator()(sd_bus_message* message) const;
};
using Message = std::unique_ptr<sd_bus_message, MessageUnref>;

/// The system's D-Bus, on the loop: nothing here blocks. Connected when somebody first asks something, and again after
/// the connection was lost.
class SystemBus {
  public:
    SystemBus();
    ~SystemBus();
    SystemBus(const SystemBus&) = delete;
    SystemBus& operator=(const SystemBus&) = delete;

    /// A call to be filled with arguments. Throws Error (system_error) if the bus is not to be had.
    Message call(const char* service, const char* path, const char* interface, const char* method);
    /// The answer. Throws Error (system_error) with what the other end, or the bus, says.
    Task<Message> send(Message call);
    /// Nobody waits for an answer, and nobody hears that it cannot be sent.
    void tell(Message call);

  private:
    struct Pending;
    struct Close {
        void operator()(sd_bus* bus) const;
    };
    sd_bus* open();
    void process();
    void watch();
    void lose(std::string why);

    std::unique_ptr<sd_bus, Close> bus_;
    int fd_ = -1;
    std::unique_ptr<Watch> watch_;
    std::unique_ptr<Loop::Timer> timer_;
    std::vector<Pending*> pending_;
};

}  // namespace innkeeper::access
