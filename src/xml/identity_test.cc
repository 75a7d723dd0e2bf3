#include "xml/identity.h"

#include <gtest/gtest.h>

namespace innkeeper::xml {

TEST(Identity, FindsWhatTheTopLevelSays) {
    const auto found = identity(
        "<?xml version='1.0'?>\n<!-- made by hand -->\n<domain type='kvm'>\n  <name>a&amp;b &#x263a;</name>\n"
        "  <uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid>\n  <title>T</title>\n<memory>1</memory></domain>");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->root, "domain");
    EXPECT_EQ(found->type, "kvm");
    EXPECT_EQ(found->name, "a&b \u263a");
    EXPECT_EQ(found->title, "T");
    EXPECT_EQ(found->uuid, Uuid::parse("c7a5fdbd-edaf-9455-926a-d65c16db1809"));
}

TEST(Identity, LooksOnlyAtChildrenOfTheRoot) {
    const auto found = identity("<domain><devices><name>inner</name></devices><name>outer</name></domain>");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->name, "outer");
    EXPECT_EQ(found->uuid, std::nullopt);
}

TEST(Identity, ReadsTextAsXmlDoes) {
    const auto found = identity("<domain><name>a\r\nb\rc&#13;d</name><title><![CDATA[&amp;\r]]>&amp;</title></domain>");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->name, "a\nb\nc\rd");
    EXPECT_EQ(found->title, "&amp;\n&");
}

TEST(Identity, StopsWhereItKnowsEnough) {
    const auto found =
        identity("<domain><name>x</name><uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid><memory unit='KiB'>1</broken");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->name, "x");
}

TEST(Identity, LeavesDoubtToTheFullReader) {
    EXPECT_EQ(identity("<domain><name>x"), std::nullopt);
    EXPECT_EQ(identity("not xml"), std::nullopt);
    EXPECT_EQ(identity(""), std::nullopt);
    EXPECT_EQ(identity("<domain><name>x</name><uuid>zz</uuid></domain>"), std::nullopt);
    EXPECT_EQ(identity("<!DOCTYPE x [<!ENTITY a 'b'>]><domain><name>x</name></domain>"), std::nullopt);
}

}  // namespace innkeeper::xml
