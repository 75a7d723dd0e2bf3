#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/domain/storage_source.h"
#include "xml/description.h"

namespace innkeeper::model {

/// What a backup does with one disk: copies it into a target (push), or lets others read it as it was, for which a
/// scratch image keeps what the guest overwrites meanwhile (pull).
struct BackupDisk {
    enum class Mode { full, incremental };
    std::string name;
    std::optional<bool> backup;
    std::optional<Mode> mode;
    std::string incremental;  ///< a checkpoint: only what changed since
    std::string export_name, export_bitmap;
    StorageSource store;  ///< `<target>` or `<scratch>`, by the backup's kind
    bool has_store = false;

    bool takes_part() const { return backup.value_or(true); }
    bool operator==(const BackupDisk&) const = default;
};
constexpr auto names_of(BackupDisk::Mode) { return xml::names("full", "incremental"); }

/// Where others read the disks.
struct BackupServer {
    std::optional<StorageHost::Transport> transport;
    std::string name;
    std::optional<unsigned> port;
    std::string socket;
    std::optional<bool> tls;
    bool operator==(const BackupServer&) const = default;
};

/// A backup of a running guest's disks, all of one instant.
struct BackupDef {
    enum class Kind { push, pull };
    Kind kind = Kind::push;
    std::string incremental;
    std::optional<BackupServer> server;
    std::vector<BackupDisk> disks;
    bool has_disks = false;  ///< disks are named; otherwise all are meant
    bool operator==(const BackupDef&) const = default;
};
constexpr auto names_of(BackupDef::Kind) { return xml::names("push", "pull"); }

/// Whether it follows the schema was looked at before. Throws Error in the peer's words.
BackupDef parse_backup(std::string_view text);
std::string format_backup(const BackupDef& backup);

extern const xml::Element<BackupDef> backup_element;

}  // namespace innkeeper::model
