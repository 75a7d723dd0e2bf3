#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/uuid.h"
#include "loop/group.h"
#include "loop/loop.h"
#include "protocol/remote/types.h"
#include "rpc/client/client.h"
#include "shutdown/target.h"

namespace innkeeper::shutdown {

using protocol::remote::Domain;

/// The daemon behind one URI. Every question has a deadline: a daemon that once did not keep it is lost, and what is
/// asked of it later fails at once. Ends of guests are heard as events; who waits asks now and then as well, so that a
/// missed event costs some seconds and nothing else.
class Host {
  public:
    Host(Target target, std::chrono::milliseconds patience);
    ~Host();

    const Target& target() const { return target_; }
    const std::string& uri() const { return target_.uri; }
    std::chrono::milliseconds patience() const { return patience_; }

    /// Throws Error.
    Task<> connect();
    /// Before it is destroyed.
    Task<> leave();

    /// The guests that run, in the order of their ids, without Xen's own (whose UUID is all zeros).
    Task<std::vector<Domain>> running();
    /// Those of them that have no definition, and end for good when they end.
    Task<std::set<Uuid>> transient();
    /// Which hypervisor it is, in the daemon's own words: the same for two URIs that mean the same.
    Task<std::string> canonical_uri();
    /// The guest as it is now; nothing if there is none.
    Task<std::optional<Domain>> find(Uuid uuid);
    /// Connects again if the daemon went away meanwhile. Throws Error if it does not come back, or does not answer.
    Task<bool> still_runs(Domain guest);
    /// It once did not answer in time, or did not come back.
    bool is_lost() const { return lost_.has_value(); }
    bool has_ended(const Uuid& guest) const { return ended_.contains(guest); }

    template <class Tag>
    Task<typename Tag::Ret> ask(typename Tag::Args args) {
        if (lost_) throw Error(*lost_);
        const auto client = client_;
        if (!client || client->is_closed()) throw closed();
        try {
            co_return co_await within(patience_, std::string(Tag::row.name),
                                      client->template call<Tag>(std::move(args)));
        } catch (const Error& error) {
            if (error.code() == ErrorCode::operation_timeout && error.domain() == ErrorDomain::none) lose(error);
            throw;
        }
    }

    /// A change to one guest, on a connection of its own: a daemon serves few calls of a client at a time, and those
    /// that wait for guests that hang must not keep the others from being asked.
    template <class Tag>
    Task<typename Tag::Ret> change(typename Tag::Args args, std::optional<std::chrono::milliseconds> limit) {
        if (lost_) throw Error(*lost_);
        const auto client = co_await within(patience_, "connecting", open_client());
        auto call = client->template call<Tag>(std::move(args));
        if (!limit) co_return co_await std::move(call);
        co_return co_await within(*limit, std::string(Tag::row.name), std::move(call));
    }

    /// Returns when something happened to a guest or to the connection, and at that time at the latest.
    Task<> news(Clock::time_point until);
    /// Wakes those who wait for news.
    void tell();

  private:
    Task<std::shared_ptr<rpc::Client>> open_client() const;
    Task<> reconnect();
    Task<> hear_end(std::shared_ptr<rpc::Client> client);
    Error closed() const;
    void lose(const Error& why);

    const Target target_;
    const std::chrono::milliseconds patience_;
    std::shared_ptr<rpc::Client> client_;
    bool connecting_ = false;
    std::optional<Error> lost_;
    std::set<Uuid> ended_;
    std::vector<Wait*> waiting_;
    TaskGroup tasks_;
};

}  // namespace innkeeper::shutdown
