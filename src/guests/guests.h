#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/paths.h"
#include "guests/documents.h"
#include "guests/guest.h"
#include "guests/hypervisor.h"
#include "loop/event.h"
#include "loop/group.h"
#include "loop/turns.h"
#include "objects/definition_store.h"
#include "objects/event_hub.h"
#include "objects/hooks.h"
#include "objects/registry.h"

namespace innkeeper::rpc {
class HandlerTable;
}

namespace innkeeper::host {
class Audit;
}

namespace innkeeper::guests {

template <class Def>
class MomentStore;
using Snapshots = MomentStore<model::SnapshotDef>;
using Checkpoints = MomentStore<model::CheckpointDef>;

/// What the questions that come most often want to know of a definition. It is kept when the definition is not.
struct Outline {
    std::uint64_t memory_kib = 0, current_memory_kib = 0;
    unsigned vcpus = 0;  ///< at a start
    bool has_nvram = false;
};
Outline outline_of(const model::DomainDef& def);

/// All guests of one hypervisor, and the handlers of the procedures that concern them. Loop thread only.
class Guests {
  public:
    /// Without paths nothing of them is on disk: they end with the daemon. Hooks and audit, if any, outlive
    /// this object.
    Guests(std::optional<Paths> paths, std::unique_ptr<Hypervisor> hypervisor, objects::Hooks* hooks = nullptr,
           const host::Audit* audit = nullptr);
    ~Guests();
    Guests(const Guests&) = delete;
    Guests& operator=(const Guests&) = delete;

    /// Finds all definitions, then takes over what runs from an earlier daemon. Calls are answered from when it is
    /// done.
    Task<> load();
    /// Takes up definitions that appeared or changed on disk. One that cannot be read leaves its guest as it was; one
    /// whose file has gone stays known.
    Task<> reload();
    /// Starts what is marked for it, once per boot of the machine, and what start_at_next_boot noted. Failures are
    /// logged.
    Task<> autostart();
    /// Never throws: what cannot be noted is logged.
    void start_at_next_boot(const std::vector<GuestPtr>& guests);
    /// Called when a guest has become active, or has ended.
    void on_activity(std::function<void()> changed) { activity_ = std::move(changed); }
    /// Adds the handlers of all domain procedures. The table must not outlive this object.
    void install(rpc::HandlerTable& table);
    /// Ends the work in the background. Guests run on.
    Task<> close();

    Hypervisor& hypervisor() { return *hypervisor_; }
    /// Null where the administrator has none for these guests.
    objects::Hooks* hooks() const;
    /// Null if nobody reads the trail: then nothing is written for it.
    const host::Audit* audit() const { return audit_; }
    /// What hooks make of an image before its guest continues. Throws Error if one forbids it.
    Task<SavedImage> filtered(SavedImage image);
    objects::Registry<Guest>& registry() { return registry_; }
    objects::DefinitionStore& store() { return *store_; }
    objects::EventHub& events() { return events_; }
    Snapshots& snapshots() { return *snapshots_; }
    Checkpoints& checkpoints() { return *checkpoints_; }
    /// What guests' definitions looked like to clients. Whoever waited before he puts one there looks whether changes()
    /// is still the same.
    Documents& documents() { return documents_; }
    std::uint64_t changes() const { return changes_; }
    /// Of what the guest's persistent() gives, if it was read once; null otherwise.
    const Outline* outline(const Guest& guest) const;
    TaskGroup& background() { return background_; }

    /// Throw Error (no_domain) in the peer's words.
    GuestPtr find(const Uuid& uuid, std::string_view name = {});
    GuestPtr find(std::string_view name);
    GuestPtr find(int id);

    /// Makes the guest active with a new id.
    void activate(const GuestPtr& guest, DefPtr def, Condition condition);
    /// The guest of that name and UUID, known from now on; throws Error if they belong to others.
    GuestPtr find_or_make(const std::string& name, const Uuid& uuid);
    /// Forgets a guest that is neither stored nor running, nor about to be.
    void forget_unused(Guest& guest);
    /// The stored definition changes; the guest's turn is held. After an Error everything is as before.
    Task<> store_definition(GuestPtr guest, DefPtr def);
    void publish(const Guest& guest, const Happening& happening);
    void renamed(Guest& guest, const std::string& name);
    /// Writes the guest's status file, if there are such.
    void save_status(const Guest& guest);
    /// Only of guests on disk.
    std::string managed_save_path(std::string_view name) const;
    Task<> remove_managed_save(std::string name);
    /// Where the firmware of a guest keeps its variables, if the definition does not say.
    std::string nvram_path(std::string_view name) const;
    /// The folder of what the guest's TPM in software remembers. Both are empty where nothing is on disk.
    std::string tpm_path(const Uuid& guest) const;

  private:
    friend class Guest;

    Task<DefPtr> completed(DefPtr def);
    Task<DefPtr> load_definition(GuestPtr guest);
    DefPtr load_at_once(Guest& guest);
    void remember(DefPtr def);
    /// What runs, or also what is on disk, is another from now on.
    void live_changed(const Guest& guest);
    void definition_changed(const Guest& guest, const DefPtr& def);
    void remove(Guest& guest);
    void deactivated(Guest& guest, int id);
    Task<> reload_one(objects::DefinitionStore::Found found);
    Task<> adopt_all();
    Task<> adopt_one(GuestPtr guest, std::string status);
    Task<> reconnected(GuestPtr guest, Turns::Turn turn);
    Task<> lost(GuestPtr guest, DefPtr ran, Turns::Turn turn);
    Task<> start_marked(GuestPtr guest, std::shared_ptr<Event> done);
    GuestPtr from_status(const std::string& name, const std::string& text);

    std::string status_path(std::string_view name) const;
    std::string next_boot_path() const;

    std::optional<Paths> paths_;
    std::unique_ptr<Hypervisor> hypervisor_;
    std::string folder_;
    objects::Hooks* hooks_;
    const host::Audit* audit_;
    objects::Registry<Guest> registry_;
    std::unique_ptr<objects::DefinitionStore> store_;
    objects::EventHub events_;
    std::unique_ptr<Snapshots> snapshots_;
    std::unique_ptr<Checkpoints> checkpoints_;
    TaskGroup background_;
    int next_id_ = 1;
    /// Keeps the definitions that were asked for lately, so that asking again needs no disk.
    std::deque<DefPtr> recent_;
    Documents documents_;
    std::unordered_map<Uuid, Outline> outlines_;
    std::uint64_t changes_ = 0;  ///< of any guest's definitions
    /// Of documents that this turn of the loop has read itself.
    std::size_t bytes_this_turn_ = 0;
    std::uint64_t turn_ = 0;
    std::function<void()> activity_;
    std::vector<std::shared_ptr<void>> handlers_;
};

}  // namespace innkeeper::guests
