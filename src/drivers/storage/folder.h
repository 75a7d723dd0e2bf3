#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/fd.h"
#include "model/storage/pool.h"
#include "model/storage/volume.h"

/// The folder of a `dir` pool and the files in it, as pure functions of values. All of these block, for ever if the
/// folder lies on a server that is gone: they run on threads of their own. A volume's name is one component of a path.
namespace innkeeper::storage {

/// How full the file system is, and whose the folder is.
struct FolderFacts {
    std::uint64_t capacity = 0, available = 0;
    model::Permissions permissions;
};

struct Scanned {
    FolderFacts folder;
    std::map<std::string, model::Volume> volumes;
};

/// What is there. Throws Error if there is no such folder; a file that cannot be looked at is left out.
Scanned scan_folder(const std::string& folder);
/// The head of one volume and its file; throws Error (no_storage_vol) if it has gone.
model::Volume scan_volume(const std::string& folder, const std::string& name);
FolderFacts folder_facts(const std::string& folder);

/// Makes the folder, or gives one that is there the mode and owner that were asked for.
void build_folder(const std::string& folder, const model::Permissions& permissions);
void delete_folder(const std::string& folder);

/// Makes the file of a raw volume, with room for what it shall hold. Nobody else's file is taken.
void create_raw(const std::string& folder, const model::Volume& volume);
/// An empty file, for a program that fills it.
void reserve_file(const std::string& folder, const std::string& name);
void create_subfolder(const std::string& folder, const model::Volume& volume);
/// Mode and owner, after the image has been made.
void own_file(const std::string& folder, const model::Volume& volume);
void delete_file(const std::string& folder, const std::string& name);
void resize_raw(const std::string& folder, const std::string& name, std::uint64_t capacity, bool allocate);
/// Overwrites what it holds with zeros.
void wipe_file(const std::string& folder, const std::string& name);

enum class Access { read, write };
/// Never leads out of the folder for writing, whatever links somebody put there; reading follows links, as listing
/// does.
Fd open_volume(const std::string& folder, const std::string& name, Access access);

}  // namespace innkeeper::storage
