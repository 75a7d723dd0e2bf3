#pragma once

#include <map>
#include <string>

#include "objects/definition_store.h"

namespace innkeeper::objects {

/// Definitions of a world that ends with the daemon: nothing of them is on disk.
class MemoryStore final : public DefinitionStore {
  public:
    std::string path_of(std::string_view name) const override { return std::string(name); }

    Task<> write(std::string name, Uuid uuid, std::string document) override;
    Task<std::string> read(std::string name) const override;
    std::optional<std::string> read_at_once(std::string_view name, std::size_t most) const override;
    Task<> remove(std::string name) override;
    Task<> rename(std::string from, std::string to, Uuid uuid, std::string document, bool autostart) override;
    Task<> set_autostart(std::string name, bool autostart) override;
    Task<std::vector<Found>> scan() override { return look_again(); }
    Task<std::vector<Found>> look_again() const override;

  private:
    struct Entry {
        Uuid uuid;
        std::string document;
        bool autostart = false;
    };
    const Entry& entry(const std::string& name) const;

    std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace innkeeper::objects
