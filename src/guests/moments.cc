#include "guests/moments.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <exception>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/sync.h"
#include "loop/pool.h"
#include "model/snapshot/checkpoint.h"
#include "model/snapshot/snapshot.h"
#include "objects/definition_store.h"

namespace innkeeper::guests {

namespace {

using model::CheckpointDef;
using model::SnapshotDef;

constexpr std::string_view suffix = ".xml";

/// What their files are made of.
template <class Def>
struct Files;

template <>
struct Files<SnapshotDef> {
    static constexpr std::string_view edit = "snapshot-edit";
    static std::string text(const SnapshotDef& snapshot, bool is_current) {
        SnapshotDef stored = snapshot;
        stored.active = is_current ? "1" : "0";
        return model::format_snapshot(stored, model::Secrets::shown);
    }
    static SnapshotDef parse(const std::string& text) {
        return model::parse_snapshot(text, model::SnapshotPart::whole);
    }
    static bool take_current(SnapshotDef& snapshot) {
        const bool is_current = snapshot.active == "1";
        snapshot.active.clear();
        return is_current;
    }
};

/// Which checkpoint is the newest follows from the tree.
template <>
struct Files<CheckpointDef> {
    static constexpr std::string_view edit = "checkpoint-edit";
    static std::string text(const CheckpointDef& checkpoint, bool) {
        return model::format_checkpoint(checkpoint, {.secure = true});
    }
    static CheckpointDef parse(const std::string& text) {
        return model::parse_checkpoint(text, model::CheckpointPart::whole);
    }
    static bool take_current(CheckpointDef&) { return false; }
};

template <class Def>
Moments<Def> read_folder(const std::string& folder) {
    Moments<Def> found;
    for (const auto& file : list_directory(folder)) {
        const std::string path = fmt::format("{}/{}", folder, file);
        // A draft whose writer was killed before it could put it in its place.
        if (file.ends_with(".xml.new")) ::unlink(path.c_str());
        if (!file.ends_with(suffix)) continue;
        try {
            const auto text = read_file(path);
            if (!text) continue;
            auto moment = Files<Def>::parse(*text);
            if (moment.name + std::string(suffix) != file)
                throw Error(ErrorCode::internal_error, fmt::format("it describes '{}'", moment.name));
            const bool is_current = Files<Def>::take_current(moment);
            const std::string name = moment.name;
            found.put(std::make_shared<const Def>(std::move(moment)));
            if (is_current) found.set_current(name);
        } catch (const std::exception& error) {
            log::error("'{}' is left alone: {}", path, error.what());
        }
    }
    found.mend();
    return found;
}

/// Of a tree whose moments have no mark: the newest leaf.
void choose_current(Moments<CheckpointDef>& checkpoints) {
    const auto parents = checkpoints.parents();
    std::shared_ptr<const CheckpointDef> newest;
    for (const auto& [name, checkpoint] : checkpoints.all())
        if (!parents.contains(name) && (!newest || checkpoint->creation_time >= newest->creation_time))
            newest = checkpoint;
    if (newest) checkpoints.set_current(newest->name);
}
void choose_current(Moments<SnapshotDef>&) {}

std::unordered_set<std::string> filled_folders(const std::string& folder) {
    std::unordered_set<std::string> names;
    for (auto& name : list_directory(folder))
        if (std::ranges::any_of(list_directory(folder + "/" + name),
                                [](const std::string& file) { return file.ends_with(suffix); }))
            names.insert(std::move(name));
    return names;
}

}  // namespace

template <class Def>
Task<> MomentStore<Def>::look() {
    if (folder_.empty()) co_return;
    on_disk_ = co_await in_pool([folder = folder_] { return filled_folders(folder); });
}

template <class Def>
bool MomentStore<Def>::has_any(const Guest& guest) const {
    if (const auto found = read_.find(guest.uuid()); found != read_.end()) return !found->second->all().empty();
    return on_disk_.contains(guest.name());
}

template <class Def>
Task<typename MomentStore<Def>::Tree> MomentStore<Def>::of(GuestPtr guest) {
    if (const auto found = read_.find(guest->uuid()); found != read_.end()) co_return found->second;
    auto tree = std::make_shared<Moments<Def>>();
    if (on_disk_.contains(guest->name())) {
        *tree = co_await in_pool([folder = folder_of(guest->name())] { return read_folder<Def>(folder); });
        choose_current(*tree);
    }
    // Somebody else may have read them meanwhile, and changed them since.
    const auto [found, is_new] = read_.emplace(guest->uuid(), std::move(tree));
    if (is_new) on_disk_.erase(guest->name());
    co_return found->second;
}

template <class Def>
Task<> MomentStore<Def>::write(std::string guest, Ptr moment, bool is_current) {
    if (folder_.empty()) co_return;
    co_await in_pool([folder = folder_of(guest), moment, is_current] {
        make_directories(folder);
        const auto path = fmt::format("{}/{}{}", folder, moment->name, suffix);
        const auto text = Files<Def>::text(*moment, is_current);
        replace_file(path, objects::DefinitionStore::with_comment(Files<Def>::edit, {}, {}, text), 0600, Sync::content);
    });
}

template <class Def>
Task<> MomentStore<Def>::put(GuestPtr guest, Ptr moment, Current current) {
    const auto tree = co_await of(guest);
    const auto before = tree->current();
    const bool is_current = current == Current::yes || (before && before->name == moment->name);
    co_await write(guest->name(), moment, is_current);
    tree->put(moment);
    if (current == Current::yes) {
        tree->set_current(moment->name);
        if (before && before->name != moment->name) co_await write(guest->name(), before, false);
    }
}

template <class Def>
Task<> MomentStore<Def>::set_current(GuestPtr guest, std::string name) {
    const auto tree = co_await of(guest);
    const auto before = tree->current(), after = tree->find(name);
    if (before == after) co_return;
    if (after) co_await write(guest->name(), after, true);
    tree->set_current(name);
    if (before) co_await write(guest->name(), before, false);
}

template <class Def>
Task<> MomentStore<Def>::erase(GuestPtr guest, std::string name) {
    const auto tree = co_await of(guest);
    const auto moment = tree->find(name);
    if (!moment) co_return;
    // First those that would be left without a parent.
    for (const auto& child : tree->below(name, Moments<Def>::Depth::children)) {
        auto moved = std::make_shared<Def>(*child);
        moved->parent = moment->parent;
        co_await put(guest, std::move(moved), Current::as_before);
    }
    if (tree->current() == moment) co_await set_current(guest, moment->parent);
    if (!folder_.empty())
        co_await in_pool(
            [path = fmt::format("{}/{}{}", folder_of(guest->name()), name, suffix)] { remove_file(path, Sync::none); });
    tree->erase(name);
}

template <class Def>
Task<> MomentStore<Def>::erase_all(GuestPtr guest) {
    const bool had_any = has_any(*guest);
    read_.erase(guest->uuid());
    on_disk_.erase(guest->name());
    if (!had_any || folder_.empty()) co_return;
    co_await in_pool([folder = folder_of(guest->name())] {
        for (const auto& file : list_directory(folder))
            if (file.ends_with(suffix)) ::unlink(fmt::format("{}/{}", folder, file).c_str());
        ::rmdir(folder.c_str());
    });
}

template <class Def>
Task<> MomentStore<Def>::rename(GuestPtr guest, std::string from, std::string to) {
    if (!has_any(*guest) || folder_.empty()) co_return;
    co_await of(guest);
    co_await in_pool([from = folder_of(from), to = folder_of(to)] {
        if (std::rename(from.c_str(), to.c_str()) != 0)
            throw Error::system(errno, fmt::format("cannot rename '{}' to '{}'", from, to));
    });
}

template class MomentStore<SnapshotDef>;
template class MomentStore<CheckpointDef>;

}  // namespace innkeeper::guests
