#include "guests/documents.h"

#include <gtest/gtest.h>

namespace innkeeper::guests {
namespace {

Uuid number(unsigned n) {
    Uuid uuid;
    uuid.bytes[0] = static_cast<std::uint8_t>(n >> 8);
    uuid.bytes[1] = static_cast<std::uint8_t>(n);
    return uuid;
}

TEST(Documents, GivesBackWhatWasPut) {
    Documents documents(1 << 20);
    documents.put(number(1), {}, "plain");
    documents.put(number(1), {.secure = true}, "with passwords");
    documents.put(number(2), {}, "other");
    EXPECT_EQ(*documents.find(number(1), {}), "plain");
    EXPECT_EQ(*documents.find(number(1), {.secure = true}), "with passwords");
    EXPECT_EQ(*documents.find(number(2), {}), "other");
    EXPECT_EQ(documents.find(number(2), {.secure = true}), nullptr);
    EXPECT_EQ(documents.find(number(3), {}), nullptr);
}

TEST(Documents, ForgetsAllOfAGuestAndNothingElse) {
    Documents documents(1 << 20);
    documents.put(number(1), {}, "old");
    documents.put(number(1), {.inactive = true}, "old");
    documents.put(number(2), {}, "other");
    documents.forget(number(1));
    EXPECT_EQ(documents.find(number(1), {}), nullptr);
    EXPECT_EQ(documents.find(number(1), {.inactive = true}), nullptr);
    EXPECT_EQ(*documents.find(number(2), {}), "other");
    documents.put(number(1), {}, "new");
    EXPECT_EQ(*documents.find(number(1), {}), "new");
    documents.forget(number(1));
    documents.forget(number(2));
    EXPECT_EQ(documents.bytes(), 0U);
}

TEST(Documents, StaysWithinItsBoundsAndKeepsApartWhatItKeeps) {
    Documents documents(100'000);
    for (unsigned n = 0; n < 2000; ++n) documents.put(number(n), {}, std::string(500, 'x') + std::to_string(n));
    EXPECT_LE(documents.bytes(), 100'000U);
    unsigned kept = 0;
    for (unsigned n = 0; n < 2000; ++n)
        if (const auto* found = documents.find(number(n), {})) {
            ++kept;
            EXPECT_EQ(*found, std::string(500, 'x') + std::to_string(n));
        }
    EXPECT_GT(kept, 100U);
    EXPECT_NE(documents.find(number(1999), {}), nullptr);
}

TEST(Documents, RefusesWhatIsTooLarge) {
    Documents documents(8000);
    documents.put(number(1), {}, "small");
    documents.put(number(2), {}, std::string(5000, 'x'));
    EXPECT_EQ(documents.find(number(2), {}), nullptr);
    EXPECT_NE(documents.find(number(1), {}), nullptr);
}

}  // namespace
}  // namespace innkeeper::guests
