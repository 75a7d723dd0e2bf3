#include "image/header.h"

#include <unistd.h>

#include <array>
#include <bit>
#include <cstring>
#include <string_view>
#include <vector>

namespace innkeeper::image {

namespace {

using namespace std::string_view_literals;

constexpr std::size_t head_size = 1024;
constexpr std::uint32_t longest_backing_name = 1023;
constexpr unsigned most_extensions = 32;

/// Bytes of a file from an offset, fewer at its end.
std::string bytes_at(int fd, std::uint64_t offset, std::size_t size) {
    std::string bytes(size, '\0');
    std::size_t have = 0;
    while (have < size) {
        const ssize_t n = ::pread(fd, bytes.data() + have, size - have, static_cast<off_t>(offset + have));
        if (n <= 0) break;
        have += static_cast<std::size_t>(n);
    }
    bytes.resize(have);
    return bytes;
}

/// Numbers in a head; 0 where it is too short.
class Head {
  public:
    explicit Head(std::string bytes) : bytes_(std::move(bytes)) {}

    bool has(std::size_t at, std::string_view magic) const {
        return bytes_.size() >= at + magic.size() && std::string_view(bytes_).substr(at, magic.size()) == magic;
    }
    template <class T>
    T big(std::size_t at) const {
        return std::endian::native == std::endian::big ? native<T>(at) : std::byteswap(native<T>(at));
    }
    template <class T>
    T little(std::size_t at) const {
        return std::endian::native == std::endian::little ? native<T>(at) : std::byteswap(native<T>(at));
    }

  private:
    template <class T>
    T native(std::size_t at) const {
        T value{};
        if (bytes_.size() >= at + sizeof value) std::memcpy(&value, bytes_.data() + at, sizeof value);
        return value;
    }
    std::string bytes_;
};

/// The extension of a qcow2 head that names the format of what lies under the image.
std::string backing_format(int fd, std::uint64_t at, std::uint64_t end) {
    constexpr std::uint32_t is_format = 0xe2792aca;
    for (unsigned count = 0; count < most_extensions && at + 8 <= end; ++count) {
        const Head extension(bytes_at(fd, at, 8));
        const auto type = extension.big<std::uint32_t>(0);
        const std::uint64_t size = extension.big<std::uint32_t>(4);
        if (type == 0 || size > end - at - 8) return {};
        if (type == is_format) return size <= 16 ? bytes_at(fd, at + 8, size) : std::string();
        at += 8 + (size + 7) / 8 * 8;
    }
    return {};
}

ImageFacts qcow2(int fd, const Head& head, std::uint32_t version) {
    constexpr std::uint64_t extended_l2 = 1U << 4, lazy_refcounts = 1U;
    ImageFacts facts{.format = "qcow2", .capacity = head.big<std::uint64_t>(24)};
    const auto cluster_bits = head.big<std::uint32_t>(20);
    const bool is_sane = cluster_bits >= 9 && cluster_bits <= 21;
    const std::uint64_t cluster = is_sane ? std::uint64_t{1} << cluster_bits : 0;
    if (is_sane) facts.cluster_size = cluster;
    std::uint32_t head_length = 72;
    if (version >= 3) {
        facts.compat = "1.1";
        facts.features = model::ImageFeatures{.lazy_refcounts = (head.big<std::uint64_t>(80) & lazy_refcounts) != 0,
                                              .extended_l2 = (head.big<std::uint64_t>(72) & extended_l2) != 0};
        head_length = head.big<std::uint32_t>(100);
    }
    const auto name_at = head.big<std::uint64_t>(8);
    const auto name_size = head.big<std::uint32_t>(16);
    // The name lies in the first cluster, behind the head and its extensions.
    if (name_at == 0 || name_size == 0 || name_size > longest_backing_name || name_at > cluster) return facts;
    facts.backing = bytes_at(fd, name_at, name_size);
    if (facts.backing.contains('\0')) facts.backing.clear();
    facts.backing_format = backing_format(fd, head_length, name_at);
    return facts;
}

ImageFacts luks(const Head& head, std::uint64_t file_size) {
    ImageFacts facts{.is_luks = true};
    const std::uint64_t payload = std::uint64_t{head.big<std::uint32_t>(104)} * 512;
    if (head.big<std::uint16_t>(6) == 1 && payload <= file_size) facts.capacity = file_size - payload;
    return facts;
}

}  // namespace

ImageFacts read_image_header(int fd, std::uint64_t file_size) {
    constexpr std::uint64_t iso_magic_at = 32769, most_sectors = UINT64_MAX / 512;
    const Head head(bytes_at(fd, 0, head_size));
    if (head.has(0, "QFI\xfb"sv)) {
        const auto version = head.big<std::uint32_t>(4);
        if (version == 1) return {.format = "qcow", .capacity = head.big<std::uint64_t>(24)};
        if (version == 2 || version == 3) return qcow2(fd, head, version);
        return {};
    }
    if (head.has(0, "LUKS\xba\xbe"sv)) return luks(head, file_size);
    if (head.has(0, "KDMV"sv) && head.little<std::uint64_t>(12) <= most_sectors)
        return {.format = "vmdk", .capacity = head.little<std::uint64_t>(12) * 512};
    if (head.has(0, "QED\0"sv)) return {.format = "qed", .capacity = head.little<std::uint64_t>(48)};
    if (head.has(0, "conectix"sv)) return {.format = "vpc", .capacity = head.big<std::uint64_t>(48)};
    if (head.has(64, "\x7f\x10\xda\xbe"sv)) return {.format = "vdi", .capacity = head.little<std::uint64_t>(368)};
    if (file_size > iso_magic_at && bytes_at(fd, iso_magic_at, 5) == "CD001") return {.format = "iso"};
    return {};
}

}  // namespace innkeeper::image
