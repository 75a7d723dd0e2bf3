#include "host/guest_scope.h"

#include <gtest/gtest.h>

namespace innkeeper::host {
namespace {

std::string name_of(std::string_view guest) { return machine_name({.driver = "qemu", .id = 7, .guest = guest}); }

TEST(GuestScope, HasOfAGuestsNameWhatAHostsNameMayHave) {
    EXPECT_EQ(name_of("web"), "qemu-7-web");
    EXPECT_EQ(name_of("web server_1"), "qemu-7-webserver1");
    EXPECT_EQ(name_of("..a..b."), "qemu-7-a.b");
    EXPECT_EQ(name_of("über"), "qemu-7-ber");
    EXPECT_EQ(name_of("日本"), "qemu-7");
    EXPECT_EQ(name_of(std::string(200, 'a')).size(), 64U);
}

TEST(GuestScope, IsTheUnitThatMachinedMakes) {
    EXPECT_EQ(scope_unit("qemu-1-web.example"), "machine-qemu\\x2d1\\x2dweb.example.scope");
}

}  // namespace
}  // namespace innkeeper::host
