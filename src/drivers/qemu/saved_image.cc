#include "drivers/qemu/saved_image.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace innkeeper::qemu {

namespace {

constexpr std::string_view finished = "LibvirtQemudSave";
constexpr std::string_view unfinished = "LibvirtQemudPart";
constexpr std::size_t most_definition = 16U << 20;
/// Room for a definition that is edited later, and the stream starts at a round place.
constexpr std::size_t spare = 1024, round_to = 4096;

/// In the byte order of the host, as the peer has it.
struct Numbers {
    std::uint32_t version = 2;
    std::uint32_t data_length = 0;
    std::uint32_t was_running = 0;
    std::uint32_t compression = 0;
    std::uint32_t cookie_offset = 0;
    std::array<std::uint32_t, 14> unused{};
};
constexpr std::size_t head_size = finished.size() + sizeof(Numbers);
static_assert(head_size == 92);

bool read_exactly(int fd, char* into, std::size_t count, off_t at) {
    while (count > 0) {
        const ssize_t n = ::pread(fd, into, count, at);
        if (n <= 0) return false;
        into += n;
        at += n;
        count -= static_cast<std::size_t>(n);
    }
    return true;
}

}  // namespace

SavedHead SavedHead::read(int fd, const std::string& path) {
    std::array<char, head_size> head;
    if (!read_exactly(fd, head.data(), head.size(), 0))
        throw Error(ErrorCode::operation_failed, "failed to read qemu header");
    const std::string_view magic(head.data(), finished.size());
    if (magic == unfinished)
        throw Error(ErrorCode::operation_failed, fmt::format("save image '{}' is incomplete", path));
    if (magic != finished) throw Error(ErrorCode::operation_failed, "image magic is incorrect");
    Numbers numbers;
    std::memcpy(&numbers, head.data() + finished.size(), sizeof numbers);
    if (numbers.version == 0 || numbers.version > 2)
        throw Error(ErrorCode::operation_failed,
                    fmt::format("image version is not supported ({} > 2)", numbers.version));
    if (numbers.data_length == 0 || numbers.data_length > most_definition)
        throw Error(ErrorCode::operation_failed, fmt::format("invalid header data length: {}", numbers.data_length));
    if (numbers.compression > static_cast<std::uint32_t>(Compression::lzop))
        throw Error(ErrorCode::operation_failed, fmt::format("invalid compression type {}", numbers.compression));
    SavedHead result;
    result.definition.resize(numbers.data_length);
    if (!read_exactly(fd, result.definition.data(), numbers.data_length, head_size))
        throw Error(ErrorCode::operation_failed, fmt::format("failed to read domain XML of '{}'", path));
    result.definition.resize(std::strlen(result.definition.c_str()));
    result.running = numbers.was_running == 1;
    result.compression = static_cast<Compression>(numbers.compression);
    result.stream_offset = head_size + numbers.data_length;
    return result;
}

std::string SavedHead::bytes() const {
    const std::size_t least = head_size + definition.size() + 1 + spare;
    const std::size_t whole = (least + round_to - 1) / round_to * round_to;
    Numbers numbers;
    numbers.data_length = static_cast<std::uint32_t>(whole - head_size);
    numbers.was_running = running ? 1 : 0;
    numbers.compression = static_cast<std::uint32_t>(compression);
    std::string all(unfinished);
    all.append(reinterpret_cast<const char*>(&numbers), sizeof numbers);
    all += definition;
    all.resize(whole, '\0');
    return all;
}

void SavedHead::finish(int fd) {
    if (::pwrite(fd, finished.data(), finished.size(), 0) != static_cast<ssize_t>(finished.size()) || ::fsync(fd) != 0)
        throw Error::system(errno, "unable to write the head of a saved image");
}

void SavedHead::replace(int fd, const std::string& path, const std::string& definition, bool running) {
    const SavedHead old = read(fd, path);
    const std::size_t room = old.stream_offset - head_size;
    if (definition.size() + 1 > room)
        throw Error(ErrorCode::internal_error, fmt::format("new xml too large to fit in file '{}'", path));
    Numbers numbers;
    numbers.data_length = static_cast<std::uint32_t>(room);
    numbers.was_running = running ? 1 : 0;
    numbers.compression = static_cast<std::uint32_t>(old.compression);
    std::string head(finished);
    head.append(reinterpret_cast<const char*>(&numbers), sizeof numbers);
    head += definition;
    head.resize(old.stream_offset, '\0');
    if (::pwrite(fd, head.data(), head.size(), 0) != static_cast<ssize_t>(head.size()) || ::fsync(fd) != 0)
        throw Error::system(errno, fmt::format("failed to write header to domain save file '{}'", path));
}

}  // namespace innkeeper::qemu
