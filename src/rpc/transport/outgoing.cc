#include "rpc/transport/outgoing.h"

#include <array>

namespace innkeeper::rpc {

namespace {

constexpr std::size_t copied_most = 4096;     // a message up to this is cheaper to copy than to queue by itself
constexpr std::size_t kept_most = 64U << 10;  // of an empty tail's memory
constexpr std::size_t parts_a_write = 32;

}  // namespace

std::string_view Outgoing::bytes_of(const Piece& piece) {
    if (const auto* own = std::get_if<std::string>(&piece)) return *own;
    if (const auto* shared = std::get_if<std::shared_ptr<const std::string>>(&piece)) return **shared;
    return {};
}

/// Turns the tail into a piece, so that something can follow it.
void Outgoing::seal() {
    if (tail_.size() == tail_written_) {
        tail_.clear();
        tail_written_ = 0;
        return;
    }
    queued_ += tail_.size() - tail_written_;
    if (pieces_.empty()) front_written_ = tail_written_;
    tail_written_ = 0;
    pieces_.emplace_back(std::move(tail_));
    tail_ = std::string();
}

void Outgoing::push(std::string message) {
    if (message.size() <= copied_most) {
        tail_ += message;
        return;
    }
    seal();
    queued_ += message.size();
    pieces_.emplace_back(std::move(message));
}

void Outgoing::push_shared(std::shared_ptr<const std::string> message) {
    if (message->size() <= copied_most) {
        tail_ += *message;
        return;
    }
    seal();
    queued_ += message->size();
    pieces_.emplace_back(std::move(message));
}

void Outgoing::push_descriptors(std::vector<Fd> descriptors) {
    seal();
    for (auto& fd : descriptors) pieces_.emplace_back(std::move(fd));
}

void Outgoing::written(std::size_t size) {
    while (!pieces_.empty()) {
        const std::size_t left = bytes_of(pieces_.front()).size() - front_written_;
        if (size < left) {
            front_written_ += size;
            queued_ -= size;
            return;
        }
        size -= left;
        queued_ -= left;
        front_written_ = 0;
        pieces_.pop_front();
        if (size == 0) return;
    }
    tail_written_ += size;
}

Connection::Result::Kind Outgoing::flush(Connection& connection) {
    using Kind = Connection::Result::Kind;
    while (!empty()) {
        if (!pieces_.empty() && std::holds_alternative<Fd>(pieces_.front())) {
            const auto sent = connection.write_descriptor(std::get<Fd>(pieces_.front()).get());
            if (sent.kind != Kind::done) return sent.kind;
            pieces_.pop_front();
            continue;
        }
        std::array<iovec, parts_a_write> parts;
        std::size_t count = 0;
        bool cut = false;
        for (const auto& piece : pieces_) {
            cut = std::holds_alternative<Fd>(piece) || count == parts_a_write;
            if (cut) break;
            std::string_view bytes = bytes_of(piece);
            if (count == 0) bytes.remove_prefix(front_written_);
            parts[count++] = {const_cast<char*>(bytes.data()), bytes.size()};
        }
        if (!cut && count < parts_a_write && tail_.size() > tail_written_)
            parts[count++] = {tail_.data() + tail_written_, tail_.size() - tail_written_};
        const auto sent = connection.write({parts.data(), count});
        if (sent.kind != Kind::done) return sent.kind;
        written(sent.bytes);
    }
    tail_written_ = 0;
    if (tail_.capacity() > kept_most)
        tail_ = std::string();
    else
        tail_.clear();
    return Kind::done;
}

}  // namespace innkeeper::rpc
