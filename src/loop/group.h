#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "loop/scope.h"
#include "loop/task.h"

namespace innkeeper {

/// The home of background work: tasks of one owner, which end with it. Closing refuses new work, cancels what runs and
/// waits for it; destroying a group that still runs something is a bug and asserts.
///
/// A task starts inside spawn() and runs there up to its first wait. What it throws ends only itself: Cancelled is the
/// ordinary end of a closed group, anything else is handed to the function that the group was made with (or logged).
class TaskGroup {
  public:
    using Failed = std::function<void(std::exception_ptr)>;
    explicit TaskGroup(Failed failed = {}) : failed_(std::move(failed)) {}
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;
    ~TaskGroup();

    /// A closed group drops the task without starting it.
    void spawn(Task<> task);
    /// Cancels everything that runs now and refuses what comes; does not wait.
    void cancel();
    /// Cancels and waits until nothing runs any more. Must not be awaited by a task of the group itself.
    Task<> close();
    /// Waits until nothing runs any more, without cancelling.
    Task<> idle();

    std::size_t size() const { return running_; }
    Scope& scope() { return scope_; }

  private:
    struct Runner;
    static Runner run(TaskGroup* group, Task<> task);
    void ended();

    Failed failed_;
    Scope scope_;
    std::size_t running_ = 0;
    bool closed_ = false;
    std::vector<Wait*> idle_;
};

/// Runs the task, and throws Error (operation_timeout) naming `what` if it takes longer. The task is cancelled then,
/// and waited for.
template <class T>
Task<T> within(std::chrono::milliseconds limit, std::string what, Task<T> task);

/// Runs all at once; results in the order of the tasks. If some throw, all are waited for, then the first one's
/// exception is thrown.
template <class T>
Task<std::vector<T>> all(std::vector<Task<T>> tasks);
Task<> all(std::vector<Task<>> tasks);

}  // namespace innkeeper

#include "loop/group_inl.h"
