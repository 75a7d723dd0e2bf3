#include "image/header.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "base/fd.h"

namespace innkeeper::image {
namespace {

ImageFacts facts_of(const std::string& bytes) {
    const Fd fd(::memfd_create("image", MFD_CLOEXEC));
    EXPECT_EQ(::write(fd.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    return read_image_header(fd.get(), bytes.size());
}

template <class T>
void put(std::string& bytes, std::size_t at, T value) {
    for (std::size_t i = 0; i < sizeof value; ++i)
        bytes[at + i] = static_cast<char>(value >> (8 * (sizeof value - 1 - i)) & 0xff);
}

/// A qcow2 head of version 3 with a backing file.
std::string qcow2(std::string_view backing, std::string_view format) {
    std::string bytes(4096, '\0');
    bytes.replace(0, 4, "QFI\xfb");
    put<std::uint32_t>(bytes, 4, 3);
    put<std::uint32_t>(bytes, 20, 16);
    put<std::uint64_t>(bytes, 24, 4194304);
    put<std::uint64_t>(bytes, 80, 1);  // lazy refcounts
    put<std::uint32_t>(bytes, 100, 104);
    if (backing.empty()) return bytes;
    put<std::uint32_t>(bytes, 104, 0xe2792aca);
    put<std::uint32_t>(bytes, 108, static_cast<std::uint32_t>(format.size()));
    bytes.replace(112, format.size(), format);
    put<std::uint64_t>(bytes, 8, 1024);
    put<std::uint32_t>(bytes, 16, static_cast<std::uint32_t>(backing.size()));
    bytes.replace(1024, backing.size(), backing);
    return bytes;
}

TEST(ImageHeader, OfAQcow2ImageSaysWhatItIs) {
    const ImageFacts expected{.format = "qcow2",
                              .capacity = 4194304,
                              .backing = "base.img",
                              .backing_format = "raw",
                              .compat = "1.1",
                              .cluster_size = 65536,
                              .features = model::ImageFeatures{.lazy_refcounts = true}};
    EXPECT_EQ(facts_of(qcow2("base.img", "raw")), expected);
}

TEST(ImageHeader, BelievesNoImpossibleLengths) {
    auto bytes = qcow2("base.img", "raw");
    put<std::uint32_t>(bytes, 16, 0xffffffff);
    EXPECT_EQ(facts_of(bytes).backing, "");
    bytes = qcow2("base.img", "raw");
    put<std::uint64_t>(bytes, 8, 0xfffffffffffffff0);
    EXPECT_EQ(facts_of(bytes).backing, "");
    bytes = qcow2("base.img", "raw");
    put<std::uint32_t>(bytes, 108, 0xffffffff);
    EXPECT_EQ(facts_of(bytes).backing_format, "");
    bytes = qcow2("base.img", "raw");
    put<std::uint32_t>(bytes, 20, 63);
    EXPECT_EQ(facts_of(bytes).cluster_size, std::nullopt);
}

TEST(ImageHeader, CutShortAnywhereIsNoHarm) {
    const auto whole = qcow2("base.img", "raw");
    for (std::size_t size = 0; size < 1200; ++size) facts_of(whole.substr(0, size));
}

TEST(ImageHeader, OfAnythingElseMakesARawImage) {
    EXPECT_EQ(facts_of("hello"), ImageFacts{});
    EXPECT_EQ(facts_of(""), ImageFacts{});
    EXPECT_EQ(facts_of(std::string(40000, '\0')), ImageFacts{});
}

}  // namespace
}  // namespace innkeeper::image
