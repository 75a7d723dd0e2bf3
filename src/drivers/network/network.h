#pragma once

#include <memory>
#include <string>
#include <utility>

#include "model/network/network.h"

namespace innkeeper::network {

using DefPtr = std::shared_ptr<const model::Network>;

/// A network that is defined, or active, or both. What it is and what it will be from its next start on are two values:
/// the second is on disk.
class Network {
  public:
    explicit Network(DefPtr def) : def_(std::move(def)) {}

    const std::string& name() const { return def_->name; }
    const Uuid& uuid() const { return *def_->uuid; }
    const DefPtr& def() const { return def_; }
    const DefPtr& next_def() const { return next_ ? next_ : def_; }
    bool is_active() const { return active_; }
    bool is_persistent() const { return persistent_; }
    bool autostarts() const { return autostart_; }

    /// What it will be from its next start on, which is at once if it is not active.
    void define(DefPtr def) {
        (active_ ? next_ : def_) = std::move(def);
        persistent_ = true;
    }
    /// It goes with its end.
    void forget_definition() {
        next_.reset();
        persistent_ = autostart_ = false;
    }
    /// What runs is another one from now on.
    void change_running(DefPtr def) {
        if (!next_ && persistent_) next_ = def_;
        def_ = std::move(def);
    }
    void set_autostart(bool autostart) { autostart_ = autostart; }
    void start() { active_ = true; }
    void stop() {
        active_ = false;
        if (next_) def_ = std::move(next_);
        next_.reset();
    }

  private:
    DefPtr def_, next_;
    bool active_ = false, persistent_ = false, autostart_ = false;
};

}  // namespace innkeeper::network
