#include "model/network/network.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "xml/node.h"
#include "xml/validate.h"

namespace innkeeper::model {
namespace {

Network read(std::string_view text) {
    const auto document = xml::Document::parse(text, "(network_definition)");
    return network.read(document.root("network"));
}

std::string complaint(std::string_view text) {
    try {
        read(text);
    } catch (const Error& error) {
        return error.message();
    }
    return "";
}

TEST(Network, IsWrittenAsThePeerWritesIt) {
    const std::string text = R"(<network ipv6='yes' trustGuestRxFilters='yes'>
  <name>default</name>
  <uuid>81ff0d90-c91e-6742-64da-4a736edb9a9b</uuid>
  <forward dev='eth1' mode='nat'>
    <nat>
      <port start='60000' end='65432'/>
    </nat>
    <interface dev='eth1'/>
  </forward>
  <bridge name='virbr0' stp='on' delay='0' macTableManager='kernel'/>
  <mtu size='1400'/>
  <mac address='52:54:00:e6:a2:c9'/>
  <domain name='example.com' localOnly='yes'/>
  <dns forwardPlainNames='no'>
    <forwarder domain='x' addr='2.2.2.2'/>
    <txt name='t' value='v w'/>
    <srv service='name' protocol='tcp' domain='d' target='.' port='1024' priority='10' weight='10'/>
    <host ip='192.168.122.2'>
      <hostname>shared</hostname>
      <hostname>names</hostname>
    </host>
  </dns>
  <bandwidth>
    <inbound average='1000' peak='2000' burst='1024'/>
  </bandwidth>
  <port isolated='yes'/>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <tftp root='/some/dir'/>
    <dhcp>
      <range start='192.168.122.2' end='192.168.122.254'>
        <lease expiry='1' unit='hours'/>
      </range>
      <host mac='00:16:3e:77:e2:ed' name='a.example.com' ip='192.168.122.10'>
        <lease expiry='0'/>
      </host>
      <bootp file='f' server='9.9.9.9'/>
    </dhcp>
  </ip>
  <ip family='ipv6' address='2001:db8:ac10:fd01::1' prefix='64'>
  </ip>
  <route address='10.0.0.0' prefix='8' gateway='192.168.122.5' metric='3'/>
  <portgroup name='p' default='yes'>
    <virtualport type='802.1Qbh'>
      <parameters profileid='test'/>
    </virtualport>
  </portgroup>
</network>
)";
    EXPECT_EQ(network.format(read(text)), text);
    xml::validate(text, "(network_definition)", "network", {"/nowhere", network_grammar});
}

TEST(Network, KeepsOptionsForDnsmasqInTheirNamespace) {
    const auto net = read(R"(<network xmlns:d='http://libvirt.org/schemas/network/dnsmasq/1.0'><name>a</name>
        <d:options><d:option value='foo=bar'/></d:options></network>)");
    EXPECT_EQ(net.dnsmasq_options, std::vector<std::string>{"foo=bar"});
    const auto text = network.format(net);
    EXPECT_TRUE(text.starts_with("<network xmlns:dnsmasq='http://libvirt.org/schemas/network/dnsmasq/1.0'>\n")) << text;
    EXPECT_EQ(read(text), net);
}

TEST(Network, OnABridgeOfTheHostsSaysNothingAboutIt) {
    const auto text =
        network.format(read("<network><name>a</name><uuid>81ff0d90-c91e-6742-64da-4a736edb9a9b</uuid>"
                            "<forward mode='bridge'/><bridge name='br0'/></network>"));
    EXPECT_EQ(text, R"(<network>
  <name>a</name>
  <uuid>81ff0d90-c91e-6742-64da-4a736edb9a9b</uuid>
  <forward mode='bridge'/>
  <bridge name='br0'/>
</network>
)");
}

TEST(Network, SaysWhatIsWrongInThePeersWords) {
    EXPECT_EQ(complaint("<network/>"), "missing name information");
    EXPECT_EQ(complaint("<network><name>a/b</name></network>"), "invalid char in name: /");
    EXPECT_EQ(complaint("<network><name>a</name><forward mode='x'/></network>"),
              "unsupported configuration: unknown forwarding type 'x'");
    EXPECT_EQ(complaint("<network><name>a</name><mac address='x'/></network>"),
              "XML error: Invalid bridge mac address 'x' in network 'a'");
    EXPECT_EQ(complaint("<network><name>a</name><forward mode='nat'/></network>"),
              "XML error: nat forwarding requested, but no IP address provided for network 'a'");
    EXPECT_EQ(complaint("<network><name>a</name><forward mode='passthrough'><interface dev='e'/><interface dev='e'/>"
                        "</forward></network>"),
              "XML error: interface 'e' can only be listed once in network a");
}

}  // namespace
}  // namespace innkeeper::model
