"""Secrets: definitions, values, who may read them, what is told of them."""
import libvirt
import pytest

from verbs import Heard, fails

ONE = "11111111-2222-3333-4444-555555555551"
TWO = "11111111-2222-3333-4444-555555555552"


def secret_xml(uuid=None, usage="/images/a.img", more="", ephemeral="no", private="no"):
    return "<secret ephemeral='%s' private='%s'>%s%s<usage type='volume'><volume>%s</volume></usage></secret>" % (
        ephemeral, private, "<uuid>%s</uuid>" % uuid if uuid else "", more, usage)


def test_a_secret_is_defined_found_and_forgotten(connection):
    assert connection.numOfSecrets() == 0
    secret = connection.secretDefineXML(secret_xml(ONE, more="<description>key of a</description>"))
    assert secret.UUIDString() == ONE
    assert secret.usageType() == libvirt.VIR_SECRET_USAGE_TYPE_VOLUME
    assert secret.usageID() == "/images/a.img"
    assert secret.XMLDesc() == """<secret ephemeral='no' private='no'>
  <uuid>11111111-2222-3333-4444-555555555551</uuid>
  <description>key of a</description>
  <usage type='volume'>
    <volume>/images/a.img</volume>
  </usage>
</secret>
"""
    assert connection.numOfSecrets() == 1
    assert connection.listSecrets() == [ONE]
    assert connection.secretLookupByUUIDString(ONE).usageID() == "/images/a.img"
    assert connection.secretLookupByUsage(libvirt.VIR_SECRET_USAGE_TYPE_VOLUME, "/images/a.img").UUIDString() == ONE
    secret.undefine()
    assert connection.listSecrets() == []
    fails(libvirt.VIR_ERR_NO_SECRET, connection.secretLookupByUUIDString, ONE)
    fails(libvirt.VIR_ERR_NO_SECRET, connection.secretLookupByUsage, libvirt.VIR_SECRET_USAGE_TYPE_VOLUME, "/images/a.img")
    fails(libvirt.VIR_ERR_NO_SECRET, secret.XMLDesc)
    fails(libvirt.VIR_ERR_NO_SECRET, secret.undefine)


@pytest.mark.parametrize("kind, element, number", [
    ("volume", "volume", libvirt.VIR_SECRET_USAGE_TYPE_VOLUME), ("ceph", "name", libvirt.VIR_SECRET_USAGE_TYPE_CEPH),
    ("iscsi", "target", libvirt.VIR_SECRET_USAGE_TYPE_ISCSI), ("tls", "name", libvirt.VIR_SECRET_USAGE_TYPE_TLS),
    ("vtpm", "name", libvirt.VIR_SECRET_USAGE_TYPE_VTPM)])
def test_each_usage_is_found_by_its_identifier(connection, kind, element, number):
    secret = connection.secretDefineXML("<secret><usage type='%s'><%s>/x/y</%s></usage></secret>" % (kind, element, element))
    assert (secret.usageType(), secret.usageID()) == (number, "/x/y")
    assert connection.secretLookupByUsage(number, "/x/y").UUIDString() == secret.UUIDString()


def test_values_are_kept_and_replaced(connection):
    secret = connection.secretDefineXML(secret_xml(ONE))
    fails(libvirt.VIR_ERR_NO_SECRET, secret.value)
    secret.setValue(b"one\0two\xff")
    assert secret.value() == b"one\0two\xff"
    secret.setValue(b"other")
    assert secret.value() == b"other"
    assert b"other" not in secret.XMLDesc().encode()
    # A new definition of the same secret keeps its value.
    connection.secretDefineXML(secret_xml(ONE, more="<description>new</description>"))
    assert secret.value() == b"other"
    assert "<description>new</description>" in secret.XMLDesc()


def test_a_private_value_is_never_told(connection):
    secret = connection.secretDefineXML(secret_xml(ONE, private="yes"))
    secret.setValue(b"hidden")
    fails(libvirt.VIR_ERR_INVALID_SECRET, secret.value)


def test_lists_have_filters(connection):
    connection.secretDefineXML(secret_xml(ONE, "/a", private="yes"))
    connection.secretDefineXML(secret_xml(TWO, "/b", ephemeral="yes"))

    def listed(flags):
        return sorted(secret.UUIDString() for secret in connection.listAllSecrets(flags))
    assert listed(0) == [ONE, TWO]
    assert listed(libvirt.VIR_CONNECT_LIST_SECRETS_EPHEMERAL) == [TWO]
    assert listed(libvirt.VIR_CONNECT_LIST_SECRETS_NO_EPHEMERAL) == [ONE]
    assert listed(libvirt.VIR_CONNECT_LIST_SECRETS_PRIVATE) == [ONE]
    assert listed(libvirt.VIR_CONNECT_LIST_SECRETS_NO_PRIVATE) == [TWO]
    assert listed(libvirt.VIR_CONNECT_LIST_SECRETS_PRIVATE | libvirt.VIR_CONNECT_LIST_SECRETS_NO_PRIVATE) == [ONE, TWO]
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.listAllSecrets, 1 << 20)


def test_definitions_that_clash_or_are_wrong(connection):
    connection.secretDefineXML(secret_xml(ONE, "/a"))
    fails(libvirt.VIR_ERR_INTERNAL_ERROR, connection.secretDefineXML, secret_xml(TWO, "/a"))
    fails(libvirt.VIR_ERR_INTERNAL_ERROR, connection.secretDefineXML, secret_xml(ONE, "/b"))
    fails(libvirt.VIR_ERR_XML_ERROR, connection.secretDefineXML, "<domain/>")
    fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, connection.secretDefineXML, "<secret><usage type='nonsense'/></secret>")
    fails(libvirt.VIR_ERR_INTERNAL_ERROR, connection.secretDefineXML, "<secret><usage type='volume'/></secret>")
    fails(libvirt.VIR_ERR_INTERNAL_ERROR, connection.secretDefineXML, secret_xml("not-a-uuid"))
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.secretDefineXML, secret_xml(TWO, "/c"), 1 << 20)
    assert connection.listSecrets() == [ONE]


def test_read_only_clients_see_no_value(connection, house):
    if not house.system:
        pytest.skip("an ordinary user has no read-only socket")
    secret = connection.secretDefineXML(secret_xml(ONE))
    secret.setValue(b"v")
    reader = libvirt.openReadOnly(house.uri)
    there = reader.secretLookupByUUIDString(ONE)
    assert there.XMLDesc() == secret.XMLDesc()
    fails(libvirt.VIR_ERR_OPERATION_DENIED, there.value)
    fails(libvirt.VIR_ERR_OPERATION_DENIED, there.setValue, b"w")
    fails(libvirt.VIR_ERR_OPERATION_DENIED, there.undefine)
    fails(libvirt.VIR_ERR_OPERATION_DENIED, reader.secretDefineXML, secret_xml(TWO, "/b"))
    reader.close()
    assert secret.value() == b"v"


def test_events_tell_of_definitions_and_values(connection):
    life, values = Heard(), Heard()
    first = connection.secretEventRegisterAny(None, libvirt.VIR_SECRET_EVENT_ID_LIFECYCLE, life, None)
    second = connection.secretEventRegisterAny(None, libvirt.VIR_SECRET_EVENT_ID_VALUE_CHANGED, values, None)
    secret = connection.secretDefineXML(secret_xml(ONE))
    secret.setValue(b"v")
    secret.undefine()
    assert life.wait(2) == [(ONE, libvirt.VIR_SECRET_EVENT_DEFINED, 0), (ONE, libvirt.VIR_SECRET_EVENT_UNDEFINED, 0)]
    assert values.wait(1) == [(ONE,)]
    connection.secretEventDeregisterAny(first)
    connection.secretEventDeregisterAny(second)
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.secretEventDeregisterAny, first)


def test_values_outlive_the_daemon_unless_ephemeral(daemon):
    connection = daemon.connect()
    connection.secretDefineXML(secret_xml(ONE, "/a")).setValue(b"kept")
    connection.secretDefineXML(secret_xml(TWO, "/b", ephemeral="yes")).setValue(b"lost")
    connection.close()
    daemon.stop()
    daemon.start()
    connection = daemon.connect()
    assert connection.listSecrets() == [ONE]
    assert connection.secretLookupByUUIDString(ONE).value() == b"kept"
    connection.close()
