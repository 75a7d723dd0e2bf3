"""What virt-install writes for guests of many kinds is kept, given back and, where this machine can, started."""
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET

import libvirt
import pytest

from daemon import PATIENCE
from verbs import validates

pytestmark = [
    pytest.mark.skipif(shutil.which("virt-install") is None, reason="virt-install is not installed"),
    pytest.mark.skipif(os.geteuid() != 0, reason="virt-install asks the system's daemon, which is root's"),
    pytest.mark.skipif("INNKEEPER_ORACLE" in os.environ, reason="needs a daemon of its own"),
]

# What all have: no network of the host's, nothing that asks back.
COMMON = ["--name", "v", "--virt-type", "qemu", "--noautoconsole", "--print-xml", "1", "--check", "all=off"]
PLAIN = ["--memory", "32", "--osinfo", "generic", "--network", "none", "--graphics", "none"]
DISK = ["--import", "--disk", "{work}/a.qcow2,format=qcow2"]

# name → the words that differ, the emulator that it needs
KINDS = {
    "bios_pc": (PLAIN + DISK + ["--machine", "pc"], "x86_64"),
    "bios_q35": (PLAIN + DISK + ["--machine", "q35"], "x86_64"),
    "uefi_q35": (PLAIN + DISK + ["--machine", "q35", "--boot", "uefi"], "x86_64"),
    "uefi_pc": (PLAIN + DISK + ["--machine", "pc", "--boot", "firmware=efi"], "x86_64"),
    "secure_boot": (PLAIN + DISK + ["--machine", "q35", "--boot", "firmware=efi,firmware.feature0.name=secure-boot,"
                                    "firmware.feature0.enabled=yes"], "x86_64"),
    "cdrom": (PLAIN + ["--cdrom", "{work}/a.iso", "--disk", "{work}/a.qcow2,format=qcow2"], "x86_64"),
    "pxe": (["--memory", "32", "--osinfo", "generic", "--graphics", "none", "--pxe", "--network", "user,model=e1000",
             "--disk", "none"], "x86_64"),
    "import": (PLAIN + DISK, "x86_64"),
    "kernel": (PLAIN + ["--disk", "none", "--boot",
                        "kernel={work}/kernel,initrd={work}/initrd,kernel_args=console=ttyS0"], "x86_64"),
    # What --cloud-init makes of a guest; with that word virt-install wants a pool at the system's own place.
    "cloud_init": (PLAIN + DISK + ["--disk", "{work}/a.iso,device=cdrom", "--sysinfo", "system.serial=ds=nocloud"],
                   "x86_64"),
    "tpm": (PLAIN + DISK + ["--tpm", "emulator,model=tpm-crb,version=2.0"], "x86_64"),
    "i686": (PLAIN + DISK + ["--arch", "i686"], "i386"),
    "arm64": (PLAIN + DISK + ["--arch", "aarch64", "--machine", "virt", "--features", "acpi=off"], "aarch64"),
    "armv7l": (PLAIN + DISK + ["--arch", "armv7l", "--machine", "virt"], "arm"),
    "riscv64": (PLAIN + DISK + ["--arch", "riscv64", "--machine", "virt"], "riscv64"),
    "s390x": (PLAIN + DISK + ["--arch", "s390x"], "s390x"),
    "desktop": (["--memory", "64", "--osinfo", "generic", "--network", "none", "--graphics", "vnc", "--video", "vga",
                 "--sound", "ich9", "--input", "tablet,bus=usb"] + DISK, "x86_64"),
    "disks": (PLAIN + DISK + ["--disk", "{work}/b.img,format=raw,bus=scsi,cache=none", "--disk",
                              "{work}/c.img,format=raw,bus=sata,device=cdrom", "--controller",
                              "scsi,model=virtio-scsi"], "x86_64"),
    "devices": (PLAIN + DISK + ["--rng", "/dev/urandom", "--watchdog", "i6300esb,action=reset", "--panic", "default",
                                "--serial", "pty", "--channel", "unix,target.type=virtio,target.name=org.test.0",
                                "--memballoon", "virtio"], "x86_64"),
    "memory": (["--memory", "64,maxmemory=128", "--osinfo", "generic", "--network", "none", "--graphics", "none",
                "--vcpus", "2,maxvcpus=4,sockets=2,cores=2,threads=1", "--cpu", "qemu64,+sse4.1"] + DISK, "x86_64"),
    "tuning": (PLAIN + DISK + ["--iothreads", "2", "--events", "on_crash=preserve,on_reboot=destroy", "--metadata",
                               "title=T,description=D", "--clock", "offset=localtime,hpet_present=no", "--pm",
                               "suspend_to_mem.enabled=yes", "--resource", "/machine"], "x86_64"),
    "shared_memory": (PLAIN + DISK + ["--memorybacking", "source.type=memfd,access.mode=shared", "--shmem",
                                      "name=s,model.type=ivshmem-plain,size=4,size.unit=M"], "x86_64"),
}


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    folder = tmp_path_factory.mktemp("virt-install")
    for name, form in (("a.qcow2", "qcow2"), ("b.img", "raw"), ("c.img", "raw"), ("a.iso", "raw")):
        subprocess.run(["qemu-img", "create", "-q", "-f", form, folder / name, "16M"], check=True, timeout=PATIENCE)
    for name in ("kernel", "initrd"):
        (folder / name).write_bytes(b"\0" * 4096)
    return folder


def virt_install(uri, words, work):
    """What it printed; its home is a private one, since it keeps a cache there."""
    argv = ["virt-install", "--connect", uri, *COMMON, *[word.format(work=work) for word in words]]
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=PATIENCE,
                          stdin=subprocess.DEVNULL, env=dict(os.environ, HOME=str(work), LC_ALL="C.UTF-8"))
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_kind(house, connection, work, kind):
    words, emulator = KINDS[kind]
    if shutil.which("qemu-system-" + emulator) is None:
        pytest.skip("there is no qemu-system-%s" % emulator)
    if kind == "s390x":
        pytest.skip("devices are not placed on S/390's channel bus yet")
    if kind == "tpm" and shutil.which("swtpm") is None:
        pytest.skip("there is no swtpm")
    is_uefi = kind in ("uefi_q35", "uefi_pc", "secure_boot")
    if is_uefi and "<value>efi</value>" not in connection.getDomainCapabilities(None, "x86_64", "q35", "qemu"):
        pytest.skip("there is no UEFI firmware")
    status, text, complaint = virt_install(house.uri, words, work)
    assert status == 0, complaint
    dom = connection.defineXML(text)
    dumped = dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    validates(dumped, "domain.rng", work)
    # What was dumped is a definition that says the same.
    assert connection.defineXML(dumped).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE) == dumped
    asked, kept = ET.fromstring(text), ET.fromstring(dumped)
    assert asked.findtext("name") == kept.findtext("name")
    for tag in ("disk", "interface", "tpm", "rng", "watchdog", "channel", "graphics", "shmem", "sound"):
        assert len(kept.findall("devices/" + tag)) >= len(asked.findall("devices/" + tag)), tag
    if kind == "kernel":
        dom.undefine()
        return  # there is no kernel to start
    dom.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    validates(dom.XMLDesc(), "domain.rng", work)
    assert dom.state()[0] == libvirt.VIR_DOMAIN_PAUSED
    dom.destroy()
    dom.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_NVRAM)


def test_encrypted_memory_is_refused(house, connection, work):
    """This machine's processor cannot encrypt guests' memory: virt-install says so, and the daemon itself."""
    if "<sev supported='yes'/>" in connection.getDomainCapabilities(None, "x86_64", "q35", "qemu"):
        pytest.skip("this machine can encrypt guests' memory")
    status, text, complaint = virt_install(house.uri, PLAIN + DISK + ["--launchSecurity", "sev"], work)
    assert status != 0 and "SEV" in complaint, complaint
    words = PLAIN + DISK + ["--machine", "q35", "--launchSecurity", "sev,policy=0x3,cbitpos=47,reducedPhysBits=1"]
    status, text, complaint = virt_install(house.uri, words, work)
    if status == 0:
        with pytest.raises(libvirt.libvirtError, match="SEV"):
            connection.defineXML(text)
