#pragma once

#include "drivers/storage/backend.h"

namespace innkeeper::storage {

/// Pools whose volumes are nothing but their descriptions, as the peer's test driver has them: each pool has room for
/// 100 GiB, and keeps its volumes while it is not active.
class SimulatedBackend final : public Backend {
  public:
    std::string function(std::string_view name) const override { return "test" + std::string(name); }
    std::span<const protocol::Procedure* const> procedures() const override;
    std::uint32_t create_flags() const override { return 0; }
    std::uint32_t volume_flags() const override;
    bool shows_next_definition() const override { return false; }
    Error is_active(const Pool& pool, std::string_view still) const override;
    Error has_no_file() const override;
    Error volume_exists(const std::string& volume, bool is_copy) const override;
    void complete(model::Pool& def) const override;
    std::string sources(const std::string& type, const std::optional<std::string>& asked) const override;
    Task<> build(model::Pool) override { co_return; }
    Task<> remove(model::Pool, std::uint32_t flags) override;
    Task<Scanned> scan(ConstPoolPtr pool) override;
    Task<FolderFacts> facts(ConstPoolPtr pool) override;
    void check_new(const model::Pool& def, model::Volume& volume, std::uint32_t flags) const override;
    Task<model::Volume> create(model::Pool def, model::Volume volume, std::uint32_t flags,
                               std::optional<Original> original) override;
    Task<> remove_volume(model::Pool, std::string) override { co_return; }
    Task<std::optional<model::Volume>> look(model::Pool, std::string) override { co_return std::nullopt; }
};

}  // namespace innkeeper::storage
