#include "model/storage/volume.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "xml/node.h"

namespace innkeeper::model {
namespace {

Volume read(std::string_view text) {
    const auto document = xml::Document::parse(text, "(storage_volume_definition)");
    return volume.read(document.root("volume"));
}

std::string complaint(std::string_view text) {
    try {
        auto made = read(text);
        fit_volume(made, Pool::Type::dir);
    } catch (const Error& error) {
        return error.message();
    }
    return "";
}

TEST(Volume, KeepsWhatAnImageIsMadeFrom) {
    const auto image = read(R"(<volume><name>x</name><capacity unit='MiB'>8</capacity><target><format type='qcow2'/>
        <permissions><mode>0600</mode></permissions></target>
        <backingStore><path>/b</path><format type='raw'/></backingStore></volume>)");
    EXPECT_EQ(image.capacity, 8U << 20);
    EXPECT_EQ(image.format, "qcow2");
    EXPECT_EQ(image.permissions->mode, FileMode{0600});
    EXPECT_EQ(image.backing->path, "/b");
}

TEST(Volume, IsWrittenAsThePeerWritesIt) {
    Volume image;
    image.name = "v";
    image.key = image.path = "/p/v";
    image.capacity = 4194304;
    image.allocation = 8;
    image.physical = 9;
    image.format = "qcow2";
    image.timestamps = Timestamps{.accessed = {1, 5}, .modified = {2, 0}, .changed = {3, 999999999}};
    image.compat = "1.1";
    image.cluster_size = 65536;
    image.features = ImageFeatures{};
    EXPECT_EQ(volume.format(image), R"(<volume type='file'>
  <name>v</name>
  <key>/p/v</key>
  <capacity unit='bytes'>4194304</capacity>
  <allocation unit='bytes'>8</allocation>
  <physical unit='bytes'>9</physical>
  <target>
    <path>/p/v</path>
    <format type='qcow2'/>
    <timestamps>
      <atime>1.000000005</atime>
      <mtime>2</mtime>
      <ctime>3.999999999</ctime>
      <btime>0</btime>
    </timestamps>
    <compat>1.1</compat>
    <clusterSize unit='B'>65536</clusterSize>
    <features/>
  </target>
</volume>
)");
}

TEST(Volume, SaysWhatIsWrongInThePeersWords) {
    EXPECT_EQ(complaint("<volume><name>bad</name></volume>"), "XML error: missing capacity element");
    EXPECT_EQ(
        complaint("<volume><name>bad</name><capacity>1</capacity><target><format type='bogus'/></target></volume>"),
        "unsupported configuration: unknown volume format type bogus");
    EXPECT_EQ(complaint("<volume><capacity>1</capacity></volume>"), "XML error: missing volume name element");
}

TEST(Volume, HasANameThatStaysInsideItsPool) {
    for (const char* name : {"a/b", "..", "."})
        EXPECT_EQ(complaint("<volume><name>" + std::string(name) + "</name><capacity>1</capacity></volume>"),
                  "Requested operation is not valid: volume name '" + std::string(name) + "' cannot contain '/'");
}

TEST(Volume, HasTheFormatThatItsPoolCanKeep) {
    const auto fitted = [](Pool::Type type, std::string_view format) {
        Volume made{.format = std::string(format)};
        fit_volume(made, type);
        return made.format;
    };
    EXPECT_EQ(fitted(Pool::Type::dir, ""), "raw");
    EXPECT_EQ(fitted(Pool::Type::disk, ""), "none");
    EXPECT_EQ(fitted(Pool::Type::disk, "linux"), "linux");
    EXPECT_EQ(fitted(Pool::Type::logical, "raw"), "");
    EXPECT_THROW(fitted(Pool::Type::disk, "qcow2"), Error);
    EXPECT_THROW(fitted(Pool::Type::dir, "linux"), Error);
}

TEST(Volume, KeepsWhatItIsEncryptedWith) {
    const std::string text = R"(<volume type='file'>
  <name>a</name>
  <capacity unit='bytes'>1</capacity>
  <target>
    <format type='raw'/>
    <encryption format='luks'>
      <secret type='passphrase' uuid='f52a81b2-424e-490c-823d-6bd4235bc572'/>
      <cipher name='aes' size='256' mode='cbc' hash='sha256'/>
      <ivgen name='essiv' hash='sha256'/>
    </encryption>
  </target>
</volume>
)";
    EXPECT_EQ(volume.format(read(text)), text);
    EXPECT_EQ(
        complaint("<volume><name>a</name><capacity>1</capacity><target><encryption format='x'/></target></volume>"),
        "unsupported configuration: unknown volume encryption format type x");
}

}  // namespace
}  // namespace innkeeper::model
