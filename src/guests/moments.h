#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/uuid.h"
#include "guests/guest.h"
#include "loop/task.h"

/// Points in guests' pasts: snapshots, to which a guest can return, and checkpoints, from which on its writes are
/// known. Both are trees with a name for each of their members, kept in a file each.
namespace innkeeper::guests {

/// Those of one guest. A value is immutable; a change puts another in its place.
template <class Def>
class Moments {
  public:
    using Ptr = std::shared_ptr<const Def>;
    enum class Depth { children, all };

    Ptr find(std::string_view name) const {
        const auto found = all_.find(name);
        return found == all_.end() ? nullptr : found->second;
    }
    const std::map<std::string, Ptr, std::less<>>& all() const { return all_; }
    /// The one that the guest's present state goes back to; null: none.
    Ptr current() const { return find(current_); }
    void set_current(std::string name) { current_ = std::move(name); }

    void put(Ptr moment) { all_[moment->name] = std::move(moment); }
    void erase(const std::string& name) {
        all_.erase(name);
        if (current_ == name) current_.clear();
    }

    /// Those below that one (empty: all that there are), each before what is below it.
    std::vector<Ptr> below(const std::string& top, Depth depth) const {
        const auto children = index();
        std::vector<Ptr> found = children_of(children, top);
        if (depth == Depth::all)
            for (std::size_t i = 0; i < found.size(); ++i)
                std::ranges::copy(children_of(children, found[i]->name), std::back_inserter(found));
        return found;
    }
    /// Names that others give as their parent's.
    std::unordered_set<std::string_view> parents() const {
        std::unordered_set<std::string_view> names;
        for (const auto& [name, moment] : all_)
            if (!moment->parent.empty()) names.insert(moment->parent);
        return names;
    }
    /// Whether going up from that one leads to `name`.
    bool is_below(std::string_view name, std::string from) const {
        for (std::size_t steps = 0; steps <= all_.size(); ++steps) {
            if (from == name) return true;
            const auto moment = find(from);
            if (!moment || moment->parent.empty()) return false;
            from = moment->parent;
        }
        return false;
    }
    /// What is read from disk may name parents that are not there, or each other: such become roots.
    void mend() {
        for (auto& [name, moment] : all_) {
            if (moment->parent.empty()) continue;
            if (find(moment->parent) && !is_below(name, moment->parent)) continue;
            auto root = std::make_shared<Def>(*moment);
            root->parent.clear();
            moment = std::move(root);
        }
    }

  private:
    using Index = std::multimap<std::string_view, Ptr>;
    Index index() const {
        Index children;
        for (const auto& [name, moment] : all_) children.emplace(moment->parent, moment);
        return children;
    }
    static std::vector<Ptr> children_of(const Index& children, const std::string& name) {
        std::vector<Ptr> found;
        for (auto [at, end] = children.equal_range(name); at != end; ++at) found.push_back(at->second);
        return found;
    }

    std::map<std::string, Ptr, std::less<>> all_;
    std::string current_;
};

/// Those of all guests of a hypervisor. At a start only their number is looked at; a guest's are read when somebody
/// first asks for them, and kept.
template <class Def>
class MomentStore {
  public:
    using Ptr = std::shared_ptr<const Def>;
    using Tree = std::shared_ptr<Moments<Def>>;

    /// `folder` has a folder for each guest; empty: nothing is on disk.
    explicit MomentStore(std::string folder) : folder_(std::move(folder)) {}

    /// Whether each has a file that is called after it.
    bool is_on_disk() const { return !folder_.empty(); }
    /// Which guests have any.
    Task<> look();
    bool has_any(const Guest& guest) const;
    /// The guest's; changed by who holds its turn, with the methods below.
    Task<Tree> of(GuestPtr guest);

    /// Stores one, new or in the place of another; then it is the current one if asked for.
    enum class Current { as_before, yes };
    Task<> put(GuestPtr guest, Ptr moment, Current current);
    Task<> set_current(GuestPtr guest, std::string name);
    /// Removes one. What was below it goes to its parent, and so does being the current one.
    Task<> erase(GuestPtr guest, std::string name);
    /// Forgets all of a guest's that is no more.
    Task<> erase_all(GuestPtr guest);
    Task<> rename(GuestPtr guest, std::string from, std::string to);

  private:
    std::string folder_of(const std::string& guest) const { return folder_ + "/" + guest; }
    Task<> write(std::string guest, Ptr moment, bool is_current);

    std::string folder_;
    std::unordered_set<std::string> on_disk_;  ///< guests with files that were not read yet
    std::unordered_map<Uuid, Tree> read_;
};

}  // namespace innkeeper::guests
