#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace innkeeper::shutdown {

/// What an administrator can say about guests across the host's shutdown and boot (daemon-behaviour, libvirt-guests).
struct Settings {
    std::vector<std::string> uris{"default"};
    bool start_on_boot = false;
    std::chrono::seconds start_delay{0};  ///< between two starts; 0: several at a time
    bool suspend = false;                 ///< on shutdown: save what is persistent, instead of asking all to shut down
    unsigned parallel_shutdown = 0;       ///< 0 and 1: one after the other
    std::chrono::seconds shutdown_timeout{300};  ///< for each guest, or for each URI when parallel; 0: none
    bool bypass_cache = false;
    bool sync_time = false;

    bool operator==(const Settings&) const = default;

    /// Of both files of an administrator, where they exist; the Debian one is read last. What does not suit leaves the
    /// setting as it was and a sentence in `complaints`: a shutdown never stops at a spelling mistake.
    static Settings read(std::string_view root, std::vector<std::string>& complaints);
    /// Adds what the text of one file says.
    void apply(std::string_view text, std::string_view file, std::vector<std::string>& complaints);

    /// The commented file that shows every setting with its default, and the entries of the manual page.
    static std::string sample();
    static std::string manual();
};

}  // namespace innkeeper::shutdown
