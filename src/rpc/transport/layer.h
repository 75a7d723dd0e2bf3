#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "rpc/transport/connection.h"

namespace innkeeper::rpc {

/// What wraps the bytes of a connection once both ends have agreed on it: a SASL mechanism's security layer.
class SecurityLayer {
  public:
    virtual ~SecurityLayer() = default;
    /// The most bytes that encode() takes at once.
    virtual std::size_t longest() const = 0;
    /// The result is good until the next call. Throws Error (auth_failed).
    virtual std::string_view encode(std::string_view plain) = 0;
    /// Any part of what came; empty if nothing is whole yet. The result is good until the next call. Throws Error
    /// (auth_failed) for bytes that the other end did not make.
    virtual std::string_view decode(std::string_view wrapped) = 0;
    virtual unsigned strength() const = 0;
};

/// From now on everything goes through the layer, but for the next `plain` bytes that are written: those of the answer
/// that tells the other end to begin.
std::unique_ptr<Connection> layered(std::unique_ptr<Connection> connection, std::unique_ptr<SecurityLayer> layer,
                                    std::size_t plain);

}  // namespace innkeeper::rpc
