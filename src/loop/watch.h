#pragma once

#include <functional>
#include <memory>

namespace innkeeper {

/// Calls back, in the loop's turn, while a descriptor can be read or written: for those who hold thousands of
/// descriptors and do little for each, such as clients' sockets. A batch of ready ones costs the loop one turn and no
/// coroutine. What a coroutine waits for is a Descriptor. The descriptor stays its owner's; it must be non-blocking and
/// outlive the watch.
class Watch {
  public:
    struct Ready {
        bool read = false;  ///< also when the other end is gone: the next read tells
        bool write = false;
    };
    using Call = std::move_only_function<void(Ready)>;

    /// Watches nothing until want() is called.
    Watch(int fd, Call call);
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    /// May happen inside its own call, too.
    ~Watch();

    void want(bool read, bool write);

    struct State;

  private:
    std::shared_ptr<State> state_;
};

}  // namespace innkeeper
