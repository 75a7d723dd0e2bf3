"""Network filters and their bindings: definitions, look-ups, lists."""
import os

import libvirt
import pytest

from verbs import fails, names

UUID = "21111111-2222-3333-4444-555555555551"


def filter_xml(name, uuid=None, rules="<rule action='drop' direction='inout' priority='500'><all/></rule>"):
    return "<filter name='%s' chain='root'>%s%s</filter>" % (name, "<uuid>%s</uuid>" % uuid if uuid else "", rules)


def test_a_filter_is_defined_found_and_forgotten(connection):
    before = connection.numOfNWFilters()
    filter = connection.nwfilterDefineXML(filter_xml("t-one", UUID))
    assert (filter.name(), filter.UUIDString()) == ("t-one", UUID)
    assert filter.XMLDesc() == """<filter name='t-one' chain='root'>
  <uuid>21111111-2222-3333-4444-555555555551</uuid>
  <rule action='drop' direction='inout' priority='500'>
    <all/>
  </rule>
</filter>
"""
    assert connection.numOfNWFilters() == before + 1
    assert "t-one" in connection.listNWFilters()
    assert "t-one" in names(connection.listAllNWFilters())
    assert connection.nwfilterLookupByName("t-one").UUIDString() == UUID
    assert connection.nwfilterLookupByUUIDString(UUID).name() == "t-one"
    filter.undefine()
    assert connection.numOfNWFilters() == before
    fails(libvirt.VIR_ERR_NO_NWFILTER, connection.nwfilterLookupByName, "t-one")
    fails(libvirt.VIR_ERR_NO_NWFILTER, connection.nwfilterLookupByUUIDString, UUID)
    fails(libvirt.VIR_ERR_NO_NWFILTER, filter.XMLDesc)
    fails(libvirt.VIR_ERR_NO_NWFILTER, filter.undefine)


def test_a_filter_keeps_its_uuid_when_it_is_defined_again(connection):
    filter = connection.nwfilterDefineXML(filter_xml("t-one", UUID))
    again = connection.nwfilterDefineXML(filter_xml("t-one", UUID, "<rule action='accept' direction='in'><tcp dstportstart='22'/></rule>"))
    assert again.UUIDString() == UUID
    assert filter.XMLDesc() == """<filter name='t-one' chain='root'>
  <uuid>21111111-2222-3333-4444-555555555551</uuid>
  <rule action='accept' direction='in' priority='500'>
    <tcp dstportstart='22'/>
  </rule>
</filter>
"""


def test_filters_refer_to_others(connection):
    connection.nwfilterDefineXML(filter_xml("t-base"))
    using = connection.nwfilterDefineXML(filter_xml("t-user", rules="<filterref filter='t-base'/>"))
    assert "<filterref filter='t-base'/>" in using.XMLDesc()


@pytest.mark.parametrize("xml, code", [
    ("<filter", libvirt.VIR_ERR_XML_DETAIL),
    ("<network/>", libvirt.VIR_ERR_XML_ERROR),
    ("<filter chain='root'/>", libvirt.VIR_ERR_INTERNAL_ERROR),
    ("<filter name='t-bad'><uuid>nonsense</uuid></filter>", libvirt.VIR_ERR_XML_ERROR),
    ("<filter name='t-bad'><rule action='drop'/></filter>", libvirt.VIR_ERR_INTERNAL_ERROR),
    ("<filter name='t-bad'><rule action='jump' direction='in'/></filter>", libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
])
def test_definitions_that_are_wrong(connection, xml, code):
    fails(code, connection.nwfilterDefineXML, xml)
    assert "t-bad" not in connection.listNWFilters()


def test_names_and_uuids_belong_together(connection):
    connection.nwfilterDefineXML(filter_xml("t-one", UUID))
    fails(libvirt.VIR_ERR_OPERATION_FAILED, connection.nwfilterDefineXML, filter_xml("t-two", UUID))
    fails(libvirt.VIR_ERR_OPERATION_FAILED, connection.nwfilterDefineXML, filter_xml("t-one", UUID[:-1] + "9"))


def test_flags(connection):
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.listAllNWFilters, 1)
    filter = connection.nwfilterDefineXMLFlags(filter_xml("t-flags", UUID), 0)
    assert filter.name() == "t-flags"
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.nwfilterDefineXMLFlags, filter_xml("t-flags", UUID), 1 << 20)
    fails(libvirt.VIR_ERR_INVALID_ARG, filter.XMLDesc, 1 << 20)


BINDING = """<filterbinding>
  <owner>
    <name>t-guest</name>
    <uuid>21111111-2222-3333-4444-555555555552</uuid>
  </owner>
  <portdev name='%s'/>
  <mac address='52:54:00:11:22:33'/>
  <filterref filter='%s'/>
</filterbinding>
"""


@pytest.fixture
def bindings(connection):
    yield
    for binding in connection.listAllNWFilterBindings():
        binding.delete()


def test_there_are_no_bindings_without_guests(connection):
    assert connection.listAllNWFilterBindings() == []
    fails(libvirt.VIR_ERR_NO_NWFILTER_BINDING, connection.nwfilterBindingLookupByPortDev, "vnet7")


def test_a_binding_of_a_device_that_is_not_there_waits_for_it(connection, bindings):
    text = BINDING % ("t-nodev0", "t-nosuch")
    binding = connection.nwfilterBindingCreateXML(text)
    assert (binding.portDev(), binding.filterName()) == ("t-nodev0", "t-nosuch")
    assert binding.XMLDesc() == text
    assert [each.portDev() for each in connection.listAllNWFilterBindings()] == ["t-nodev0"]
    assert connection.nwfilterBindingLookupByPortDev("t-nodev0").filterName() == "t-nosuch"
    fails(libvirt.VIR_ERR_OPERATION_FAILED, connection.nwfilterBindingCreateXML, text)
    fails(libvirt.VIR_ERR_INVALID_ARG, binding.XMLDesc, 1)
    binding.delete()
    fails(libvirt.VIR_ERR_NO_NWFILTER_BINDING, binding.delete)
    fails(libvirt.VIR_ERR_NO_NWFILTER_BINDING, binding.XMLDesc)


@pytest.mark.skipif("INNKEEPER_ORACLE" in os.environ, reason="the other daemon does filter")
def test_what_would_need_rules_is_refused(connection, bindings):
    """The loopback device is there, so that its filter would be in force at once."""
    fails(libvirt.VIR_ERR_INTERNAL_ERROR, connection.nwfilterBindingCreateXML, BINDING % ("lo", "t-nosuch"))
    filter = connection.nwfilterDefineXML(filter_xml("t-inner"))
    connection.nwfilterDefineXML(filter_xml("t-outer", UUID, "<filterref filter='t-inner'/>"))
    message = fails(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, connection.nwfilterBindingCreateXML, BINDING % ("lo", "t-outer"))
    assert "t-outer" in message and "lo" in message
    assert connection.listAllNWFilterBindings() == []
    # A filter without rules needs none.
    connection.nwfilterDefineXML(filter_xml("t-outer", UUID, ""))
    binding = connection.nwfilterBindingCreateXML(BINDING % ("lo", "t-outer"))
    assert "<parameter name='MAC' value='52:54:00:11:22:33'/>" in binding.XMLDesc()
    # It cannot get some now, and cannot go.
    fails(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, connection.nwfilterDefineXML, filter_xml("t-outer", UUID))
    fails(libvirt.VIR_ERR_OPERATION_INVALID, connection.nwfilterLookupByName("t-outer").undefine)
    filter.undefine()
    binding.delete()


@pytest.mark.parametrize("inside, code", [
    ("", libvirt.VIR_ERR_INTERNAL_ERROR),
    ("<portdev name='t0'/>", libvirt.VIR_ERR_INTERNAL_ERROR),
])
def test_bindings_that_are_wrong(connection, inside, code):
    fails(code, connection.nwfilterBindingCreateXML, "<filterbinding>%s</filterbinding>" % inside)
    fails(libvirt.VIR_ERR_XML_ERROR, connection.nwfilterBindingCreateXML, "<filter name='f'/>")
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.nwfilterBindingCreateXML, BINDING % ("t0", "f"), 2)
    text = (BINDING % ("t0", "f")).replace("<owner>", "<bogus/><owner>")
    fails(libvirt.VIR_ERR_XML_INVALID_SCHEMA, connection.nwfilterBindingCreateXML, text,
          libvirt.VIR_NWFILTER_BINDING_CREATE_VALIDATE)


def test_filters_do_not_lead_to_themselves(connection):
    fails(libvirt.VIR_ERR_OPERATION_FAILED, connection.nwfilterDefineXML,
          filter_xml("t-self", rules="<filterref filter='t-self'/>"))
    connection.nwfilterDefineXML(filter_xml("t-a", rules="<filterref filter='t-b'/>"))
    fails(libvirt.VIR_ERR_OPERATION_FAILED, connection.nwfilterDefineXML,
          filter_xml("t-b", rules="<filterref filter='t-a'/>"))


def test_bindings_outlive_the_daemon(daemon):
    connection = daemon.connect()
    text = connection.nwfilterBindingCreateXML(BINDING % ("t-nodev0", "t-nosuch")).XMLDesc()
    connection.close()
    daemon.stop()
    daemon.start()
    connection = daemon.connect()
    binding = connection.nwfilterBindingLookupByPortDev("t-nodev0")
    assert binding.XMLDesc() == text
    binding.delete()
    connection.close()


def test_filters_outlive_the_daemon(daemon):
    connection = daemon.connect()
    text = connection.nwfilterDefineXML(filter_xml("t-one", UUID)).XMLDesc()
    connection.close()
    daemon.stop()
    daemon.start()
    connection = daemon.connect()
    assert connection.nwfilterLookupByName("t-one").XMLDesc() == text
    connection.close()
