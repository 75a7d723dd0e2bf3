"""virtlogd: what guests say goes to files, whatever becomes of the daemons."""
import array
import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import threading

import libvirt
import pytest

import wire
from conftest import note_calls
from daemon import BINARY, PATIENCE, TOP, Daemon, guest_xml, wait_for_input, wait_until
from helper import Helper
from peer import Peer

LOG = 2270401305
KERNEL = TOP / "build" / "guest" / "vmlinuz"
UUID = bytes(range(16))
TRUNCATE = 1


class LogClient(wire.Client):
    def ask(self, proc, payload):
        self.send(proc, payload, prog=LOG)
        answer = self.receive()
        if answer.status == wire.ERROR:
            code, domain, message = answer.error
            raise AssertionError(message)
        return answer.payload

    def open_log(self, path, flags=0):
        """(inode, offset) and the descriptor that the guest would get."""
        payload = wire.text("qemu") + UUID + wire.text("g") + wire.text(str(path)) + struct.pack(">I", flags)
        answer = self.ask(1, payload)
        assert struct.unpack(">I", answer[:4])[0] == 1
        _, extra, _, _ = self.socket.recvmsg(1, socket.CMSG_SPACE(4))
        return struct.unpack(">QQ", answer[4:]), array.array("i", extra[0][2])[0]

    def position(self, path):
        return struct.unpack(">QQ", self.ask(2, wire.text(str(path)) + struct.pack(">I", 0)))

    def read(self, path, position, most):
        return wire.Reader(self.ask(3, wire.text(str(path)) + struct.pack(">QQQI", *position, most, 0))).text()

    def append(self, path, words):
        self.ask(4, wire.text("qemu") + UUID + wire.text("g") + wire.text(str(path)) + wire.text(words) + struct.pack(">I", 0))


@pytest.fixture
def root():
    path = pathlib.Path(tempfile.mkdtemp(prefix="ik-", dir="/tmp"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def logd(request, root):
    it = Helper("virtlogd", root)
    yield it
    note_calls(request, it.log)
    it.remove()


def refusal(call, *arguments):
    with pytest.raises(AssertionError) as refused:
        call(*arguments)
    return str(refused.value)


def test_what_is_written_into_the_pipe_comes_to_the_file(logd, root):
    path = root / "g.log"
    with LogClient(logd.start().socket) as client:
        client.append(path, "before\n")
        place, pipe = client.open_log(path)
        assert place == (path.stat().st_ino, 7) and stat.S_IMODE(path.stat().st_mode) == 0o600
        os.write(pipe, b"said\n")
        # The question comes behind what was written before it.
        assert client.position(path) == (place[0], 12)
        client.append(path, "after\n")
        assert client.read(path, place, 100) == "said\nafter\n"
        assert "Device or resource busy" in refusal(client.open_log, path)
        os.close(pipe)
        wait_until(lambda: "No open log file" in (refusal(client.position, path) if not is_open(logd, path) else ""))
        place, pipe = client.open_log(path, TRUNCATE)
        assert place[1] == 0 and path.read_text() == ""
        os.write(pipe, b"last words")
    logd.stop()
    assert path.read_text() == "last words"
    os.close(pipe)


def is_open(logd, path):
    return any(os.path.realpath(entry) == str(path) for entry in pathlib.Path("/proc/%d/fd" % logd.pid).iterdir())


def test_a_guest_that_ends_and_starts_at_once_has_its_log(logd, root):
    path = root / "g.log"
    with LogClient(logd.start().socket) as client:
        for number in range(20):
            _, pipe = client.open_log(path)
            os.write(pipe, b"run %d\n" % number)
            # Its end and the next start come to the daemon at once.
            os.kill(logd.pid, signal.SIGSTOP)
            os.close(pipe)
            client.send(1, wire.text("qemu") + UUID + wire.text("g") + wire.text(str(path)) + struct.pack(">I", 0), prog=LOG)
            os.kill(logd.pid, signal.SIGCONT)
            assert client.receive().status == wire.OK
            os.close(array.array("i", client.socket.recvmsg(1, socket.CMSG_SPACE(4))[1][0][2])[0])
        assert path.read_text() == "".join("run %d\n" % number for number in range(20))


def test_a_full_file_makes_room_for_the_next(logd, root):
    conf = root / ("etc/libvirt" if os.geteuid() == 0 else "config/libvirt")
    conf.mkdir(parents=True)
    (conf / "virtlogd.conf").write_text("max_size = 100\nmax_backups = 2\n")
    path = root / "g.log"
    with LogClient(logd.start().socket) as client:
        _, pipe = client.open_log(path)
        for number in range(30):
            os.write(pipe, b"line %3d\n" % number)
            client.position(path)
        assert sorted(file.name for file in root.glob("g.log*")) == ["g.log", "g.log.0", "g.log.1"]
        text = "".join((root / name).read_text() for name in ("g.log.1", "g.log.0", "g.log"))
        assert text.endswith("line  29\n") and text.startswith("line") and len(text.splitlines()) == 30
        assert all((root / name).stat().st_size <= 100 for name in ("g.log", "g.log.0", "g.log.1"))
        assert client.read(path, (os.stat(root / "g.log.0").st_ino, 0), 1000) == (root / "g.log.0").read_text() + path.read_text()
        os.close(pipe)


def test_a_new_program_in_the_same_process_keeps_logs_and_clients(logd, root):
    path = root / "g.log"
    logd.start()
    pid = logd.pid
    with LogClient(logd.socket) as client, LogClient(logd.socket) as other:
        _, pipe = client.open_log(path)
        for number in range(3):
            os.write(pipe, b"before %d\n" % number)
            logd.reload()
            os.write(pipe, b"after %d\n" % number)
            assert client.position(path) == other.position(path) == (path.stat().st_ino, 17 * (number + 1))
        assert logd.pid == pid and not logd.state_file.exists()
        assert "Device or resource busy" in refusal(LogClient(logd.socket).open_log, path)
        os.close(pipe)
        wait_until(lambda: not is_open(logd, path))
    # What it left to itself is not left behind.
    before = len(os.listdir("/proc/%d/fd" % pid))
    logd.reload()
    wait_until(lambda: len(os.listdir("/proc/%d/fd" % pid)) <= before)


def test_a_client_in_the_middle_of_a_message_does_not_hold_up_a_new_program(logd):
    logd.start()
    with wire.Client(logd.socket) as client:
        client.socket.sendall(struct.pack(">IIIiiIi", 200, LOG, 1, 2, 0, 1, 0))
        logd.reload()
        # What the old program had read is lost with it, and so is the connection; what it had not is the new one's.
        try:
            client.socket.sendall(bytes(172))
            answer = client.receive()
        except BrokenPipeError:
            answer = None
        assert answer is None or answer.status == wire.ERROR
    with LogClient(logd.socket) as client:
        client.append(logd.root / "x.log", "x")


def test_a_program_that_cannot_be_run_leaves_the_old_one_as_it_was(logd, root):
    program = root / "virtlogd"
    shutil.copy(BINARY, program)
    logd.program = program
    logd.start()
    path = root / "g.log"
    with LogClient(logd.socket) as client:
        _, pipe = client.open_log(path)
        program.unlink()
        logd.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: "cannot run its program anew" in logd.words())
        os.write(pipe, b"still here\n")
        assert client.position(path)[1] == 11
        os.close(pipe)


@pytest.mark.skipif(not os.path.exists("/usr/sbin/virtlogd"), reason="needs the peer's virtlogd")
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_host_changes_from_the_peers_program_and_back_with_logs_open(root):
    """In a mount namespace, where the peer finds its folders."""
    script = """
        mount -t tmpfs none /run && mkdir -p /run/libvirt && exec "$@"
    """
    program = root / "virtlogd"
    shutil.copy("/usr/sbin/virtlogd", program)
    peer = subprocess.Popen(["unshare", "--mount", "sh", "-c", script, "sh", str(program), "-p", str(root / "pid")],
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        sock = pathlib.Path("/proc/%d/root/run/libvirt/virtlogd-sock" % peer.pid)
        wait_until(sock.exists)
        path = root / "g.log"
        with LogClient(sock) as client:
            _, pipe = client.open_log(path)
            for number, source in enumerate((BINARY, "/usr/sbin/virtlogd", BINARY)):
                shutil.copy(source, root / "new")
                os.rename(root / "new", program)
                os.write(pipe, b"a")
                peer.send_signal(signal.SIGUSR1)
                here = pathlib.Path("/proc/%d/root/run/virtlogd-restart-exec.json" % peer.pid)
                wait_until(lambda: not here.exists() and os.path.samefile("/proc/%d/exe" % peer.pid, program))
                os.write(pipe, b"b")
                assert client.position(path)[1] == 2 * (number + 1)
            os.close(pipe)
        peer.terminate()
        assert peer.wait(PATIENCE) == 0
        assert path.read_text() == "ab" * 3
    finally:
        if peer.poll() is None:
            peer.kill()
            peer.wait()


def test_it_is_administered_as_other_daemons_are(logd):
    logd.start()

    def admin(*words):
        return subprocess.run(["virt-admin", "-c", logd.admin_uri, *words], check=True, stdout=subprocess.PIPE, text=True).stdout

    assert "virtlogd" in admin("srv-list")
    with LogClient(logd.socket) as client:
        client.append(logd.root / "x.log", "x")
        assert admin("client-list", "virtlogd").count("unix") == 1
        logd.reload()
        assert admin("client-list", "virtlogd").count("unix") == 1
    admin("srv-clients-set", "virtlogd", "--max-clients", "7", "--max-unauth-clients", "7")
    logd.reload()
    assert "nclients_max        : 7" in admin("srv-clients-info", "virtlogd")


def test_it_ends_when_nobody_needs_it_and_not_before(logd, root):
    logd.start("--timeout", "1")
    with LogClient(logd.socket) as client:
        _, pipe = client.open_log(root / "g.log")
    logd.reload()
    with pytest.raises(subprocess.TimeoutExpired):
        logd.process.wait(2)
    os.close(pipe)
    assert logd.process.wait(PATIENCE) == 0
    logd.process = None
    assert not logd.socket.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user")
def test_another_user_is_turned_away(logd, root):
    logd.start()
    root.chmod(0o755)
    assert stat.S_IMODE(logd.socket.stat().st_mode) == 0o600
    # Even where somebody opened the file to all.
    for name in ("virtlogd-sock", "virtlogd-admin-sock"):
        (logd.run / name).chmod(0o666)
    code = """
import socket, sys
for path in sys.argv[1:]:
    s = socket.socket(socket.AF_UNIX); s.connect(path)
    assert s.recv(1) == b"", path
"""
    subprocess.run(["/usr/bin/python3", "-c", code, logd.socket, logd.run / "virtlogd-admin-sock"], check=True, user=65534, timeout=PATIENCE)
    assert "user 65534 is turned away" in logd.words()


def test_hostile_words_harm_nobody(logd, root):
    logd.start()
    path = root / "g.log"
    with LogClient(logd.socket) as honest:
        _, pipe = honest.open_log(path)
        for payload in (b"", b"\xff" * 64, wire.text("x" * 70000), wire.text("qemu") + UUID + struct.pack(">I", 1 << 31)):
            for proc in range(0, 7):
                with wire.Client(logd.socket) as client:
                    answer = client.call(proc, payload, prog=LOG)
                    assert answer is not None and answer.status == wire.ERROR
        for prog in (wire.REMOTE, wire.QEMU, 0):
            with wire.Client(logd.socket) as client:
                assert "Cannot find program" in client.call(1, b"", prog=prog).error[2]
        with wire.Client(logd.socket) as client:
            client.socket.sendall(struct.pack(">I", 1 << 30) + b"x" * 100)
            assert client.receive() is None
        (root / "target").write_text("mine")
        (root / "link.log").symlink_to(root / "target")
        for bad in ("relative.log", "/nonexistent/folder/g.log", "/" + "x" * 5000, str(root), str(root / "link.log")):
            with LogClient(logd.socket) as client:
                refusal(client.open_log, bad, TRUNCATE)
                refusal(client.append, bad, "x")
        assert (root / "target").read_text() == "mine"
        with LogClient(logd.socket) as client:
            assert "larger than maximum" in refusal(client.read, path, (1, 0), 1 << 40)
            assert "Bad file descriptor" in refusal(client.read, path, (1, 0), 10)
        os.write(pipe, b"\0\xff" * 1000)
        assert honest.position(path)[1] == 2000
        os.close(pipe)


def test_a_log_that_cannot_be_written_stops_nobody(logd, root):
    with LogClient(logd.start().socket) as client:
        _, full = client.open_log("/dev/full")
        os.set_blocking(full, False)
        for _ in range(100):
            os.write(full, b"x" * 4096)
            client.position("/dev/full")
        assert logd.words().count("No space left on device") == 1
        os.close(full)



# Guests


@pytest.fixture
def house():
    """A daemon whose guests' logs are virtlogd's."""
    it = Daemon()
    settings = it.config / "qemu.conf"
    settings.write_text(settings.read_text().replace('stdio_handler = "file"', 'stdio_handler = "logd"'))
    it.logd = Helper("virtlogd", it.root)
    yield it
    try:
        it.remove()
    finally:
        it.logd.remove()


def guest_with_log(house, name="g"):
    return guest_xml(name, devices="<serial type='pty'><log file='%s' append='off'/></serial>" % (house.root / (name + "-serial.log")))


def guest_log(house, name="g"):
    folder = "var/log/libvirt" if house.system else "cache/libvirt"
    return house.root / folder / "qemu" / (name + ".log")


def descriptors(pid):
    return {int(entry.name): os.readlink(entry) for entry in pathlib.Path("/proc/%d/fd" % pid).iterdir()}


def test_what_a_guest_says_goes_through_the_log_daemon(house):
    house.logd.start()
    house.start()
    connection = house.connect()
    guest = connection.createXML(guest_with_log(house))
    pid, = house.qemus()
    of_guest, of_logd = descriptors(pid), descriptors(house.logd.pid)
    assert of_guest[1] == of_guest[2] and of_guest[1].startswith("pipe:")
    pipes = {name for name in of_guest.values() if name in set(of_logd.values()) and name.startswith("pipe:")}
    assert len(pipes) == 2
    assert str(guest_log(house)) in of_logd.values() and str(house.root / "g-serial.log") in of_logd.values()
    # Our own daemon keeps nothing of it, and may go.
    assert not pipes & set(descriptors(house.process.pid).values())
    house.kill()
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: "terminating on signal 15" in guest_log(house).read_text())
    text = guest_log(house).read_text()
    assert text.index("starting up libvirt version") < text.index("-name guest=g") < text.index("terminating on signal 15")
    house.start()
    guest = house.connect().createXML(guest_with_log(house))
    guest.destroy()
    wait_until(lambda: guest_log(house).read_text().rstrip().endswith("shutting down, reason=destroyed"))
    # Its pipes are closed, and the next run has its own at once.
    for _ in range(5):
        house.connect().createXML(guest_with_log(house)).destroy()
    # (The last line about a guest comes when it has ended.)
    wait_until(lambda: guest_log(house).read_text().count("shutting down, reason=destroyed") == 6)
    words = re.findall(r"^20\S+ \S+: (starting|shutting)", guest_log(house).read_text(), re.M)
    assert words == ["starting"] + ["starting", "shutting"] * 6


@pytest.mark.skipif(not KERNEL.exists(), reason="there is no guest's kernel here")
def test_a_guest_lives_through_whatever_becomes_of_the_log_daemon(house):
    house.logd.start()
    house.start()
    xml = guest_xml("g", memory=128, devices="<serial type='pty'><log file='%s'/></serial>" % (house.root / "g-serial.log"))
    xml = xml.replace("hvm</type>", "hvm</type><kernel>%s</kernel><initrd>%s</initrd><cmdline>console=ttyS0</cmdline>"
                      % (KERNEL, KERNEL.parent / "initrd.gz"))
    connection = house.connect()
    guest = connection.createXML(xml)
    pid, = house.qemus()
    wait_until(lambda: b"INNKEEPER-GUEST-UP" in (house.root / "g-serial.log").read_bytes())
    console = os.open(re.search("path='(/dev/pts/[0-9]+)'", guest.XMLDesc())[1], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def answers(question):
        """Whatever it says goes to the log as well."""
        said = b""
        os.write(console, b"echo $((%s))\n" % question)
        while str(eval(question)).encode() not in said:
            wait_for_input(console)
            said += os.read(console, 4096)

    answers(b"1111*2")
    house.logd.reload()
    of_guest = set(descriptors(pid).values())
    assert len([name for name in descriptors(house.logd.pid).values() if name.startswith("pipe:") and name in of_guest]) == 2
    answers(b"1111*3")
    wait_until(lambda: b"3333" in (house.root / "g-serial.log").read_bytes())
    house.logd.kill()
    # It goes on to write into a pipe that nobody reads, where SIGPIPE would end it.
    answers(b"1111*4")
    answers(b"1111*5")
    os.close(console)
    assert guest.isActive() and pid in house.qemus()
    # The end of it is written by the next log daemon.
    house.logd.start()
    guest.destroy()
    wait_until(lambda: "reason=destroyed" in guest_log(house).read_text())
    connection.createXML(guest_with_log(house)).destroy()


def test_what_qemu_said_last_is_the_reason_of_a_failed_start(house):
    house.logd.start()
    house.start()
    bad = guest_xml("g").replace("<domain type='qemu'>", "<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>").replace(
        "</domain>", "<qemu:commandline><qemu:arg value='-nonsense'/></qemu:commandline></domain>")
    with pytest.raises(libvirt.libvirtError, match="-nonsense: invalid option"):
        house.connect().createXML(bad)
    wait_until(lambda: "reason=failed" in guest_log(house).read_text())
    assert house.qemus() == {}


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="needs root")
def test_the_hosts_own_daemon_does_not_start_guests_without_the_log_daemon():
    """In a mount namespace, where it has the host's paths; there a service manager has the log daemon's socket."""
    peer = Peer(BINARY)
    try:
        connection = libvirt.open("qemu:///system?socket=%s" % peer.socket)
        with pytest.raises(libvirt.libvirtError, match="Failed to connect socket to '/run/libvirt/virtlogd-sock': No such file or directory"):
            connection.createXML(guest_xml("g"))
        assert connection.listAllDomains() == []
    finally:
        peer.remove()


def test_a_users_daemon_starts_the_log_daemon_that_it_needs(house):
    house.start()
    guest = house.connect().createXML(guest_with_log(house))
    logd = int((house.root / "run" / ("" if house.system else "libvirt") / "virtlogd.pid").read_text())
    try:
        assert "--timeout\0" in pathlib.Path("/proc/%d/cmdline" % logd).read_text()
        assert str(guest_log(house)) in descriptors(logd).values()
        guest.destroy()
        wait_until(lambda: "reason=destroyed" in guest_log(house).read_text())
    finally:
        os.kill(logd, signal.SIGTERM)
        wait_until(lambda: not pathlib.Path("/proc/%d/fd" % logd).exists() or not house.logd.socket.exists())


def test_a_log_daemon_that_hangs_holds_up_the_start_that_needs_it_and_nobody_else(house):
    house.logd.start()
    house.start()
    connection = house.connect()
    first = connection.createXML(guest_xml("first"))
    os.kill(house.logd.pid, signal.SIGSTOP)
    try:
        other = house.connect()
        starting = threading.Thread(target=lambda: other.createXML(guest_xml("g")))
        starting.start()
        first.suspend()
        assert first.info()[0] == libvirt.VIR_DOMAIN_PAUSED
        # Its line waits; its end does not.
        first.destroy()
        assert [name for name in house.qemus().values()] == []
    finally:
        os.kill(house.logd.pid, signal.SIGCONT)
    starting.join(PATIENCE)
    assert list(house.qemus().values()) == ["g"]
    wait_until(lambda: "reason=destroyed" in guest_log(house, "first").read_text())
