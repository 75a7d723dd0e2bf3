"""Definitions of guests: made, described, listed, changed, renamed and forgotten; nothing runs here."""
import xml.etree.ElementTree as ET

import libvirt
import pytest

from daemon import guest_xml
from verbs import fails, names

UUID = "51111111-2222-3333-4444-555555555551"
CONFIG = libvirt.VIR_DOMAIN_AFFECT_CONFIG
LIVE = libvirt.VIR_DOMAIN_AFFECT_LIVE


@pytest.fixture
def domain(connection):
    return connection.defineXML(guest_xml("t-one", UUID))


def listed(connection, *flags):
    return [name for name in names(connection.listAllDomains(sum(getattr(libvirt, "VIR_CONNECT_LIST_DOMAINS_" + f) for f in flags)))
            if name.startswith("t-")]


def test_a_guest_is_found_in_every_way(connection, domain):
    assert (domain.name(), domain.UUIDString(), domain.ID(), domain.OSType()) == ("t-one", UUID, -1, "hvm")
    assert (domain.isActive(), domain.isPersistent(), domain.isUpdated()) == (0, 1, 0)
    assert connection.lookupByName("t-one").UUIDString() == UUID
    assert connection.lookupByUUIDString(UUID).name() == "t-one"
    assert connection.lookupByUUID(domain.UUID()).name() == "t-one"
    assert "t-one" in connection.listDefinedDomains()
    assert connection.numOfDefinedDomains() == len(connection.listDefinedDomains())
    assert connection.listDomainsID() == []
    assert connection.numOfDomains() == 0
    assert "Domain not found: no domain with matching name 't-two'" == fails(
        libvirt.VIR_ERR_NO_DOMAIN, connection.lookupByName, "t-two")
    fails(libvirt.VIR_ERR_NO_DOMAIN, connection.lookupByUUIDString, UUID[:-1] + "9")
    fails(libvirt.VIR_ERR_NO_DOMAIN, connection.lookupByID, 12345)


def test_a_forgotten_guest_is_no_domain_for_every_call(connection, domain):
    domain.undefine()
    calls = [domain.XMLDesc, domain.info, domain.state, domain.maxMemory, domain.maxVcpus, domain.OSType, domain.autostart,
             lambda: domain.setAutostart(1), domain.create, domain.destroy, domain.shutdown, domain.suspend, domain.resume,
             domain.reboot, domain.reset, domain.undefine, domain.hasManagedSaveImage, domain.managedSave, domain.managedSaveRemove,
             domain.isActive, domain.isPersistent, domain.isUpdated, domain.schedulerType, domain.controlInfo, domain.jobInfo,
             domain.jobStats, domain.memoryStats, domain.securityLabel, domain.vcpuPinInfo, domain.emulatorPinInfo, domain.snapshotNum,
             domain.injectNMI, lambda: domain.save("/tmp/x"), lambda: domain.rename("t-two"),
             lambda: domain.setMetadata(libvirt.VIR_DOMAIN_METADATA_TITLE, "x", None, None),
             lambda: domain.metadata(libvirt.VIR_DOMAIN_METADATA_TITLE, None)]
    for call in calls:
        fails(libvirt.VIR_ERR_NO_DOMAIN, call)


def test_the_description(domain):
    text = ET.fromstring(domain.XMLDesc())
    assert text.get("type") == "qemu" and text.get("id") is None
    assert (text.findtext("name"), text.findtext("uuid"), text.findtext("memory")) == ("t-one", UUID, "16384")
    assert text.findtext("currentMemory") == "16384"
    assert text.findtext("vcpu") == "1"
    assert text.find("os/type").get("machine").startswith("pc-i440fx-")
    assert text.findtext("devices/emulator").endswith("qemu-system-x86_64")
    assert domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE) == domain.XMLDesc()
    assert domain.XMLDesc(libvirt.VIR_DOMAIN_XML_MIGRATABLE)
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.XMLDesc, 1 << 20)


def test_secret_words_are_told_to_those_who_may(connection, house):
    domain = connection.defineXML(guest_xml("t-one", devices="<graphics type='vnc' passwd='hush'/>"))
    assert "hush" not in domain.XMLDesc()
    assert "passwd='hush'" in domain.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE)
    if house.system:
        reader = libvirt.openReadOnly(house.uri)
        fails(libvirt.VIR_ERR_OPERATION_DENIED, reader.lookupByName("t-one").XMLDesc, libvirt.VIR_DOMAIN_XML_SECURE)
        reader.close()


def test_numbers(domain):
    assert domain.info() == [libvirt.VIR_DOMAIN_SHUTOFF, 16384, 16384, 1, 0]
    assert domain.state() == [libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_UNKNOWN]
    assert domain.maxMemory() == 16384
    assert domain.vcpusFlags(CONFIG) == 1
    assert domain.vcpusFlags(CONFIG | libvirt.VIR_DOMAIN_VCPU_MAXIMUM) == 1
    fails(libvirt.VIR_ERR_OPERATION_INVALID, domain.vcpusFlags, LIVE)
    fails(libvirt.VIR_ERR_OPERATION_INVALID, domain.vcpus)
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.state, 1)


def test_title_description_and_metadata(domain):
    for kind in (libvirt.VIR_DOMAIN_METADATA_TITLE, libvirt.VIR_DOMAIN_METADATA_DESCRIPTION):
        fails(libvirt.VIR_ERR_NO_DOMAIN_METADATA, domain.metadata, kind, None)
        domain.setMetadata(kind, "some words", None, None, CONFIG)
        assert domain.metadata(kind, None, CONFIG) == "some words"
        domain.setMetadata(kind, None, None, None, CONFIG)
        fails(libvirt.VIR_ERR_NO_DOMAIN_METADATA, domain.metadata, kind, None)
    element = libvirt.VIR_DOMAIN_METADATA_ELEMENT
    domain.setMetadata(element, "<tag a='1'/>", "app", "http://example.org/app")
    assert ET.fromstring(domain.metadata(element, "http://example.org/app")).attrib == {"a": "1"}
    assert "http://example.org/app" in domain.XMLDesc()
    domain.setMetadata(element, None, "app", "http://example.org/app")
    fails(libvirt.VIR_ERR_NO_DOMAIN_METADATA, domain.metadata, element, "http://example.org/app")
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.setMetadata, libvirt.VIR_DOMAIN_METADATA_TITLE, "two\nlines", None, None)
    fails(libvirt.VIR_ERR_OPERATION_INVALID, domain.setMetadata, libvirt.VIR_DOMAIN_METADATA_TITLE, "x", None, None, LIVE)
    fails(libvirt.VIR_ERR_XML_DETAIL, domain.setMetadata, element, "<tag", "app", "http://example.org/app")


def test_autostart(connection, domain):
    assert domain.autostart() == 0
    domain.setAutostart(1)
    domain.setAutostart(1)
    assert domain.autostart() == 1
    assert listed(connection, "AUTOSTART") == ["t-one"]
    assert listed(connection, "NO_AUTOSTART") == []
    domain.setAutostart(0)
    assert domain.autostart() == 0


def test_a_guest_is_renamed(connection, domain):
    connection.defineXML(guest_xml("t-two"))
    fails(libvirt.VIR_ERR_OPERATION_INVALID, domain.rename, "t-two")
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.rename, "t-three", 1)
    domain.rename("t-three")
    assert connection.lookupByUUIDString(UUID).name() == "t-three"
    fails(libvirt.VIR_ERR_NO_DOMAIN, connection.lookupByName, "t-one")
    assert listed(connection) == ["t-three", "t-two"]


def test_lists_have_filters(connection, domain):
    connection.defineXML(guest_xml("t-two")).setAutostart(1)
    both = ["t-one", "t-two"]
    assert listed(connection) == listed(connection, "INACTIVE") == listed(connection, "PERSISTENT") == both
    assert listed(connection, "ACTIVE", "INACTIVE") == listed(connection, "SHUTOFF") == both
    assert listed(connection, "NO_MANAGEDSAVE") == listed(connection, "NO_SNAPSHOT") == listed(connection, "NO_CHECKPOINT") == both
    for flag in ("ACTIVE", "TRANSIENT", "RUNNING", "PAUSED", "OTHER", "MANAGEDSAVE", "HAS_SNAPSHOT", "HAS_CHECKPOINT"):
        assert listed(connection, flag) == []
    assert listed(connection, "AUTOSTART") == ["t-two"]
    assert listed(connection, "NO_AUTOSTART") == ["t-one"]
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.listAllDomains, 1 << 30)


@pytest.mark.parametrize("xml, code", [
    ("<domain", libvirt.VIR_ERR_XML_DETAIL),
    ("", libvirt.VIR_ERR_XML_DETAIL),
    ("<network/>", libvirt.VIR_ERR_XML_ERROR),
    ("<domain/>", libvirt.VIR_ERR_NO_NAME),
    ("<domain type='nonsense'/>", libvirt.VIR_ERR_NO_NAME),
    ("<domain type='qemu'/>", libvirt.VIR_ERR_NO_NAME),
    ("<domain type='qemu'><name>t-bad</name></domain>", libvirt.VIR_ERR_XML_ERROR),
    (guest_xml("t/bad"), libvirt.VIR_ERR_XML_ERROR),
    (guest_xml("t-bad", "nonsense"), libvirt.VIR_ERR_INTERNAL_ERROR),
    (guest_xml("t-bad", devices="<disk type='nonsense'/>"), libvirt.VIR_ERR_XML_ERROR),
    (guest_xml("t-bad", more="<vcpu>0</vcpu>"), libvirt.VIR_ERR_INTERNAL_ERROR),
    (guest_xml("t-bad", more="<on_reboot>nonsense</on_reboot>"), libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
])
def test_definitions_that_are_wrong(connection, xml, code):
    fails(code, connection.defineXML, xml)
    assert listed(connection) == []


def test_names_and_uuids_belong_together(connection, domain):
    assert "domain 't-one' already exists with uuid %s" % UUID in fails(
        libvirt.VIR_ERR_OPERATION_FAILED, connection.defineXML, guest_xml("t-one", UUID[:-1] + "2"))
    assert "domain 't-one' is already defined with uuid %s" % UUID in fails(
        libvirt.VIR_ERR_OPERATION_FAILED, connection.defineXML, guest_xml("t-two", UUID))
    assert listed(connection) == ["t-one"]


def test_a_new_definition_takes_the_place_of_the_old(connection, domain):
    domain.setAutostart(1)
    connection.defineXMLFlags(guest_xml("t-one", UUID, memory=32, more="<vcpu current='1'>2</vcpu>"), 0)
    assert (domain.maxMemory(), domain.vcpusFlags(CONFIG), domain.vcpusFlags(CONFIG | libvirt.VIR_DOMAIN_VCPU_MAXIMUM)) == (32768, 1, 2)
    assert domain.autostart() == 1
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.defineXMLFlags, guest_xml("t-one", UUID), 1 << 20)


def test_undefining_has_flags(connection, domain):
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.undefineFlags, 1 << 20)
    domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
                         | libvirt.VIR_DOMAIN_UNDEFINE_NVRAM | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA)
    assert listed(connection) == []


def test_what_needs_a_running_guest(domain):
    for call in (domain.destroy, domain.shutdown, domain.suspend, domain.resume, domain.reboot, domain.reset, domain.injectNMI,
                 domain.managedSave, domain.controlInfo, lambda: domain.save("/tmp/ik-not"), domain.memoryStats,
                 lambda: domain.sendKey(0, 0, [30], 1, 0), lambda: domain.pMSuspendForDuration(0, 0, 0), domain.pMWakeup):
        assert "domain is not running" in fails(libvirt.VIR_ERR_OPERATION_INVALID, call)
    assert domain.hasManagedSaveImage() == 0
    fails(libvirt.VIR_ERR_OPERATION_INVALID, domain.jobInfo)
    fails(libvirt.VIR_ERR_OPERATION_INVALID, domain.jobStats)


def test_life_cycle_actions_are_set(domain):
    domain.setLifecycleAction(libvirt.VIR_DOMAIN_LIFECYCLE_CRASH, libvirt.VIR_DOMAIN_LIFECYCLE_ACTION_PRESERVE, CONFIG)
    assert "<on_crash>preserve</on_crash>" in domain.XMLDesc()
    fails(libvirt.VIR_ERR_OPERATION_INVALID, domain.setLifecycleAction, libvirt.VIR_DOMAIN_LIFECYCLE_CRASH,
          libvirt.VIR_DOMAIN_LIFECYCLE_ACTION_DESTROY, LIVE)
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.setLifecycleAction, 99, 0, CONFIG)


def test_processors_are_changed(connection):
    domain = connection.defineXML(guest_xml("t-one", more="<vcpu current='1'>4</vcpu>"))
    domain.setVcpusFlags(3, CONFIG)
    assert "<vcpu placement='static' current='3'>4</vcpu>" in domain.XMLDesc()
    domain.setVcpusFlags(2, CONFIG | libvirt.VIR_DOMAIN_VCPU_MAXIMUM)
    assert "<vcpu placement='static'>2</vcpu>" in domain.XMLDesc()
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.setVcpusFlags, 5, CONFIG)
    fails(libvirt.VIR_ERR_OPERATION_INVALID, domain.setVcpusFlags, 1, LIVE)
    fails(libvirt.VIR_ERR_OPERATION_INVALID, domain.setVcpus, 1)
    domain.setVcpu("1", False, CONFIG)
    assert domain.vcpusFlags(CONFIG) == 1
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.setVcpu, "7", True, CONFIG)


def test_pins_are_changed(domain):
    count = domain.connect().getInfo()[2]
    first = tuple(cpu == 0 for cpu in range(count))
    assert domain.vcpuPinInfo(CONFIG) == [(True,) * count]
    domain.pinVcpuFlags(0, first, CONFIG)
    assert domain.vcpuPinInfo(CONFIG) == [first]
    domain.pinEmulator(first, CONFIG)
    assert domain.emulatorPinInfo(CONFIG) == first
    assert "<vcpupin vcpu='0' cpuset='0'/>" in domain.XMLDesc()
    assert "<emulatorpin cpuset='0'/>" in domain.XMLDesc()
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.pinVcpuFlags, 9, first, CONFIG)
    fails(libvirt.VIR_ERR_OPERATION_INVALID, domain.pinVcpu, 0, first)


def test_threads_for_disks_are_changed(domain):
    assert domain.ioThreadInfo(CONFIG) == []
    domain.addIOThread(1, CONFIG)
    assert "<iothreads>1</iothreads>" in domain.XMLDesc()
    assert [thread[0] for thread in domain.ioThreadInfo(CONFIG)] == [1]
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.addIOThread, 1, CONFIG)
    count = domain.connect().getInfo()[2]
    domain.pinIOThread(1, tuple(cpu == 0 for cpu in range(count)), CONFIG)
    assert "<iothreadpin iothread='1' cpuset='0'/>" in domain.XMLDesc()
    domain.delIOThread(1, CONFIG)
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.delIOThread, 1, CONFIG)
    assert "iothread" not in domain.XMLDesc()


def test_memory_is_changed(domain):
    domain.setMaxMemory(32768)
    assert domain.maxMemory() == 32768
    domain.setMemoryFlags(20480, CONFIG)
    assert "<currentMemory unit='KiB'>20480</currentMemory>" in domain.XMLDesc()
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.setMemoryFlags, 65536, CONFIG)
    fails(libvirt.VIR_ERR_OPERATION_INVALID, domain.setMemory, 16384)
    domain.setMemoryStatsPeriod(5, CONFIG)
    assert "<stats period='5'/>" in domain.XMLDesc()
    unlimited = 9007199254740991
    assert domain.memoryParameters(CONFIG) == {"hard_limit": unlimited, "soft_limit": unlimited, "swap_hard_limit": unlimited}
    domain.setMemoryParameters({"hard_limit": 1 << 20}, CONFIG)
    assert domain.memoryParameters(CONFIG)["hard_limit"] == 1 << 20
    fails(libvirt.VIR_ERR_OPERATION_INVALID, domain.memoryParameters, LIVE)


def test_shares_and_counters_are_changed(domain):
    assert domain.schedulerType()[0] == "posix"
    domain.setSchedulerParametersFlags({"cpu_shares": 2048}, CONFIG)
    assert domain.schedulerParametersFlags(CONFIG)["cpu_shares"] == 2048
    assert "<shares>2048</shares>" in domain.XMLDesc()
    fails(libvirt.VIR_ERR_OPERATION_INVALID, domain.schedulerParametersFlags, LIVE)
    domain.setNumaParameters({"numa_mode": 0, "numa_nodeset": "0"}, CONFIG)
    assert domain.numaParameters(CONFIG)["numa_nodeset"] == "0"
    domain.setPerfEvents({"cpu_cycles": True}, CONFIG)
    assert domain.perfEvents(CONFIG)["cpu_cycles"]
    assert "<event name='cpu_cycles' enabled='yes'/>" in domain.XMLDesc()


def test_the_command_line_of_a_definition(connection):
    text = connection.domainXMLToNative("qemu-argv", guest_xml("t-one", UUID))
    assert "-name guest=t-one,debug-threads=on" in text
    assert "-uuid %s" % UUID in text
    fails(libvirt.VIR_ERR_INVALID_ARG, connection.domainXMLToNative, "nonsense", guest_xml("t-one"))
    fails(libvirt.VIR_ERR_XML_ERROR, connection.domainXMLToNative, "qemu-argv", "<network/>")
    assert listed(connection) == []


def test_there_are_no_snapshots_yet(domain):
    assert (domain.snapshotNum(), domain.snapshotListNames(), domain.listAllSnapshots(), domain.listAllCheckpoints()) == (0, [], [], [])
    assert domain.hasCurrentSnapshot() == 0
    fails(libvirt.VIR_ERR_NO_DOMAIN_SNAPSHOT, domain.snapshotCurrent)
    fails(libvirt.VIR_ERR_NO_DOMAIN_SNAPSHOT, domain.snapshotLookupByName, "x")
    fails(libvirt.VIR_ERR_NO_DOMAIN_CHECKPOINT, domain.checkpointLookupByName, "x")
