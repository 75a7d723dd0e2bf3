#pragma once

// Private to this room.

#include "loop/scope.h"
#include "rpc/codec/caller.h"

namespace innkeeper::rpc {

/// A scope that is cancelled when the client goes.
class ClientScope {
  public:
    ClientScope(std::shared_ptr<ClientSession> session, Scope* parent)
        : session_(std::move(session)), scope_(parent), number_(session_->on_close([this] { scope_.cancel(); })) {}
    ~ClientScope() { session_->cancel_on_close(number_); }
    ClientScope(const ClientScope&) = delete;
    ClientScope& operator=(const ClientScope&) = delete;

    Scope& scope() { return scope_; }

  private:
    std::shared_ptr<ClientSession> session_;
    Scope scope_;
    std::uint64_t number_;
};

}  // namespace innkeeper::rpc
