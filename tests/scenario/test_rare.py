"""What few clients ask: definitions in saved images, shares of a running guest, what this host or daemon does not have."""
import os
import struct
import tempfile
import xml.etree.ElementTree as ET

import libvirt
import pytest

from daemon import guest_xml
from verbs import fails
from wire import ERROR, MESSAGE, OK, Client, Reader, table, text

UUID = "71111111-2222-3333-4444-555555555551"


@pytest.fixture
def domain(connection):
    it = connection.defineXML(guest_xml("t-one", UUID))
    it.create()
    return it


def test_a_saved_image_gets_another_definition(connection, domain):
    path = tempfile.mktemp(prefix="ik-save-", dir="/tmp")
    try:
        domain.save(path)
        saved = connection.saveImageGetXMLDesc(path)
        connection.saveImageDefineXML(path, saved.replace("<on_crash>destroy</on_crash>", "<on_crash>preserve</on_crash>"))
        assert ET.fromstring(connection.saveImageGetXMLDesc(path)).findtext("on_crash") == "preserve"
        fails(libvirt.VIR_ERR_XML_DETAIL, connection.saveImageDefineXML, path, "<domain")
        connection.restore(path)
        assert "<on_crash>preserve</on_crash>" in domain.XMLDesc()
    finally:
        os.path.exists(path) and os.unlink(path)


def test_a_managed_image_gets_another_definition(domain):
    fails(libvirt.VIR_ERR_OPERATION_INVALID, domain.managedSaveGetXMLDesc)
    domain.managedSave()
    saved = domain.managedSaveGetXMLDesc()
    domain.managedSaveDefineXML(saved.replace("<on_crash>destroy</on_crash>", "<on_crash>preserve</on_crash>"))
    assert ET.fromstring(domain.managedSaveGetXMLDesc()).findtext("on_crash") == "preserve"
    domain.create()
    assert "<on_crash>preserve</on_crash>" in domain.XMLDesc()


def test_an_orderly_end_has_ways(domain, house):
    assert "QEMU guest agent is not configured" in house.virsh("guestvcpus", "t-one", status=1)
    domain.shutdownFlags(libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN)
    fails(libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED, domain.shutdownFlags, libvirt.VIR_DOMAIN_SHUTDOWN_GUEST_AGENT)
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.shutdownFlags, 1 << 20)
    domain.destroy()
    fails(libvirt.VIR_ERR_OPERATION_INVALID, domain.shutdownFlags)


def test_there_is_no_backup_and_a_snapshot_needs_a_description(domain):
    fails(libvirt.VIR_ERR_XML_DETAIL, domain.snapshotCreateXML, "<domainsnapshot", 0)
    fails(libvirt.VIR_ERR_NO_DOMAIN_BACKUP, domain.backupGetXMLDesc)


def test_what_the_host_cannot(connection):
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.suspendForDuration, 99, 60)
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.setMemoryParameters, {"shm_pages_to_scan": 100}, 1 << 20)
    fails(libvirt.VIR_ERR_OPERATION_FAILED, connection.allocPages, {5: 1}, 0, 1, 0)
    fails(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, connection.getSEVInfo)


def test_shares_of_what_does_not_run(connection):
    domain = connection.defineXML(guest_xml("t-one", UUID))
    assert domain.setSchedulerParameters({"cpu_shares": 512}) == 0
    assert domain.schedulerParameters()["cpu_shares"] == 512
    assert "<shares>512</shares>" in domain.XMLDesc()


def number(name):
    return next(row["number"] for row in table("remote")["procedures"] if row["name"] == name)


def word(value):
    return struct.pack(">i", value)


def test_what_the_client_library_asks_no_longer(connection, house):
    """Older ones list so and hear of guests so."""
    with Client(house.run / "libvirt-sock") as client:
        client.open()
        reply = client.call(number("connect_list_networks"), word(10))
        assert (reply.status, Reader(reply.payload).word()) == (OK, 0)
        assert client.call(number("connect_domain_event_register")).status == OK
        domain = connection.defineXML(guest_xml("t-one", UUID))
        event = client.receive()
        assert (event.proc, event.type) == (number("domain_event_lifecycle"), MESSAGE)
        assert Reader(event.payload).text() == "t-one"
        assert client.call(number("connect_domain_event_deregister")).status == OK
        assert client.call(number("connect_domain_event_deregister")).error[0] == libvirt.VIR_ERR_INTERNAL_ERROR
        assert client.call(number("connect_domain_event_register_any"), word(1)).status == OK
        assert client.call(number("connect_domain_event_register_any"), word(1)).error[0] == libvirt.VIR_ERR_INVALID_ARG
        assert client.call(number("connect_domain_event_deregister_any"), word(1)).status == OK
        assert client.call(number("connect_domain_event_register_any"), word(9999)).error[0] == libvirt.VIR_ERR_INTERNAL_ERROR
        guest = text("t-one") + domain.UUID() + word(-1)
        reply = client.call(number("domain_snapshot_list_names"), guest + word(10) + word(0))
        assert (reply.status, Reader(reply.payload).word()) == (OK, 0)


def test_nobody_proves_who_he_is_where_nobody_asks(connection, house):
    with Client(house.run / "libvirt-sock") as client:
        assert client.call(number("auth_sasl_init")).error[0] == libvirt.VIR_ERR_AUTH_FAILED
    with Client(house.run / "libvirt-sock") as client:
        assert client.call(number("auth_sasl_start"), text("PLAIN") + word(1) + word(0)).error[0] == libvirt.VIR_ERR_AUTH_FAILED
    with Client(house.run / "libvirt-sock") as client:
        assert client.call(number("auth_sasl_step"), word(1) + word(0)).error[0] == libvirt.VIR_ERR_AUTH_FAILED
    with Client(house.run / "libvirt-sock") as client:
        assert client.call(number("auth_polkit")).status == ERROR
