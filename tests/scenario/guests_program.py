"""libvirt-guests beside a daemon below a root of its own, and the small real guest that answers to its power button."""
import os
import pathlib
import subprocess

import pytest

from daemon import BINARY, PATIENCE, TOP, guest_xml, wait_until

PROGRAM = os.environ.get("INNKEEPER_GUESTS", str(pathlib.Path(BINARY).with_name("libvirt-guests")))
KERNEL = TOP / "build" / "guest"
needs_guest = pytest.mark.skipif(not (KERNEL / "vmlinuz").exists(),
                                 reason="no guest: tools/make_guest.sh build/guest makes one")


class GuestsProgram:
    def __init__(self, daemon):
        self.daemon = daemon
        self.settings = daemon.root / "etc" / "default" / "libvirt-guests"
        self.settings.parent.mkdir(parents=True, exist_ok=True)
        self.list_file = daemon.root / "var" / "lib" / "libvirt" / "libvirt-guests"
        self.lock_file = daemon.root / "var" / "lock" / "libvirt-guests"

    def set(self, *lines):
        self.settings.write_text("".join(line + "\n" for line in lines))

    def list(self, text):
        self.list_file.parent.mkdir(parents=True, exist_ok=True)
        self.list_file.write_text(text)

    def begin(self, *arguments):
        clean = {name: value for name, value in os.environ.items() if not name.endswith(("DEFAULT_URI", "CONNECT_URI"))}
        return subprocess.Popen([PROGRAM, "--root", str(self.daemon.root), *arguments], stdin=subprocess.DEVNULL, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean)

    def __call__(self, *arguments, status=0):
        """What it said, both streams apart; checks the exit status, and that it ends at all."""
        process = self.begin(*arguments)
        try:
            out, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
        assert process.returncode == status, "%s: exit status %s\n%s%s" % (arguments, process.returncode, out, err)
        return out, err

    def both(self, *arguments):
        """Exit status and what was said to everybody."""
        process = self.begin(*arguments)
        try:
            out, _ = process.communicate(timeout=PATIENCE)
            return process.returncode, out
        finally:
            process.kill()


def linux(daemon, name, transient=False):
    """A guest that has booted and watches its power button."""
    log = daemon.root / (name + ".log")
    xml = """<domain type='qemu'><name>%s</name><memory unit='MiB'>96</memory><os><type arch='x86_64' machine='pc'>hvm</type>
<kernel>%s/vmlinuz</kernel><initrd>%s/initrd.gz</initrd><cmdline>console=ttyS0 quiet</cmdline></os><features><acpi/></features>
<devices><serial type='file'><source path='%s'/></serial></devices></domain>""" % (name, KERNEL, KERNEL, log)
    connection = daemon.connect()
    if transient:
        connection.createXML(xml)
    else:
        connection.defineXML(xml).create()
    return lambda: log.exists() and b"INNKEEPER-GUEST-UP" in log.read_bytes()


def boot(daemon, *names, transient=()):
    """All at once; returns when each is up."""
    booted = [linux(daemon, name, name in transient) for name in names]
    for is_up in booted:
        wait_until(is_up)


def deaf(daemon, *names):
    """Guests without any system, which hear no power button."""
    connection = daemon.connect()
    for name in names:
        connection.defineXML(guest_xml(name)).create()
