#pragma once

#include <map>
#include <optional>
#include <string>

#include "app/program.h"
#include "base/paths.h"
#include "rpc/server/drivers.h"

namespace innkeeper::app {

class TestWorlds;

/// Which drivers stand behind which URI. A hypervisor's connections reach its own driver first, then the secondary
/// ones, which also open by themselves (`network:///system`).
class DriverChoice final : public rpc::Drivers {
  public:
    explicit DriverChoice(Paths::Privilege privilege) : privilege_(privilege) {}

    /// `access_name` is what access rules call it, as in `QEMU`.
    void add_hypervisor(rpc::DriverPart part, std::string access_name, std::vector<int> features = {});
    void add_secondary(rpc::DriverPart part);

    /// What this daemon has not is the siblings': the proxy sends whole connections there, a hypervisor's daemon what
    /// concerns networks, storage and the like. Comes after all drivers of our own.
    void add_siblings(const Program& program, const Paths& paths);

    /// Serves `test:///…`; outlives this object.
    void add_test(TestWorlds* worlds) { test_ = worlds; }

    Task<rpc::Opened> open(std::string uri) override;

  private:
    std::optional<rpc::Opened> open_sibling(const std::string& asked, std::string_view scheme) const;

    struct Choice {
        std::shared_ptr<rpc::DriverSet> drivers;
        bool hypervisor = false;
    };

    Paths::Privilege privilege_;
    std::map<std::string, Choice, std::less<>> by_scheme_;
    std::vector<rpc::DriverPart> secondary_;
    std::optional<Paths> proxied_;  ///< of a daemon that has nothing itself
    TestWorlds* test_ = nullptr;
};

}  // namespace innkeeper::app
