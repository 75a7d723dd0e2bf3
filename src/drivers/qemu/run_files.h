#pragma once

#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/paths.h"

namespace innkeeper::qemu {

/// Where the files of one run of a guest lie. They are found again from the guest's id and name alone, by a later
/// daemon too, and have the peer's names.
struct RunFiles {
    std::string directory;          ///< of this run: …/lib/libvirt/qemu/domain-ID-NAME
    std::string monitor;            ///< the socket of its monitor
    std::string master_key;         ///< what its secrets are sealed with
    std::string channel_directory;  ///< sockets of its channels
    std::string memory_directory;   ///< files that back its memory, made only for guests that ask for such
    std::string log;                ///< everything that QEMU ever said; outlives the run
    std::string pid;
    std::string tpm_socket, tpm_pid;  ///< of its TPM in software

    /// `short_name` is "ID-NAME" with the name cut.
    static RunFiles of(const Paths& paths, std::string_view name, std::string_view short_name);
    /// …/ram: where the folders of guests' memory are.
    static std::string memory_root(const Paths& paths) { return paths.files_of("qemu") + "/ram"; }

    /// Makes the directories that every run has, and the file of the master key. Blocks for moments only: nothing waits
    /// for the disk.
    void prepare(std::string_view key) const;
    /// Everything but the log.
    void remove() const noexcept;
};

/// A listening UNIX socket, and a connection to one. A path longer than a socket's name may be is reached through its
/// open folder. Throw Error (system_error).
Fd listen_at(const std::string& path);
Fd connect_to(const std::string& path);

}  // namespace innkeeper::qemu
