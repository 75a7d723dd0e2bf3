#pragma once

#include "drivers/storage/backend.h"
#include "objects/secret_values.h"

namespace innkeeper::storage {

/// The host's own storage. Pools of type `dir` work; the others can be defined, and answer "not supported" to what
/// would touch their storage.
class HostBackend final : public Backend {
  public:
    explicit HostBackend(objects::SecretValues& secrets) : secrets_(secrets) {}

    std::string function(std::string_view name) const override;
    std::span<const protocol::Procedure* const> procedures() const override { return {}; }
    std::uint32_t create_flags() const override;
    std::uint32_t volume_flags() const override;
    bool shows_next_definition() const override { return true; }
    Error is_active(const Pool& pool, std::string_view still) const override;
    Error has_no_file() const override;
    Error volume_exists(const std::string& volume, bool is_copy) const override;
    void complete(model::Pool& def) const override;
    std::string sources(const std::string& type, const std::optional<std::string>& asked) const override;
    Task<> build(model::Pool def) override;
    Task<> remove(model::Pool def, std::uint32_t flags) override;
    Task<Scanned> scan(ConstPoolPtr pool) override;
    Task<FolderFacts> facts(ConstPoolPtr pool) override;
    void check_new(const model::Pool& def, model::Volume& volume, std::uint32_t flags) const override;
    Task<model::Volume> create(model::Pool def, model::Volume volume, std::uint32_t flags,
                               std::optional<Original> original) override;
    Task<> remove_volume(model::Pool def, std::string name) override;
    Task<std::optional<model::Volume>> look(model::Pool def, std::string name) override;

  private:
    Task<> make_image(model::Volume volume, bool preallocate, std::optional<Original> original);

    objects::SecretValues& secrets_;
};

}  // namespace innkeeper::storage
