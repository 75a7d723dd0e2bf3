#include "model/network/port.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "xml/node.h"
#include "xml/validate.h"

namespace innkeeper::model {
namespace {

NetworkPort read(std::string_view text) {
    const auto document = xml::Document::parse(text, "(networkport)");
    return network_port.read(document.root("networkport"));
}

TEST(NetworkPort, ComesBackAsItWasWritten) {
    const std::string text = R"(<networkport>
  <uuid>5d744f21-ba4a-4d6e-bdb2-30a35ff3207d</uuid>
  <owner>
    <name>memtest</name>
    <uuid>d54df46f-1ab5-4a22-8618-4560ef5fac2c</uuid>
  </owner>
  <group>web1</group>
  <mac address='52:54:00:7b:35:93'/>
  <plug type='hostdev-pci' managed='yes'>
    <driver name='vfio'/>
    <address domain='0x0001' bus='0x02' slot='0x03' function='0x4'/>
  </plug>
</networkport>
)";
    EXPECT_EQ(network_port.format(read(text)), text);
    xml::validate(text, "(networkport)", "networkport", {"/nowhere", network_port_grammar});
}

TEST(NetworkPort, BelongsToACardOfAGuest) {
    EXPECT_THROW(read("<networkport/>"), Error);
    EXPECT_THROW(read("<networkport><owner><name>a</name></owner></networkport>"), Error);
}

}  // namespace
}  // namespace innkeeper::model
