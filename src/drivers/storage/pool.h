#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "drivers/storage/folder.h"
#include "loop/task.h"
#include "loop/turns.h"
#include "model/storage/pool.h"
#include "model/storage/volume.h"

namespace innkeeper::storage {

class Pool;

/// One volume that is being changed: nobody else may touch it until this goes.
class VolumeClaim {
  public:
    VolumeClaim(std::shared_ptr<Pool> pool, std::string name) : pool_(std::move(pool)), name_(std::move(name)) {}
    VolumeClaim(VolumeClaim&& other) noexcept = default;
    VolumeClaim& operator=(VolumeClaim&&) = delete;
    ~VolumeClaim();

  private:
    std::shared_ptr<Pool> pool_;
    std::string name_;
};

/// A pool that is defined or active. Questions about it are answered from what was last seen of its folder; whoever
/// touches the folder holds its turn, so that a folder that hangs holds up nobody but its own pool.
class Pool {
  public:
    explicit Pool(model::Pool def) : def_(std::move(def)) {}

    const std::string& name() const { return def_.name; }
    const Uuid& uuid() const { return *def_.uuid; }
    const model::Pool& def() const { return def_; }
    /// What it will be from its next start on.
    const model::Pool& next_def() const { return next_ ? *next_ : def_; }
    std::string target() const { return def_.target; }

    bool is_active() const { return active_; }
    bool is_persistent() const { return persistent_; }
    bool autostarts() const { return autostart_; }
    std::map<std::string, model::Volume>& volumes() { return volumes_; }
    const std::map<std::string, model::Volume>& volumes() const { return volumes_; }
    Task<Turns::Turn> turn(std::string job) const;

    /// For what is done to single volumes, side by side with others. Throws if somebody has this one.
    static VolumeClaim claim(const std::shared_ptr<Pool>& pool, std::string name);
    /// Throws if volumes are being changed: then the pool cannot end.
    void must_be_quiet() const;
    bool is_busy(const std::string& volume) const { return busy_.contains(volume); }
    /// How many look at files of the pool without a claim.
    unsigned looking = 0;

    void set_persistent(bool persistent) { persistent_ = persistent; }
    void set_autostart(bool autostart) { autostart_ = autostart; }
    /// What the pool will be from its next start on, which is at once if it is not active.
    void define(model::Pool def);
    void set_building(bool building) { building_ = building; }
    bool is_building() const { return building_; }
    void start(Scanned scanned);
    void stop();
    void set_facts(const FolderFacts& facts);
    void set_scanned(Scanned scanned);

  private:
    model::Pool def_;
    std::optional<model::Pool> next_;
    bool active_ = false, persistent_ = false, autostart_ = false, building_ = false;
    friend class VolumeClaim;
    std::map<std::string, model::Volume> volumes_;
    std::set<std::string> busy_;
    std::shared_ptr<Turns> turns_ = std::make_shared<Turns>();
};

}  // namespace innkeeper::storage
