#include "model/interface/interface.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/error.h"
#include "xml/node.h"
#include "xml/schema.h"
#include "xml/validate.h"

namespace innkeeper::model::host_interface {
namespace {

const std::filesystem::path goldens = std::filesystem::path(INNKEEPER_SOURCE_DIR) / "tests/golden/interface";

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

Interface read(std::string_view text) {
    const auto document = xml::Document::parse(text, "(interface_definition)");
    return interface.read(document.root("interface"));
}

std::string complaint(const std::string& text) {
    try {
        read(text);
        return "accepted";
    } catch (const Error& error) {
        return error.message();
    }
}
std::string complaint(std::string_view type, std::string_view inside) {
    return complaint("<interface type='" + std::string(type) + "' name='n'>" + std::string(inside) + "</interface>");
}

TEST(HostInterface, IsWrittenAsItWasRead) {
    for (const auto& entry : std::filesystem::directory_iterator(goldens)) {
        const auto text = contents(entry.path());
        const auto read_once = read(text);
        EXPECT_EQ(interface.format(read_once), text) << entry.path();
        EXPECT_TRUE(read(interface.format(read_once)) == read_once) << entry.path();
    }
}

TEST(HostInterface, HasAGrammarThatAdmitsWhatIsWritten) {
    const xml::Schema schema{"/nonexistent/interface.rng", [] { return xml::relaxng(interface); }};
    for (const auto& entry : std::filesystem::directory_iterator(goldens))
        EXPECT_NO_THROW(xml::validate(contents(entry.path()), "(interface_definition)", "interface", schema))
            << entry.path();
    EXPECT_THROW(xml::validate("<interface type='ethernet' name='a'><bogus/></interface>", "(interface_definition)",
                               "interface", schema),
                 Error);
}

TEST(HostInterface, KeepsOnlyWhatThePeerKeeps) {
    EXPECT_EQ(
        interface.format(read("<interface type='bridge' name='n'><mac address='x'/><bridge stp='zz'/></interface>")),
        "<interface type='bridge' name='n'>\n  <bridge>\n  </bridge>\n</interface>\n");
    EXPECT_EQ(
        interface.format(read("<interface type='ethernet' name='n'><protocol family='ipv4'><autoconf/><ip/><route/>"
                              "</protocol><bridge/></interface>")),
        "<interface type='ethernet' name='n'>\n  <protocol family='ipv4'>\n  </protocol>\n</interface>\n");
    EXPECT_FALSE(read("<interface type='bond' name='n'><bond><miimon freq='1'/><arpmon interval='1' target='1.1.1.1'/>"
                      "</bond></interface>")
                     .bond.arp);
}

TEST(HostInterface, RefusesInThePeersWords) {
    EXPECT_EQ(complaint("<interface/>"), "XML error: Missing required attribute 'type' in element 'interface'");
    EXPECT_EQ(complaint("<interface type='ethernet'/>"), "XML error: interface has no name");
    EXPECT_EQ(complaint("ethernet", "<start mode='zz'/>"), "XML error: unknown interface startmode zz");
    EXPECT_EQ(complaint("ethernet", "<protocol/>"), "XML error: protocol misses the family attribute");
    EXPECT_EQ(complaint("ethernet", "<protocol family='zz'/>"), "XML error: unsupported protocol family 'zz'");
    EXPECT_EQ(complaint("bridge", ""), "XML error: bridge interface misses the bridge element");
    EXPECT_EQ(complaint("bridge", "<bridge><interface type='bridge' name='e'/></bridge>"),
              "XML error: interface has unsupported type 'bridge'");
    EXPECT_EQ(complaint("bond", "<bond><interface type='vlan' name='e'/></bond>"),
              "XML error: interface has unsupported type 'vlan'");
    EXPECT_EQ(complaint("bond", "<bond><miimon/></bond>"), "XML error: bond interface miimon freq missing or invalid");
    EXPECT_EQ(complaint("bond", "<bond><arpmon interval='1'/></bond>"),
              "XML error: bond interface arpmon target missing");
    EXPECT_EQ(complaint("vlan", "<vlan tag='1'/>"), "XML error: vlan interface misses name attribute");
}

}  // namespace
}  // namespace innkeeper::model::host_interface
