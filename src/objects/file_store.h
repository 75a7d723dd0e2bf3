#pragma once

#include <string>

#include "objects/definition_store.h"

namespace innkeeper::objects {

/// Definitions on disk, one file each (`NAME.xml`) in a folder of their class, and the links below `autostart/` that
/// mark those which start by themselves (daemon-behaviour, section 11). Every change is whole or has not happened,
/// whenever daemon or machine stop, and outlives the daemon when its task ends. Files are used in the pool.
class FileStore final : public DefinitionStore {
  public:
    /// `root` is the tag of the documents ("domain"), `edit` what the comment in each file tells people to use instead
    /// of an editor ("edit", "net-edit").
    FileStore(std::string folder, std::string root, std::string edit);

    std::string path_of(std::string_view name) const override;
    std::string link_of(std::string_view name) const;

    Task<> write(std::string name, Uuid uuid, std::string document) override;
    Task<std::string> read(std::string name) const override;
    std::optional<std::string> read_at_once(std::string_view name, std::size_t most) const override;
    Task<> remove(std::string name) override;
    Task<> rename(std::string from, std::string to, Uuid uuid, std::string document, bool autostart) override;
    Task<> set_autostart(std::string name, bool autostart) override;
    Task<std::vector<Found>> scan() override;
    Task<std::vector<Found>> look_again() const override;

  private:
    enum class Tidy { no, yes };
    Task<std::vector<Found>> find(Tidy tidy) const;

    std::string folder_, root_, edit_;
};

}  // namespace innkeeper::objects
