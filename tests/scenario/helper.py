"""virtlogd or virtlockd, below the root of a daemon."""
import os
import pathlib
import signal
import socket
import subprocess

from daemon import BINARY, PATIENCE


class Helper:
    def __init__(self, name, root, user=None):
        self.name, self.root, self.user = name, pathlib.Path(root), user
        self.program = pathlib.Path(BINARY).parent / name
        self.process = None
        self.log = self.root / (name + ".out")

    @property
    def run(self):
        return self.root / "run" / "libvirt"

    @property
    def socket(self):
        return self.run / (self.name + "-sock")

    @property
    def admin_uri(self):
        return "%s:///system?socket=%s" % (self.name, self.run / (self.name + "-admin-sock"))

    @property
    def state_file(self):
        return self.root / "run" / (self.name + "-restart-exec.json")

    @property
    def pid(self):
        return self.process.pid

    def start(self, *options):
        notify = self.root / (self.name + ".notify")
        notify.unlink(missing_ok=True)
        self.notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notices.bind(str(notify))
        self.notices.settimeout(PATIENCE)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.program, "--root", self.root, *options], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env=dict(os.environ, NOTIFY_SOCKET=str(notify), LIBVIRT_DEBUG="1"))
        return self.wait_ready()

    def wait_ready(self):
        assert self.notices.recv(64) == b"READY=1"
        return self

    def reload(self):
        """Its program begins anew, in the same process."""
        self.process.send_signal(signal.SIGUSR1)
        return self.wait_ready()

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE)
        self.process = None
        self.notices.close()

    def stop(self):
        self.process.terminate()
        status = self.process.wait(PATIENCE)
        self.process = None
        self.notices.close()
        assert status == 0, self.words()

    def words(self):
        return self.log.read_text()

    def remove(self):
        if self.process is not None:
            self.stop()
