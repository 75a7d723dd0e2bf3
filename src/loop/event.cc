#include "loop/event.h"

#include <utility>

namespace innkeeper {

void Event::set() {
    set_ = true;
    for (Wait* wait : std::exchange(waiting_, {})) wait->wake();
}

Task<> Event::wait() {
    if (set_) co_return;
    Wait wait;
    waiting_.push_back(&wait);
    try {
        co_await wait;
    } catch (const Cancelled&) {
        std::erase(waiting_, &wait);
        throw;
    }
}

}  // namespace innkeeper
