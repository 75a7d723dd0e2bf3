// Every struct on the wire, by its generated samples: the bytes are pinned in tests/golden/wire, what is encoded
// decodes to the same value, limits hold on both sides, and no truncated message is taken.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <string>

#include "base/error.h"
#include "rpc/codec/sampler.h"

namespace innkeeper::rpc {
namespace {

std::uint64_t seed_of(const TypeSample& type) {
    std::uint64_t seed = 14695981039346656037ULL;
    for (const std::string_view text : {type.program, type.name})
        for (const char c : text) seed = (seed ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    return seed;
}

std::string bytes_of(const TypeSample& type) {
    Sampler sampler(seed_of(type));
    return type.encode(sampler);
}

std::string hex(std::string_view bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        text += digits[static_cast<unsigned char>(c) >> 4];
        text += digits[static_cast<unsigned char>(c) & 15];
    }
    return text;
}

bool takes(const TypeSample& type, std::string_view bytes) {
    try {
        type.recode(bytes);
        return true;
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::rpc) << type.name;
        return false;
    }
}

TEST(Wire, HasTheBytesOfTheGoldenFiles) {
    std::map<std::string, std::string> files;
    for (const auto& type : type_samples())
        files[std::string(type.program)] += std::string(type.name) + ' ' + hex(bytes_of(type)) + '\n';
    for (const auto& [program, text] : files) {
        const std::string path = INNKEEPER_SOURCE_DIR "/tests/golden/wire/" + program + ".txt";
        if (std::getenv("INNKEEPER_ACCEPT") != nullptr) std::ofstream(path) << text;
        std::ifstream file(path);
        const std::string golden{std::istreambuf_iterator<char>(file), {}};
        EXPECT_TRUE(golden == text) << path << " differs; INNKEEPER_ACCEPT=1 rewrites it";
    }
}

TEST(Wire, DecodesWhatItEncodes) {
    for (const auto& type : type_samples()) {
        for (std::uint64_t round = 0; round < 8; ++round) {
            Sampler sampler(seed_of(type) + round);
            EXPECT_TRUE(type.survives(sampler)) << type.program << ' ' << type.name;
        }
        EXPECT_EQ(type.recode(bytes_of(type)), bytes_of(type)) << type.name;
    }
}

TEST(Wire, IgnoresWhatFollows) {
    for (const auto& type : type_samples())
        EXPECT_EQ(type.recode(bytes_of(type) + "more"), bytes_of(type)) << type.name;
}

TEST(Wire, RefusesEveryTruncation) {
    for (const auto& type : type_samples()) {
        const std::string bytes = bytes_of(type);
        for (std::size_t size = 0; size < bytes.size(); ++size)
            // A copy of exactly that size, so that a sanitizer sees a read beyond it.
            EXPECT_FALSE(takes(type, std::string(bytes.data(), size))) << type.name << " of " << size << " bytes";
    }
}

TEST(Wire, TakesListsUpToTheirLimitsAndNoLonger) {
    for (const auto& type : type_samples()) {
        Sampler counter(seed_of(type));
        type.encode(counter);
        for (std::size_t list = 0; list < counter.lists(); ++list) {
            Sampler full(seed_of(type));
            full.focus(list, 0);
            std::string bytes = type.encode(full);
            EXPECT_TRUE(type.recode(bytes) == bytes) << type.name << " list " << list;

            Sampler over(seed_of(type));
            over.focus(list, 1);
            EXPECT_THROW(type.encode(over), Error) << type.name << " list " << list;

            // The same, from somebody who does not mind.
            const std::uint32_t limit = full.limit();
            std::size_t at = 0;
            while (at + 4 <= bytes.size() && XdrReader(std::string_view(bytes).substr(at)).get_uint32() != limit)
                at += 4;
            ASSERT_LT(at, bytes.size()) << type.name;
            bytes[at + 3] = static_cast<char>(bytes[at + 3] + 1);
            bytes.append(4096, '\0');
            EXPECT_FALSE(takes(type, bytes)) << type.name << " list " << list;
        }
    }
}

TEST(Wire, SurvivesFlippedBits) {
    for (const auto& type : type_samples()) {
        std::string bytes = bytes_of(type);
        for (std::size_t at = 0; at < bytes.size(); ++at) {
            const char was = bytes[at];
            bytes[at] = static_cast<char>(was ^ 0x81);
            takes(type, bytes);
            bytes[at] = was;
        }
    }
}

}  // namespace
}  // namespace innkeeper::rpc
