#include "host/link.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

#include "base/fd.h"
#include "base/files.h"

namespace innkeeper::host {

namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// The speed's file is there for every interface and cannot be read where there is none.
std::optional<unsigned> read_speed(const std::string& path) {
    const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return std::nullopt;
    std::array<char, 32> text{};
    const auto size = read(file.get(), text.data(), text.size());
    if (size < 0) return errno == EINVAL ? std::optional(0U) : std::nullopt;
    const auto line = first_line(std::string(text.data(), static_cast<std::size_t>(size)));
    int speed = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), speed);
    if (error != std::errc{} || end != line.data() + line.size()) return std::nullopt;
    return static_cast<unsigned>(speed);  // unknown is -1, which the peer shows as the largest number
}

}  // namespace

std::optional<Link> read_link(const std::string& interface) {
    const std::string folder = "/sys/class/net/" + interface;
    const auto state = read_file(folder + "/operstate");
    if (!state) return std::nullopt;
    Link link{first_line(*state), 0};
    if (link.state != "up") return link;
    const auto speed = read_speed(folder + "/speed");
    if (!speed) return std::nullopt;
    link.speed = *speed;
    return link;
}

}  // namespace innkeeper::host
