#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "rpc/codec/frame.h"
#include "rpc/transport/connection.h"

namespace innkeeper::rpc {

/// One message as it stood on the wire: 24 bytes of header and the payload. The bytes are the reader's, good until it
/// reads on.
struct RawFrame {
    std::string_view header;
    std::string_view payload;
    std::vector<Fd> descriptors;  ///< of a message of a kind with descriptors: as many as it announced
};

/// Cuts a connection's bytes into messages (WIRE.md, sections 2 and 3). A length word costs nothing by itself: memory
/// grows as bytes arrive, at most twofold. A connection at rest holds no buffer at all.
class FrameReader {
  public:
    static constexpr std::uint32_t most_descriptors = 32;

    /// Messages longer than this are hostile; what the protocol allows unless something smaller is said.
    void set_longest(std::uint32_t longest) { longest_ = longest; }

    enum class Read { more, nothing, ended };
    /// Reads once. What came waits for next().
    Read fill(Connection& connection);
    /// The next whole message; nullopt if it is not there yet, or if is_hostile().
    std::optional<RawFrame> next();
    /// To be called when no more messages are wanted for now: the bytes in hand are kept.
    void rest();

    /// What came cannot be a message; the connection is to be closed without a reply.
    bool is_hostile() const { return hostile_; }
    /// Bytes that are held for messages not taken yet.
    std::size_t held() const { return bytes_.size(); }

  private:
    std::string_view unread() const { return in_hand_.empty() ? std::string_view(bytes_).substr(taken_) : in_hand_; }
    void consume(std::size_t size);
    bool take_descriptors(std::uint64_t from, std::uint32_t count, std::vector<Fd>& into);

    std::string bytes_;           ///< kept between turns; empty between messages
    std::size_t taken_ = 0;       ///< of bytes_
    std::string_view in_hand_;    ///< what the last fill() gave, in the buffer that all readers share
    std::uint64_t position_ = 0;  ///< of the first unread byte in the stream
    std::deque<std::pair<std::uint64_t, Fd>> descriptors_;  ///< and the positions of the bytes that carried them
    std::uint32_t longest_ = frame_max;
    bool hostile_ = false;
};

}  // namespace innkeeper::rpc
