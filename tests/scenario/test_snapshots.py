"""Snapshots and checkpoints of guests with images, made by the real QEMU and qemu-img."""
import json
import os
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as ET

import libvirt
import libvirt_qemu
import pytest

from daemon import guest_xml
from verbs import Heard, fails

UUID = "61111111-2222-3333-4444-555555555581"
RUNNING, PAUSED, SHUTOFF = libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_SHUTOFF
DISK_ONLY = libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY
DISK = "<disk type='file' device='disk'><driver name='qemu' type='%s'/><source file='%s'/><target dev='%s'/></disk>"


@pytest.fixture
def images():
    folder = tempfile.mkdtemp(prefix="ik-images-", dir="/tmp")
    os.chmod(folder, 0o777)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def image(images, name):
    path = "%s/%s.qcow2" % (images, name)
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", path, "4M"], check=True)
    return path


@pytest.fixture
def domain(connection, images):
    disks = "".join(DISK % ("qcow2", image(images, name), "vd" + name) for name in "ab")
    return connection.defineXML(guest_xml("t-snap", UUID, devices=disks))


class Lifecycle(Heard):
    """The kinds and details of a guest's lifecycle events."""

    def __init__(self, connection, domain):
        super().__init__()
        connection.domainEventRegisterAny(domain, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self, None)

    def next(self, count):
        told = [event[1:] for event in self.wait(count)]
        self.events = []
        return told


def take(domain, name, flags=0, inside=""):
    return domain.snapshotCreateXML("<domainsnapshot><name>%s</name>%s</domainsnapshot>" % (name, inside), flags)


def about(path):
    done = subprocess.run(["qemu-img", "info", "-U", "--output=json", path], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def inside(path):
    return [entry["name"] for entry in about(path).get("snapshots", [])]


def sources(domain, flags=0):
    return [disk.find("source").get("file") for disk in ET.fromstring(domain.XMLDesc(flags)).findall("devices/disk")]


def names(domain, flags=0):
    return sorted(domain.snapshotListNames(flags))


def test_a_guest_that_is_off_keeps_them_in_its_images(domain, images):
    one = take(domain, "one", inside="<description>first</description>")
    take(domain, "two")
    assert names(domain) == ["one", "two"]
    assert inside(images + "/a.qcow2") == inside(images + "/b.qcow2") == ["one", "two"]
    document = ET.fromstring(one.getXMLDesc())
    assert [document.findtext(tag) for tag in ("name", "description", "state")] == ["one", "first", "shutoff"]
    assert [disk.get("snapshot") for disk in document.findall("disks/disk")] == ["internal", "internal"]
    assert domain.snapshotCurrent().getName() == "two"
    assert domain.snapshotLookupByName("two").getParent().getName() == "one"
    fails(libvirt.VIR_ERR_OPERATION_FAILED, take, domain, "one")
    fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, take, domain, "x", 0, "<disks><disk name='vda' snapshot='no'/></disks>")
    domain.revertToSnapshot(one)
    assert domain.snapshotCurrent().getName() == "one"
    one.delete()
    assert names(domain) == ["two"]
    assert inside(images + "/a.qcow2") == ["two"]
    fails(libvirt.VIR_ERR_OPERATION_INVALID, domain.undefine)
    domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA)


def test_a_failed_one_leaves_nothing_behind(domain, images):
    os.unlink(images + "/b.qcow2")
    fails(libvirt.VIR_ERR_INTERNAL_ERROR, take, domain, "one")
    assert inside(images + "/a.qcow2") == []
    assert names(domain) == []


def test_a_running_guest_goes_back_to_what_it_was(connection, domain):
    off = take(domain, "off")
    domain.create()
    heard = Lifecycle(connection, domain)
    running = take(domain, "running")
    assert heard.next(2) == [(3, 0), (4, 0)]
    document = ET.fromstring(running.getXMLDesc())
    assert document.findtext("state") == "running"
    assert document.find("memory").get("snapshot") == "internal"
    assert document.find("inactiveDomain") is not None
    domain.revertToSnapshot(off)
    assert heard.next(2) == [(5, 6), (0, 3)]
    assert domain.state() == [SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_FROM_SNAPSHOT]
    domain.revertToSnapshot(running)
    assert heard.next(3) == [(2, 3), (4, 2), (0, 3)]
    assert domain.state() == [RUNNING, libvirt.VIR_DOMAIN_RUNNING_FROM_SNAPSHOT]
    domain.revertToSnapshot(running, libvirt.VIR_DOMAIN_SNAPSHOT_REVERT_PAUSED)
    assert heard.next(4) == [(5, 6), (2, 3), (3, 5), (0, 3)]
    assert domain.state() == [PAUSED, libvirt.VIR_DOMAIN_PAUSED_FROM_SNAPSHOT]
    domain.revertToSnapshot(off, libvirt.VIR_DOMAIN_SNAPSHOT_REVERT_RUNNING)
    assert heard.next(4) == [(5, 6), (4, 0), (2, 3), (0, 3)]
    running.delete()
    assert names(domain) == ["off"]


def test_halted_by_a_snapshot(domain):
    domain.create()
    take(domain, "last", libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_HALT)
    assert domain.state() == [SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_FROM_SNAPSHOT]


def test_a_transient_guest_comes_back(connection, domain):
    text = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    domain.undefine()
    domain = connection.createXML(text)
    snapshot = take(domain, "one")
    domain.revertToSnapshot(snapshot)
    assert domain.state() == [RUNNING, libvirt.VIR_DOMAIN_RUNNING_FROM_SNAPSHOT]
    domain.destroy()
    fails(libvirt.VIR_ERR_NO_DOMAIN, connection.lookupByName, "t-snap")


def test_new_images_on_top_of_a_guest_that_is_off(domain, images):
    snapshot = take(domain, "on-top", DISK_ONLY)
    assert sources(domain) == [images + "/a.on-top", images + "/b.on-top"]
    assert about(images + "/a.on-top")["backing-filename"] == images + "/a.qcow2"
    fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, domain.revertToSnapshot, snapshot)
    taken = "<disks><disk name='vda'><source file='%s/a.on-top'/></disk></disks>"
    fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, take, domain, "again", DISK_ONLY, taken % images)
    fails(libvirt.VIR_ERR_SYSTEM_ERROR, take, domain, "reuse", DISK_ONLY | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REUSE_EXT)
    snapshot.delete()
    assert sources(domain) == [images + "/a.qcow2", images + "/b.qcow2"]
    assert sorted(os.listdir(images)) == ["a.qcow2", "b.qcow2"]


def test_new_images_under_a_running_guest(domain, images):
    domain.create()
    first = take(domain, "first", DISK_ONLY)
    take(domain, "second", DISK_ONLY, "<disks><disk name='vda'/><disk name='vdb' snapshot='no'/></disks>")
    assert sources(domain) == [images + "/a.second", images + "/b.first"]
    assert sources(domain, libvirt.VIR_DOMAIN_XML_INACTIVE) == [images + "/a.second", images + "/b.first"]
    disk = ET.fromstring(domain.XMLDesc()).find("devices/disk")
    chain = []
    while disk is not None and disk.find("source") is not None:
        chain.append(os.path.basename(disk.find("source").get("file")))
        disk = disk.find("backingStore")
    assert chain == ["a.second", "a.first", "a.qcow2"]
    assert names(domain, libvirt.VIR_DOMAIN_SNAPSHOT_LIST_DISK_ONLY) == ["first", "second"]
    # What the lower one holds goes into the image below it, while the guest runs.
    first.delete()
    assert sources(domain) == [images + "/a.second", images + "/b.qcow2"]
    assert about(images + "/a.second")["backing-filename"] == images + "/a.qcow2"
    assert not os.path.exists(images + "/a.first")
    domain.snapshotLookupByName("second").delete()
    assert sources(domain) == [images + "/a.qcow2", images + "/b.qcow2"]
    assert domain.state()[0] == RUNNING


def test_the_memory_beside_the_images(connection, domain, images):
    domain.create()
    heard = Lifecycle(connection, domain)
    take(domain, "whole", 0, "<memory snapshot='external' file='%s/memory'/>" % images)
    assert heard.next(2) == [(3, 0), (4, 0)]
    assert os.path.getsize(images + "/memory") > 0
    assert connection.saveImageGetXMLDesc(images + "/memory").count("<name>t-snap</name>") == 1
    take(domain, "paused", 0, "<memory snapshot='external' file='%s/memory2'/>" % images)
    assert sources(domain) == [images + "/a.paused", images + "/b.paused"]
    fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, take, domain, "raw", 0,
          "<memory snapshot='external' file='%s/memory3'/><disks><disk name='vda' snapshot='external'><driver type='raw'/></disk></disks>" % images)
    assert not os.path.exists(images + "/memory3")


def test_snapshots_outlive_the_daemon(daemon, images):
    connection = daemon.connect()
    domain = connection.defineXML(guest_xml("t-snap", UUID, devices=DISK % ("qcow2", image(images, "a"), "vda")))
    take(domain, "one")
    take(domain, "two")
    domain.create()
    domain.checkpointCreateXML("<domaincheckpoint><name>c1</name></domaincheckpoint>")
    connection.close()
    daemon.kill()
    daemon.start()
    connection = daemon.connect()
    assert [it.name() for it in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT)] == ["t-snap"]
    assert [it.name() for it in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_HAS_CHECKPOINT)] == ["t-snap"]
    domain = connection.lookupByName("t-snap")
    assert names(domain) == ["one", "two"]
    assert domain.snapshotCurrent().getName() == "two"
    second = domain.checkpointCreateXML("<domaincheckpoint><name>c2</name></domaincheckpoint>")
    assert second.getParent().getName() == "c1"
    connection.close()


def bitmaps(domain):
    reply = libvirt_qemu.qemuMonitorCommand(domain, json.dumps({"execute": "query-named-block-nodes"}), 0)
    return sorted({bitmap["name"] for node in json.loads(reply)["return"] for bitmap in node.get("dirty-bitmaps", [])})


def check(domain, name, inside="", flags=0):
    return domain.checkpointCreateXML("<domaincheckpoint><name>%s</name>%s</domaincheckpoint>" % (name, inside), flags)


def test_checkpoints_are_bitmaps(domain):
    fails(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, check, domain, "c1")
    domain.create()
    first = check(domain, "c1")
    check(domain, "c2", "<disks><disk name='vda'/></disks>")
    assert bitmaps(domain) == ["c1", "c2"]
    disks = ET.fromstring(domain.checkpointLookupByName("c2").getXMLDesc()).findall("disks/disk")
    assert [(disk.get("name"), disk.get("checkpoint")) for disk in disks] == [("vda", "bitmap"), ("vdb", "no")]
    sized = ET.fromstring(first.getXMLDesc(libvirt.VIR_DOMAIN_CHECKPOINT_XML_SIZE | libvirt.VIR_DOMAIN_CHECKPOINT_XML_NO_DOMAIN))
    assert [disk.get("size") for disk in sized.findall("disks/disk")] == ["0", "0"]
    assert sized.find("domain") is None
    fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, check, domain, "c3", "<disks><disk name='vda' bitmap='other'/></disks>")
    fails(libvirt.VIR_ERR_XML_INVALID_SCHEMA, check, domain, "a/b")
    first.delete()
    assert bitmaps(domain) == ["c2"]
    text = domain.checkpointLookupByName("c2").getXMLDesc()
    VALIDATE = libvirt.VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE | libvirt.VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE_VALIDATE
    domain.checkpointCreateXML(text, VALIDATE)
    fails(libvirt.VIR_ERR_CHECKPOINT_INCONSISTENT, domain.checkpointCreateXML, text.replace(">c2<", ">c9<").replace("'c2'", "'c9'"), VALIDATE)
    domain.destroy()
    fails(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, domain.checkpointLookupByName("c2").delete)
    fails(libvirt.VIR_ERR_OPERATION_INVALID, domain.undefine)
    domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA)


def test_what_was_known_elsewhere_is_defined_again(domain):
    text = take(domain, "one").getXMLDesc()
    domain.snapshotLookupByName("one").delete(libvirt.VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY)
    REDEFINE = libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE
    again = domain.snapshotCreateXML(text, REDEFINE | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_CURRENT)
    assert again.getXMLDesc() == text
    assert again.isCurrent() == 1
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.snapshotCreateXML, text.replace("<creationTime>", "<parent><name>one</name></parent><creationTime>"), REDEFINE)
    fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, domain.snapshotCreateXML, text.replace(">shutoff<", ">bogus<"), REDEFINE)
    fails(libvirt.VIR_ERR_XML_INVALID_SCHEMA, domain.snapshotCreateXML, text.replace("</domainsnapshot>", "<bogus/></domainsnapshot>"),
          REDEFINE | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_VALIDATE)
