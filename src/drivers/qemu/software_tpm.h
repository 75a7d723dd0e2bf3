#pragma once

#include <string>
#include <vector>

#include "base/uuid.h"
#include "drivers/qemu/abilities/probe.h"
#include "model/domain/tpm.h"

namespace innkeeper::qemu {

/// A guest's TPM in software: where its state lies, which outlives the run, and how its programs are called.
struct SoftwareTpm {
    std::string setup, program;  ///< swtpm_setup and swtpm
    std::string state;           ///< the folder, in one named after the guest's UUID
    std::string log;
    std::string guest;  ///< "NAME:UUID": who it says that it belongs to
    bool is_2_0 = true;
    std::vector<std::string> banks;  ///< to be active, instead of those that it was made with
    RunAs run_as;

    /// Makes the state of a new one, with its keys and certificates.
    std::vector<std::string> setup_words() const;
    std::vector<std::string> bank_words() const;
    /// Serves who connects to the listening socket with that number, and ends with him.
    std::vector<std::string> words(int socket) const;

    /// Makes the folders; false if there is a state already. Throws Error. For the pool.
    bool make_folders() const;
    /// Forgets a state that was not finished. For the pool.
    void forget() const noexcept;
};

}  // namespace innkeeper::qemu
