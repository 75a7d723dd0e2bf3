#include "drivers/qemu/placement.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace innkeeper::qemu {
namespace {

std::string refusal(const model::DomainDef& def, WhenPlaced when) {
    try {
        check_placement(def, when);
        return "";
    } catch (const Error& error) {
        return error.message();
    }
}

TEST(Placement, NeedsTheNodesThatAreNamed) {
    model::DomainDef def;
    def.numa_tune.nodeset = model::CpuSet::parse("0");
    EXPECT_EQ(refusal(def, WhenPlaced::start), "");
    def.numa_tune.nodeset = model::CpuSet::parse("0,1000");
    EXPECT_EQ(refusal(def, WhenPlaced::start), "unsupported configuration: NUMA node 1000 is unavailable");
}

TEST(Placement, IsNotLeftToAProgramThatNobodyAsks) {
    model::DomainDef def;
    def.vcpus.placement = model::Vcpus::Placement::auto_;
    EXPECT_EQ(refusal(def, WhenPlaced::start), "operation failed: Failed to query numad for the advisory nodeset");
    EXPECT_EQ(refusal(def, WhenPlaced::native),
              "internal error: Advice from numad is needed in case of automatic numa placement");
}

}  // namespace
}  // namespace innkeeper::qemu
