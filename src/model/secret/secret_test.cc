#include "model/secret/secret.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "xml/node.h"

namespace innkeeper::model {
namespace {

Secret read(std::string_view text) {
    const auto document = xml::Document::parse(text, "(definition_of_secret)");
    return secret.read(document.root("secret"));
}

TEST(Secret, SurvivesBeingReadAndWritten) {
    const std::string text = R"(<secret ephemeral='no' private='yes'>
  <uuid>f52a81b2-424e-490c-823d-6bd4235bc573</uuid>
  <description>Ceph secret with space and dot</description>
  <usage type='ceph'>
    <name>client.admin secret</name>
  </usage>
</secret>
)";
    EXPECT_EQ(secret.format(read(text)), text);
}

TEST(Secret, NeedsToSayWhatExactlyItIsFor) {
    EXPECT_THROW(read("<secret><usage type='volume'/></secret>"), Error);
    EXPECT_THROW(read("<secret><usage type='bogus'/></secret>"), Error);
    EXPECT_NO_THROW(read("<secret/>"));
}

}  // namespace
}  // namespace innkeeper::model
