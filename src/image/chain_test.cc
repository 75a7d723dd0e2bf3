#include "image/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>

#include "base/error.h"

namespace innkeeper::image {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ChainTest : public testing::Test {
  protected:
    ChainTest() {
        std::string pattern = testing::TempDir() + "chainXXXXXX";
        folder_ = mkdtemp(pattern.data());
    }
    ~ChainTest() override { std::filesystem::remove_all(folder_); }

    template <class T>
    static void put(std::string& bytes, std::size_t at, T value) {
        for (std::size_t i = 0; i < sizeof value; ++i)
            bytes[at + i] = static_cast<char>(value >> (8 * (sizeof value - 1 - i)) & 0xff);
    }

    std::string raw(const std::string& name) {
        std::ofstream(folder_ + "/" + name) << std::string(4096, '\0');
        return folder_ + "/" + name;
    }
    std::string qcow2(const std::string& name, const std::string& backing, const std::string& format) {
        std::string bytes(4096, '\0');
        bytes.replace(0, 4, "QFI\xfb");
        put<std::uint32_t>(bytes, 4, 3);
        put<std::uint32_t>(bytes, 20, 16);
        put<std::uint64_t>(bytes, 24, 4194304);
        put<std::uint32_t>(bytes, 100, 104);
        if (!format.empty()) {
            put<std::uint32_t>(bytes, 104, 0xe2792aca);
            put<std::uint32_t>(bytes, 108, static_cast<std::uint32_t>(format.size()));
            bytes.replace(112, format.size(), format);
        }
        if (!backing.empty()) {
            put<std::uint64_t>(bytes, 8, 1024);
            put<std::uint32_t>(bytes, 16, static_cast<std::uint32_t>(backing.size()));
            bytes.replace(1024, backing.size(), backing);
        }
        std::ofstream(folder_ + "/" + name) << bytes;
        return folder_ + "/" + name;
    }
    std::string refusal(const std::string& path) {
        try {
            chain_below(path, "qcow2");
        } catch (const Error& error) {
            return error.message();
        }
        return "none";
    }

    std::string folder_;
};

TEST_F(ChainTest, LayersAreFollowedToTheLast) {
    raw("base.raw");
    qcow2("middle", "base.raw", "raw");
    const auto chain = chain_below(qcow2("top", folder_ + "/middle", "qcow2"), "qcow2");
    EXPECT_TRUE(chain.is_whole);
    EXPECT_THAT(chain.layers,
                ElementsAre(Layer{folder_ + "/middle", "qcow2", false}, Layer{folder_ + "/base.raw", "raw", false}));
}

TEST_F(ChainTest, ARawImageHasNoneWhateverItContains) {
    qcow2("base", "", "");
    EXPECT_TRUE(chain_below(qcow2("top", "base", "qcow2"), "raw").layers.empty());
    EXPECT_TRUE(chain_below(folder_ + "/nowhere", "raw").layers.empty());
}

TEST_F(ChainTest, WithoutAFormatOnlyRawIsFollowed) {
    raw("base.raw");
    EXPECT_EQ(chain_below(qcow2("one", "base.raw", ""), "qcow2").layers.size(), 1U);
    qcow2("base", "", "");
    EXPECT_THAT(refusal(qcow2("two", "base", "")), HasSubstr("was not specified in the image metadata"));
}

TEST_F(ChainTest, ACycleIsRefused) {
    qcow2("a", "b", "qcow2");
    EXPECT_THAT(refusal(qcow2("b", "a", "qcow2")), HasSubstr("is self-referential or too deeply nested"));
}

TEST_F(ChainTest, AMissingLayerIsNamedWithTheOneAbove) {
    const std::string top = qcow2("top", "gone", "qcow2");
    EXPECT_EQ(refusal(top), "Cannot access backing file '" + folder_ + "/gone' of storage file '" + top +
                                "': No such file or directory");
}

TEST_F(ChainTest, WhatIsNoLocalFileIsLeftToQemu) {
    for (const char* backing : {"nbd://localhost/x", "json:{\"driver\":\"raw\"}", "rbd:pool/image"}) {
        const auto chain = chain_below(qcow2("top", backing, "raw"), "qcow2");
        EXPECT_FALSE(chain.is_whole) << backing;
        EXPECT_TRUE(chain.layers.empty());
    }
}

}  // namespace
}  // namespace innkeeper::image
