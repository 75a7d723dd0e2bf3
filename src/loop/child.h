#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "loop/task.h"

namespace innkeeper {

/// How a process ended.
struct ExitStatus {
    int code = 0;    ///< exit status, if no signal ended it
    int signal = 0;  ///< the signal that ended it, or 0
    bool ok() const { return code == 0 && signal == 0; }
    std::string text() const;  ///< "exit status 1", "signal 9 (Killed)"
};

/// What to run and in which surroundings. No shell, no search path: argv[0] is the file.
struct Command {
    std::vector<std::string> argv;
    std::vector<std::string> environment;          ///< NAME=value; nothing else is passed on
    std::vector<std::pair<int, int>> descriptors;  ///< ours → number there; all others are closed
    std::string directory = "/";
    bool own_session = false;  ///< setsid: outlives us and our terminal
    std::optional<uid_t> uid;  ///< with gid and groups, dropped to before exec
    std::optional<gid_t> gid;
    std::vector<gid_t> groups;
    std::vector<std::pair<int, rlimit>> limits;  ///< RLIMIT_… and value
    std::optional<int> pid_file;                 ///< the child's pid goes there, in decimal, before exec
    /// A socket, and the UNIX socket that the child connects it to before exec, so that it is the one who is seen at
    /// the other end. It must not wait for that: a non-blocking one.
    std::optional<std::pair<int, std::string>> connection;
};

/// A process, held by its pidfd: its end is an event, and a recycled pid is never signalled. A child of ours, or one
/// that an earlier daemon started. Destroying it leaves the process alone.
class Process {
  public:
    /// Starts without copying this process's memory (vfork). Descriptors 0 to 2 are /dev/null unless given. Throws
    /// Error (system_error) naming what failed, exec included.
    static Process start(const Command& command);
    /// A running process that may not be our child; nullopt if there is none.
    static std::optional<Process> adopt(pid_t pid);

    Process(Process&&) noexcept;
    Process& operator=(Process&&) noexcept;
    ~Process();

    pid_t pid() const;
    /// Waits for the end. The status of a process that is no child of ours is unknown: code -1.
    Task<ExitStatus> exited();
    bool has_exited() const;
    /// False if it has ended.
    bool send_signal(int signal);

  private:
    struct State;
    explicit Process(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
};

/// Runs a helper to its end and gives what it wrote. Reads at most `most` bytes of each stream; kills it after `limit`.
struct Output {
    ExitStatus status;
    std::string out, err;
};
Task<Output> run_command(Command command, std::chrono::milliseconds limit, std::size_t most = 1U << 20,
                         std::string input = {});

/// The same for one that may take as long as it likes. It ends when the process does, whatever others have of its
/// pipes; if nobody waits any more, the process goes on.
Task<Output> run_patiently(Command command, std::size_t most, std::string input);

}  // namespace innkeeper
