#include "objects/file_store.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <span>
#include <unordered_set>
#include <utility>

#include "base/cached_file.h"
#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/sync.h"
#include "loop/group.h"
#include "loop/pool.h"
#include "objects/identity.h"

namespace innkeeper::objects {

namespace {

constexpr std::string_view suffix = ".xml";
constexpr std::size_t files_per_task = 256;

void rename_file(const std::string& from, const std::string& to) {
    if (std::rename(from.c_str(), to.c_str()) != 0)
        throw Error::system(errno, fmt::format("cannot rename '{}' to '{}'", from, to));
}

/// Where a link leads; nothing if it is none.
std::optional<std::string> link_target(const std::string& path) {
    std::string target(PATH_MAX, '\0');
    const ssize_t size = readlink(path.c_str(), target.data(), target.size());
    if (size < 0) return std::nullopt;
    target.resize(static_cast<std::size_t>(size));
    return target;
}

struct ScannedFile {
    std::string file;  ///< without the suffix
    Identity identity;
};

std::vector<ScannedFile> scan_files(const std::string& folder, const std::string& root,
                                    std::span<const std::string> names) {
    std::vector<ScannedFile> result;
    for (const auto& name : names) {
        const std::string path = fmt::format("{}/{}{}", folder, name, suffix);
        try {
            const auto text = read_file(path);
            if (text) result.push_back({name, read_identity(*text, root)});
        } catch (const std::exception& error) {
            log::error("definition '{}' is left alone: {}", path, error.what());
        }
    }
    return result;
}

Task<std::vector<ScannedFile>> scan_in_pool(std::string folder, std::string root, std::vector<std::string> names) {
    co_return co_await in_pool([folder, root, names = std::move(names)] { return scan_files(folder, root, names); });
}

/// Names of the definition files, without their suffix. What a killed write left behind is removed if `tidy` says so.
std::vector<std::string> definition_files(const std::string& folder, bool tidy) {
    std::vector<std::string> names;
    for (auto& file : list_directory(folder)) {
        if (file.ends_with(".xml.new")) {
            if (tidy) unlink(fmt::format("{}/{}", folder, file).c_str());
        } else if (file.ends_with(suffix) && file.size() > suffix.size()) {
            file.resize(file.size() - suffix.size());
            names.push_back(std::move(file));
        }
    }
    return names;
}

/// Names with a link that leads to a definition; links of ours that lead nowhere are what an interrupted change left.
std::unordered_set<std::string> autostart_links(const std::string& folder, bool tidy) {
    std::unordered_set<std::string> result;
    for (auto& file : list_directory(folder + "/autostart")) {
        const std::string link = fmt::format("{}/autostart/{}", folder, file);
        if (file.ends_with(".xml.new")) unlink(link.c_str());
        if (!file.ends_with(suffix)) continue;
        const auto target = link_target(link);
        if (target && access(link.c_str(), F_OK) != 0 && target->ends_with("/" + file)) {
            if (tidy) unlink(link.c_str());
            continue;
        }
        file.resize(file.size() - suffix.size());
        result.insert(std::move(file));
    }
    return result;
}

}  // namespace

FileStore::FileStore(std::string folder, std::string root, std::string edit)
    : folder_(std::move(folder)), root_(std::move(root)), edit_(std::move(edit)) {}

std::string FileStore::path_of(std::string_view name) const { return fmt::format("{}/{}.xml", folder_, name); }
std::string FileStore::link_of(std::string_view name) const {
    return fmt::format("{}/autostart/{}.xml", folder_, name);
}

// That a definition has come or gone outlives a power cut some seconds later, as with the peer (ARCHITECTURE, "What
// waits for the disk").

Task<> FileStore::write(std::string name, Uuid uuid, std::string document) {
    const std::string folder = folder_, path = path_of(name);
    const std::string content = with_comment(edit_, name, uuid, document);
    co_await in_pool([folder, path, content] {
        make_directories(folder);
        replace_file(path, content, 0600, Sync::content);
    });
}

Task<std::string> FileStore::read(std::string name) const {
    const std::string path = path_of(name);
    auto text = co_await in_pool([path] { return read_file(path); });
    if (!text) throw Error::system(ENOENT, fmt::format("Failed to open file '{}'", path));
    co_return std::move(*text);
}

std::optional<std::string> FileStore::read_at_once(std::string_view name, std::size_t most) const {
    return read_cached_file(path_of(name), most);
}

Task<> FileStore::remove(std::string name) {
    // The definition goes first: a link that leads nowhere starts nothing and is removed by the next daemon.
    const std::string path = path_of(name), link = link_of(name);
    co_await in_pool([path, link] {
        remove_file(path, Sync::none);
        if (link_target(link)) remove_file(link, Sync::none);
    });
}

Task<> FileStore::rename(std::string from, std::string to, Uuid uuid, std::string document, bool autostart) {
    const std::string old_path = path_of(from), new_path = path_of(to);
    const std::string old_link = link_of(from), new_link = link_of(to), folder = folder_;
    const std::string content = with_comment(edit_, to, uuid, document);
    co_await in_pool([=] {
        // There is one file at any instant. Killed between the two steps, the file has the new name outside and the
        // old one inside, which the scan puts right.
        if (autostart) make_link(new_path, new_link);
        rename_file(old_path, new_path);
        try {
            write_file(new_path, content, 0600);
        } catch (...) {
            std::rename(new_path.c_str(), old_path.c_str());
            if (autostart) unlink(new_link.c_str());
            throw;
        }
        if (autostart) remove_file(old_link);
    });
}

Task<> FileStore::set_autostart(std::string name, bool autostart) {
    const std::string path = path_of(name), link = link_of(name), folder = folder_ + "/autostart";
    co_await in_pool([=] {
        if (autostart) {
            make_directories(folder);
            make_link(path, link);
        } else {
            remove_file(link);
        }
    });
}

Task<std::vector<DefinitionStore::Found>> FileStore::scan() { return find(Tidy::yes); }
Task<std::vector<DefinitionStore::Found>> FileStore::look_again() const { return find(Tidy::no); }

Task<std::vector<DefinitionStore::Found>> FileStore::find(Tidy how) const {
    const std::string folder = folder_;
    const bool tidy = how == Tidy::yes;
    auto names = co_await in_pool([folder, tidy] { return definition_files(folder, tidy); });
    std::vector<Task<std::vector<ScannedFile>>> tasks;
    for (std::size_t at = 0; at < names.size(); at += files_per_task) {
        const auto end = std::min(at + files_per_task, names.size());
        tasks.push_back(scan_in_pool(folder_, root_,
                                     std::vector<std::string>(names.begin() + static_cast<std::ptrdiff_t>(at),
                                                              names.begin() + static_cast<std::ptrdiff_t>(end))));
    }
    const auto chunks = co_await all(std::move(tasks));

    std::vector<Found> result;
    result.reserve(names.size());
    for (const auto& chunk : chunks) {
        for (const auto& scanned : chunk) {
            if (scanned.identity.name != scanned.file) {
                const std::string is = path_of(scanned.file), should = path_of(scanned.identity.name);
                if (!tidy) continue;
                if (scanned.identity.name.contains('/') || std::ranges::binary_search(names, scanned.identity.name)) {
                    log::error("definition '{}' is left alone: it describes '{}'", is, scanned.identity.name);
                    continue;
                }
                log::warning("definition '{}' describes '{}': it is renamed", is, scanned.identity.name);
                co_await in_pool([is, should] { rename_file(is, should); });
            }
            result.push_back({scanned.identity.name, scanned.identity.uuid.value_or(Uuid::random()), false});
        }
    }
    const auto links = co_await in_pool([folder, tidy] { return autostart_links(folder, tidy); });
    for (auto& found : result) found.autostart = links.contains(found.name);
    co_return result;
}

}  // namespace innkeeper::objects
