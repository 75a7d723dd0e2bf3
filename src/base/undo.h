#pragma once

#include <functional>
#include <utility>
#include <vector>

namespace innkeeper {

/// The way back out of a change of several steps: each step pushes what undoes it, and unless `commit()` is reached
/// they run backwards. Steps must not throw.
class Undo {
  public:
    Undo() = default;
    Undo(const Undo&) = delete;
    Undo& operator=(const Undo&) = delete;
    ~Undo() { roll_back(); }

    void push(std::move_only_function<void()> step) { steps_.push_back(std::move(step)); }
    void commit() { steps_.clear(); }
    void roll_back() {
        while (!steps_.empty()) {
            auto step = std::move(steps_.back());
            steps_.pop_back();
            step();
        }
    }

  private:
    std::vector<std::move_only_function<void()>> steps_;
};

}  // namespace innkeeper
