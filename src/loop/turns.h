#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <string>

#include "loop/loop.h"
#include "loop/scope.h"
#include "loop/task.h"

namespace innkeeper {

/// One change at a time, in order: the queue of an actor. Who takes a turn holds it until the Turn goes; who waits too
/// long is told which job it waited for, and for how long that one has been running.
class Turns : public std::enable_shared_from_this<Turns> {
  public:
    class Turn {
      public:
        Turn() = default;
        Turn(Turn&& other) noexcept = default;
        Turn& operator=(Turn&& other) noexcept;
        ~Turn() { end(); }
        void end();

      private:
        friend class Turns;
        explicit Turn(std::shared_ptr<Turns> turns) : turns_(std::move(turns)) {}
        std::shared_ptr<Turns> turns_;
    };

    /// As long as it lives, whoever waits for the turn hears what the holder waits for.
    class Aside {
      public:
        Aside() = default;
        Aside(Aside&& other) noexcept = default;
        Aside& operator=(Aside&&) = delete;
        ~Aside() {
            if (turns_) turns_->aside_.clear();
        }

      private:
        friend class Turns;
        explicit Aside(std::shared_ptr<Turns> turns) : turns_(std::move(turns)) {}
        std::shared_ptr<Turns> turns_;
    };
    Aside aside(std::string what);

    /// Waits for the turn; throws Error (operation_timeout) after `limit`. `owner` names the guest in the message.
    Task<Turn> take(std::string job, std::chrono::milliseconds limit, std::string owner);
    /// The turn if it is free now, else an empty Turn.
    bool is_free() const { return holder_.empty() && waiting_.empty(); }

    const std::string& holder() const { return holder_; }

  private:
    struct Entry {
        std::string job;
        Wait wait;
    };
    void next();

    std::string holder_, aside_;
    Clock::time_point since_{};
    std::deque<Entry*> waiting_;
};

}  // namespace innkeeper
