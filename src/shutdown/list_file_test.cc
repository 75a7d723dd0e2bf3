#include "shutdown/list_file.h"

#include <gmock/gmock.h>

namespace innkeeper::shutdown {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Uuid web = *Uuid::parse("2e1cf316-7231-41a4-986f-c48263c576f8");
const Uuid mail = *Uuid::parse("c20f5745-d86c-4659-8a26-e1b2f63b9b43");

TEST(ListFile, HasALineForEachUri) {
    const std::vector<SavedGuests> list{{"default", {web, mail}}, {"lxc:///system", {mail}}};
    const auto text = format_list(list);
    EXPECT_EQ(text,
              "default 2e1cf316-7231-41a4-986f-c48263c576f8 c20f5745-d86c-4659-8a26-e1b2f63b9b43\n"
              "lxc:///system c20f5745-d86c-4659-8a26-e1b2f63b9b43\n");
    std::vector<std::string> wrong;
    EXPECT_EQ(parse_list(text, "f", wrong), list);
    EXPECT_THAT(wrong, IsEmpty());
}

TEST(ListFile, IsReadAsFarAsItGoes) {
    std::vector<std::string> wrong;
    const auto list =
        parse_list("\n  default\tgarbage 2e1cf316-7231-41a4-986f-c48263c576f8\r\n\nxen:///system", "f", wrong);
    EXPECT_THAT(list, ElementsAre(SavedGuests{"default", {web}}, SavedGuests{"xen:///system", {}}));
    EXPECT_THAT(wrong, ElementsAre("f:2: 'garbage' is no guest's UUID, it is left out"));
}

}  // namespace
}  // namespace innkeeper::shutdown
