#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/uuid.h"

namespace innkeeper::objects {

/// The live objects of one class, found by name, by UUID, and while they are active by number. Iteration is in the
/// order of names. T has uuid() and name(), which change only through `rename`.
template <class T>
class Registry {
  public:
    using Ptr = std::shared_ptr<T>;

    /// `noun` and `domain` are for messages: "domain".
    Registry(std::string noun, ErrorDomain domain) : noun_(std::move(noun)), domain_(domain) {}

    Ptr by_name(std::string_view name) const {
        const auto found = names_.find(name);
        return found == names_.end() ? nullptr : found->second;
    }
    Ptr by_uuid(const Uuid& uuid) const {
        const auto found = uuids_.find(uuid);
        return found == uuids_.end() ? nullptr : found->second;
    }
    Ptr by_id(int id) const {
        const auto found = ids_.find(id);
        return found == ids_.end() ? nullptr : found->second;
    }

    /// The object that has both, or nothing if neither is taken. Throws Error (operation_failed) if name and UUID
    /// belong to different objects, or one of them to another.
    Ptr match(std::string_view name, const Uuid& uuid) const {
        if (auto same = by_uuid(uuid)) {
            if (same->name() != name)
                throw Error(ErrorCode::operation_failed, domain_,
                            fmt::format("{} '{}' is already defined with uuid {}", noun_, same->name(), uuid.text()));
            return same;
        }
        if (const auto namesake = by_name(name))
            throw Error(ErrorCode::operation_failed, domain_,
                        fmt::format("{} '{}' already exists with uuid {}", noun_, name, namesake->uuid().text()));
        return nullptr;
    }

    /// Throws as match does; neither name nor UUID may be taken.
    void add(Ptr object) {
        if (match(object->name(), object->uuid()))
            throw Error(
                ErrorCode::operation_failed, domain_,
                fmt::format("{} '{}' already exists with uuid {}", noun_, object->name(), object->uuid().text()));
        uuids_.emplace(object->uuid(), object);
        names_.emplace(object->name(), std::move(object));
        ++generation_;
    }
    void remove(const T& object) {
        names_.erase(object.name());
        uuids_.erase(object.uuid());
        ++generation_;
    }
    /// `apply` gives the object its new name, which must be free.
    template <class Apply>
    void rename(const Ptr& object, const std::string& name, Apply apply) {
        auto node = names_.extract(object->name());
        node.key() = name;
        apply();
        names_.insert(std::move(node));
        ++generation_;
    }

    void set_id(int id, const Ptr& object) { ids_[id] = object; }
    void drop_id(int id) { ids_.erase(id); }

    std::size_t size() const { return names_.size(); }
    const std::map<std::string, Ptr, std::less<>>& all() const { return names_; }
    const std::map<int, Ptr>& active() const { return ids_; }

    /// Grows with everything that could change a list; touch() says that an object changed in such a way.
    std::uint64_t generation() const { return generation_; }
    void touch() { ++generation_; }

  private:
    std::string noun_;
    ErrorDomain domain_;
    std::map<std::string, Ptr, std::less<>> names_;
    std::unordered_map<Uuid, Ptr> uuids_;
    std::map<int, Ptr> ids_;
    std::uint64_t generation_ = 0;
};

}  // namespace innkeeper::objects
