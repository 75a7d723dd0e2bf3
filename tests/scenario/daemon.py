"""A daemon below a root of its own, and what a test wants of it."""
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import libvirt

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("INNKEEPER_DAEMON", str(TOP / "build" / "release" / "bin" / "libvirtd"))
PRESET = os.environ.get("INNKEEPER_PRESET", "release")
# Sanitizers make everything slower, and the machine may be busy; no test measures time. All deadlines follow from this.
SLOWNESS = 1 if PRESET == "release" else 4
PATIENCE = 150 * SLOWNESS

libvirt.registerErrorHandler(lambda context, error: None, None)


def wait_until(condition):
    """Asks again until it holds; events have tests of their own."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never held"
        os.sched_yield()


def wait_for_input(fd):
    """(select() does not take numbers that are large.)"""
    ready = select.poll()
    ready.register(fd, select.POLLIN)
    assert ready.poll(PATIENCE * 1000), "nothing came"


class Daemon:
    def __init__(self, root=None):
        # Below /tmp, not below pytest's long paths: a UNIX socket's path has at most 107 bytes.
        self.root = pathlib.Path(root or tempfile.mkdtemp(prefix="ik-", dir="/tmp"))
        self.process = None
        self.command = [BINARY]
        self.environment = {}
        self.config.mkdir(parents=True, exist_ok=True)
        # No virtlogd beside each daemon: tests/scenario/test_log_daemon.py has that.
        settings = 'stdio_handler = "file"\n'
        if self.system:
            # Below a root of its own nobody but root can reach what QEMU must read.
            settings += 'user = "root"\ngroup = "root"\nswtpm_user = "root"\nswtpm_group = "root"\n'
        (self.config / "qemu.conf").write_text(settings)
        # The log names every call: that is how a test is found for each procedure.
        (self.config / "libvirtd.conf").write_text('log_level = 1\nlog_outputs = "1:stderr"\n')

    @property
    def system(self):
        return os.geteuid() == 0

    @property
    def run(self):
        return self.root / "run" / "libvirt"

    @property
    def config(self):
        return self.root / ("etc/libvirt" if self.system else "config/libvirt")

    @property
    def socket(self):
        return self.run / "libvirt-sock"

    @property
    def uri(self):
        return "qemu:///%s?socket=%s" % ("system" if self.system else "session", self.socket)

    @property
    def log(self):
        return self.root / "daemon.log"

    def start(self, *options):
        """Starts it and waits for its READY=1, as a service manager does: its sockets listen then."""
        pid_file = self.root / "daemon.pid"
        with open(self.log, "ab") as log:
            notify = self.root / "notify"
            if notify.exists():
                notify.unlink()
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
                receiver.bind(str(notify))
                receiver.settimeout(PATIENCE)
                self.process = subprocess.Popen(
                    [*self.command, "--root", str(self.root), "--pid-file", str(pid_file), *options],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                    env=dict(os.environ, NOTIFY_SOCKET=str(notify), **self.environment))
                try:
                    assert receiver.recv(64) == b"READY=1"
                except TimeoutError:
                    raise AssertionError("the daemon does not become ready: " + self.log.read_text()[-2000:])
        return self

    def kill(self):
        assert self.process.poll() is None, self.last_words()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)
        self.process = None

    def stop(self):
        """An orderly end; exit status 0 is part of every test that comes here."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE)
        assert self.process.returncode == 0, self.last_words()
        self.process = None

    def last_words(self):
        log = self.log.read_text()[-6000:] if self.log.exists() else ""
        return "exit status %s\n%s" % (self.process.returncode, log)

    def connect(self):
        return libvirt.open(self.uri)

    def virsh(self, *arguments, status=0, stdin=""):
        """What virsh printed, both streams; checks its exit status."""
        done = subprocess.run(["virsh", "-c", self.uri, *map(str, arguments)], input=stdin, timeout=PATIENCE, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=dict(os.environ, LC_ALL="C"))
        assert done.returncode == status, "virsh %s: exit status %d\n%s" % (" ".join(map(str, arguments)), done.returncode, done.stdout)
        return done.stdout

    def qemus(self):
        """pid → guest name of every QEMU that runs for this root."""
        found = {}
        for folder in pathlib.Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if not words or "qemu-system" not in words[0] or not any(str(self.root) in word for word in words):
                continue
            name = next((w.removeprefix("guest=").split(",")[0] for w in words if w.startswith("guest=")), "?")
            found[int(folder.name)] = name
        return found

    def remove(self):
        try:
            self.stop()
        finally:
            if self.process is not None and self.process.poll() is None:
                self.kill()
            self.process = None
            for pid in self.qemus():
                os.kill(pid, signal.SIGKILL)
            shutil.rmtree(self.root, ignore_errors=True)


class Other:
    """A daemon that runs already, in place of one of ours."""

    def __init__(self, uri):
        self.uri = uri
        self.log = pathlib.Path("/nonexistent")
        self.run = pathlib.Path(uri.partition("socket=")[2]).parent
        self.system = os.geteuid() == 0

    connect = Daemon.connect
    virsh = Daemon.virsh


def guest_xml(name, uuid=None, memory=16, machine="pc", devices="", more=""):
    return """<domain type='qemu'><name>%s</name>%s<memory unit='MiB'>%d</memory>
<os><type arch='x86_64' machine='%s'>hvm</type></os>%s<devices>%s</devices></domain>""" % (
        name, "<uuid>%s</uuid>" % uuid if uuid else "", memory, machine, more, devices)
