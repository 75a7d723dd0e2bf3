#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/fd.h"
#include "rpc/transport/connection.h"

namespace innkeeper::rpc {

/// What waits to be written to one connection, in order. Small messages gather in one buffer and go out with one system
/// call; large ones and those that many clients share are never copied.
class Outgoing {
  public:
    /// Where a small message is to be appended.
    std::string& tail() { return tail_; }
    void push(std::string message);
    void push_shared(std::shared_ptr<const std::string> message);
    /// Each rides on a byte of its own behind what was pushed before.
    void push_descriptors(std::vector<Fd> descriptors);

    bool empty() const { return pieces_.empty() && tail_.size() == tail_written_; }
    std::size_t bytes() const { return queued_ + tail_.size() - tail_written_; }

    /// Writes until all is out, the connection takes no more, or it has ended.
    Connection::Result::Kind flush(Connection& connection);

  private:
    using Piece = std::variant<std::string, std::shared_ptr<const std::string>, Fd>;
    static std::string_view bytes_of(const Piece& piece);
    void seal();
    void written(std::size_t size);

    std::deque<Piece> pieces_;
    std::size_t front_written_ = 0;  ///< of the first piece
    std::size_t queued_ = 0;         ///< bytes in the pieces that are still to be written
    std::string tail_;               ///< behind the pieces
    std::size_t tail_written_ = 0;   ///< only if there are no pieces
};

}  // namespace innkeeper::rpc
