#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "drivers/storage/pool.h"
#include "loop/task.h"
#include "rpc/codec/procedure.h"

namespace innkeeper::storage {

/// The image that a new one is a copy of.
struct Original {
    std::string path, format;
    std::uint64_t capacity = 0;
};

using ConstPoolPtr = std::shared_ptr<const Pool>;

/// Where pools keep their volumes: in the host's storage (`HostBackend`), or nowhere (`SimulatedBackend`).
class Backend {
  public:
    virtual ~Backend() = default;

    /// What messages call a function, such as "StoragePoolGetXMLDesc" or "ConnectListAllStoragePools".
    virtual std::string function(std::string_view name) const = 0;
    /// The procedures that there are here; empty: all.
    virtual std::span<const protocol::Procedure* const> procedures() const = 0;
    /// Flags that creating a pool and its volumes know.
    virtual std::uint32_t create_flags() const = 0;
    virtual std::uint32_t volume_flags() const = 0;
    /// Whether clients can ask for what a pool will be apart from what it is.
    virtual bool shows_next_definition() const = 0;

    // What is answered where the state does not allow something.
    virtual Error is_active(const Pool& pool, std::string_view still) const = 0;
    virtual Error has_no_file() const = 0;
    virtual Error volume_exists(const std::string& volume, bool is_copy) const = 0;

    /// Fills in what is known of a pool before it has been looked at.
    virtual void complete(model::Pool& def) const = 0;
    /// What there is on a host or a machine to make a pool of, as a document.
    virtual std::string sources(const std::string& type, const std::optional<std::string>& asked) const = 0;

    virtual Task<> build(model::Pool def) = 0;
    virtual Task<> remove(model::Pool def, std::uint32_t flags) = 0;
    /// What is in the pool, whether it is active yet or not.
    virtual Task<Scanned> scan(ConstPoolPtr pool) = 0;
    /// How full the pool is.
    virtual Task<FolderFacts> facts(ConstPoolPtr pool) = 0;

    /// Refuses a volume that cannot be made here, and fills in what its pool decides.
    virtual void check_new(const model::Pool& def, model::Volume& volume, std::uint32_t flags) const = 0;
    /// Makes the volume, or leaves nothing behind. The result is what is there now.
    virtual Task<model::Volume> create(model::Pool def, model::Volume volume, std::uint32_t flags,
                                       std::optional<Original> original) = 0;
    virtual Task<> remove_volume(model::Pool def, std::string name) = 0;
    /// What the volume is now; nothing if it cannot have changed.
    virtual Task<std::optional<model::Volume>> look(model::Pool def, std::string name) = 0;
};

}  // namespace innkeeper::storage
