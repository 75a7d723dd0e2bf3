#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// The kernel's small text files below /sys and /proc. Each call is one read that does not wait for a device.
namespace innkeeper::host {

/// Where /sys and /proc lie: below "" on a machine, below a folder of files in a test.
struct KernelFiles {
    std::string root;

    /// The whole text without the newlines at its end; empty if there is no such file or it can't be read.
    std::string text(const std::string& path) const;
    std::optional<std::uint64_t> number(const std::string& path) const;
    /// A list of the kernel's, such as "0-3,8". What is no list is empty.
    std::vector<unsigned> numbers(const std::string& path) const;
    std::vector<std::string> names(const std::string& folder) const;
    bool exists(const std::string& path) const;
    /// Throws Error (system_error) naming the path.
    void write(const std::string& path, std::uint64_t value) const;
};

/// Says something to the kernel through one of its files. Throws Error (system_error) naming the path.
void write_kernel_file(const std::string& path, const std::string& text);

}  // namespace innkeeper::host
