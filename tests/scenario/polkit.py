"""A system bus of its own with a real polkitd on it, whose rules are the test's."""
import ctypes
import json
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile

import libvirt

from daemon import PATIENCE, TOP, wait_until

POLKITD = "/usr/lib/polkit-1/polkitd"
PR_SET_PDEATHSIG = 1
BUS = """<busconfig><type>system</type><listen>unix:path=%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="*"/><allow receive_type="*"/></policy>
<limit name="max_replies_per_connection">50000</limit></busconfig>"""


class Polkit:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ik-polkit-", dir="/tmp"))
        self.folder.chmod(0o755)
        for name in ("rules", "actions", "none"):
            (self.folder / name).mkdir(mode=0o755)
        self.bus = self.daemon = self.monitor = None
        self.count = 0
        self.address = "unix:path=%s/bus" % self.folder
        shutil.copy(TOP / "packaging" / "polkit" / "org.libvirt.unix.policy", self.folder / "actions")
        subprocess.run([sys.executable, TOP / "tools" / "generate_polkit.py", TOP / "protocol",
                        self.folder / "actions" / "org.libvirt.api.policy"], check=True)

    @property
    def environment(self):
        return {"DBUS_SYSTEM_BUS_ADDRESS": self.address}

    def start_bus(self):
        (self.folder / "bus.conf").write_text(BUS % (self.folder / "bus"))
        self.bus = subprocess.Popen(["dbus-daemon", "--nofork", "--config-file=%s" % (self.folder / "bus.conf")],
                                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until((self.folder / "bus").exists)

    def start(self, rules=""):
        if self.bus is None:
            self.start_bus()
        self.rules(rules)
        script = ("mount --make-rprivate / && mount --bind %(f)s/rules /etc/polkit-1/rules.d && "
                  "mount --bind %(f)s/none /usr/share/polkit-1/rules.d && "
                  "mount --bind %(f)s/actions /usr/share/polkit-1/actions && exec %(polkitd)s"
                  % {"f": self.folder, "polkitd": POLKITD})
        with open(self.folder / "log", "ab") as log:
            self.daemon = subprocess.Popen(["unshare", "--mount", "sh", "-c", script], stdin=subprocess.DEVNULL, stdout=log,
                                           stderr=log, env=dict(os.environ, **self.environment))
        wait_until(self.owned)
        return self

    def stand_in(self, answer):
        """A person's answer instead of polkit's."""
        self.daemon = subprocess.Popen(["/usr/bin/python3", str(pathlib.Path(__file__).parent / "fake_authority.py"), self.address, answer],
                                       stdin=subprocess.DEVNULL)
        wait_until(self.owned)

    def call(self, *arguments):
        return subprocess.run(["busctl", "--system", "call", *arguments], env=dict(os.environ, **self.environment),
                              timeout=PATIENCE, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout

    def owned(self):
        return "true" in self.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner",
                                   "s", "org.freedesktop.PolicyKit1")

    def rules(self, text):
        """The rules from now on: polkitd looks again by itself."""
        self.count += 1
        mark = "test rules %d" % self.count
        (self.folder / "new").write_text('%s\npolkit.log("%s");\n' % (text, mark))
        (self.folder / "new").chmod(0o644)
        (self.folder / "new").rename(self.folder / "rules" / "50-test.rules")
        if self.daemon is not None:
            wait_until(lambda: mark in (self.folder / "log").read_text(errors="replace"))

    def stop_daemon(self):
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon.wait(PATIENCE)
            self.daemon = None

    def stop_bus(self):
        if self.bus is not None:
            self.bus.kill()
            self.bus.wait(PATIENCE)
            self.bus = None
            (self.folder / "bus").unlink(missing_ok=True)

    def remove(self):
        if self.monitor is not None:
            self.monitor.kill()
            self.monitor.wait(PATIENCE)
        self.stop_daemon()
        self.stop_bus()
        shutil.rmtree(self.folder, ignore_errors=True)

    def pause(self):
        self.daemon.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.daemon.send_signal(signal.SIGCONT)

    def listen(self):
        """What goes to polkit from now on, as text that grows."""
        if self.monitor is not None:
            self.monitor.kill()
            self.monitor.wait(PATIENCE)
        file = self.folder / "heard"
        with open(file, "w") as out:
            self.monitor = subprocess.Popen(["dbus-monitor", "--address", self.address, "interface=org.freedesktop.PolicyKit1.Authority"],
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL)
        wait_until(lambda: "NameAcquired" in file.read_text() or "NameLost" in file.read_text())
        return file


class Failed(Exception):
    """What a client of another user was told: code, domain, sentence."""

    @property
    def code(self):
        return self.args[0]


class Stranger:
    """A process of a user that is not root, which runs one function."""

    def __init__(self, function, *arguments, user="nobody"):
        entry = pwd.getpwnam(user)
        self.pipe, end = os.pipe()
        self.pid = os.fork()
        if self.pid != 0:
            os.close(end)
            return
        try:
            os.close(self.pipe)
            os.setgroups([])
            os.setgid(entry.pw_gid)
            os.setuid(entry.pw_uid)
            # Whatever becomes of the test, this does not outlive it, nor hold its output open.
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            for stream in (1, 2):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
            try:
                result = ("gave", function(*arguments))
            except libvirt.libvirtError as error:
                result = ("failed", (error.get_error_code(), error.get_error_domain(), error.get_error_message()))
            except BaseException as error:  # noqa: the parent raises it
                result = ("broke", "%s: %s" % (type(error).__name__, error))
            os.write(end, json.dumps(result).encode())
        finally:
            os._exit(0)

    def result(self):
        with os.fdopen(self.pipe, "rb") as pipe:
            kind, value = json.loads(pipe.read())
        os.waitpid(self.pid, 0)
        if kind == "failed":
            raise Failed(*value)
        assert kind == "gave", value
        return value

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.pipe)


def as_stranger(function, *arguments):
    return Stranger(function, *arguments).result()
