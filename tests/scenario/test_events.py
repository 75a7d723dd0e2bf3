"""Events of guests: each class by a callback of its own and the old way; nothing after they are taken back."""
import libvirt
import libvirt_qemu
import pytest

from daemon import guest_xml
from verbs import Heard, fails

CLASSES = [name for name in dir(libvirt) if name.startswith("VIR_DOMAIN_EVENT_ID_") and name != "VIR_DOMAIN_EVENT_ID_LAST"]
LIFE = libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE


@pytest.mark.parametrize("name", CLASSES)
def test_each_class_can_be_asked_for(connection, name):
    domain = connection.defineXML(guest_xml("t-one"))
    number = getattr(libvirt, name)
    every = connection.domainEventRegisterAny(None, number, Heard(), None)
    only = connection.domainEventRegisterAny(domain, number, Heard(), None)
    assert every != only
    connection.domainEventDeregisterAny(every)
    connection.domainEventDeregisterAny(only)
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.domainEventDeregisterAny, every)


def test_the_life_of_a_guest_is_told(connection):
    heard, other = Heard(), Heard()
    domain = connection.defineXML(guest_xml("t-one"))
    every = connection.domainEventRegisterAny(None, LIFE, heard, None)
    only = connection.domainEventRegisterAny(domain, LIFE, other, None)
    domain.create()
    domain.suspend()
    domain.resume()
    domain.destroy()
    connection.defineXML(guest_xml("t-two")).undefine()
    domain.undefine()
    wanted = [
        ("t-one", libvirt.VIR_DOMAIN_EVENT_RESUMED, libvirt.VIR_DOMAIN_EVENT_RESUMED_UNPAUSED),
        ("t-one", libvirt.VIR_DOMAIN_EVENT_STARTED, libvirt.VIR_DOMAIN_EVENT_STARTED_BOOTED),
        ("t-one", libvirt.VIR_DOMAIN_EVENT_SUSPENDED, libvirt.VIR_DOMAIN_EVENT_SUSPENDED_PAUSED),
        ("t-one", libvirt.VIR_DOMAIN_EVENT_RESUMED, libvirt.VIR_DOMAIN_EVENT_RESUMED_UNPAUSED),
        ("t-one", libvirt.VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_DESTROYED),
        ("t-two", libvirt.VIR_DOMAIN_EVENT_DEFINED, libvirt.VIR_DOMAIN_EVENT_DEFINED_ADDED),
        ("t-two", libvirt.VIR_DOMAIN_EVENT_UNDEFINED, libvirt.VIR_DOMAIN_EVENT_UNDEFINED_REMOVED),
        ("t-one", libvirt.VIR_DOMAIN_EVENT_UNDEFINED, libvirt.VIR_DOMAIN_EVENT_UNDEFINED_REMOVED),
    ]

    def lives(events):
        # QEMU's own word about its end comes or does not, as the daemon is quick.
        return [event for event in events if event[1] != libvirt.VIR_DOMAIN_EVENT_SHUTDOWN]
    while len(lives(heard.events)) < len(wanted):
        heard.wait(len(heard.events) + 1)
    assert lives(heard.events) == wanted
    mine = [event for event in wanted if event[0] == "t-one"]
    while len(lives(other.events)) < len(mine):
        other.wait(len(other.events) + 1)
    assert lives(other.events) == mine
    connection.domainEventDeregisterAny(every)
    connection.domainEventDeregisterAny(only)


def test_the_old_way(connection):
    heard = Heard()
    connection.domainEventRegister(heard, None)
    domain = connection.defineXML(guest_xml("t-one"))
    assert heard.wait(1) == [("t-one", libvirt.VIR_DOMAIN_EVENT_DEFINED, libvirt.VIR_DOMAIN_EVENT_DEFINED_ADDED)]
    connection.domainEventDeregister(heard)
    after = Heard()
    callback = connection.domainEventRegisterAny(None, LIFE, after, None)
    domain.undefine()
    after.wait(1)
    assert len(heard.events) == 1
    connection.domainEventDeregisterAny(callback)


def test_changes_of_definitions_are_told(connection):
    heard = Heard()
    callback = connection.domainEventRegisterAny(None, LIFE, heard, None)
    domain = connection.defineXML(guest_xml("t-one"))
    connection.defineXML(guest_xml("t-one", domain.UUIDString(), memory=24))
    domain.rename("t-two")
    events = heard.wait(4)
    assert [event[1:] for event in events] == [
        (libvirt.VIR_DOMAIN_EVENT_DEFINED, libvirt.VIR_DOMAIN_EVENT_DEFINED_ADDED),
        (libvirt.VIR_DOMAIN_EVENT_DEFINED, libvirt.VIR_DOMAIN_EVENT_DEFINED_UPDATED),
        (libvirt.VIR_DOMAIN_EVENT_UNDEFINED, libvirt.VIR_DOMAIN_EVENT_UNDEFINED_RENAMED),
        (libvirt.VIR_DOMAIN_EVENT_DEFINED, libvirt.VIR_DOMAIN_EVENT_DEFINED_RENAMED)]
    connection.domainEventDeregisterAny(callback)


def test_resets_and_words_of_metadata_are_told(connection):
    reboots, words = Heard(), Heard()
    domain = connection.createXML(guest_xml("t-one"), 0)
    first = connection.domainEventRegisterAny(domain, libvirt.VIR_DOMAIN_EVENT_ID_REBOOT, reboots, None)
    second = connection.domainEventRegisterAny(domain, libvirt.VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, words, None)
    domain.reset()
    assert reboots.wait(1)[0] == ("t-one",)
    domain.setMetadata(libvirt.VIR_DOMAIN_METADATA_TITLE, "x", None, None)
    domain.setMetadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, "<a/>", "app", "http://example.org/app")
    assert words.wait(2) == [("t-one", libvirt.VIR_DOMAIN_METADATA_TITLE, None),
                             ("t-one", libvirt.VIR_DOMAIN_METADATA_ELEMENT, "http://example.org/app")]
    connection.domainEventDeregisterAny(first)
    connection.domainEventDeregisterAny(second)


def test_qemus_own_events_are_told(connection):
    heard = Heard()
    domain = connection.createXML(guest_xml("t-one"), 0)
    callback = libvirt_qemu.qemuMonitorEventRegister(connection, domain, "STOP", heard, None)
    domain.suspend()
    name, event = heard.wait(1)[0][:2]
    assert (name, event) == ("t-one", "STOP")
    libvirt_qemu.qemuMonitorEventDeregister(connection, callback)
    fails(libvirt.VIR_ERR_INVALID_ARG, libvirt_qemu.qemuMonitorEventDeregister, connection, callback)


def test_unknown_callbacks(connection):
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.domainEventDeregisterAny, 9999)


def test_clients_without_events_are_left_alone(connection, house):
    other = house.connect()
    heard = Heard()
    callback = other.domainEventRegisterAny(None, LIFE, heard, None)
    other.domainEventDeregisterAny(callback)
    watched = Heard()
    mine = connection.domainEventRegisterAny(None, LIFE, watched, None)
    connection.defineXML(guest_xml("t-one"))
    watched.wait(1)
    assert heard.events == []
    connection.domainEventDeregisterAny(mine)
    other.close()
