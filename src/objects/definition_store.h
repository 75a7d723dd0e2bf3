#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.h"
#include "loop/task.h"

namespace innkeeper::objects {

/// The definitions of one class of objects, by their names, and which of them start by themselves. A FileStore keeps
/// them on disk, a MemoryStore as long as it lives. Every change is whole or has not happened.
class DefinitionStore {
  public:
    virtual ~DefinitionStore() = default;

    /// Makes a file of the document: with the comment before it, as the peer writes it. Without a name where it would
    /// not help people to find the object.
    static std::string with_comment(std::string_view edit, std::string_view name, const Uuid& uuid,
                                    std::string_view document);

    /// What messages call the place of a definition.
    virtual std::string path_of(std::string_view name) const = 0;

    virtual Task<> write(std::string name, Uuid uuid, std::string document) = 0;
    /// Throws Error if there is none.
    virtual Task<std::string> read(std::string name) const = 0;
    /// The same without waiting: nothing if the disk would have to be waited for, or it has more than `most` bytes.
    virtual std::optional<std::string> read_at_once(std::string_view name, std::size_t most) const = 0;
    virtual Task<> remove(std::string name) = 0;
    /// The definition gets another name, and `document`, which says so. After a crash in between it has its old name.
    virtual Task<> rename(std::string from, std::string to, Uuid uuid, std::string document, bool autostart) = 0;
    virtual Task<> set_autostart(std::string name, bool autostart) = 0;

    struct Found {
        std::string name;
        Uuid uuid;
        bool autostart = false;
    };
    /// All that is there, in the order of names, after what an interrupted change left behind was put right. What
    /// cannot be used is logged by name, skipped and kept.
    virtual Task<std::vector<Found>> scan() = 0;
    /// The same while others may be writing: nothing is put right, and what does not belong there is passed over.
    virtual Task<std::vector<Found>> look_again() const = 0;
};

}  // namespace innkeeper::objects
