#include "host/kernel_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "base/error.h"
#include "base/fd.h"
#include "base/files.h"

namespace innkeeper::host {

std::string KernelFiles::text(const std::string& path) const {
    std::string text;
    try {
        text = read_file(root + path).value_or("");
    } catch (const Error&) {
        // A processor or a node that goes away meanwhile: as if the file were not there.
    }
    while (text.ends_with('\n')) text.pop_back();
    return text;
}

std::optional<std::uint64_t> KernelFiles::number(const std::string& path) const {
    const std::string digits = text(path);
    std::uint64_t value = 0;
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (failed != std::errc() || end == digits.data()) return std::nullopt;
    return value;
}

std::vector<unsigned> KernelFiles::numbers(const std::string& path) const {
    constexpr unsigned highest = 65535;
    std::vector<unsigned> found;
    const std::string list = text(path);
    const char* at = list.data();
    const char* const end = at + list.size();
    while (at != end) {
        unsigned first = 0;
        auto read = std::from_chars(at, end, first);
        if (read.ec != std::errc()) return {};
        unsigned last = first;
        if (read.ptr != end && *read.ptr == '-') {
            read = std::from_chars(read.ptr + 1, end, last);
            if (read.ec != std::errc() || last < first || last > highest) return {};
        }
        for (unsigned number = first; number <= last; ++number) found.push_back(number);
        at = read.ptr;
        if (at != end && *at++ != ',') return {};
    }
    return found;
}

std::vector<std::string> KernelFiles::names(const std::string& folder) const { return list_directory(root + folder); }

bool KernelFiles::exists(const std::string& path) const { return path_exists(root + path); }

void KernelFiles::write(const std::string& path, std::uint64_t value) const {
    write_kernel_file(root + path, std::to_string(value));
}

void write_kernel_file(const std::string& path, const std::string& text) {
    const Fd file(::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
    if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        throw Error::system(errno, "cannot write '" + text + "' to '" + path + "'");
}

}  // namespace innkeeper::host
