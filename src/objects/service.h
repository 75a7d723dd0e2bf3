#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "loop/task.h"
#include "rpc/codec/handlers.h"

namespace innkeeper::objects {

/// What a daemon does that helps others: virtlogd and virtlockd. It can hand all that it has to the program that takes
/// its process's place, so that a new version is installed without anybody noticing.
class Service {
  public:
    virtual ~Service() = default;

    virtual std::uint32_t program() const = 0;
    virtual void add_to(rpc::HandlerTable& table) = 0;

    /// It is needed, also without a client: the daemon does not end for idleness.
    virtual bool is_busy() const = 0;
    /// Called whenever is_busy() may have changed.
    void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

    /// What is in progress comes to its end, and nothing new begins as long as the result lives.
    virtual Task<std::shared_ptr<void>> hold() = 0;
    /// What the next program is told, as a JSON object, and the descriptors that it inherits; only while held.
    struct Legacy {
        std::string json;
        std::vector<int> descriptors;
    };
    virtual Legacy legacy() const = 0;
    /// The same for one client.
    virtual std::string legacy_of(std::uint64_t) const { return "{}"; }
    /// What a program before us told, in an object with other things. Throws std::exception if it makes no sense.
    virtual void inherit(std::string_view json) = 0;
    virtual void inherit_client(const std::shared_ptr<rpc::ClientSession>&, std::string_view) {}

    /// The daemon ends: clients that go from now on go because of that.
    virtual void end() {}
    virtual Task<> close() = 0;

  protected:
    void changed() const {
        if (changed_) changed_();
    }

  private:
    std::function<void()> changed_;
};

}  // namespace innkeeper::objects
