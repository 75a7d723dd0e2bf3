#include "model/network/update.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "xml/node.h"

namespace innkeeper::model {
namespace {

using Command = NetworkUpdate::Command;
using Section = NetworkUpdate::Section;

Network read(std::string_view text) {
    const auto document = xml::Document::parse(text, "(network_definition)");
    return network.read(document.root("network"));
}

const Network& base() {
    static const Network def = read(R"(<network><name>n</name><forward mode='passthrough'><interface dev='e1'/>
        </forward><dns><txt name='t' value='v'/><srv service='s' protocol='tcp' domain='a'/>
        <srv service='s' protocol='tcp' domain='b'/><host ip='10.1.0.50'><hostname>h1</hostname></host>
        <host ip='10.1.0.51'><hostname>h2</hostname></host></dns>
        <ip address='10.1.0.1' prefix='24'><dhcp><range start='10.1.0.10' end='10.1.0.20'/>
        <host mac='52:54:00:00:00:01' name='a' ip='10.1.0.3'/></dhcp></ip>
        <ip family='ipv6' address='2001:db8::1' prefix='64'/>
        <portgroup name='p' default='yes'/></network>)");
    return def;
}

Network change(Command command, Section section, std::string_view xml, int index = -1) {
    return updated(base(), {command, section, index, xml});
}

std::string complaint(Command command, Section section, std::string_view xml, int index = -1) {
    try {
        change(command, section, xml, index);
    } catch (const Error& error) {
        return error.message();
    }
    return "";
}

TEST(NetworkUpdate, PutsAHostFirstOrLast) {
    const auto first = change(Command::add_first, Section::dhcp_host, "<host mac='52:54:00:00:00:09' ip='10.1.0.9'/>");
    EXPECT_EQ(first.ips[0].hosts.front().mac, "52:54:00:00:00:09");
    const auto last = change(Command::add_last, Section::dhcp_host, "<host name='z' ip='10.1.0.9'/>");
    EXPECT_EQ(last.ips[0].hosts.back().name, "z");
}

TEST(NetworkUpdate, ChangesTheHostThatSharesAnythingWithTheNewOne) {
    const auto def = change(Command::modify, Section::dhcp_host, "<host name='a' ip='10.1.0.99'/>");
    ASSERT_EQ(def.ips[0].hosts.size(), 1u);
    EXPECT_EQ(def.ips[0].hosts[0].ip->text(), "10.1.0.99");
    EXPECT_EQ(complaint(Command::modify, Section::dhcp_host, "<host name='b' ip='10.1.0.99'/>"),
              "Requested operation is not valid: couldn't locate an existing dhcp host entry with \"mac='(null)'\" "
              "\"name='b'\" \"ip='10.1.0.99'\" in network 'n'");
}

TEST(NetworkUpdate, TakesAwayOnlyWhatIsAsItWasDescribed) {
    EXPECT_TRUE(change(Command::remove, Section::dhcp_host, "<host ip='10.1.0.3'/>").ips[0].hosts.empty());
    EXPECT_EQ(complaint(Command::remove, Section::dhcp_host, "<host name='a' ip='10.1.0.4'/>"),
              "Requested operation is not valid: couldn't locate a matching dhcp host entry in network 'n'");
    EXPECT_TRUE(change(Command::remove, Section::dhcp_range, "<range start='10.1.0.10' end='10.1.0.20'/>")
                    .ips[0]
                    .ranges.empty());
}

TEST(NetworkUpdate, FindsTheAddressByItsIndex) {
    const auto def =
        change(Command::add_last, Section::dhcp_range, "<range start='2001:db8::5' end='2001:db8::9'/>", 1);
    EXPECT_EQ(def.ips[1].ranges.size(), 1u);
    EXPECT_EQ(complaint(Command::add_last, Section::dhcp_range, "<range start='10.1.0.30' end='10.1.0.40'/>", 2),
              "Requested operation is not valid: couldn't update dhcp host entry - no <ip> element found at index 2 in "
              "network 'n'");
}

TEST(NetworkUpdate, KnowsNamesByTheRecordsThatHaveThem) {
    EXPECT_EQ(change(Command::remove, Section::dns_host, "<host><hostname>h1</hostname></host>").dns->hosts.size(), 1u);
    EXPECT_EQ(complaint(Command::remove, Section::dns_host, "<host ip='10.1.0.51'><hostname>h1</hostname></host>"),
              "Requested operation is not valid: multiple matching DNS HOST records were found in network n");
    EXPECT_EQ(complaint(Command::remove, Section::dns_service, "<srv service='s'/>"),
              "Requested operation is not valid: multiple DNS SRV records matching all specified fields were found in "
              "network n");
    EXPECT_EQ(change(Command::remove, Section::dns_service, "<srv domain='b'/>").dns->services.size(), 1u);
    EXPECT_TRUE(change(Command::remove, Section::dns_text, "<txt name='t'/>").dns->texts.empty());
}

TEST(NetworkUpdate, KeepsTheFirstInterfaceTheForwardersOwn) {
    EXPECT_EQ(change(Command::add_first, Section::forward_interface, "<interface dev='e0'/>").forward->dev, "e0");
    EXPECT_FALSE(change(Command::remove, Section::forward_interface, "<interface dev='e1'/>").forward->dev);
}

TEST(NetworkUpdate, HasOneDefaultAmongTheGroups) {
    EXPECT_EQ(change(Command::modify, Section::port_group, "<portgroup name='p'/>").port_groups[0].is_default, "");
    EXPECT_EQ(
        complaint(Command::add_last, Section::port_group, "<portgroup name='q' default='yes'/>"),
        "Requested operation is not valid: a different portgroup entry in network 'n' is already set as the default. "
        "Only one default is allowed.");
}

TEST(NetworkUpdate, SaysWhatCannotBeChanged) {
    EXPECT_EQ(complaint(Command::add_last, Section::bridge, "<bridge/>"),
              "Operation not supported: can't update 'bridge' section of network 'n'");
    EXPECT_EQ(complaint(Command::modify, Section::dns_text, "<txt/>"),
              "Operation not supported: DNS TXT records cannot be modified, only added or deleted");
    EXPECT_EQ(complaint(Command(7), Section::dhcp_host, "<host/>"),
              "Operation not supported: unrecognized network update command code 7");
    EXPECT_EQ(complaint(Command::add_last, Section(13), "<host/>"),
              "Operation not supported: can't update unrecognized section of network");
    EXPECT_EQ(complaint(Command::add_last, Section::dhcp_host, "<range/>"),
              "XML error: unexpected element <range>, expecting <host>, while updating network 'n'");
}

}  // namespace
}  // namespace innkeeper::model
