#include "rpc/transport/layer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "base/error.h"
#include "base/log.h"

namespace innkeeper::rpc {

namespace {

class Layered final : public Connection {
  public:
    Layered(std::unique_ptr<Connection> inner, std::unique_ptr<SecurityLayer> layer, std::size_t plain)
        : inner_(std::move(inner)), layer_(std::move(layer)), plain_(plain) {}

    Result read(std::span<char> into) override {
        if (at_ == decoded_.size()) {
            std::array<char, 64U << 10> wrapped;
            const Result result = inner_->read(wrapped);
            if (result.kind != Result::Kind::done) return {.kind = result.kind};
            try {
                decoded_ = layer_->decode({wrapped.data(), result.bytes});
            } catch (const Error& error) {
                return broken(error);
            }
            at_ = 0;
            if (decoded_.empty()) return {.kind = Result::Kind::would_block};
        }
        const std::size_t size = std::min(into.size(), decoded_.size() - at_);
        std::memcpy(into.data(), decoded_.data() + at_, size);
        at_ += size;
        return {.bytes = size};
    }

    Result write(std::span<const iovec> bytes) override {
        if (plain_ > 0) {
            iovec part = bytes.front();
            part.iov_len = std::min(part.iov_len, plain_);
            Result result = inner_->write({&part, 1});
            plain_ -= result.bytes;
            return result;
        }
        // What the last call wrapped goes out before anything else is wrapped, and is told of only then.
        if (sent_ == wrapped_.size()) {
            const auto& part = bytes.front();
            stands_for_ = std::min(part.iov_len, layer_->longest());
            try {
                wrapped_ = layer_->encode({static_cast<const char*>(part.iov_base), stands_for_});
            } catch (const Error& error) {
                return broken(error);
            }
            sent_ = 0;
        }
        while (sent_ < wrapped_.size()) {
            const iovec part{wrapped_.data() + sent_, wrapped_.size() - sent_};
            const Result result = inner_->write({&part, 1});
            if (result.kind != Result::Kind::done) return {.kind = result.kind};
            sent_ += result.bytes;
        }
        return {.bytes = stands_for_};
    }

    void close() override { inner_->close(); }
    int descriptor() const override { return inner_->descriptor(); }
    bool has_pending() const override { return at_ < decoded_.size() || inner_->has_pending(); }
    Identity& identity() override { return inner_->identity(); }
    std::string remote_address() const override { return inner_->remote_address(); }
    std::string local_address() const override { return inner_->local_address(); }
    bool is_secure() const override { return layer_->strength() > 0 || inner_->is_secure(); }
    unsigned strength() const override { return std::max(layer_->strength(), inner_->strength()); }

  private:
    static Result broken(const Error& error) {
        log::warning("a client's security layer has failed: {}", error.message());
        return {.kind = Result::Kind::ended};
    }

    std::unique_ptr<Connection> inner_;
    std::unique_ptr<SecurityLayer> layer_;
    std::size_t plain_;
    std::string decoded_, wrapped_;
    std::size_t at_ = 0;    ///< of decoded_
    std::size_t sent_ = 0;  ///< of wrapped_
    std::size_t stands_for_ = 0;
};

}  // namespace

std::unique_ptr<Connection> layered(std::unique_ptr<Connection> connection, std::unique_ptr<SecurityLayer> layer,
                                    std::size_t plain) {
    return std::make_unique<Layered>(std::move(connection), std::move(layer), plain);
}

}  // namespace innkeeper::rpc
