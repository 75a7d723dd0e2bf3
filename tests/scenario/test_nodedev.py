"""The host's devices and interfaces: the real ones' rules, and a made-up host with every kind of device."""
import os
import re

import libvirt
import pytest

from daemon import BINARY, TOP, Daemon
from fake_sysfs import FakeSysfs
from verbs import Heard, fails, names

GOLDEN = TOP / "tests" / "golden" / "nodedev_host"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="makes a /sys of its own")

# Puts the made-up tree in the place of /sys for the daemon alone, which keeps the real processors.
BEHIND_A_CURTAIN = """mount --make-rprivate / && mount --rbind /sys /mnt && mount --bind "$0/sys" /sys &&
mount --rbind /mnt/devices/system /sys/devices/system && mount --rbind /mnt/fs/cgroup /sys/fs/cgroup && umount -l /mnt &&
mkdir -p /run/udev && mount --bind "$0/udev" /run/udev && exec "$@\""""


def make_pci(host):
    root = "pci0000:00/"
    host.write("devices/pci0000:00/uevent", "")
    bridge = host.pci(root + "0000:00:1c.0", "8086:9d10", 0x060400, header=1, express=(0x01000013, 0x12),
                      driver="pcieport", numa_node="-1")
    card = host.pci(root + "0000:00:1c.0/0000:01:00.0", "fff3:10c9", express=(0x02000041, 0x41), driver="igb",
                    sriov_totalvfs="7", numa_node="0")
    function = host.pci(root + "0000:00:1c.0/0000:01:10.0", "fff3:10ca")
    host.link(card + "/virtfn0", function)
    host.link(function + "/physfn", card)
    for device, group in ((bridge, 12), (card, 12), (function, 13)):
        host.link(device + "/iommu_group", "kernel/iommu_groups/%d" % group)
        host.link("kernel/iommu_groups/%d/devices/%s" % (group, device.rsplit("/", 1)[1]), device)
    host.net(card[len("devices/"):] + "/net/eth9", 9, "00:1b:21:aa:bb:cc", speed="1000", mtu="1500")
    host.net("virtual/net/br0", 11, "52:54:00:00:00:01", uevent={"DEVTYPE": "bridge"}, mtu="1400")
    graphics = host.pci(root + "0000:00:02.0", "fff3:5917", 0x030000, driver="i915")
    types = graphics + "/mdev_supported_types/i915-GVTg_V5_4"
    for name, value in (("name", "GVTg_V5_4"), ("device_api", "vfio-pci"), ("available_instances", "1")):
        host.write(types + "/" + name, value)
    mediated = host.device(graphics[len("devices/"):] + "/d069d019-36ea-4111-8f0a-8c9a70e21366", "mdev", True, "vfio_mdev")
    host.link(mediated + "/mdev_type", types)
    host.link(mediated + "/iommu_group", "kernel/iommu_groups/15")
    host.link("kernel/iommu_groups/15/devices/" + mediated.rsplit("/", 1)[1], mediated)
    host.device(graphics[len("devices/"):] + "/drm/renderD128", "drm", links=["dri/by-path/pci-0000:00:02.0-render"],
                uevent={"MAJOR": "226", "MINOR": "128", "DEVNAME": "dri/renderD128", "DEVTYPE": "drm_minor"}, dev="226:128")


def make_usb(host):
    hub = "pci0000:00/0000:00:14.0/usb1"
    host.pci("pci0000:00/0000:00:14.0", "fff3:9d2f", 0x0c0330)
    for path, device, attributes in ((hub, "001", {"product": "xHCI Host Controller"}), (hub + "/1-4", "018", {})):
        host.device(path, "usb", True, "usb", {"MAJOR": "189", "MINOR": device, "DEVNAME": "bus/usb/001/" + device,
                                               "DEVTYPE": "usb_device", "BUSNUM": "001", "DEVNUM": device},
                    {"ID_VENDOR_ID": "046d", "ID_MODEL_ID": "c52b", "ID_VENDOR_FROM_DATABASE": "Logitech, Inc."}, **attributes)
    host.device(hub + "/1-4/1-4:1.0", "usb", True, "usbhid", {"DEVTYPE": "usb_interface"}, bInterfaceClass="03",
                bInterfaceNumber="0a", bInterfaceSubClass="01", bInterfaceProtocol="ff")


def make_scsi(host):
    root = "pci0000:00/0000:00:1f.2/ata1/host0"
    host.pci("pci0000:00/0000:00:1f.2", "fff3:9d03", 0x010601)
    host.device(root, "scsi", True, None, {"DEVTYPE": "scsi_host"})
    host.device(root + "/scsi_host/host0", "scsi_host", unique_id="1")
    host.device(root + "/target0:0:0", "scsi", True, None, {"DEVTYPE": "scsi_target"})
    for unit, (kind, vendor, model) in enumerate((("0", "ATA     ", "Disk 860 "), ("5", "HL-DT-ST", "DVD RW"))):
        path = "%s/target0:0:0/0:0:0:%d" % (root, unit)
        host.device(path, "scsi", True, None, {"DEVTYPE": "scsi_device"}, type=kind, vendor=vendor, model=model)
        name = "sr0" if unit else "sda"
        told = {"ID_TYPE": "cd", "ID_CDROM_MEDIA": "1", "ID_FS_LABEL": "LAB EL"} if unit else {"ID_TYPE": "disk"}
        block = host.block("%s/block/%s" % (path, name), "8:%d" % unit, removable=unit,
                           udev=dict(told, ID_BUS="ata", ID_SERIAL="S/%d" % unit), links=["disk/by-id/ata-%d" % unit])
        host.link(block + "/device", "devices/" + path)
    host.device(root + "/target0:0:0/0:0:0:0/scsi_generic/sg0", "scsi_generic",
                uevent={"MAJOR": "21", "MINOR": "0", "DEVNAME": "sg0"}, dev="21:0")
    host.block(root + "/target0:0:0/0:0:0:0/block/sda/sda1", "8:2", devtype="partition", partition="1")
    host.block("virtual/block/loop0", "7:0")


def make_fibre_channel(host):
    root = "pci0000:00/0000:00:03.0/host5"
    host.pci("pci0000:00/0000:00:03.0", "fff3:2432", 0x0c0400)
    host.device(root, "scsi", True, None, {"DEVTYPE": "scsi_host"})
    host.device(root + "/scsi_host/host5", "scsi_host", unique_id="7")
    host.device(root + "/fc_host/host5", "fc_host", port_name="0x2100001b32a9da5e", node_name="0x2000001b32a9da5e",
                fabric_name="0x2001000dec9877c1", max_npiv_vports="127", npiv_vports_inuse="2", vport_create="",
                vport_delete="")
    host.device(root + "/rport-5:0-0/fc_remote_ports/rport-5:0-0", "fc_remote_ports", port_name="0x9d73bc45f0e21a86")
    host.device(root + "/rport-5:0-0/target5:0:0", "scsi", True, None, {"DEVTYPE": "scsi_target"})


def make_mainframe(host):
    host.device("css0/0.0.0001", "css", True, "vfio_ccw", dev_busid="0.0.0815")
    host.device("css0/0.0.0002", "css", True, "io_subchannel")
    host.device("css0/0.0.0003", "css", True, "chsc_subchannel")
    host.device("css0/0.0.0002/0.0.1001", "ccw", True, "dasd-eckd", online="1")
    host.device("css0/0.0.0002/0.0.1002", "ccw", True, "dasd-eckd", online="0")
    host.device("ap/card07", "ap", True, "cex4card", {"DEVTYPE": "ap_card"})
    host.device("ap/card07/07.0038", "ap", True, "vfio_ap", {"DEVTYPE": "ap_queue"})
    host.device("vfio_ap/matrix", "matrix", True, "vfio_ap")


@pytest.fixture(scope="module")
def made_up():
    daemon = Daemon()
    host = FakeSysfs(daemon.root / "host")
    for make in (make_pci, make_usb, make_scsi, make_fibre_channel, make_mainframe):
        make(host)
    host.device("virtual/dmi/id", "dmi", product_name="Product X", sys_vendor="VENDOR Inc.", product_version="V1.0",
                product_serial="SN123", product_uuid="c9488981-5049-11cb-9c1c-993d0230b4cd", bios_vendor="BIOS Inc",
                bios_version="1.2.3", bios_date="01/02/2020")
    daemon.command = ["unshare", "--mount", "sh", "-c", BEHIND_A_CURTAIN, str(daemon.root / "host"), BINARY]
    daemon.environment = {"SYSTEMD_DEVICE_VERIFY_SYSFS": "0"}
    daemon.host = host
    try:
        yield daemon.start()
    finally:
        daemon.remove()


@pytest.fixture
def devices(made_up):
    connection = made_up.connect()
    yield connection
    connection.close()


@needs_root
def test_every_kind_of_device_is_described(devices):
    """Byte for byte what the peer says of the same tree."""
    found = {device.name(): device.XMLDesc() for device in devices.listAllDevices()}
    for name, text in found.items():
        golden = GOLDEN / (name + ".xml")
        if os.environ.get("INNKEEPER_ACCEPT"):
            golden.parent.mkdir(exist_ok=True)
            golden.write_text(text)
        assert text == golden.read_text(), name
    assert sorted(found) == sorted(path.stem for path in GOLDEN.iterdir())


@needs_root
def test_devices_are_asked_for_by_what_they_can(devices):
    for bit, kind, expected in ((0, "system", ["computer"]), (5, "scsi_host", ["scsi_host0", "scsi_host5"]),
                                (9, "fc_host", ["scsi_host5"]), (10, "vports", ["scsi_host5"]),
                                (13, "mdev_types", ["pci_0000_00_02_0"]), (18, "ap_card", ["ap_card07"])):
        assert names(devices.listAllDevices(1 << bit)) == expected
        assert sorted(devices.listDevices(kind)) == expected
        assert devices.numOfDevices(kind) == len(expected)
    assert devices.listDevices("bogus") == []
    assert devices.listAllDevices(libvirt.VIR_CONNECT_LIST_NODE_DEVICES_INACTIVE) == []
    assert len(devices.listAllDevices(libvirt.VIR_CONNECT_LIST_NODE_DEVICES_ACTIVE)) == devices.numOfDevices(None)
    assert devices.nodeDeviceLookupByName("scsi_host5").listCaps() == ["scsi_host", "fc_host", "vports"]
    assert devices.nodeDeviceLookupByName("net_eth9_00_1b_21_aa_bb_cc").parent() == "pci_0000_01_00_0"
    fails(libvirt.VIR_ERR_INVALID_ARG, devices.listAllDevices, 1 << 22)
    fails(libvirt.VIR_ERR_NO_NODE_DEVICE, devices.nodeDeviceLookupByName, "none")


@needs_root
def test_an_adapter_is_found_by_its_worldwide_names(devices):
    find = devices.nodeDeviceLookupSCSIHostByWWN
    assert find("2000001b32a9da5e", "2100001b32a9da5e").name() == "scsi_host5"
    fails(libvirt.VIR_ERR_INTERNAL_ERROR, find, "2000001b32a9da5e", "1")


@needs_root
def test_a_device_is_described_as_it_is_now(made_up, devices):
    card = devices.nodeDeviceLookupByName("net_eth9_00_1b_21_aa_bb_cc")
    assert "<link speed='1000' state='up'/>" in card.XMLDesc()
    state = made_up.host.sys / "class/net/eth9/operstate"
    state.write_text("down\n")
    try:
        assert "<link state='down'/>" in card.XMLDesc()
    finally:
        state.write_text("up\n")


VPORT = """<device><parent>%s</parent><capability type='scsi_host'><capability type='fc_host'>
<wwnn>2000001b32a9da60</wwnn><wwpn>2100001b32a9da60</wwpn></capability></capability></device>"""


@needs_root
def test_a_virtual_port_is_asked_of_its_adapter(made_up, devices):
    message = fails(libvirt.VIR_ERR_NO_NODE_DEVICE, devices.nodeDeviceCreateXML, VPORT % "scsi_host5")
    assert "matching wwnn '2000001b32a9da60' and wwpn '2100001b32a9da60'" in message
    asked = made_up.host.sys / "class/fc_host/host5/vport_create"
    assert asked.read_text() == "2100001b32a9da60:2000001b32a9da60"
    fails(libvirt.VIR_ERR_INTERNAL_ERROR, devices.nodeDeviceCreateXML, VPORT % "computer")
    fails(libvirt.VIR_ERR_INTERNAL_ERROR, devices.nodeDeviceCreateXML, VPORT % "none")


@needs_root
def test_interfaces_are_those_that_stand_for_themselves(devices):
    assert "eth9" in names(devices.listAllInterfaces(libvirt.VIR_CONNECT_LIST_INTERFACES_ACTIVE))
    assert devices.interfaceLookupByMACString("00:1B:21:AA:BB:CC").name() == "eth9"
    assert devices.interfaceLookupByName("eth9").XMLDesc() == """<interface type='ethernet' name='eth9'>
  <mtu size='1500'/>
  <link speed='1000' state='up'/>
  <mac address='00:1b:21:aa:bb:cc'/>
</interface>
"""
    fails(libvirt.VIR_ERR_NO_INTERFACE, devices.interfaceLookupByName, "../eth9")
    fails(libvirt.VIR_ERR_NO_INTERFACE, devices.interfaceLookupByMACString, "")


def test_the_host_itself_is_a_device(connection):
    computer = connection.nodeDeviceLookupByName("computer")
    assert re.match(r"<device>\n  <name>computer</name>\n  <capability type='system'>\n", computer.XMLDesc())
    assert (computer.parent(), computer.listCaps(), computer.numOfCaps()) == (None, ["system"], 1)
    assert (computer.isActive(), computer.isPersistent(), computer.autostart()) == (1, 1, 1)


def test_the_drivers_open_by_themselves_under_their_own_path(daemon):
    instance, other = ("system", "session") if daemon.system else ("session", "system")
    for driver, question in (("nodedev", "listAllDevices"), ("interface", "listAllInterfaces")):
        uri = driver + ":///%s?socket=" + str(daemon.socket)
        connection = libvirt.open(uri % instance)
        assert getattr(connection, question)()
        fails(libvirt.VIR_ERR_NO_SUPPORT, connection.listAllDomains)
        connection.close()
        fails(libvirt.VIR_ERR_INTERNAL_ERROR, libvirt.open, uri % other)


def test_what_cannot_be_made_or_unmade_is_refused(connection):
    computer = connection.nodeDeviceLookupByName("computer")
    fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, computer.destroy)
    fails(libvirt.VIR_ERR_OPERATION_INVALID, computer.create)
    fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, computer.undefine)
    fails(libvirt.VIR_ERR_OPERATION_UNSUPPORTED, computer.setAutostart, 1)
    fails(libvirt.VIR_ERR_XML_ERROR, connection.nodeDeviceCreateXML, "<domain/>")
    fails(libvirt.VIR_ERR_INTERNAL_ERROR, connection.nodeDeviceCreateXML, "<device><name>x</name></device>")
    fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, connection.nodeDeviceDefineXML,
          "<device><parent>computer</parent><capability type='ap_matrix'/></device>")
    mediated = "<device>%s<capability type='mdev'><type id='t'/></capability></device>"
    fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, connection.nodeDeviceDefineXML, mediated % "")
    fails(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, connection.nodeDeviceCreateXML, mediated % "<parent>none</parent>")
    fails(libvirt.VIR_ERR_PARSE_FAILED, connection.nodeDeviceCreateXML, mediated % "<parent>computer</parent>")


def test_interfaces_are_looked_at_and_not_changed(connection):
    loopback = connection.interfaceLookupByName("lo")
    assert loopback.isActive() == 0, "the kernel calls its state unknown"
    assert "<interface type='ethernet' name='lo'>\n  <mtu size='65536'/>\n" in loopback.XMLDesc()
    assert "lo" in names(connection.listAllInterfaces(libvirt.VIR_CONNECT_LIST_INTERFACES_INACTIVE))
    assert "lo" not in connection.listInterfaces() + connection.listDefinedInterfaces()
    for change in (lambda: connection.interfaceDefineXML("<interface type='ethernet' name='a'/>"), loopback.undefine,
                   loopback.create, loopback.destroy, connection.changeBegin, connection.changeCommit,
                   connection.changeRollback):
        fails(libvirt.VIR_ERR_NO_SUPPORT, change)


def test_events_of_devices_can_be_asked_for(connection):
    lifecycle = connection.nodeDeviceEventRegisterAny(None, libvirt.VIR_NODE_DEVICE_EVENT_ID_LIFECYCLE, print, None)
    computer = connection.nodeDeviceLookupByName("computer")
    update = connection.nodeDeviceEventRegisterAny(computer, libvirt.VIR_NODE_DEVICE_EVENT_ID_UPDATE, print, None)
    for callback in (lifecycle, update):
        connection.nodeDeviceEventDeregisterAny(callback)


def test_pci_devices_are_given_away_only_as_pci_devices(connection):
    computer = connection.nodeDeviceLookupByName("computer")
    fails(libvirt.VIR_ERR_INVALID_ARG, computer.reAttach)
    fails(libvirt.VIR_ERR_INVALID_ARG, computer.reset)
    fails(libvirt.VIR_ERR_INVALID_ARG, computer.detachFlags, "bogus", 0)
    fails(libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED, computer.detachFlags, "kvm", 0)
    with pytest.raises(libvirt.libvirtError):  # which error depends on whether the machine has VFIO
        computer.dettach()


@needs_root
def test_a_pci_device_is_reset_and_given_back_through_the_kernels_files(made_up, devices):
    card = devices.nodeDeviceLookupByName("pci_0000_01_10_0")
    folder = made_up.host.sys / "bus/pci/devices/0000:01:10.0"
    fails(libvirt.VIR_ERR_INTERNAL_ERROR, card.reset)
    (folder / "reset").write_text("")
    card.reset()
    assert (folder / "reset").read_text() == "1"
    (folder / "driver_override").write_text("vfio-pci\n")
    (made_up.host.sys / "bus/pci/drivers_probe").write_text("")
    card.reAttach()
    assert (folder / "driver_override").read_text() == "\n"
    assert (made_up.host.sys / "bus/pci/drivers_probe").read_text() == "0000:01:10.0"


# ----------------------------------------------------------------------------------------------------- the test driver

@pytest.fixture
def world(daemon):
    """A machine in memory of this test's own."""
    path = daemon.root / "devices.xml"
    path.write_text("<node>%s</node>" % "".join((
        "<device><name>computer</name><capability type='system'><hardware><uuid>11111111-2222-3333-4444-555555555555</uuid>"
        "</hardware></capability></device>", ADAPTER % ("scsi_host1", "computer", 1, "<capability type='vport_ops'/>"),
        ADAPTER % ("scsi_host11", "scsi_host1", 11, ""), "<interface type='ethernet' name='eth1'><mac address='aa:bb:cc:dd:ee:ff'/>"
        "</interface>")))
    connection = libvirt.open("test+unix://%s?socket=%s" % (path, daemon.socket))
    yield connection
    connection.close()


ADAPTER = """<device><name>%s</name><parent>%s</parent><capability type='scsi_host'><host>%d</host>
<capability type='fc_host'><wwnn>1</wwnn><wwpn>2</wwpn><fabric_wwn>3</fabric_wwn></capability>%s</capability></device>"""


def test_made_up_virtual_ports_come_and_go(world):
    heard = Heard()
    world.nodeDeviceEventRegisterAny(None, libvirt.VIR_NODE_DEVICE_EVENT_ID_LIFECYCLE, heard, None)
    port = world.nodeDeviceCreateXML(VPORT % "scsi_host1")
    assert (port.name(), port.parent(), port.listCaps()) == ("scsi_host12", "scsi_host1", ["scsi_host"])
    assert "<wwnn>2000001b32a9da60</wwnn>" in port.XMLDesc()
    assert sorted(world.listDevices("fc_host")) == ["scsi_host1", "scsi_host11", "scsi_host12"]
    port.destroy()
    fails(libvirt.VIR_ERR_NO_NODE_DEVICE, port.XMLDesc)
    assert [(name, what) for name, what, detail in heard.wait(2)] == [("scsi_host12", 0), ("scsi_host12", 1)]
    fails(libvirt.VIR_ERR_INTERNAL_ERROR, world.nodeDeviceCreateXML, VPORT % "scsi_host11")
    fails(libvirt.VIR_ERR_INTERNAL_ERROR, world.nodeDeviceCreateXML, VPORT % "none")
    fails(libvirt.VIR_ERR_INVALID_ARG, world.listAllDevices, libvirt.VIR_CONNECT_LIST_NODE_DEVICES_ACTIVE)
    fails(libvirt.VIR_ERR_NO_SUPPORT, world.nodeDeviceLookupByName("computer").reset)
    fails(libvirt.VIR_ERR_NO_SUPPORT, world.nodeDeviceDefineXML, VPORT % "scsi_host1")


CARD = "<interface type='ethernet' name='%s'><mac address='aa:bb:cc:00:00:%02d'/></interface>"


def test_made_up_interfaces_are_defined_started_and_forgotten(world):
    one = world.interfaceDefineXML(CARD % ("one", 1))
    assert (world.listInterfaces(), world.listDefinedInterfaces()) == (["eth1"], ["one"])
    one.create()
    fails(libvirt.VIR_ERR_OPERATION_INVALID, one.create)
    assert (one.isActive(), world.numOfInterfaces()) == (1, 2)
    one.destroy()
    fails(libvirt.VIR_ERR_OPERATION_INVALID, one.destroy)
    assert world.interfaceLookupByMACString("AA:BB:CC:00:00:01").name() == "one"
    world.interfaceDefineXML(CARD % ("two", 1))
    fails(libvirt.VIR_ERR_MULTIPLE_INTERFACES, world.interfaceLookupByMACString, "aa:bb:cc:00:00:01")
    one.undefine()
    fails(libvirt.VIR_ERR_NO_INTERFACE, one.XMLDesc)
    fails(libvirt.VIR_ERR_XML_ERROR, world.interfaceDefineXML, "<interface type='bridge' name='b'/>")


def test_changes_of_made_up_interfaces_can_be_taken_back(world):
    fails(libvirt.VIR_ERR_OPERATION_INVALID, world.changeRollback)
    world.changeBegin()
    fails(libvirt.VIR_ERR_OPERATION_INVALID, world.changeBegin)
    world.interfaceDefineXML(CARD % ("one", 1))
    world.interfaceLookupByName("eth1").undefine()
    world.changeRollback()
    assert names(world.listAllInterfaces()) == ["eth1"]
    world.changeBegin()
    world.interfaceDefineXML(CARD % ("two", 2))
    world.changeCommit()
    assert names(world.listAllInterfaces()) == ["eth1", "two"]
    fails(libvirt.VIR_ERR_OPERATION_INVALID, world.changeCommit)
