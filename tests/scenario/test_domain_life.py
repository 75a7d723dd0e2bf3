"""The life of a guest that has nothing to boot from: that is enough for QEMU, and quick."""
import json
import os
import tempfile
import xml.etree.ElementTree as ET

import libvirt
import libvirt_qemu
import pytest

from daemon import guest_xml
from verbs import Heard, fails, names

UUID = "61111111-2222-3333-4444-555555555551"
CONFIG = libvirt.VIR_DOMAIN_AFFECT_CONFIG
LIVE = libvirt.VIR_DOMAIN_AFFECT_LIVE
RUNNING, PAUSED, SHUTOFF = libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_SHUTOFF


@pytest.fixture
def domain(connection):
    it = connection.defineXML(guest_xml("t-one", UUID, more="<vcpu current='1'>2</vcpu>", devices="<serial type='pty'/>"))
    it.create()
    return it


def test_a_guest_lives(connection):
    domain = connection.defineXML(guest_xml("t-one", UUID))
    domain.create()
    assert domain.state() == [RUNNING, libvirt.VIR_DOMAIN_RUNNING_BOOTED]
    assert (domain.isActive(), domain.isPersistent()) == (1, 1)
    assert domain.ID() > 0
    assert connection.lookupByID(domain.ID()).name() == "t-one"
    assert connection.listDomainsID() == [domain.ID()]
    assert connection.numOfDomains() == 1
    assert "t-one" not in connection.listDefinedDomains()
    assert "Requested operation is not valid: domain is already running" == fails(libvirt.VIR_ERR_OPERATION_INVALID, domain.create)
    domain.suspend()
    assert domain.state() == [PAUSED, libvirt.VIR_DOMAIN_PAUSED_USER]
    domain.suspend()
    domain.resume()
    assert domain.state() == [RUNNING, libvirt.VIR_DOMAIN_RUNNING_UNPAUSED]
    fails(libvirt.VIR_ERR_OPERATION_INVALID, domain.resume)
    domain.reset()
    domain.reboot()
    domain.shutdown()
    assert domain.state()[0] == RUNNING
    domain.destroy()
    assert domain.state() == [SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_DESTROYED]
    assert domain.ID() == -1
    fails(libvirt.VIR_ERR_OPERATION_INVALID, domain.destroy)


def test_starts_have_flags(connection):
    domain = connection.defineXML(guest_xml("t-one", UUID))
    domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    assert domain.state() == [PAUSED, libvirt.VIR_DOMAIN_PAUSED_USER]
    domain.destroyFlags(libvirt.VIR_DOMAIN_DESTROY_GRACEFUL)
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.createWithFlags, 1 << 20)
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.destroyFlags, 1 << 20)
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.createXML, guest_xml("t-two"), 1 << 20)


def test_transient_guests_vanish(connection):
    domain = connection.createXML(guest_xml("t-one", UUID), libvirt.VIR_DOMAIN_START_PAUSED)
    assert (domain.isActive(), domain.isPersistent(), domain.state()[0]) == (1, 0, PAUSED)
    assert names(connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_TRANSIENT)) == ["t-one"]
    for call in (domain.undefine, domain.managedSave, lambda: domain.setAutostart(1)):
        fails(libvirt.VIR_ERR_OPERATION_INVALID, call)
    fails(libvirt.VIR_ERR_OPERATION_FAILED, connection.createXML, guest_xml("t-one", UUID[:-1] + "2"))
    fails(libvirt.VIR_ERR_OPERATION_INVALID, connection.createXML, guest_xml("t-one", UUID))
    domain.destroy()
    fails(libvirt.VIR_ERR_NO_DOMAIN, connection.lookupByName, "t-one")


def test_a_running_guest_becomes_persistent_and_transient(connection):
    domain = connection.createXML(guest_xml("t-one", UUID))
    connection.defineXML(guest_xml("t-one", UUID, memory=24))
    assert domain.isPersistent() == 1
    assert ET.fromstring(domain.XMLDesc()).findtext("memory") == "16384"
    assert ET.fromstring(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)).findtext("memory") == "24576"
    domain.undefine()
    assert (domain.isPersistent(), domain.isActive()) == (0, 1)


def test_what_a_running_guest_says_of_itself(connection, domain):
    state, maximum, memory, vcpus, time = domain.info()
    assert (state, maximum, memory, vcpus) == (RUNNING, 16384, 16384, 1)
    assert time > 0
    assert domain.maxVcpus() == 2
    assert domain.maxMemory() == 16384
    assert domain.controlInfo() == [libvirt.VIR_DOMAIN_CONTROL_OK, 0, 0]
    assert domain.jobInfo() == [libvirt.VIR_DOMAIN_JOB_NONE] + [0] * 11
    assert domain.jobStats() == {"type": libvirt.VIR_DOMAIN_JOB_NONE}
    assert domain.isUpdated() == 0
    text = ET.fromstring(domain.XMLDesc())
    assert text.get("id") == str(domain.ID())
    assert text.find("devices/serial/source").get("path").startswith("/dev/pts/")
    assert text.find("devices/serial/alias").get("name") == "serial0"
    stats = domain.memoryStats()
    assert stats["actual"] == 16384
    assert stats["rss"] > 0
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.controlInfo, 1)
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.jobStats, 1 << 20)


def test_processors_of_a_running_guest(connection, domain):
    info, maps = domain.vcpus()
    assert [row[:2] for row in info] == [(0, libvirt.VIR_VCPU_RUNNING)]
    assert len(maps[0]) == connection.getInfo()[2]
    assert domain.vcpusFlags(LIVE) == 1
    assert domain.vcpusFlags(LIVE | libvirt.VIR_DOMAIN_VCPU_MAXIMUM) == 2
    assert domain.vcpusFlags(libvirt.VIR_DOMAIN_AFFECT_CURRENT) == 1
    assert domain.vcpuPinInfo(LIVE) == [(True,) * connection.getInfo()[2]]
    assert domain.emulatorPinInfo(LIVE) == (True,) * connection.getInfo()[2]
    first = tuple(cpu == 0 for cpu in range(connection.getInfo()[2]))
    domain.pinVcpu(0, first)
    assert domain.vcpuPinInfo(LIVE) == [first]
    assert domain.vcpuPinInfo(CONFIG) == [(True,) * len(first)]
    domain.pinEmulator(first, LIVE)
    assert domain.emulatorPinInfo(LIVE) == first
    domain.setVcpus(2)
    assert domain.vcpusFlags(LIVE) == 2
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.setVcpusFlags, 3, LIVE)


def test_threads_for_disks_of_a_running_guest(domain):
    domain.addIOThread(4, LIVE)
    assert [row[0] for row in domain.ioThreadInfo(LIVE)] == [4]
    domain.setIOThreadParams(4, {"poll_max_ns": 1000}, LIVE)
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.addIOThread, 4, LIVE)
    domain.delIOThread(4, LIVE)
    assert domain.ioThreadInfo(LIVE) == []


def test_memory_of_a_running_guest(domain):
    domain.setMemory(8192)
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.setMemory, 1 << 20)
    fails(libvirt.VIR_ERR_OPERATION_INVALID, domain.setMaxMemory, 32768)
    domain.setMemoryStatsPeriod(3, LIVE)
    assert "<stats period='3'/>" in domain.XMLDesc()


def test_statistics(connection, domain):
    connection.defineXML(guest_xml("t-two"))
    stats = {found.name(): values for found, values in connection.getAllDomainStats() if found.name().startswith("t-")}
    assert set(stats) == {"t-one", "t-two"}
    assert stats["t-one"]["state.state"] == RUNNING
    assert stats["t-one"]["vcpu.current"] == 1
    assert stats["t-one"]["balloon.maximum"] == 16384
    assert stats["t-two"]["state.state"] == SHUTOFF
    only = connection.domainListGetStats([domain], libvirt.VIR_DOMAIN_STATS_STATE)
    assert [(found.name(), values) for found, values in only] == [
        ("t-one", {"state.state": RUNNING, "state.reason": libvirt.VIR_DOMAIN_RUNNING_BOOTED})]
    active = connection.getAllDomainStats(libvirt.VIR_DOMAIN_STATS_STATE, libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE)
    assert [found.name() for found, values in active] == ["t-one"]


def test_keys_and_interrupts(domain):
    domain.sendKey(libvirt.VIR_KEYCODE_SET_LINUX, 10, [30, 48], 2, 0)
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.sendKey, libvirt.VIR_KEYCODE_SET_LINUX, 10, [30], 1, 1)
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.sendKey, 99, 10, [30], 1, 0)
    domain.injectNMI()
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.injectNMI, 1)


def test_the_monitor_is_open_to_those_who_know(domain):
    answer = json.loads(libvirt_qemu.qemuMonitorCommand(domain, '{"execute": "query-status"}', 0))
    assert answer["return"]["status"] == "running"
    assert "VM status: running" in libvirt_qemu.qemuMonitorCommand(
        domain, "info status", libvirt_qemu.VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP)
    assert "CommandNotFound" in libvirt_qemu.qemuMonitorCommand(domain, '{"execute": "nonsense"}', 0)
    fails(libvirt.VIR_ERR_INVALID_ARG, libvirt_qemu.qemuMonitorCommand, domain, "{}", 1 << 10)
    # Nobody answers in this guest.
    fails(libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED, libvirt_qemu.qemuAgentCommand, domain, '{"execute": "guest-ping"}', 5, 0)
    fails(libvirt.VIR_ERR_NO_DOMAIN, lambda: domain.connect().lookupByName("t-not"))


def test_a_guest_is_saved_and_comes_back(connection, domain):
    path = tempfile.mktemp(prefix="ik-save-", dir="/tmp")
    try:
        domain.save(path)
        assert domain.state() == [SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_SAVED]
        assert ET.fromstring(connection.saveImageGetXMLDesc(path)).findtext("uuid") == UUID
        connection.restore(path)
        assert domain.state() == [RUNNING, libvirt.VIR_DOMAIN_RUNNING_RESTORED]
        fails(libvirt.VIR_ERR_OPERATION_INVALID, connection.restore, path)
        domain.saveFlags(path, None, libvirt.VIR_DOMAIN_SAVE_PAUSED)
        connection.restoreFlags(path, None, 0)
        assert domain.state()[0] == PAUSED
        domain.destroy()
        connection.restoreFlags(path, None, libvirt.VIR_DOMAIN_SAVE_RUNNING)
        assert domain.state()[0] == RUNNING
        fails(libvirt.VIR_ERR_INVALID_ARG, domain.saveFlags, path, None, 1 << 20)
    finally:
        os.path.exists(path) and os.unlink(path)
    fails(libvirt.VIR_ERR_SYSTEM_ERROR, connection.restore, path)
    fails(libvirt.VIR_ERR_SYSTEM_ERROR, connection.saveImageGetXMLDesc, path)


def test_a_guest_is_kept_over_a_pause(connection, domain):
    domain.managedSave()
    assert domain.hasManagedSaveImage() == 1
    assert domain.state() == [SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_SAVED]
    assert names(connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE)) == ["t-one"]
    assert ET.fromstring(domain.managedSaveGetXMLDesc()).findtext("uuid") == UUID
    assert "while domain managed save image exists" in fails(libvirt.VIR_ERR_OPERATION_INVALID, domain.undefine)
    domain.create()
    assert domain.state() == [RUNNING, libvirt.VIR_DOMAIN_RUNNING_RESTORED]
    assert domain.hasManagedSaveImage() == 0
    domain.managedSave(libvirt.VIR_DOMAIN_SAVE_PAUSED)
    domain.managedSaveRemove()
    assert domain.hasManagedSaveImage() == 0
    domain.create()
    assert domain.state() == [RUNNING, libvirt.VIR_DOMAIN_RUNNING_BOOTED]
    domain.managedSave()
    domain.createWithFlags(libvirt.VIR_DOMAIN_START_FORCE_BOOT)
    assert domain.state() == [RUNNING, libvirt.VIR_DOMAIN_RUNNING_BOOTED]


def test_consoles_and_channels(connection, domain):
    stream = connection.newStream()
    domain.openConsole(None, stream, 0)
    stream.abort()
    domain.openConsole("serial0", stream := connection.newStream(), libvirt.VIR_DOMAIN_CONSOLE_FORCE)
    stream.abort()
    assert "cannot find character device nonsense" in fails(
        libvirt.VIR_ERR_INTERNAL_ERROR, domain.openConsole, "nonsense", connection.newStream(), 0)
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.openConsole, None, connection.newStream(), 1 << 20)
    fails(libvirt.VIR_ERR_INTERNAL_ERROR, domain.openChannel, "nonsense", connection.newStream(), 0)


def test_lists_tell_states_apart(connection, domain):
    paused = connection.createXML(guest_xml("t-two"), libvirt.VIR_DOMAIN_START_PAUSED)
    connection.defineXML(guest_xml("t-three"))

    def listed(flag):
        return names(connection.listAllDomains(getattr(libvirt, "VIR_CONNECT_LIST_DOMAINS_" + flag)))
    assert listed("RUNNING") == listed("PERSISTENT")[:1] == ["t-one"]
    assert listed("PAUSED") == listed("TRANSIENT") == ["t-two"]
    assert listed("SHUTOFF") == listed("INACTIVE") == ["t-three"]
    assert listed("ACTIVE") == ["t-one", "t-two"]
    assert listed("OTHER") == []
    paused.destroy()


def test_labels_and_the_end_of_the_life_cycle(domain):
    assert len(domain.securityLabel()) == 2
    assert isinstance(domain.securityLabelList(), list)
    domain.setLifecycleAction(libvirt.VIR_DOMAIN_LIFECYCLE_REBOOT, libvirt.VIR_DOMAIN_LIFECYCLE_ACTION_DESTROY, LIVE)
    assert "<on_reboot>destroy</on_reboot>" in domain.XMLDesc()
    fails(libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED, domain.pMSuspendForDuration, 0, 0, 0)
    fails(libvirt.VIR_ERR_INTERNAL_ERROR, domain.pMWakeup)
    fails(libvirt.VIR_ERR_OPERATION_INVALID, domain.rename, "t-two")


def test_a_running_guest_has_cpu_times(domain):
    total = domain.getCPUStats(True)
    assert total[0]["cpu_time"] > 0


def test_metadata_of_a_running_guest(domain):
    title = libvirt.VIR_DOMAIN_METADATA_TITLE
    domain.setMetadata(title, "now", None, None, LIVE)
    assert domain.metadata(title, None, LIVE) == "now"
    fails(libvirt.VIR_ERR_NO_DOMAIN_METADATA, domain.metadata, title, None, CONFIG)
    domain.setMetadata(title, "later", None, None, CONFIG)
    assert (domain.metadata(title, None, LIVE), domain.metadata(title, None, CONFIG)) == ("now", "later")


def test_autodestroy_ends_with_its_connection(connection, house):
    other = house.connect()
    other.createXML(guest_xml("t-two"), libvirt.VIR_DOMAIN_START_AUTODESTROY)
    heard = Heard()
    callback = connection.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, heard, None)
    other.close()
    assert heard.wait(2)[-1] == ("t-two", libvirt.VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_DESTROYED)
    fails(libvirt.VIR_ERR_NO_DOMAIN, connection.lookupByName, "t-two")
    connection.domainEventDeregisterAny(callback)
