#pragma once

#include <list>
#include <memory>
#include <string>

#include "loop/group.h"
#include "loop/task.h"
#include "loop/turns.h"
#include "rpc/server/drivers.h"

namespace innkeeper::app {

/// A simulated machine with all that is on it: what stands behind `test:///…`. It is made of the parts that drivers
/// give it (guests, networks, …), keeps everything in memory, and reaches nothing of the real machine.
class TestWorld {
  public:
    TestWorld();
    ~TestWorld();

    /// Makes what a <node> document describes. `name` is its path, as messages call it, and where the files lie that it
    /// refers to.
    Task<> fill(std::string document, std::string name);
    /// The memory nodes that only the machine of `test:///default` has.
    void add_cells();
    Task<> close();

    const rpc::DriverSet& drivers() const { return drivers_; }

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
    rpc::DriverSet drivers_;
};

/// The worlds that clients have open. `test:///default` is one for all of them, made for the first and kept as long as
/// the daemon; `test:///PATH` is each connection's own.
class TestWorlds {
  public:
    TestWorlds() = default;
    ~TestWorlds();

    /// `path` is the URI's. Throws Error in the peer's words.
    Task<std::shared_ptr<const rpc::DriverSet>> open(std::string path);
    /// Once no client is left.
    Task<> close();

  private:
    using Own = std::list<std::unique_ptr<TestWorld>>;

    Task<std::shared_ptr<const rpc::DriverSet>> open_default();
    Task<std::shared_ptr<const rpc::DriverSet>> open_own(std::string path);
    Task<> end(Own::iterator world);

    std::shared_ptr<TestWorld> default_;
    std::shared_ptr<Turns> opening_ = std::make_shared<Turns>();
    Own own_;
    TaskGroup ending_;
};

}  // namespace innkeeper::app
