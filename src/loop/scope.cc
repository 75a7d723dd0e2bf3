#include "loop/scope.h"

#include "loop/loop.h"

namespace innkeeper {

void Cancellable::unlink() noexcept {
    if (previous_ == nullptr) return;
    previous_->next_ = next_;
    if (next_ != nullptr) next_->previous_ = previous_;
    previous_ = next_ = nullptr;
}

Scope::Scope(Scope* parent) {
    if (parent == nullptr) return;
    cancelled_ = parent->cancelled_;
    if (!cancelled_) parent->add(*this);
}

Scope::~Scope() {
    while (head_.next_ != nullptr) head_.next_->unlink();
}

void Scope::add(Cancellable& node) noexcept {
    node.unlink();
    node.next_ = head_.next_;
    node.previous_ = &head_;
    if (head_.next_ != nullptr) head_.next_->previous_ = &node;
    head_.next_ = &node;
}

void Scope::cancel() noexcept {
    cancelled_ = true;
    while (head_.next_ != nullptr) {
        Cancellable* node = head_.next_;
        node->unlink();
        node->cancelled();
    }
}

bool Wait::suspend(std::coroutine_handle<> handle, Scope* scope) noexcept {
    if (scope != nullptr) {
        if (scope->is_cancelled()) {
            cancelled_ = true;
            return false;
        }
        scope->add(*this);
    }
    handle_ = handle;
    return true;
}

void Wait::wake() noexcept {
    if (woken_ || cancelled_) return;
    woken_ = true;
    unlink();
    if (handle_) Loop::current().schedule(handle_);
}

void Wait::cancelled() noexcept {
    if (woken_ || cancelled_) return;
    cancelled_ = true;
    if (handle_) Loop::current().schedule(handle_);
}

}  // namespace innkeeper
