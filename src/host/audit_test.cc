#include "host/audit.h"

#include <gtest/gtest.h>

namespace innkeeper::host {
namespace {

TEST(Audit, QuotesWhatAFieldHoldsUnlessThatWouldEndIt) {
    EXPECT_EQ(Audit::field("vm", "web"), "vm=\"web\"");
    EXPECT_EQ(Audit::field("device", "USB redirdev"), "device=555342207265646972646576");
    EXPECT_EQ(Audit::field("vm", "a\" op=stop"), "vm=6122206F703D73746F70");
}

TEST(Audit, IsOffWhereNobodyWantsIt) {
    EXPECT_FALSE(Audit(0, false).is_on());
    EXPECT_TRUE(Audit(0, true).is_on());
}

}  // namespace
}  // namespace innkeeper::host
