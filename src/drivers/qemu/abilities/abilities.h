#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "drivers/qemu/abilities/capabilities.h"
#include "drivers/qemu/abilities/probe.h"
#include "loop/group.h"
#include "loop/task.h"

namespace innkeeper::qemu {

/// The emulators of this host and what each can do. A binary is asked when somebody first wants to know, by one run of
/// it however many ask, and again when it has changed; what it said is kept in memory and on disk.
class Abilities {
  public:
    /// `directory` is for the cache; it is made when needed.
    Abilities(std::string directory, RunAs run_as);
    ~Abilities();

    /// Throws as probe() does.
    Task<CapabilitiesPtr> of(std::string binary);
    /// As `of`, only if it is known already.
    CapabilitiesPtr known(const std::string& binary) const;
    /// The path of an executable that the search path leads to; empty if there is none.
    static std::string program(std::string_view name);
    /// The emulator for an architecture as named in XML; empty if none is installed. Does not start it.
    static std::string binary_for(std::string_view arch);
    /// The emulators found for every architecture, each asked; those that do not answer are logged and left out.
    struct Installed {
        std::string_view arch;
        CapabilitiesPtr emulator;
    };
    Task<std::vector<Installed>> installed();

    Task<> close();

  private:
    struct Entry;
    Task<> learn(std::string binary, std::string fingerprint, std::shared_ptr<Entry> entry);

    std::string directory_;
    RunAs run_as_;
    std::map<std::string, std::shared_ptr<Entry>, std::less<>> entries_;
    TaskGroup tasks_;
};

}  // namespace innkeeper::qemu
