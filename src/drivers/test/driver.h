#pragma once

#include "guests/hypervisor.h"

namespace innkeeper::test {

/// The hypervisor that runs nothing: its guests change their state as told, and their figures are made up. All of them
/// end with the daemon.
class Driver final : public guests::Hypervisor {
  public:
    std::string folder() const override { return "test"; }
    std::string type() const override { return "TEST"; }
    std::string prefix() const override { return "test"; }
    ErrorDomain error_domain() const override { return ErrorDomain::test; }
    Task<std::uint64_t> version() override { co_return 2; }

    Task<std::string> capabilities() override;
    Task<int> max_vcpus(std::string virt_type) override;

    Task<guests::DefPtr> complete(model::DomainDef def, guests::Purpose purpose) override;

    Task<> start(guests::GuestPtr guest, guests::StartOptions options) override;
    Task<> destroy(guests::GuestPtr guest, Destroy how) override;
    Task<> shutdown(guests::GuestPtr guest, std::vector<guests::Way> ways) override;
    Task<> suspend(guests::GuestPtr guest, guests::Paused reason) override;
    Task<> resume(guests::GuestPtr guest, guests::Running reason) override;

    std::string status_elements(const guests::Guest&) override { return {}; }
    Task<> adopt(guests::Remnant) override { co_return; }
};

}  // namespace innkeeper::test
