#pragma once

#include "drivers/network/backend.h"

namespace innkeeper::network {

/// Networks that are nothing but their definitions, as the peer's test driver has them.
class SimulatedBackend final : public Backend {
  public:
    std::string function(std::string_view name) const override { return "test" + std::string(name); }
    std::span<const protocol::Procedure* const> procedures() const override;
    bool shows_next_definition() const override { return false; }
    /// Who would read the options of a program that does not run?
    void check(model::Network& def) const override { def.dnsmasq_options.clear(); }
    void complete(model::Network&, const OwnerOf&) const override {}
    void refuse_start(const Network& active) const override;
    void refuse_stop(const Network&) const override {}
    void check_undefine(const Network& network) const override;
    void check_autostart(const Network&) const override {}
    Task<> start(DefPtr) override { co_return; }
    Task<> stop(DefPtr) override { co_return; }
};

}  // namespace innkeeper::network
