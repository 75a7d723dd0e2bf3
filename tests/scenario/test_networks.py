"""Networks: definitions, look-ups, lists, what is told of them."""
import libvirt
import pytest

from verbs import Heard, fails, names

UUID = "31111111-2222-3333-4444-555555555551"


def network_xml(name, uuid=UUID, bridge="ikbr7", more=""):
    return "<network><name>%s</name>%s<bridge name='%s'/>%s</network>" % (
        name, "<uuid>%s</uuid>" % uuid if uuid else "", bridge, more)


FULL = """<forward mode='nat'/><mac address='52:54:00:11:22:33'/><domain name='example.org'/>
<ip address='192.168.177.1' netmask='255.255.255.0'><dhcp><range start='192.168.177.2' end='192.168.177.99'/>
<host mac='52:54:00:00:00:01' name='web' ip='192.168.177.5'/></dhcp></ip>"""


def test_a_network_is_defined_found_and_forgotten(connection):
    defined = connection.numOfDefinedNetworks()
    network = connection.networkDefineXML(network_xml("t-one", more=FULL))
    assert (network.name(), network.UUIDString(), network.bridgeName()) == ("t-one", UUID, "ikbr7")
    assert (network.isActive(), network.isPersistent()) == (0, 1)
    assert connection.numOfDefinedNetworks() == defined + 1
    assert "t-one" in connection.listDefinedNetworks()
    assert "t-one" not in connection.listNetworks()
    assert connection.networkLookupByName("t-one").UUIDString() == UUID
    assert connection.networkLookupByUUIDString(UUID).name() == "t-one"
    network.undefine()
    assert connection.numOfDefinedNetworks() == defined
    assert "Network not found: no network with matching name 't-one'" in fails(
        libvirt.VIR_ERR_NO_NETWORK, connection.networkLookupByName, "t-one")
    fails(libvirt.VIR_ERR_NO_NETWORK, connection.networkLookupByUUIDString, UUID)
    for call in (network.XMLDesc, network.undefine, network.destroy, network.bridgeName, network.autostart, network.isActive,
                 network.isPersistent, lambda: network.setAutostart(1)):
        fails(libvirt.VIR_ERR_NO_NETWORK, call)


def test_the_definition_comes_back_whole(connection):
    network = connection.networkDefineXML(network_xml("t-one", more=FULL))
    assert network.XMLDesc() == """<network>
  <name>t-one</name>
  <uuid>31111111-2222-3333-4444-555555555551</uuid>
  <forward mode='nat'/>
  <bridge name='ikbr7' stp='on' delay='0'/>
  <mac address='52:54:00:11:22:33'/>
  <domain name='example.org'/>
  <ip address='192.168.177.1' netmask='255.255.255.0'>
    <dhcp>
      <range start='192.168.177.2' end='192.168.177.99'/>
      <host mac='52:54:00:00:00:01' name='web' ip='192.168.177.5'/>
    </dhcp>
  </ip>
</network>
"""
    assert network.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE) == network.XMLDesc()
    fails(libvirt.VIR_ERR_INVALID_ARG, network.XMLDesc, 1 << 20)


def test_what_is_left_out_is_filled_in(connection):
    network = connection.networkDefineXML("<network><name>t-bare</name><ip address='10.9.8.1' prefix='24'/></network>")
    assert len(network.UUIDString()) == 36
    assert network.bridgeName().startswith("virbr")
    text = network.XMLDesc()
    assert "<mac address='52:54:00:" in text
    assert "<ip address='10.9.8.1' prefix='24'>" in text


def test_a_new_definition_takes_the_place_of_the_old(connection):
    network = connection.networkDefineXML(network_xml("t-one"))
    network.setAutostart(1)
    connection.networkDefineXML(network_xml("t-one", bridge="ikbr8"))
    assert network.bridgeName() == "ikbr8"
    assert network.autostart() == 1
    assert names(connection.listAllNetworks()).count("t-one") == 1


def test_autostart(connection):
    network = connection.networkDefineXML(network_xml("t-one"))
    assert network.autostart() == 0
    network.setAutostart(1)
    assert network.autostart() == 1
    network.setAutostart(1)
    network.setAutostart(0)
    assert network.autostart() == 0


def test_lists_have_filters(connection):
    connection.networkDefineXML(network_xml("t-one"))
    connection.networkDefineXML(network_xml("t-two", UUID[:-1] + "2", "ikbr8")).setAutostart(1)

    def listed(flags):
        return [name for name in names(connection.listAllNetworks(flags)) if name.startswith("t-")]
    both = ["t-one", "t-two"]
    assert listed(0) == both
    assert listed(libvirt.VIR_CONNECT_LIST_NETWORKS_INACTIVE) == both
    assert listed(libvirt.VIR_CONNECT_LIST_NETWORKS_ACTIVE) == []
    assert listed(libvirt.VIR_CONNECT_LIST_NETWORKS_PERSISTENT) == both
    assert listed(libvirt.VIR_CONNECT_LIST_NETWORKS_TRANSIENT) == []
    assert listed(libvirt.VIR_CONNECT_LIST_NETWORKS_AUTOSTART) == ["t-two"]
    assert listed(libvirt.VIR_CONNECT_LIST_NETWORKS_NO_AUTOSTART) == ["t-one"]
    assert listed(libvirt.VIR_CONNECT_LIST_NETWORKS_ACTIVE | libvirt.VIR_CONNECT_LIST_NETWORKS_INACTIVE) == both
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.listAllNetworks, 1 << 20)


@pytest.mark.parametrize("xml, code", [
    ("<network", libvirt.VIR_ERR_XML_DETAIL),
    ("<domain/>", libvirt.VIR_ERR_XML_ERROR),
    ("<network/>", libvirt.VIR_ERR_NO_NAME),
    ("<network><name>a/b</name></network>", libvirt.VIR_ERR_XML_DETAIL),
    ("<network><name>t-bad</name><uuid>nonsense</uuid></network>", libvirt.VIR_ERR_INTERNAL_ERROR),
    (network_xml("t-bad", more="<forward mode='nonsense'/>"), libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
    (network_xml("t-bad", more="<mac address='nonsense'/>"), libvirt.VIR_ERR_XML_ERROR),
    (network_xml("t-bad", more="<ip address='nonsense'/>"), libvirt.VIR_ERR_XML_ERROR),
])
def test_definitions_that_are_wrong(connection, xml, code):
    fails(code, connection.networkDefineXML, xml)
    assert "t-bad" not in connection.listDefinedNetworks()


def test_definitions_that_clash(connection):
    connection.networkDefineXML(network_xml("t-one"))
    assert "network 't-one' already exists with uuid %s" % UUID in fails(
        libvirt.VIR_ERR_OPERATION_FAILED, connection.networkDefineXML, network_xml("t-one", UUID[:-1] + "2"))
    fails(libvirt.VIR_ERR_OPERATION_FAILED, connection.networkDefineXML, network_xml("t-two", bridge="ikbr8"))
    fails(libvirt.VIR_ERR_INTERNAL_ERROR, connection.networkDefineXML, network_xml("t-two", UUID[:-1] + "2"))
    assert "t-two" not in connection.listDefinedNetworks()


def test_flags_of_a_definition(connection):
    assert connection.networkDefineXMLFlags(network_xml("t-one"), 0).name() == "t-one"
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.networkDefineXMLFlags, network_xml("t-one"), 1 << 20)


def test_a_definition_follows_the_schema_where_that_is_asked(connection):
    assert connection.networkDefineXMLFlags(network_xml("t-one", more=FULL), libvirt.VIR_NETWORK_DEFINE_VALIDATE).name() == "t-one"
    assert "strange" in fails(libvirt.VIR_ERR_XML_INVALID_SCHEMA, connection.networkDefineXMLFlags,
                                             network_xml("t-one", more="<strange/>"), libvirt.VIR_NETWORK_DEFINE_VALIDATE)


ADD_LAST, DELETE, MODIFY = 3, libvirt.VIR_NETWORK_UPDATE_COMMAND_DELETE, libvirt.VIR_NETWORK_UPDATE_COMMAND_MODIFY
HOST, TEXT = libvirt.VIR_NETWORK_SECTION_IP_DHCP_HOST, libvirt.VIR_NETWORK_SECTION_DNS_TXT
CONFIG, LIVE = libvirt.VIR_NETWORK_UPDATE_AFFECT_CONFIG, libvirt.VIR_NETWORK_UPDATE_AFFECT_LIVE


def test_sections_are_changed_one_by_one(connection):
    network = connection.networkDefineXML(network_xml("t-one", more=FULL))
    network.update(ADD_LAST, HOST, -1, "<host mac='52:54:00:00:00:02' name='db' ip='192.168.177.6'/>", CONFIG)
    network.update(MODIFY, HOST, 0, "<host mac='52:54:00:00:00:01' name='www' ip='192.168.177.7'/>", 0)
    network.update(ADD_LAST, TEXT, -1, "<txt name='a' value='b'/>", CONFIG)
    text = network.XMLDesc()
    assert "name='db' ip='192.168.177.6'" in text and "name='www' ip='192.168.177.7'" in text and "name='web'" not in text
    assert "<txt name='a' value='b'/>" in text
    network.update(DELETE, HOST, -1, "<host name='db'/>", CONFIG)
    assert "name='db'" not in network.XMLDesc()


def test_changes_that_are_refused_leave_everything_as_it_was(connection):
    network = connection.networkDefineXML(network_xml("t-one", more=FULL))
    before = network.XMLDesc()
    assert "couldn't locate a matching dhcp host entry" in fails(
        libvirt.VIR_ERR_OPERATION_INVALID, network.update, DELETE, HOST, -1, "<host name='db'/>", CONFIG)
    assert "network is not running" in fails(libvirt.VIR_ERR_OPERATION_INVALID, network.update, ADD_LAST, TEXT, -1,
                                             "<txt name='a' value='b'/>", LIVE)
    fails(libvirt.VIR_ERR_INVALID_ARG, network.update, ADD_LAST, TEXT, -1, "<txt name='a' value='b'/>", 4)
    fails(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, network.update, ADD_LAST, libvirt.VIR_NETWORK_SECTION_BRIDGE, -1, "<bridge/>", 0)
    fails(libvirt.VIR_ERR_XML_ERROR, network.update, ADD_LAST, HOST, -1, "<host mac='x' ip='192.168.177.8'/>", 0)
    assert network.XMLDesc() == before


def test_what_needs_a_running_network(connection):
    network = connection.networkDefineXML(network_xml("t-one"))
    assert "network 't-one' is not active" in fails(libvirt.VIR_ERR_OPERATION_INVALID, network.destroy)


def test_a_network_that_does_not_run_lends_nothing_and_has_no_ports(connection):
    network = connection.networkDefineXML(network_xml("t-one"))
    assert network.DHCPLeases() == [] and network.DHCPLeases("52:54:00:00:00:01") == []
    fails(libvirt.VIR_ERR_INVALID_MAC, network.DHCPLeases, "zz")
    port = "<networkport><owner><name>g</name><uuid>%s</uuid></owner><mac address='52:54:00:00:00:01'/></networkport>" % UUID
    assert "network 't-one' is not active" in fails(libvirt.VIR_ERR_OPERATION_INVALID, network.listAllPorts)
    assert "network 't-one' is not active" in fails(libvirt.VIR_ERR_OPERATION_INVALID, network.portCreateXML, port)
    fails(libvirt.VIR_ERR_XML_ERROR, network.portCreateXML, "<port/>")
    fails(libvirt.VIR_ERR_NO_NETWORK_PORT, network.portLookupByUUIDString, UUID)


def test_events_tell_of_definitions(connection):
    heard, other = Heard(), Heard()
    one = connection.networkDefineXML(network_xml("t-one"))
    every = connection.networkEventRegisterAny(None, libvirt.VIR_NETWORK_EVENT_ID_LIFECYCLE, heard, None)
    only = connection.networkEventRegisterAny(one, libvirt.VIR_NETWORK_EVENT_ID_LIFECYCLE, other, None)
    connection.networkDefineXML(network_xml("t-two", UUID[:-1] + "2", "ikbr8")).undefine()
    one.undefine()
    assert heard.wait(3) == [("t-two", libvirt.VIR_NETWORK_EVENT_DEFINED, 0), ("t-two", libvirt.VIR_NETWORK_EVENT_UNDEFINED, 0),
                             ("t-one", libvirt.VIR_NETWORK_EVENT_UNDEFINED, 0)]
    assert other.wait(1) == [("t-one", libvirt.VIR_NETWORK_EVENT_UNDEFINED, 0)]
    connection.networkEventDeregisterAny(every)
    connection.networkEventDeregisterAny(only)
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.networkEventDeregisterAny, every)


def test_read_only_clients_change_nothing(connection, house):
    if not house.system:
        pytest.skip("an ordinary user has no read-only socket")
    text = connection.networkDefineXML(network_xml("t-one")).XMLDesc()
    reader = libvirt.openReadOnly(house.uri)
    there = reader.networkLookupByName("t-one")
    assert there.XMLDesc() == text
    for call in (there.undefine, there.create, there.destroy, lambda: there.setAutostart(1),
                 lambda: reader.networkDefineXML(network_xml("t-two"))):
        fails(libvirt.VIR_ERR_OPERATION_DENIED, call)
    reader.close()


def test_networks_outlive_the_daemon(daemon):
    connection = daemon.connect()
    network = connection.networkDefineXML(network_xml("t-one", more=FULL))
    network.setAutostart(0)
    text = network.XMLDesc()
    connection.close()
    daemon.stop()
    daemon.start()
    connection = daemon.connect()
    assert connection.networkLookupByName("t-one").XMLDesc() == text
    connection.close()
