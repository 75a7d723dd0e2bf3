"""A host changes its daemon in place, both ways: what one started, the other takes over, and ends.

Needs the daemon that ours replaces, in namespaces with private copies of the standard paths; says so and skips otherwise.
"""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import pytest

from daemon import BINARY, PRESET, TOP, wait_for_input

SHARED = pathlib.Path(os.environ.get("INNKEEPER_SHARED", TOP.parent / "shared"))
TOOL = SHARED / "tools" / "peer.sh"
PEER = "/usr/sbin/libvirtd"

pytestmark = [
    pytest.mark.skipif(not TOOL.exists(), reason="%s is not there" % TOOL),
    pytest.mark.skipif(not os.access(PEER, os.X_OK), reason="%s is not installed" % PEER),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root for namespaces with private standard paths"),
    pytest.mark.skipif(PRESET != "release", reason="with the release build only"),
]

GUEST = """<domain type='qemu'><name>%s</name><memory unit='MiB'>32</memory>
<os><type arch='x86_64' machine='pc'>hvm</type></os>
<devices><serial type='pty'/><console type='pty'/><graphics type='vnc' autoport='yes'/></devices></domain>"""


class Host:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ik-take-", dir="/var/tmp"))
        self.tool("start", "--libvirtd", BINARY, "--net", "--no-virtlogd", "--tls-port", "0")
        # The private groups of the namespace are not where a process says that it is, at which the peer gives guests up.
        subprocess.run([TOOL, "exec", self.folder, "umount", "-R", "-l", "/sys/fs/cgroup"], check=True)

    def tool(self, verb, *more):
        subprocess.run([TOOL, verb, self.folder, *more], check=True, timeout=300, stdout=subprocess.DEVNULL)

    def change_daemon(self, binary):
        pid = int((self.folder / "libvirtd.pid").read_text())
        process = os.pidfd_open(pid)
        os.kill(pid, signal.SIGTERM)
        wait_for_input(process)
        os.close(process)
        (self.folder / ".peer" / "binary").write_text(binary + "\n")
        self.tool("start")

    def virsh(self, *arguments, status=0):
        done = subprocess.run([TOOL, "exec", self.folder, "virsh", "-c", "qemu:///system", *arguments], text=True, timeout=120,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == status, done.stdout
        return done.stdout

    def start(self, name):
        document = self.folder / "guest.xml"
        document.write_text(GUEST % name)
        self.virsh("create", str(document))

    def pid_of(self, name):
        return int((self.folder / "run" / "qemu" / (name + ".pid")).read_text())

    def remove(self):
        subprocess.run([TOOL, "stop", self.folder], timeout=120)
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="module")
def host():
    host = Host()
    try:
        yield host
    finally:
        host.remove()


@pytest.mark.parametrize("first, second", [(BINARY, PEER), (PEER, BINARY)], ids=["ours to the peer", "the peer's to us"])
def test_a_running_guest_changes_hands(host, first, second):
    host.change_daemon(first)
    host.start("mover")
    pid = host.pid_of("mover")
    host.change_daemon(second)
    assert host.virsh("list", "--name").split() == ["mover"]
    assert host.pid_of("mover") == pid
    assert "running" in host.virsh("domstate", "mover")
    assert "OS Type:        hvm" in host.virsh("dominfo", "mover")
    assert host.virsh("ttyconsole", "mover").startswith("/dev/pts/")
    assert "VM status: running" in host.virsh("qemu-monitor-command", "mover", "--hmp", "info status")
    host.virsh("suspend", "mover")
    assert "paused" in host.virsh("domstate", "mover")
    # And back again, with what the second one noted.
    host.change_daemon(first)
    assert "paused" in host.virsh("domstate", "mover")
    host.virsh("resume", "mover")
    host.virsh("destroy", "mover")
    assert host.virsh("list", "--all", "--name").split() == []
    assert not list((host.folder / "run" / "qemu").glob("mover*"))
    assert not list((host.folder / "lib" / "qemu").glob("domain-*"))
