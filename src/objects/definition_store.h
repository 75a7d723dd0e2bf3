#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.h"
#include "loop/task.h"

namespace innkeeper::objects {

/// Definitions on disk, one file each (`NAME.xml`) in a folder of their class, and the links below `autostart/` that
/// mark those which start by themselves (daemon-behaviour, section 11). Every change is whole or has not happened,
/// whenever daemon or machine stop, and outlives the daemon when its task ends. Files are used in the pool.
class DefinitionStore {
  public:
    /// `root` is the tag of the documents ("domain"), `edit` what the comment in each file tells people to use instead
    /// of an editor ("edit", "net-edit").
    DefinitionStore(std::string folder, std::string root, std::string edit);

    std::string path_of(std::string_view name) const;
    std::string link_of(std::string_view name) const;

    /// Makes a file of the document: with the comment before it, as the peer writes it.
    static std::string with_comment(std::string_view edit, std::string_view name, const Uuid& uuid,
                                    std::string_view document);

    Task<> write(std::string name, Uuid uuid, std::string document);
    /// Throws Error if there is none.
    Task<std::string> read(std::string name) const;
    Task<> remove(std::string name);
    /// The definition gets another name, and `document`, which says so. After a crash in between it has its old name.
    Task<> rename(std::string from, std::string to, Uuid uuid, std::string document, bool autostart);
    Task<> set_autostart(std::string name, bool autostart);

    struct Found {
        std::string name;
        Uuid uuid;
        bool autostart = false;
    };
    /// All that is there, in the order of names, after what an interrupted change left behind was put right. A file
    /// that cannot be used is logged by name, skipped and kept.
    Task<std::vector<Found>> scan();
    /// The same while others may be writing: nothing is put right, and what does not belong there is passed over.
    Task<std::vector<Found>> look_again() const;

  private:
    enum class Tidy { no, yes };
    Task<std::vector<Found>> find(Tidy tidy) const;

    std::string folder_, root_, edit_;
};

}  // namespace innkeeper::objects
