#include "rpc/transport/frame_reader.h"

#include <algorithm>
#include <array>
#include <memory>

namespace innkeeper::rpc {

namespace {

constexpr std::size_t scratch_size = 256U << 10;
constexpr std::size_t largest_growth = 4U << 20;

/// One buffer for all readers of a thread: what a read leaves incomplete moves to the reader's own.
std::span<char> scratch() {
    thread_local const auto buffer = std::make_unique_for_overwrite<char[]>(scratch_size);
    return {buffer.get(), scratch_size};
}

std::uint32_t word(std::string_view bytes, std::size_t at) { return XdrReader(bytes.substr(at, 4)).get_uint32(); }

}  // namespace

FrameReader::Read FrameReader::fill(Connection& connection) {
    rest();
    Connection::Result result;
    if (bytes_.empty()) {
        result = connection.read(scratch());
        if (result.kind == Connection::Result::Kind::done) in_hand_ = std::string_view(scratch().data(), result.bytes);
    } else {
        // The rest of a message that has begun goes behind its beginning, without a detour.
        if (taken_ > 0) {
            bytes_.erase(0, taken_);
            taken_ = 0;
        }
        const std::size_t had = bytes_.size();
        const std::size_t room = std::clamp<std::size_t>(had, 16U << 10, largest_growth);
        bytes_.resize_and_overwrite(had + room, [&](char* data, std::size_t) {
            result = connection.read({data + had, room});
            return had + (result.kind == Connection::Result::Kind::done ? result.bytes : 0);
        });
    }
    switch (result.kind) {
        case Connection::Result::Kind::would_block:
            return Read::nothing;
        case Connection::Result::Kind::ended:
            return Read::ended;
        case Connection::Result::Kind::done:
            break;
    }
    if (result.descriptor) {
        descriptors_.emplace_back(position_ + unread().size() - 1, std::move(result.descriptor));
        if (descriptors_.size() > 2 * std::size_t{most_descriptors}) hostile_ = true;
    }
    return Read::more;
}

void FrameReader::rest() {
    if (!in_hand_.empty()) {
        bytes_.assign(in_hand_);
        taken_ = 0;
        in_hand_ = {};
    } else if (taken_ == bytes_.size()) {
        taken_ = 0;
        // Between messages nothing is held.
        if (bytes_.capacity() > 4096)
            bytes_ = std::string();
        else
            bytes_.clear();
    }
}

void FrameReader::consume(std::size_t size) {
    position_ += size;
    if (in_hand_.empty())
        taken_ += size;
    else
        in_hand_.remove_prefix(size);
    while (!descriptors_.empty() && descriptors_.front().first < position_) descriptors_.pop_front();
}

bool FrameReader::take_descriptors(std::uint64_t from, std::uint32_t count, std::vector<Fd>& into) {
    while (!descriptors_.empty() && descriptors_.front().first < from) descriptors_.pop_front();
    for (std::uint32_t i = 0; i < count; ++i) {
        if (descriptors_.empty() || descriptors_.front().first != from + i) return false;
        into.push_back(std::move(descriptors_.front().second));
        descriptors_.pop_front();
    }
    return true;
}

std::optional<RawFrame> FrameReader::next() {
    if (hostile_) return std::nullopt;
    const std::string_view bytes = unread();
    if (bytes.size() < 4) return std::nullopt;
    const std::uint32_t length = word(bytes, 0);
    if (length < frame_min || length > longest_) {
        hostile_ = true;
        return std::nullopt;
    }
    if (bytes.size() < length) return std::nullopt;
    RawFrame frame{.header = bytes.substr(4, 24), .payload = bytes.substr(frame_min, length - frame_min)};

    std::uint32_t descriptors = 0;
    const auto type = static_cast<MessageType>(word(bytes, 16));
    if (type == MessageType::call_with_fds || type == MessageType::reply_with_fds) {
        descriptors = frame.payload.size() < 4 ? most_descriptors + 1 : word(frame.payload, 0);
        if (descriptors > most_descriptors) {
            hostile_ = true;
            return std::nullopt;
        }
        if (bytes.size() < length + descriptors) return std::nullopt;
        if (!take_descriptors(position_ + length, descriptors, frame.descriptors)) {
            hostile_ = true;
            return std::nullopt;
        }
    }
    consume(length + descriptors);
    return frame;
}

}  // namespace innkeeper::rpc
