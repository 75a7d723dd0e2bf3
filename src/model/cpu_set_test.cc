#include "model/cpu_set.h"

#include <gtest/gtest.h>

namespace innkeeper::model {

namespace {

std::string again(std::string_view text) {
    const auto set = CpuSet::parse(text);
    return set ? set->text() : "refused";
}

}  // namespace

TEST(CpuSet, IsWrittenInRanges) {
    EXPECT_EQ(again("4,2,1, 8"), "1-2,4,8");
    EXPECT_EQ(again("0-7,^3,^0"), "1-2,4-7");
    EXPECT_EQ(again("5-9,1-3,4"), "1-9");
    EXPECT_EQ(again("1-3,3-5,0-16383"), "0-16383");
    EXPECT_EQ(again("1,^1"), "");
    EXPECT_EQ(again("3-1"), "refused");
    EXPECT_EQ(again("1,"), "refused");
    EXPECT_EQ(again("16384"), "refused");
}

TEST(CpuSet, KnowsWhatIsInIt) {
    auto set = *CpuSet::parse("1-3,8");
    EXPECT_EQ(set.numbers(), (std::vector<unsigned>{1, 2, 3, 8}));
    EXPECT_EQ(set.size(), 4);
    EXPECT_EQ(set.last(), 8);
    EXPECT_TRUE(set.contains(2));
    EXPECT_FALSE(set.contains(4));
    EXPECT_TRUE(set.overlaps(*CpuSet::parse("0,3-5")));
    EXPECT_FALSE(set.overlaps(*CpuSet::parse("0,4-7,9")));
    set.cut(3);
    EXPECT_EQ(set.text(), "1-2");
    set.cut(0);
    EXPECT_TRUE(set.empty());
}

}  // namespace innkeeper::model
