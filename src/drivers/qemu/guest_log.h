#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/paths.h"
#include "base/uuid.h"
#include "loop/task.h"

namespace innkeeper::qemu {

/// Whose log it is, and which file.
struct LogName {
    std::string guest;
    Uuid uuid;
    std::string path;
};

/// A place in a log. The inode tells files apart that have had the name one after the other.
struct LogMark {
    std::uint64_t inode = 0, offset = 0;
};

/// What a character device of a guest logs to.
struct DeviceLog {
    std::string path;
    bool append = false;
};

/// The logs of guests: what we say about their runs and what QEMU writes to its stderr, in one file for each that is
/// only added to, and the files that character devices log to. Nothing here waits for a disk.
class GuestLogs {
  public:
    virtual ~GuestLogs() = default;

    /// For a process that is about to start: `head` is in the log already, and what comes behind the mark are its
    /// words.
    struct Opened {
        Fd output;
        std::vector<Fd> devices;  ///< in the order in which they were asked for
        LogMark mark;
    };
    virtual Task<Opened> open(LogName log, std::string head, std::vector<DeviceLog> devices) = 0;
    /// Some time soon, in order. A log that cannot be written stops nobody.
    virtual void append(LogName log, std::string text) = 0;
    /// The last of what came since the mark, without a newline at its end; empty if that cannot be told.
    virtual Task<std::string> words(LogName log, LogMark mark) = 0;
    /// What append() was given is written, if that can be in a moment.
    virtual Task<> close() = 0;
};

/// The files are ours, and QEMU writes to them itself.
std::unique_ptr<GuestLogs> file_logs();
/// virtlogd has the files, and QEMU writes into pipes.
std::unique_ptr<GuestLogs> daemon_logs(const Paths& paths);

/// A line with the time before it.
std::string log_line(std::string_view text);

/// What of a process's words goes into an error: its end is where the reason stands.
inline constexpr std::size_t most_log_words = 1024;
std::string last_words(std::string text);

/// The log of one guest.
class GuestLog {
  public:
    GuestLog(GuestLogs& logs, LogName name) : logs_(logs), name_(std::move(name)) {}

    void note(std::string_view text) { logs_.append(name_, log_line(text)); }
    /// Of the process for which it was opened.
    Task<std::string> words() { return logs_.words(name_, mark_); }
    Task<GuestLogs::Opened> open(std::string head, std::vector<DeviceLog> devices);

  private:
    GuestLogs& logs_;
    LogName name_;
    LogMark mark_;
};

}  // namespace innkeeper::qemu
