#include "model/network/address.h"

#include <gtest/gtest.h>

namespace innkeeper::model {
namespace {

NetworkAddress address(std::string_view text) { return *NetworkAddress::parse(text); }

TEST(NetworkAddress, IsSpelledAsTheSystemSpellsIt) {
    EXPECT_EQ(address("10.1").text(), "10.0.0.1");
    EXPECT_EQ(address("2001:DB8:0:0::1").text(), "2001:db8::1");
    EXPECT_FALSE(address("x").is_valid());
    EXPECT_EQ(address("x").text(), "x");
    EXPECT_FALSE(address("").is_valid());
}

TEST(NetworkAddress, KnowsMasksAndClasses) {
    EXPECT_EQ(address("255.255.254.0").mask_bits(), 23u);
    EXPECT_EQ(address("255.0.255.0").mask_bits(), std::nullopt);
    EXPECT_EQ(address("172.16.0.1").class_bits(), 16u);
    EXPECT_EQ(address("230.0.0.1").class_bits(), std::nullopt);
}

TEST(NetworkAddress, KnowsTheNetworkThatItIsIn) {
    EXPECT_TRUE(address("10.1.0.9").is_in_subnet_of(address("10.1.0.1"), 24));
    EXPECT_FALSE(address("10.1.1.9").is_in_subnet_of(address("10.1.0.1"), 24));
    EXPECT_FALSE(address("2001::1").is_in_subnet_of(address("10.1.0.1"), 0));
    EXPECT_TRUE(address("10.1.0.0").is_first(24));
    EXPECT_TRUE(address("10.1.0.255").is_last(24));
}

TEST(NetworkAddress, CountsUpToALimit) {
    EXPECT_EQ(address("10.1.0.2").count_to(address("10.1.0.2")), 1u);
    EXPECT_EQ(address("10.1.0.255").count_to(address("10.1.1.0")), 2u);
    EXPECT_EQ(address("10.1.0.3").count_to(address("10.1.0.2")), 0u);
    EXPECT_EQ(address("10.0.0.0").count_to(address("10.255.0.0")), 65536u);
    EXPECT_EQ(address("2001:db8::ffff").count_to(address("2001:db8::1:1")), 3u);
    EXPECT_EQ(address("::").count_to(address("ffff::")), 65536u);
}

}  // namespace
}  // namespace innkeeper::model
