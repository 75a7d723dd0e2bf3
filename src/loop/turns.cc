#include "loop/turns.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace innkeeper {

Turns::Turn& Turns::Turn::operator=(Turn&& other) noexcept {
    if (this != &other) {
        end();
        turns_ = std::move(other.turns_);
    }
    return *this;
}

void Turns::Turn::end() {
    if (const auto turns = std::exchange(turns_, nullptr)) turns->next();
}

Turns::Aside Turns::aside(std::string what) {
    aside_ = std::move(what);
    return Aside(shared_from_this());
}

Task<Turns::Turn> Turns::take(std::string job, std::chrono::milliseconds limit, std::string owner) {
    const auto self = shared_from_this();
    auto& loop = Loop::current();
    if (!is_free()) {
        Entry entry{.job = job};
        waiting_.push_back(&entry);
        bool late = false;
        const auto timer = loop.at(loop.now() + limit, [this, &entry, &late] {
            // Whoever was given the turn a moment ago is not late, but has not run yet.
            if (std::erase(waiting_, &entry) == 0) return;
            late = true;
            entry.wait.wake();
        });
        try {
            co_await entry.wait;
        } catch (const Cancelled&) {
            // If the turn was given in the same moment, it is passed on.
            if (std::erase(waiting_, &entry) == 0 && !late) next();
            throw;
        }
        if (late) {
            const auto held = std::chrono::duration<double>(loop.now() - since_).count();
            throw Error(
                ErrorCode::operation_timeout,
                fmt::format("cannot acquire state change lock of domain '{}' for '{}' (held for {:.0f} s by '{}'{})",
                            owner, job, held, holder_, aside_.empty() ? "" : ", which waits for " + aside_));
        }
    }
    holder_ = std::move(job);
    since_ = loop.now();
    co_return Turn(self);
}

void Turns::next() {
    holder_.clear();
    if (waiting_.empty()) return;
    Entry* entry = waiting_.front();
    waiting_.pop_front();
    // Taken on the other's behalf, so that nobody slips in before it runs.
    holder_ = entry->job;
    entry->wait.wake();
}

}  // namespace innkeeper
