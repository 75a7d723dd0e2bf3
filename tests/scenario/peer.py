"""Debian's libvirtd, where it is installed: what ours is compared with. It runs in namespaces of its own, with nothing of
the machine's libvirt in sight, below directories that go with it."""
import os
import pathlib
import shutil
import subprocess
import tempfile

import libvirt
import pytest

from daemon import PATIENCE, wait_until

BINARY = pathlib.Path("/usr/sbin/libvirtd")

# Its state is in memory: a tmpfs over each folder that it uses. /run also holds the host's D-Bus, which it must not find.
# Emulators run as root: what they can is kept as long as all that it hangs on stays the same, and to others a machine's
# /dev/kvm may be closed, which libvirtd takes for a change each time.
SETUP = """set -e
for folder in /run /etc/libvirt /var/lib /var/cache /var/log; do mount -t tmpfs tmpfs $folder; done
printf 'user = "root"\\ngroup = "root"\\n' > /etc/libvirt/qemu.conf
exec "$@"
"""
CONFIG = """unix_sock_dir = "%s"
auth_unix_rw = "none"
auth_unix_ro = "none"
"""


class Peer:
    """`binary`: another daemon in the same surroundings."""

    def __init__(self, binary=BINARY):
        if not BINARY.exists():
            pytest.skip("the daemon to compare with is not installed: " + str(BINARY))
        if os.geteuid() != 0:
            pytest.skip("a daemon in namespaces of its own needs root")
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="ik-peer-", dir="/tmp"))
        self.log = self.root / "log"
        (self.root / "libvirtd.conf").write_text(CONFIG % self.root)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "--net", "--propagation", "private", "sh", "-c", SETUP, "peer", str(binary), "-f",
                 str(self.root / "libvirtd.conf"), "-p", str(self.root / "pid")], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)
        wait_until(self.answers)

    @property
    def socket(self):
        return self.root / "libvirt-sock"

    def answers(self):
        if self.process.poll() is not None:
            words = self.log.read_text()
            shutil.rmtree(self.root)
            pytest.skip("the daemon to compare with does not start here: " + words[-500:])
        try:
            libvirt.open("test+unix:///default?socket=%s" % self.socket).close()
            return True
        except libvirt.libvirtError:
            return False

    def remove(self):
        self.process.terminate()
        self.process.wait(PATIENCE)
        shutil.rmtree(self.root)
