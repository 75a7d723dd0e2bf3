#pragma once

#include "drivers/network/backend.h"

namespace innkeeper::network {

/// Networks of this machine's own: bridges, address servers, rules. Starting one is not there yet.
class HostBackend final : public Backend {
  public:
    std::string function(std::string_view name) const override;
    std::span<const protocol::Procedure* const> procedures() const override { return {}; }
    bool shows_next_definition() const override { return true; }
    void check(model::Network& def) const override;
    void complete(model::Network& def, const OwnerOf& owner_of) const override;
    void refuse_start(const Network& active) const override;
    void refuse_stop(const Network& inactive) const override;
    void check_undefine(const Network&) const override {}
    void check_autostart(const Network& network) const override;
    Task<> start(DefPtr def) override;
    Task<> stop(DefPtr def) override;
};

}  // namespace innkeeper::network
