#include "drivers/qemu/firmware/nvram.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/error.h"
#include "base/fd.h"
#include "base/files.h"

namespace innkeeper::qemu {

namespace {

constexpr std::size_t largest_template = 64U << 20;

std::string read_template(const std::string& path) {
    if (::access(path.c_str(), R_OK) != 0) throw Error::system(errno, fmt::format("Failed to open file '{}'", path));
    auto content = read_file(path, largest_template);
    if (!content) throw Error::system(ENOENT, fmt::format("Failed to open file '{}'", path));
    return std::move(*content);
}

void write_whole(const Fd& file, std::string_view content, const std::string& path) {
    while (!content.empty()) {
        const auto written = ::write(file.get(), content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) throw Error::system(errno, fmt::format("Unable to write to file '{}'", path));
        content.remove_prefix(static_cast<std::size_t>(written));
    }
}

}  // namespace

std::vector<FirmwarePair> firmware_pairs(const std::optional<std::vector<std::string>>& setting) {
    if (!setting)
        return {{"/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"},
                {"/usr/share/OVMF/OVMF_CODE.secboot.fd", "/usr/share/OVMF/OVMF_VARS.fd"},
                {"/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"},
                {"/usr/share/AAVMF/AAVMF32_CODE.fd", "/usr/share/AAVMF/AAVMF32_VARS.fd"}};
    std::vector<FirmwarePair> pairs;
    for (const auto& text : *setting)
        if (const auto colon = text.find(':'); colon != text.npos)
            pairs.push_back({text.substr(0, colon), text.substr(colon + 1)});
    return pairs;
}

std::optional<NvramFile> NvramFile::of(const model::DomainDef& def, const std::vector<FirmwarePair>& pairs) {
    const auto& loader = def.os.loader;
    const auto& nvram = def.os.nvram;
    if (!loader || !nvram || nvram->source.type != model::StorageSource::Type::file || nvram->source.path.empty())
        return std::nullopt;
    NvramFile file;
    file.path = nvram->source.path;
    file.code = loader->path;
    file.variables = nvram->template_path;
    const auto known = std::ranges::find(pairs, loader->path, &FirmwarePair::code);
    if (file.variables.empty() && known != pairs.end()) file.variables = known->variables;
    return file;
}

void NvramFile::make() const {
    if (!is_reset && path_exists(path)) return;
    if (variables.empty())
        throw Error(ErrorCode::operation_failed,
                    fmt::format("unable to find any master var store for loader: {}", code));
    const std::string content = read_template(variables);
    const std::string temporary = path + ".new";
    const Fd file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) throw Error::system(errno, fmt::format("Failed to create file '{}'", temporary));
    try {
        write_whole(file, content, temporary);
        if (uid && ::fchown(file.get(), *uid, gid.value_or(static_cast<gid_t>(-1))) != 0)
            throw Error::system(errno, fmt::format("unable to set user and group on '{}'", temporary));
        if (::fsync(file.get()) != 0) throw Error::system(errno, fmt::format("cannot sync file '{}'", temporary));
        if (std::rename(temporary.c_str(), path.c_str()) != 0)
            throw Error::system(errno, fmt::format("Unable to rename '{}' to '{}'", temporary, path));
    } catch (const Error&) {
        ::unlink(temporary.c_str());
        throw;
    }
}

}  // namespace innkeeper::qemu
