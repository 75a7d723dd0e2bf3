"""Devices that come to a guest, leave it and become others, by documents that are a device alone."""
import json
import xml.etree.ElementTree as ET

import libvirt
import libvirt_qemu
import pytest

from daemon import guest_xml
from verbs import Heard, fails

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


# -- while the guest runs ----------------------------------------------------------------------------------------------

@pytest.fixture
def image(tmp_path):
    def make(name):
        path = tmp_path / (name + ".img")
        path.write_bytes(bytes(1 << 20))
        path.chmod(0o666)
        return str(path)
    tmp_path.chmod(0o777)
    return make


@pytest.fixture
def running(connection, image):
    drive = "<disk type='file' device='cdrom'><source file='%s'/><target dev='hda' bus='ide'/></disk>" % image("first")
    it = connection.defineXML(guest_xml(
        "t-one", UUID, devices=drive + "<controller type='usb' model='qemu-xhci'/><controller type='virtio-serial'/>"
        + CARD % (1, "virtio"), more="<features><acpi/></features>"))
    it.create()
    return it


def live(domain, path):
    return ET.fromstring(domain.XMLDesc()).findall("devices/" + path)


def disk_at(path, target, bus):
    return "<disk type='file' device='disk'><source file='%s'/><target dev='%s' bus='%s'/></disk>" % (path, target, bus)


def nodes(domain):
    reply = json.loads(libvirt_qemu.qemuMonitorCommand(domain, '{"execute":"query-named-block-nodes"}', 0))
    return {node["node-name"] for node in reply["return"]}


def test_a_usb_disk_comes_and_goes(connection, running, image):
    heard = Heard()
    for event in (libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED):
        connection.domainEventRegisterAny(None, event, heard, event)
    before = nodes(running)
    running.attachDeviceFlags(disk_at(image("stick"), "sda", "usb"), LIVE)
    disk = live(running, "disk[target='']")[-1]
    assert disk.find("alias").get("name") == "usb-disk0" and disk.find("address").get("type") == "usb"
    assert len(nodes(running)) == len(before) + 2
    assert devices(running, "disk/target[@dev='sda']") == []
    running.detachDeviceFlags("<disk type='file'><target dev='sda'/></disk>", LIVE)
    assert live(running, "disk/target[@dev='sda']") == []
    assert nodes(running) == before
    assert heard.wait(2) == [("t-one", "usb-disk0"), ("t-one", "usb-disk0")]


def test_a_refused_disk_leaves_no_nodes(running, image):
    before, described = nodes(running), running.XMLDesc()
    fails(libvirt.VIR_ERR_SYSTEM_ERROR, running.attachDeviceFlags, disk_at("/nonexistent/x.img", "sda", "usb"), LIVE)
    # No IDE disk comes to a board that runs.
    assert "does not support hotplugging" in fails(
        libvirt.VIR_ERR_INTERNAL_ERROR, running.attachDeviceFlags, disk_at(image("late"), "hdc", "ide"), LIVE)
    assert (nodes(running), running.XMLDesc()) == (before, described)


def test_a_scsi_disk_brings_its_controller(running, image):
    running.attachDeviceFlags(disk_at(image("late"), "sda", "scsi"), LIVE)
    assert [one.find("alias").get("name") for one in live(running, "controller[@type='scsi']")] == ["scsi0"]
    assert "device cannot be detached: device is busy" in fails(
        libvirt.VIR_ERR_OPERATION_FAILED, running.detachDeviceFlags, "<controller type='scsi' index='0'/>", LIVE)


def test_what_comes_while_it_runs(running):
    running.attachDeviceFlags(CARD % (2, "virtio"), LIVE | CONFIG)
    running.attachDeviceFlags("<channel type='unix'><target type='virtio' name='org.example.0'/></channel>", LIVE)
    running.attachDeviceFlags("<channel type='pty'><target type='virtio' name='org.example.1'/></channel>", LIVE)
    running.attachDeviceFlags("<input type='tablet' bus='usb'/>", LIVE)
    running.attachDeviceFlags(RNG % "urandom", LIVE)
    running.attachDeviceFlags("<watchdog model='i6300esb' action='pause'/>", LIVE)
    assert [card.find("alias").get("name") for card in live(running, "interface")] == ["net0", "net1"]
    assert len(devices(running, "interface")) == 2
    unix, pty = live(running, "channel/source")
    assert unix.get("path").endswith("/org.example.0") and pty.get("path").startswith("/dev/pts/")
    assert len(live(running, "rng")) == len(live(running, "watchdog")) == 1
    running.detachDeviceFlags("<input type='tablet' bus='usb'/>", LIVE)
    assert live(running, "input[@type='tablet']") == []
    for text in ("<sound model='ich6'/>", "<memballoon model='virtio'/>", "<controller type='virtio-serial'/>",
                 "<input type='mouse' bus='ps2'/>"):
        fails(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, running.attachDeviceFlags, text, LIVE)


def test_a_medium_is_changed_while_it_runs(running, image):
    drive = "<disk type='file' device='cdrom'>%s<target dev='hda' bus='ide'/></disk>"
    second = image("second")
    count = len(nodes(running))
    assert count >= 2
    running.updateDeviceFlags(drive % ("<source file='%s'/>" % second), LIVE)
    assert live(running, "disk/source")[0].get("file") == second and len(nodes(running)) == count
    fails(libvirt.VIR_ERR_SYSTEM_ERROR, running.updateDeviceFlags, drive % "<source file='/nonexistent/x'/>", LIVE)
    assert live(running, "disk/source")[0].get("file") == second
    running.updateDeviceFlags(drive % "", LIVE)
    assert live(running, "disk/source") == [] and len(nodes(running)) == count - 2


def test_the_link_of_a_card(running):
    running.updateDeviceFlags((CARD % (1, "virtio")).replace("</i", "<link state='down'/></i"), LIVE)
    assert live(running, "interface/link")[0].get("state") == "down"
    assert "Operation not supported: cannot modify network device model from virtio to e1000" == fails(
        libvirt.VIR_ERR_OPERATION_UNSUPPORTED, running.updateDeviceFlags, CARD % (1, "e1000"), LIVE)


def test_a_live_device_outlives_the_daemon(daemon, image):
    domain = daemon.connect().defineXML(guest_xml("t-one", UUID, devices="<controller type='usb' model='qemu-xhci'/>"))
    domain.create()
    domain.attachDeviceFlags(disk_at(image("stick"), "sda", "usb"), LIVE)
    daemon.kill()
    daemon.start()
    domain = daemon.connect().lookupByName("t-one")
    assert len(live(domain, "disk")) == 1
    domain.detachDeviceAlias("usb-disk0", LIVE)
    assert live(domain, "disk") == []
    domain.destroy()
