#include "guests/guests.h"

#include <fmt/format.h>

#include <exception>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "guests/handlers.h"
#include "guests/moments.h"
#include "guests/start.h"
#include "guests/status.h"
#include "guests/vcpu_counts.h"
#include "loop/pool.h"
#include "loop/turn.h"
#include "model/domain/domain.h"
#include "objects/file_store.h"
#include "objects/memory_store.h"

namespace innkeeper::guests {

namespace {

constexpr std::size_t most_remembered = 128;
constexpr std::size_t kept_documents = 8 << 20;
// A hop to the pool and back costs two wake-ups of sleeping threads, as much as reading a document of this size. What a
// turn reads in all is bounded, so that a thousand such questions at once keep nobody else waiting for long.
constexpr std::size_t small_document = 16 << 10;
constexpr std::size_t read_a_turn = 32 << 10;
constexpr std::string_view saved_suffix = ".save";

/// Where the snapshots, or the checkpoints, of all guests lie; empty if they are not kept on disk.
std::string moments_folder(const std::optional<Paths>& paths, const std::string& folder, std::string_view kind) {
    return paths ? fmt::format("{}/{}", paths->files_of(folder), kind) : std::string();
}

std::unordered_set<std::string> saved_names(const std::string& folder) {
    std::unordered_set<std::string> names;
    for (auto& file : list_directory(folder)) {
        if (!file.ends_with(saved_suffix)) continue;
        file.resize(file.size() - saved_suffix.size());
        names.insert(std::move(file));
    }
    return names;
}

std::unique_ptr<objects::DefinitionStore> store_at(const std::optional<Paths>& paths, const std::string& folder) {
    if (!paths) return std::make_unique<objects::MemoryStore>();
    return std::make_unique<objects::FileStore>(paths->config() + "/" + folder, "domain", "edit");
}

}  // namespace

Guests::Guests(std::optional<Paths> paths, std::unique_ptr<Hypervisor> hypervisor, objects::Hooks* hooks,
               const host::Audit* audit)
    : paths_(std::move(paths)),
      hypervisor_(std::move(hypervisor)),
      folder_(hypervisor_->folder()),
      hooks_(hooks),
      audit_(audit),
      registry_("domain", ErrorDomain::domain),
      store_(store_at(paths_, folder_)),
      snapshots_(std::make_unique<Snapshots>(moments_folder(paths_, folder_, "snapshot"))),
      checkpoints_(std::make_unique<Checkpoints>(moments_folder(paths_, folder_, "checkpoint"))),
      documents_(kept_documents) {}

Guests::~Guests() = default;

std::string Guests::status_path(std::string_view name) const {
    return fmt::format("{}/{}.xml", paths_->state_of(folder_), name);
}
std::string Guests::managed_save_path(std::string_view name) const {
    return fmt::format("{}/save/{}.save", paths_->files_of(folder_), name);
}

void Guests::save_status(const Guest& guest) {
    if (paths_)
        write_volatile_file(status_path(guest.name()), format_status(guest, hypervisor_->status_elements(guest)));
}

Task<> Guests::remove_managed_save(std::string name) {
    if (!paths_) co_return;
    const std::string path = managed_save_path(name);
    co_await in_pool([path] { remove_file(path); });
}

std::string Guests::nvram_path(std::string_view name) const {
    return paths_ ? fmt::format("{}/nvram/{}_VARS.fd", paths_->files_of(folder_), name) : std::string();
}
std::string Guests::tpm_path(const Uuid& guest) const {
    return paths_ ? fmt::format("{}/{}", paths_->tpms(), guest.text()) : std::string();
}

Task<> Guests::load() {
    if (!paths_) co_return;
    co_await snapshots_->look();
    co_await checkpoints_->look();
    const auto found = co_await store_->scan();
    const std::string folder = paths_->files_of(folder_) + "/save";
    const auto saved = co_await in_pool([folder] { return saved_names(folder); });
    for (const auto& entry : found) {
        auto guest = std::make_shared<Guest>(*this, entry.uuid, entry.name);
        guest->persistent_ = true;
        guest->autostart_ = entry.autostart;
        guest->managed_save_ = saved.contains(entry.name);
        try {
            registry_.add(std::move(guest));
        } catch (const Error& error) {
            log::error("definition '{}' is left alone: {}", store_->path_of(entry.name), error.message());
        }
    }
    make_directories(paths_->state_of(folder_));
    co_await adopt_all();
}

GuestPtr Guests::from_status(const std::string& name, const std::string& text) {
    auto status = parse_status(text);
    const auto& def = *status.definition;
    if (def.name != name) throw Error(ErrorCode::internal_error, fmt::format("it describes '{}'", def.name));
    auto guest = registry_.match(def.name, def.uuid);
    if (guest && guest->is_active()) throw Error(ErrorCode::internal_error, "the domain is known already");
    if (registry_.by_id(status.id)) throw Error(ErrorCode::internal_error, fmt::format("id {} is taken", status.id));
    if (!guest) guest = find_or_make(def.name, def.uuid);
    guest->taints_ = std::move(status.taints);
    guest->pid_ = status.pid;
    guest->begin(status.id, std::move(status.definition), status.condition);
    registry_.set_id(status.id, guest);
    next_id_ = std::max(next_id_, status.id + 1);
    return guest;
}

Task<> Guests::adopt_all() {
    const std::string folder = paths_->state_of(folder_);
    std::vector<Task<>> adoptions;
    for (const auto& file : list_directory(folder)) {
        const std::string path = fmt::format("{}/{}", folder, file);
        // A draft whose writer was killed before it could put it in its place.
        if (file.ends_with(".xml.new")) remove_file(path);
        if (!file.ends_with(".xml")) continue;
        try {
            auto text = read_file(path);
            if (!text) continue;
            auto guest = from_status(file.substr(0, file.size() - 4), *text);
            adoptions.push_back(adopt_one(std::move(guest), std::move(*text)));
        } catch (const std::exception& error) {
            log::error("status file '{}' is left alone: {}", path, error.what());
        }
    }
    // All at once: one that does not answer keeps nobody waiting but itself.
    co_await all(std::move(adoptions));
    co_await hypervisor_->sweep();
}

Task<> Guests::adopt_one(GuestPtr guest, std::string status) {
    auto turn = co_await guest->turn("adopt");
    const auto ran = guest->live();
    std::string failure;
    try {
        co_await hypervisor_->adopt({guest, std::move(status)});
        log::info("domain '{}' runs on (process {})", guest->name(), guest->pid());
    } catch (const Cancelled&) {
        throw;
    } catch (const std::exception& error) {
        failure = error.what();
    }
    if (!failure.empty()) log::warning("domain '{}' is no longer running: {}", guest->name(), failure);
    // Hooks may take their time, and the daemon does not wait for them. Of what the hypervisor watches already, it
    // tells the end itself.
    if (failure.empty())
        background_.spawn(reconnected(guest, std::move(turn)));
    else if (guest->is_active() && !guest->machine)
        background_.spawn(lost(guest, ran, std::move(turn)));
}

Task<> Guests::reconnected(GuestPtr guest, Turns::Turn) {
    std::string failure;
    try {
        co_await guest->hook("reconnect");
        co_return;
    } catch (const Error& error) {
        failure = error.message();
    }
    if (!guest->is_active()) co_return;
    log::error("domain '{}' is ended: {}", guest->name(), failure);
    guest->expect_end(Shutoff::daemon);
    co_await hypervisor_->destroy(guest, Hypervisor::Destroy::now);
    guest->ended(Shutoff::daemon);
}

Task<> Guests::lost(GuestPtr guest, DefPtr ran, Turns::Turn) {
    co_await guest->hook_end("stopped", ran);
    co_await guest->hook_end("release", ran);
    guest->ended(Shutoff::failed);
}

Task<> Guests::close() {
    co_await background_.close();
    co_await hypervisor_->close();
}

GuestPtr Guests::find(const Uuid& uuid, std::string_view name) {
    if (auto guest = registry_.by_uuid(uuid); guest && guest->is_visible()) return guest;
    throw Error(ErrorCode::no_domain, name.empty()
                                          ? fmt::format("no domain with matching uuid '{}'", uuid.text())
                                          : fmt::format("no domain with matching uuid '{}' ({})", uuid.text(), name));
}
GuestPtr Guests::find(std::string_view name) {
    if (auto guest = registry_.by_name(name); guest && guest->is_visible()) return guest;
    throw Error(ErrorCode::no_domain, fmt::format("no domain with matching name '{}'", name));
}
GuestPtr Guests::find(int id) {
    if (auto guest = registry_.by_id(id)) return guest;
    throw Error(ErrorCode::no_domain, fmt::format("no domain with matching id {}", id));
}

void Guests::activate(const GuestPtr& guest, DefPtr def, Condition condition) {
    const int id = next_id_++;
    auto live = std::make_shared<model::DomainDef>(*def);
    live->id = id;
    guest->begin(id, std::move(live), condition);
    registry_.set_id(id, guest);
    if (activity_) activity_();
}

GuestPtr Guests::find_or_make(const std::string& name, const Uuid& uuid) {
    auto guest = registry_.match(name, uuid);
    if (!guest) {
        guest = std::make_shared<Guest>(*this, uuid, name);
        registry_.add(guest);
    }
    return guest;
}

void Guests::forget_unused(Guest& guest) {
    // Whoever has its turn is about to store or start it, and comes here himself if that fails.
    if (!guest.is_visible() && guest.job().empty()) remove(guest);
}

Task<> Guests::store_definition(GuestPtr guest, DefPtr def) {
    co_await store_->write(guest->name(), guest->uuid(),
                           model::format_domain(*def, {.inactive = true, .secure = true}));
    guest->set_persistent(std::move(def));
}

void Guests::deactivated(Guest& guest, int id) {
    registry_.drop_id(id);
    registry_.touch();
    if (activity_) activity_();
    if (!paths_) return;
    try {
        remove_file(status_path(guest.name()));
    } catch (const std::exception& error) {
        log::error("cannot remove the status file of domain '{}': {}", guest.name(), error.what());
    }
}

void Guests::remove(Guest& guest) {
    if (guest.gone_) return;
    guest.gone_ = true;
    registry_.remove(guest);
    // They are of no use to whoever gets the name next.
    if (snapshots_->has_any(guest)) background_.spawn(snapshots_->erase_all(guest.shared_from_this()));
    if (checkpoints_->has_any(guest)) background_.spawn(checkpoints_->erase_all(guest.shared_from_this()));
}

void Guests::renamed(Guest& guest, const std::string& name) {
    registry_.rename(guest.shared_from_this(), name, [&] { guest.name_ = name; });
}

Outline outline_of(const model::DomainDef& def) {
    return {.memory_kib = def.memory_kib,
            .current_memory_kib = def.current_memory_kib,
            .vcpus = current_vcpus(def),
            .has_nvram = (def.os.nvram && !def.os.nvram->source.path.empty()) || def.os.firmware.has_value()};
}

const Outline* Guests::outline(const Guest& guest) const {
    const auto found = outlines_.find(guest.uuid());
    return found != outlines_.end() ? &found->second : nullptr;
}

void Guests::live_changed(const Guest& guest) {
    ++changes_;
    documents_.forget(guest.uuid());
}

void Guests::definition_changed(const Guest& guest, const DefPtr& def) {
    live_changed(guest);
    if (def)
        outlines_[guest.uuid()] = outline_of(*def);
    else
        outlines_.erase(guest.uuid());
}

void Guests::remember(DefPtr def) {
    recent_.push_back(std::move(def));
    if (recent_.size() > most_remembered) recent_.pop_front();
}

/// What people or other programs put there may leave much open. What cannot be completed, perhaps since its emulator is
/// not installed at the moment, stays as it is until somebody wants to start it.
Task<DefPtr> Guests::completed(DefPtr def) {
    try {
        co_return co_await hypervisor_->complete(*def, Purpose::stored);
    } catch (const Error& error) {
        log::info("definition of domain '{}': {}", def->name, error.message());
        // Nobody shall keep what may be more complete the next time.
        ++changes_;
    }
    co_return def;
}

namespace {

DefPtr parse_stored(const std::string& text, const Uuid& uuid) {
    auto parsed = std::make_shared<model::DomainDef>(model::parse_domain(text));
    parsed->uuid = uuid;
    return parsed;
}

}  // namespace

/// Without the pool: null if the disk would have to be waited for, or this turn has read enough.
DefPtr Guests::load_at_once(Guest& guest) {
    if (const auto turn = loop_turn(); turn != std::exchange(turn_, turn)) bytes_this_turn_ = 0;
    if (bytes_this_turn_ >= read_a_turn) return nullptr;
    const auto text = store_->read_at_once(guest.name(), small_document);
    if (!text) return nullptr;
    bytes_this_turn_ += text->size();
    return parse_stored(*text, guest.uuid());
}

Task<DefPtr> Guests::load_definition(GuestPtr guest) {
    while (guest->persistent_) {
        if (auto def = guest->persistent_def_.lock()) co_return def;
        auto def = load_at_once(*guest);
        const auto edition = guest->edition_;
        std::exception_ptr failure;
        try {
            if (!def) {
                auto text = co_await store_->read(guest->name());
                def = co_await in_pool(
                    [text = std::move(text), uuid = guest->uuid()] { return parse_stored(text, uuid); });
            }
            def = co_await completed(std::move(def));
        } catch (...) {
            failure = std::current_exception();
        }
        // Changed meanwhile: what was read may be neither the old nor the new one.
        if (guest->edition_ != edition) continue;
        if (failure) std::rethrow_exception(failure);
        guest->persistent_def_ = def;
        outlines_[guest->uuid()] = outline_of(*def);
        remember(def);
        co_return def;
    }
    co_return DefPtr();
}

}  // namespace innkeeper::guests
