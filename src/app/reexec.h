#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/program.h"
#include "base/paths.h"
#include "objects/service.h"
#include "rpc/server/handover.h"

namespace innkeeper::app {

/// A process that runs its program anew and keeps what it has open, so that a new version takes over from an old one
/// without anybody noticing. What is told lies in `virtlogd-restart-exec.json` beside the pid file, in the form in
/// which the peer's daemons tell it, so that theirs and ours take over from each other.
class Reexec {
  public:
    struct State {
        struct Server {
            std::string name;
            rpc::Handover handover;
        };
        std::vector<Server> servers;
        objects::Service::Legacy service;
        std::map<std::uint64_t, std::string> clients;  ///< what the service says of each, by its id
    };

    Reexec(const Program& program, const Paths& paths, char** argv);

    /// Looks whether this process ran a program of this kind before; the file is gone then. Throws Error if what was
    /// told makes no sense.
    void read();
    const std::optional<State>& inherited() const { return inherited_; }

    /// Does not return, unless by an Error: then nothing has changed.
    void run(const State& state);

  private:
    std::string file_, program_;
    char** argv_;
    std::optional<State> inherited_;
};

}  // namespace innkeeper::app
