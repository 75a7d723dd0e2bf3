#include "model/storage/pool.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "xml/node.h"

namespace innkeeper::model {
namespace {

Pool read(std::string_view text) {
    const auto document = xml::Document::parse(text, "(storage_pool_definition)");
    return pool.read(document.root("pool"));
}

std::string complaint(std::string_view text) {
    try {
        read(text);
    } catch (const Error& error) {
        return error.message();
    }
    return "";
}

TEST(Pool, IsWrittenAsThePeerWritesIt) {
    const auto read_back = read(R"(<pool type="dir"><name>a&amp;b</name>
        <uuid>70a7eb15-6c34-ee9c-bf57-69e8e5ff3fb2</uuid><capacity>7</capacity>
        <target><path>///var//images/</path><permissions><mode>0700</mode><owner>-1</owner><group>4</group>
        </permissions></target></pool>)");
    EXPECT_EQ(pool.format(read_back), R"(<pool type='dir'>
  <name>a&amp;b</name>
  <uuid>70a7eb15-6c34-ee9c-bf57-69e8e5ff3fb2</uuid>
  <capacity unit='bytes'>0</capacity>
  <allocation unit='bytes'>0</allocation>
  <available unit='bytes'>0</available>
  <source>
  </source>
  <target>
    <path>/var/images</path>
    <permissions>
      <mode>0700</mode>
      <group>4</group>
    </permissions>
  </target>
</pool>
)");
}

TEST(Pool, SurvivesBeingWrittenAndRead) {
    const auto once = read(R"(<pool type='iscsi'><name>a</name><source><host name='h' port='12'/><device path='d'/>
        <initiator><iqn name='i'/></initiator><auth type='chap' username='u'><secret usage='x'/></auth></source>
        <target><path>/x</path></target></pool>)");
    EXPECT_EQ(read(pool.format(once)), once);
}

TEST(Pool, OfAVolumeGroupIsNamedByItsSource) {
    const auto logical = read("<pool type='logical'><source><name>vg</name></source></pool>");
    EXPECT_EQ(logical.name, "vg");
    EXPECT_EQ(logical.target, "/dev/vg");
    EXPECT_EQ(logical.source.format, "lvm2");
}

TEST(Pool, OfAServerHasNoPlaceOfItsOwn) {
    const auto gluster = read("<pool type='gluster'><name>a</name><source><host name='h'/></source></pool>");
    EXPECT_EQ(gluster.source.name, "a");
    EXPECT_EQ(gluster.source.directory, "/");
    EXPECT_EQ(gluster.target, "");
    EXPECT_EQ(read("<pool type='zfs'><name>a</name></pool>").target, "/dev/zvol/a");
}

TEST(Pool, KeepsTheOptionsThatItIsMountedWith) {
    const auto mounted = read(R"(<pool type='fs' xmlns:f='http://libvirt.org/schemas/storagepool/fs/1.0'><name>a</name>
        <source><device path='/d'/></source><target><path>/m</path></target>
        <f:mount_opts><f:option name='nodev'/></f:mount_opts></pool>)");
    EXPECT_EQ(mounted.mount_options, std::vector<std::string>{"nodev"});
    const auto text = pool.format(mounted);
    EXPECT_TRUE(text.starts_with("<pool type='fs' xmlns:fs='http://libvirt.org/schemas/storagepool/fs/1.0'>\n")) << text;
    EXPECT_EQ(read(text), mounted);
}

TEST(Pool, SaysWhatIsWrongInThePeersWords) {
    EXPECT_EQ(complaint("<pool type='dir'/>"), "XML error: missing pool source name element");
    EXPECT_EQ(complaint("<pool type='dir'><name>a</name></pool>"), "XML error: missing storage pool target path");
    EXPECT_EQ(complaint("<pool type='dir'><name>a/b</name><target><path>/x</path></target></pool>"),
              "XML error: name a/b cannot contain '/'");
    EXPECT_EQ(complaint("<pool type='warp'/>"),
              "XML error: Invalid value for attribute 'type' in element 'pool': 'warp'.");
    EXPECT_EQ(complaint("<pool type='rbd'><name>a</name></pool>"), "XML error: missing storage pool source host name");
    EXPECT_EQ(complaint("<pool type='rbd'><name>a</name><source/></pool>"),
              "XML error: element 'name' is mandatory for RBD pool");
    EXPECT_EQ(complaint("<pool type='fs'><name>a</name><source><device/></source></pool>"),
              "XML error: missing storage pool source device path");
    EXPECT_EQ(complaint("<pool type='scsi'><name>a</name><source><adapter type='fc_host'/></source></pool>"),
              "XML error: 'wwnn' and 'wwpn' must be specified for adapter type 'fchost'");
    EXPECT_EQ(complaint("<pool type='dir'><name>a</name><source><auth type='x' username='u'/></source></pool>"),
              "unsupported configuration: unknown auth type 'x'");
    EXPECT_EQ(complaint("<pool type='dir'><name>a</name><target><path>/x</path><permissions><mode>9</mode>"
                        "</permissions></target></pool>"),
              "XML error: malformed octal mode");
}

}  // namespace
}  // namespace innkeeper::model
