"""The audit trail: what of a guest is recorded, with the fields that the peer has."""
import ctypes
import errno
import os
import pathlib
import platform
import re
import signal
import socket
import struct
import subprocess

import libvirt
import pytest

from daemon import BINARY, PATIENCE, Daemon, wait_until

UUID = "22222222-2222-4222-8222-2222222222%02x"
GUEST = """<domain type='qemu'><name>%s</name><uuid>%s</uuid><memory unit='KiB'>65536</memory><vcpu current='1'>2</vcpu><iothreads>2</iothreads>
<os><type arch='x86_64' machine='q35'>hvm</type></os><features><acpi/></features>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='%s'/><target dev='vda' bus='virtio'/></disk>
<disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk>
<controller type='pci' index='0' model='pcie-root'/>
%s
<interface type='user'><mac address='52:54:00:11:22:33'/><model type='virtio'/></interface>
<controller type='virtio-serial'/>
<serial type='pty'/><serial type='file'><source path='%s'/><target port='1'/></serial>
<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
<redirdev bus='usb' type='tcp'><source mode='bind' host='127.0.0.1' service='0'/></redirdev>
<shmem name='%s'><model type='ivshmem-plain'/><size unit='M'>1</size></shmem>
</devices></domain>"""


class Trail:
    def __init__(self, daemon):
        self.daemon = daemon
        self.seen = 0

    def records(self):
        """Since it was asked last, without what every record of the guest has."""
        text = self.daemon.log.read_text()
        lines = re.findall(r"success=.*", text[self.seen:])
        self.seen = len(text)
        return [re.sub(r'vm="\w+" uuid=22222222-[-\w]+', "VM", line) for line in lines]


@pytest.fixture
def house():
    it = Daemon()
    (it.config / "libvirtd.conf").write_text('log_level = 2\nlog_outputs = "2:stderr"\naudit_logging = 1\n')
    try:
        it.start()
        connection = it.connect()
        yield it, connection, Trail(it)
        for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
            domain.destroy()
        connection.close()
    finally:
        it.remove()
        for memory in pathlib.Path("/dev/shm").glob(f"ik-audit-{os.getpid()}-*"):
            memory.unlink()


def guest(tmp_path, name, number):
    image = tmp_path / "disk.img"
    image.write_bytes(b"\0" * (1 << 20))
    ports = "".join(f"<controller type='pci' index='{i}' model='pcie-root-port'/>" for i in range(1, 12))
    return GUEST % (name, UUID % number, image, ports, tmp_path / "serial.log", f"ik-audit-{os.getpid()}-{number}")


def test_a_guest_s_life_and_what_it_is_given(house, tmp_path):
    daemon, connection, trail = house
    domain = connection.defineXML(guest(tmp_path, "a", 1))
    assert trail.records() == []
    domain.create()
    terminal = re.search(r"<source path='(/dev/pts/\d+)'/>", domain.XMLDesc()).group(1)
    agent = re.search(r"<source mode='bind' path='([^']*guest_agent.0)'", domain.XMLDesc()).group(1)
    records = trail.records()
    if daemon.system:
        assert records.pop(0) == "success=yes virt=qemu VM vm-ctx=+0:+0 img-ctx=+0:+0 model=dac"
    # The order and the fields are those of libvirt 9.0's own trail.
    assert records == [f"success=yes virt=qemu {record}" for record in (
        f'resrc=disk reason=start VM old-disk="?" new-disk="{tmp_path}/disk.img"',
        'resrc=net reason=start VM old-net="?" new-net="52:54:00:11:22:33"',
        "resrc=dev reason=start VM bus=usb device=555342207265646972646576",
        f'resrc=chardev reason=start VM old-chardev="?" new-chardev="{terminal}"',
        f'resrc=chardev reason=start VM old-chardev="?" new-chardev="{tmp_path}/serial.log"',
        f'resrc=chardev reason=start VM old-chardev="?" new-chardev="{agent}"',
        'resrc=rng reason=start VM old-rng="?" new-rng="/dev/urandom"',
        f"resrc=shmem reason=start VM size=1048576 path=/dev/shm/ik-audit-{os.getpid()}-1",
        "resrc=mem reason=start VM old-mem=0 new-mem=65536",
        "resrc=vcpu reason=start VM old-vcpu=0 new-vcpu=1",
        "resrc=iothread reason=start VM old-iothread=0 new-iothread=2",
        f"op=start reason=booted VM vm-pid={next(iter(daemon.qemus()))}")]
    domain.suspend()
    domain.resume()
    assert trail.records() == []
    domain.destroy()
    assert trail.records() == ["success=yes virt=qemu op=stop reason=destroyed VM vm-pid=0"]


def test_changes_while_it_runs(house, tmp_path):
    _, connection, trail = house
    domain = connection.createXML(guest(tmp_path, "b", 2))
    trail.records()
    other = tmp_path / "other.img"
    other.write_bytes(b"\0" * (1 << 20))

    def changed(call, *arguments):
        try:
            call(*arguments)
        except libvirt.libvirtError:
            pass
        return trail.records()

    cdrom = "<disk type='file' device='cdrom'>%s<target dev='sda' bus='sata'/><readonly/></disk>"
    assert changed(domain.updateDeviceFlags, cdrom % f"<source file='{other}'/>") == [
        f'success=yes virt=qemu resrc=disk reason=update VM old-disk="?" new-disk="{other}"']
    assert changed(domain.updateDeviceFlags, cdrom % "") == [
        f'success=yes virt=qemu resrc=disk reason=update VM old-disk="{other}" new-disk="?"']
    net = "<interface type='user'><mac address='52:54:00:11:22:55'/><model type='virtio'/></interface>"
    assert changed(domain.attachDevice, net) == [
        'success=yes virt=qemu resrc=net reason=attach VM old-net="?" new-net="52:54:00:11:22:55"']
    disk = "<disk type='file' device='disk'><driver name='qemu' type='%s'/><source file='%s'/><target dev='vd%s' bus='virtio'/></disk>"
    assert changed(domain.attachDevice, disk % ("raw", other, "b")) == [
        f'success=yes virt=qemu resrc=disk reason=attach VM old-disk="?" new-disk="{other}"']
    missing = tmp_path / "gone"
    missing.write_bytes(b"\0" * 512)
    refused = changed(domain.attachDevice, disk % ("qcow2", missing, "c"))
    assert refused == [f'success=no virt=qemu resrc=disk reason=attach VM old-disk="?" new-disk="{missing}"']
    assert changed(domain.setVcpus, 2) == ["success=yes virt=qemu resrc=vcpu reason=update VM old-vcpu=1 new-vcpu=2"]
    assert changed(domain.addIOThread, 5) == ["success=yes virt=qemu resrc=iothread reason=update VM old-iothread=2 new-iothread=3"]
    assert changed(domain.delIOThread, 5) == ["success=yes virt=qemu resrc=iothread reason=update VM old-iothread=3 new-iothread=2"]
    # A guest that has no system lets go of nothing by itself, but for a reset.
    domain.detachDeviceFlags(net)
    trail.records()
    domain.reset()
    wait_until(lambda: "52:54:00:11:22:55" not in domain.XMLDesc())
    assert trail.records() == ['success=yes virt=qemu resrc=net reason=detach VM old-net="52:54:00:11:22:55" new-net="?"']


def test_other_starts_and_ends(house, tmp_path):
    daemon, connection, trail = house
    plain = "<domain type='qemu'><name>c</name><uuid>%s</uuid><memory unit='KiB'>65536</memory><os><type arch='x86_64' machine='pc'>hvm</type></os><devices>%s</devices></domain>"
    domain = connection.defineXML(plain % (UUID % 3, ""))
    domain.create()
    trail.records()
    domain.managedSave()
    assert trail.records() == ["success=yes virt=qemu op=stop reason=saved VM vm-pid=0"]
    domain.create()
    assert trail.records()[-1].startswith("success=yes virt=qemu op=start reason=restored VM vm-pid=")
    os.kill(next(iter(daemon.qemus())), signal.SIGKILL)
    wait_until(lambda: not domain.isActive())
    assert trail.records() == ["success=yes virt=qemu op=stop reason=failed VM vm-pid=0"]
    connection.defineXML(plain % (UUID % 3, "<serial type='tcp'><source mode='connect' host='127.0.0.1' service='1'/></serial>"))
    with pytest.raises(libvirt.libvirtError):
        domain.create()
    assert trail.records()[-1] == "success=no virt=qemu op=start reason=booted VM vm-pid=0"


def test_names_cannot_forge_fields(house):
    _, connection, trail = house
    name = 'x" op=stop reason=destroyed vm="y'
    connection.createXML("<domain type='qemu'><name>%s</name><memory unit='KiB'>65536</memory><os><type arch='x86_64' machine='pc'>hvm</type></os></domain>"
                         % name.replace('"', "&quot;"))
    records = trail.records()
    assert records and not any("op=stop" in record for record in records)
    assert all("vm=" + name.encode().hex().upper() in record for record in records)


def test_who_changes_is_named(house):
    daemon, connection, _ = house
    connection.defineXML("<domain type='qemu'><name>d</name><memory>65536</memory><os><type arch='x86_64'>hvm</type></os></domain>")
    assert re.search(r"client \d+ changes by domain_define_xml(_flags)? \(uid %d, pid %d\)" % (os.getuid(), os.getpid()), daemon.log.read_text())
    connection.listAllDomains()
    assert "changes by connect_list" not in daemon.log.read_text()


def without_audit():
    """socket(AF_NETLINK, …, NETLINK_AUDIT) fails from now on in this process."""
    load, equal, back = 0x20, 0x15, 0x06
    program = [(load, 0, 0, 0), (equal, 0, 5, 41), (load, 0, 0, 16), (equal, 0, 3, socket.AF_NETLINK), (load, 0, 0, 32),
               (equal, 0, 1, 9), (back, 0, 0, 0x00050000 | errno.EPROTONOSUPPORT), (back, 0, 0, 0x7fff0000)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    head = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, head, 0, 0) == 0


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the filter has x86's numbers")
@pytest.mark.parametrize("level,status", [(2, 10), (1, 0)])
def test_a_trail_that_cannot_be(level, status):
    it = Daemon()
    (it.config / "libvirtd.conf").write_text(f"audit_level = {level}\n")
    try:
        done = subprocess.run([BINARY, "--root", str(it.root), "--timeout", "1"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=PATIENCE, preexec_fn=without_audit)
        assert done.returncode == status, done.stdout
        assert ("Unable to initialize audit layer: Protocol not supported" in done.stdout) == (status == 10)
    finally:
        it.remove()
