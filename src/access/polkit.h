#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "access/authenticator.h"
#include "host/bus/bus.h"
#include "loop/scope.h"

/// Polkit, which decides by an administrator's rules, or has a person type a password. Asked over the system's D-Bus.
namespace innkeeper::access {

class Polkit final : public Authenticator {
  public:
    Task<> check(rpc::Identity identity, bool read_only) override;

    /// What rules see of an action besides its name.
    using Details = std::vector<std::pair<std::string, std::string>>;
    enum class Interaction : std::uint8_t { none, allowed };
    enum class Verdict : std::uint8_t { yes, no, needs_agent, dismissed };

    /// Throws Error (auth_unavailable) if polkit cannot be asked or does not answer, (auth_failed) if it is not known
    /// which process asks. Cancelling it takes the question back.
    Task<Verdict> ask(rpc::Identity who, std::string action, Details details, Interaction interaction);

  private:
    Task<Verdict> ask_now(rpc::Identity who, std::string action, Details details, Interaction interaction);
    void ended();
    void give_up_waiting();
    void take_back(const std::string& cancellation);

    host::Bus bus_{host::Bus::Which::system};
    std::uint64_t asked_ = 0;
    /// Questions without a person go a few at a time: a long list shall not fill the bus.
    unsigned under_way_ = 0;
    struct Turn {
        Wait wait;
        bool hopeless = false;
    };
    std::deque<Turn*> waiting_;
};

/// "user 1000 (process 123)": for sentences.
std::string described(const rpc::Identity& who);

}  // namespace innkeeper::access
