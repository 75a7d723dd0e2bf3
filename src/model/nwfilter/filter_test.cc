#include "model/nwfilter/filter.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "xml/node.h"

namespace innkeeper::model {
namespace {

Filter read(std::string_view text) {
    const auto document = xml::Document::parse(text, "(nwfilter_definition)");
    return nwfilter.read(document.root("filter"));
}

std::string rule(std::string_view packet) {
    return std::string("<filter name='f'><rule action='accept' direction='in'>") + std::string(packet) +
           "</rule></filter>";
}

std::string complaint(const std::string& text) {
    try {
        read(text);
    } catch (const Error& error) {
        return error.message();
    }
    return "";
}

/// The packet's part of a rule as it is written.
std::string written(std::string_view packet) {
    const auto text = nwfilter.format(read(rule(packet)));
    const auto start = text.find("    <");
    return start == text.npos ? "" : text.substr(start + 4, text.find('\n', start) - start - 4);
}

TEST(Filter, IsWrittenAsThePeerWritesIt) {
    const std::string text = R"(<filter name='no-ip-spoofing' chain='ipv4-ip' priority='-710'>
  <uuid>112388b6-3e26-488b-8b3c-e39385e8d6dd</uuid>
  <filterref filter='other'>
    <parameter name='A' value='1'/>
  </filterref>
  <rule action='return' direction='out' priority='100' statematch='false'>
    <ip srcipaddr='0.0.0.0' protocol='udp'/>
  </rule>
  <rule action='drop' direction='out' priority='1000'/>
</filter>
)";
    EXPECT_EQ(nwfilter.format(read(text)), text);
}

TEST(Filter, HasOneSpellingForEachValue) {
    EXPECT_EQ(written("<mac protocolid='0x800' srcmacaddr='1:2:3:4:5:6'/>"),
              "<mac srcmacaddr='01:02:03:04:05:06' protocolid='ipv4'/>");
    EXPECT_EQ(written("<tcp srcipaddr='1.2.3.4' srcipmask='255.255.0.0' flags='PSH/' state='RELATED,NEW'/>"),
              "<tcp srcipaddr='1.2.3.4' srcipmask='16' state='NEW,RELATED' flags='PSH/NONE'/>");
    EXPECT_EQ(written("<arp opcode='0x3' gratuitous='no'/>"), "<arp opcode='Request_Reverse' gratuitous='false'/>");
    EXPECT_EQ(written("<ipv6 srcipmask='ffff:8000::'/>"), "<ipv6 srcipmask='17'/>");
    EXPECT_EQ(written("<vlan vlanid='0x5'/>"), "<vlan vlanid='0x5'/>");
    EXPECT_EQ(written("<all match='no' dscp='1'/>"), "<all match='no' dscp='1'/>");
}

TEST(Filter, TakesValuesFromVariables) {
    EXPECT_EQ(written("<tcp srcipaddr='$A[ 1 ]' srcportstart='$B[ @2 ]' dstportstart='$C[@0]'/>"),
              "<tcp srcipaddr='$A[1]' srcportstart='$B[@2]' dstportstart='$C'/>");
    EXPECT_EQ(complaint(rule("<tcp srcipaddr='$I P'/>")), "internal error: srcipaddr has illegal value $I P");
}

TEST(Filter, SaysWhatIsWrongInThePeersWords) {
    EXPECT_EQ(complaint("<filter/>"), "internal error: filter has no name");
    EXPECT_EQ(complaint("<filter name='f' chain='bogus'/>"),
              "invalid argument: Invalid chain name 'bogus'. Please use a chain name called 'root' or any of the "
              "following prefixes: mac, vlan, stp, arp, rarp, ipv4, ipv6");
    EXPECT_EQ(complaint("<filter name='f' priority='9999'/>"),
              "invalid argument: Priority '9999' is outside valid range of [-1000,1000]");
    EXPECT_EQ(complaint("<filter name='f'><rule action='x' direction='in'/></filter>"),
              "unsupported configuration: unknown rule action attribute value");
    EXPECT_EQ(complaint(rule("<tcp srcipmask='255.0.255.0'/>")),
              "internal error: srcipmask has illegal value 255.0.255.0");
    EXPECT_EQ(complaint(rule("<ip srcportstart='5'/>")),
              "internal error: IP rule with port specification requires protocol specification with protocol to be "
              "either one of tcp(6), udp(17), dccp(33), or sctp(132)");
}

}  // namespace
}  // namespace innkeeper::model
