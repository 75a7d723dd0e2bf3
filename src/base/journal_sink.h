#pragma once

// Private to this room.

#include <spdlog/sinks/base_sink.h>

#include <mutex>

#include "base/fd.h"

namespace innkeeper::log {

/// systemd's journal, by its own protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): a datagram of fields. It is done here
/// since libsystemd would bring five libraries more into every daemon for it. A message that the journal does not take
/// at once is lost, rather than that the daemon waits for it.
class JournalSink final : public spdlog::sinks::base_sink<std::mutex> {
  public:
    /// Throws Error (system_error).
    JournalSink();
    static bool is_there();

  protected:
    void sink_it_(const spdlog::details::log_msg& line) override;
    void flush_() override {}

  private:
    Fd socket_;
};

}  // namespace innkeeper::log
