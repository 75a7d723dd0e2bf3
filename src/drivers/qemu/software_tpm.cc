#include "drivers/qemu/software_tpm.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/error.h"
#include "base/files.h"

namespace innkeeper::qemu {

namespace {

/// A folder that its user alone may look into.
void own(const std::string& folder, mode_t mode, const RunAs& run_as) {
    if (::chmod(folder.c_str(), mode) != 0) throw Error::system(errno, fmt::format("cannot set mode of '{}'", folder));
    if (run_as.uid && ::chown(folder.c_str(), *run_as.uid, run_as.gid.value_or(static_cast<gid_t>(-1))) != 0)
        throw Error::system(errno, fmt::format("unable to set user and group on '{}'", folder));
}

}  // namespace

std::vector<std::string> SoftwareTpm::setup_words() const {
    std::vector<std::string> words{setup};
    if (is_2_0) words.emplace_back("--tpm2");
    words.insert(words.end(), {"--tpm-state", state, "--vmid", guest, "--logfile", log, "--createek",
                               "--create-ek-cert", "--create-platform-cert", "--lock-nvram", "--not-overwrite"});
    return words;
}

std::vector<std::string> SoftwareTpm::bank_words() const {
    return {setup,          "--tpm2", "--tpm-state", state,
            "--logfile",    log,      "--pcr-banks", fmt::format("{}", fmt::join(banks, ",")),
            "--reconfigure"};
}

std::vector<std::string> SoftwareTpm::words(int socket) const {
    std::vector<std::string> words{program,      "socket",
                                   "--ctrl",     fmt::format("type=unixio,fd={}", socket),
                                   "--tpmstate", fmt::format("dir={},mode=0600", state),
                                   "--log",      fmt::format("file={}", log),
                                   "--terminate"};
    if (is_2_0) words.emplace_back("--tpm2");
    return words;
}

bool SoftwareTpm::make_folders() const {
    if (parent_of(log).find("/swtpm/") != std::string::npos && !path_exists(parent_of(log))) {
        make_directories(parent_of(log), 0711);
        own(parent_of(log), 0730, run_as);
    }
    if (!list_directory(state).empty()) return false;
    make_directories(state, 0711);
    own(state, 0700, run_as);
    return true;
}

void SoftwareTpm::forget() const noexcept {
    std::error_code ignored;
    std::filesystem::remove_all(state, ignored);
    std::filesystem::remove(parent_of(state), ignored);
}

}  // namespace innkeeper::qemu
