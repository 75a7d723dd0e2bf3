"""Devices that come to a stored definition, leave it and become others, by documents that are a device alone."""
import xml.etree.ElementTree as ET

import libvirt
import pytest

from daemon import guest_xml
from verbs import fails

UUID = "71111111-2222-3333-4444-555555555551"
CONFIG = libvirt.VIR_DOMAIN_AFFECT_CONFIG
LIVE = libvirt.VIR_DOMAIN_AFFECT_LIVE

DISK = "<disk type='file' device='disk'><source file='/tmp/%s.img'/><target dev='%s' bus='%s'/></disk>"
CARD = "<interface type='user'><mac address='52:54:00:00:00:0%d'/><model type='%s'/></interface>"
RNG = "<rng model='virtio'><backend model='random'>/dev/%s</backend></rng>"


@pytest.fixture
def domain(connection):
    return connection.defineXML(guest_xml("t-one", UUID, machine="q35", devices=DISK % ("a", "vda", "virtio")))


def devices(domain, path):
    return ET.fromstring(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)).findall("devices/" + path)


def place(device):
    address = device.find("address")
    return tuple(int(address.get(part), 0) for part in ("bus", "slot", "function"))


def test_a_disk_comes_and_goes_with_its_controller(domain):
    domain.attachDeviceFlags(DISK % ("b", "sdb", "scsi"), CONFIG)
    disk = devices(domain, "disk[target='']")[1]
    assert disk.find("address").attrib == {"type": "drive", "controller": "0", "bus": "0", "target": "0", "unit": "1"}
    assert [one.get("model") for one in devices(domain, "controller[@type='scsi']")] == ["lsilogic"]
    # Known by its target, whatever else the document says.
    domain.detachDeviceFlags(DISK % ("other", "sdb", "virtio"), CONFIG)
    assert [disk.find("target").get("dev") for disk in devices(domain, "disk")] == ["vda"]
    assert len(devices(domain, "controller[@type='scsi']")) == 1
    assert "device not found: no target device sdb" == fails(
        libvirt.VIR_ERR_DEVICE_MISSING, domain.detachDeviceFlags, DISK % ("b", "sdb", "scsi"), CONFIG)


def test_what_is_there_is_not_there_twice(domain):
    again = [(DISK % ("x", "vda", "virtio"), "target vda already exists"),
             ("<controller type='usb' index='0'/>", "controller index='0' already exists")]
    for text, sentence in again:
        assert "Requested operation is not valid: " + sentence == fails(
            libvirt.VIR_ERR_OPERATION_INVALID, domain.attachDeviceFlags, text, CONFIG)
    taken = ET.fromstring(domain.XMLDesc()).find("devices/disk/address")
    text = (DISK % ("x", "vdb", "virtio")).replace("</disk>", ET.tostring(taken, encoding="unicode") + "</disk>")
    assert "XML error: Attempted double use of PCI Address 0000:%02x:00.0" % place(devices(domain, "disk")[0])[0] == fails(
        libvirt.VIR_ERR_XML_ERROR, domain.attachDeviceFlags, text, CONFIG)
    assert len(devices(domain, "disk")) == 1


def test_a_failed_attach_leaves_nothing_behind(domain):
    before = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    wrong = [(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, "<gizmo/>"),
             (libvirt.VIR_ERR_XML_DETAIL, "<rng"),
             (libvirt.VIR_ERR_XML_ERROR, "<rng><backend model='random'/></rng>"),
             (libvirt.VIR_ERR_NO_TARGET, "<disk type='file'><source file='/x'/></disk>"),
             (libvirt.VIR_ERR_CONFIG_UNSUPPORTED, "<video><model type='vga'/></video>"),
             (libvirt.VIR_ERR_CONFIG_UNSUPPORTED, (CARD % (1, "virtio")).replace("</i", "<boot order='1'/></i")),
             (libvirt.VIR_ERR_INTERNAL_ERROR, "<controller type='pci' model='pcie-root-port'/>"),
             (libvirt.VIR_ERR_OPERATION_UNSUPPORTED, "<video><model type='qxl'/></video>"),
             (libvirt.VIR_ERR_OPERATION_UNSUPPORTED, "<memballoon model='virtio'/>"),
             (libvirt.VIR_ERR_OPERATION_UNSUPPORTED, "<console type='pty'/>")]
    for code, text in wrong:
        fails(code, domain.attachDeviceFlags, text, CONFIG)
    assert domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE) == before


def test_cards_are_known_by_their_address(domain):
    for number in (1, 1, 2):
        domain.attachDeviceFlags(CARD % (number, "virtio"), CONFIG)
    assert "operation failed: multiple devices matching MAC address 52:54:00:00:00:01 found" == fails(
        libvirt.VIR_ERR_OPERATION_FAILED, domain.detachDeviceFlags, CARD % (1, "virtio"), CONFIG)
    assert "operation failed: multiple matching devices found" == fails(
        libvirt.VIR_ERR_OPERATION_FAILED, domain.detachDeviceFlags, "<interface type='user'/>", CONFIG)
    domain.updateDeviceFlags((CARD % (2, "virtio")).replace("</i", "<link state='down'/></i"), CONFIG)
    assert [card.find("link") is not None for card in devices(domain, "interface")] == [False, False, True]
    domain.detachDeviceFlags(CARD % (2, "e1000"), CONFIG)
    fails(libvirt.VIR_ERR_DEVICE_MISSING, domain.updateDeviceFlags, CARD % (2, "virtio"), CONFIG)


def test_a_bridge_grows_where_one_is_needed(domain):
    ports = len(devices(domain, "controller[@model='pcie-root-port']"))
    domain.attachDeviceFlags("<sound model='ich6'/>", CONFIG)
    assert len(devices(domain, "controller[@model='pcie-to-pci-bridge']")) == 1
    assert len(devices(domain, "controller[@model='pcie-root-port']")) == ports + 1
    bridge = devices(domain, "controller[@model='pcie-to-pci-bridge']")[0]
    assert place(devices(domain, "sound")[0]) == (int(bridge.get("index")), 1, 0)


def test_the_first_serial_line_is_the_console(domain):
    domain.attachDeviceFlags("<serial type='pty'/>", CONFIG)
    domain.attachDeviceFlags("<serial type='file'><source path='/tmp/log'/></serial>", CONFIG)
    assert [console.get("type") for console in devices(domain, "console")] == ["pty"]
    domain.detachDeviceFlags("<serial type='pty'><target port='0'/></serial>", CONFIG)
    assert [console.get("type") for console in devices(domain, "console")] == ["file"]
    domain.detachDeviceFlags("<serial type='file'><source path='/tmp/log'/><target port='1'/></serial>", CONFIG)
    assert devices(domain, "console") + devices(domain, "serial") == []


def test_names_of_the_users_own(domain):
    named = (RNG % "urandom").replace("</rng>", "<alias name='ua-dice'/></rng>")
    domain.attachDeviceFlags(named, CONFIG)
    assert "unsupported configuration: non unique alias detected: ua-dice" == fails(
        libvirt.VIR_ERR_CONFIG_UNSUPPORTED, domain.attachDeviceFlags, named, CONFIG)
    domain.detachDeviceAlias("ua-dice", CONFIG)
    assert devices(domain, "rng") == []
    assert "internal error: no device found with alias ua-dice" == fails(
        libvirt.VIR_ERR_INTERNAL_ERROR, domain.detachDeviceAlias, "ua-dice", CONFIG)


def test_a_medium_is_changed(domain):
    drive = "<disk type='file' device='cdrom'>%s<target dev='sdc' bus='sata'/></disk>"
    domain.attachDeviceFlags(drive % "", CONFIG)
    domain.updateDeviceFlags(drive % "<source file='/tmp/c.iso'/>", CONFIG)
    assert devices(domain, "disk/source")[-1].get("file") == "/tmp/c.iso"
    domain.updateDeviceFlags(drive % "", CONFIG)
    assert len(devices(domain, "disk/source")) == 1
    fails(libvirt.VIR_ERR_INVALID_ARG, domain.updateDeviceFlags, drive.replace("sdc", "sdd") % "", CONFIG)
    assert "Operation not supported: persistent update of device 'rng' is not supported" == fails(
        libvirt.VIR_ERR_OPERATION_UNSUPPORTED, domain.updateDeviceFlags, RNG % "random", CONFIG)


def test_flags(domain):
    domain.attachDeviceFlags(RNG % "urandom", libvirt.VIR_DOMAIN_AFFECT_CURRENT)
    assert len(devices(domain, "rng")) == 1
    for flags in (LIVE, LIVE | CONFIG):
        assert "Requested operation is not valid: domain is not running" == fails(
            libvirt.VIR_ERR_OPERATION_INVALID, domain.attachDeviceFlags, RNG % "random", flags)
    fails(libvirt.VIR_ERR_OPERATION_INVALID, domain.attachDevice, RNG % "random")
    assert "unsupported flags (0x8) in function qemuDomainAttachDeviceLiveAndConfig" in fails(
        libvirt.VIR_ERR_INVALID_ARG, domain.attachDeviceFlags, RNG % "random", 8)
    domain.detachDeviceFlags(RNG % "urandom", CONFIG)
    fails(libvirt.VIR_ERR_DEVICE_MISSING, domain.detachDeviceFlags, RNG % "urandom", CONFIG)
