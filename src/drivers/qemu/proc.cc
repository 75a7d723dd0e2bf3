#include "drivers/qemu/proc.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace innkeeper::qemu {

namespace {

std::string read_all(const std::string& path) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string all;
    char buffer[4096];
    for (ssize_t n; file && (n = ::read(file.get(), buffer, sizeof buffer)) > 0;)
        all.append(buffer, static_cast<std::size_t>(n));
    return all;
}

std::optional<ThreadFacts> read_facts(const std::string& path) {
    const std::string text = read_all(path);
    // The name, in parentheses, may hold anything; what follows the last one is words.
    const auto after = text.rfind(')');
    if (after == std::string::npos || after + 2 >= text.size()) return std::nullopt;
    std::vector<std::string_view> words;
    std::string_view rest = std::string_view(text).substr(after + 2);
    while (!rest.empty()) {
        const auto end = std::min(rest.find(' '), rest.size());
        words.push_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (words.size() < 37) return std::nullopt;
    const auto number = [&](std::size_t index) { return std::strtoull(words[index].data(), nullptr, 10); };
    static const std::uint64_t tick = 1000000000ULL / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
    static const std::uint64_t page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 1024;
    return ThreadFacts{.state = words[0].front(),
                       .user_ns = number(11) * tick,
                       .system_ns = number(12) * tick,
                       .cpu = static_cast<int>(number(36)),
                       .rss_kib = number(21) * page};
}

}  // namespace

std::optional<ThreadFacts> process_facts(pid_t pid) { return read_facts(fmt::format("/proc/{}/stat", pid)); }
std::optional<ThreadFacts> thread_facts(pid_t pid, pid_t thread) {
    return read_facts(fmt::format("/proc/{}/task/{}/stat", pid, thread));
}

std::optional<std::uint64_t> thread_time(pid_t pid, pid_t thread) {
    const std::string text = read_all(fmt::format("/proc/{}/task/{}/schedstat", pid, thread));
    if (text.empty()) return std::nullopt;
    return std::strtoull(text.c_str(), nullptr, 10);
}

std::string command_line_of(pid_t pid) { return read_all(fmt::format("/proc/{}/cmdline", pid)); }

}  // namespace innkeeper::qemu
