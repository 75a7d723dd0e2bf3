"""virtlockd: no two guests have a disk at a time, whatever becomes of the daemons."""
import fcntl
import hashlib
import os
import pathlib
import shutil
import signal
import stat
import struct
import subprocess
import tempfile

import libvirt
import pytest

import wire
from conftest import note_calls
from daemon import BINARY, PATIENCE, Daemon, guest_xml, wait_until
from helper import Helper

LOCK = 245874415
ME, OTHER = bytes(range(16)), bytes(range(1, 17))
SHARED, AUTOCREATE = 1, 2


class LockClient(wire.Client):
    def ask(self, proc, payload):
        self.send(proc, payload, prog=LOCK)
        answer = self.receive()
        if answer.status == wire.ERROR:
            raise AssertionError(answer.error[2])

    def register(self, pid, uuid=ME, name="g"):
        self.ask(1, uuid + wire.text(name) + struct.pack(">III", 7, pid, 0))
        return self

    def restrict(self):
        self.ask(2, struct.pack(">I", 0))
        return self

    def make_space(self, path):
        self.ask(8, wire.text(str(path)))

    def create(self, space, name):
        self.ask(4, wire.text(str(space)) + wire.text(name) + struct.pack(">I", 0))

    def delete(self, space, name):
        self.ask(5, wire.text(str(space)) + wire.text(name) + struct.pack(">I", 0))

    def acquire(self, name, space="", flags=0):
        self.ask(6, wire.text(str(space)) + wire.text(str(name)) + struct.pack(">I", flags))

    def release(self, name, space=""):
        self.ask(7, wire.text(str(space)) + wire.text(str(name)) + struct.pack(">I", 0))


class Guest:
    """A process that has connected for itself, as a guest's does, and then sleeps."""

    def __init__(self, lockd):
        code = """
import socket, struct, sys, os, time
sys.path.insert(0, sys.argv[1])
from test_lock_daemon import LockClient
client = LockClient(sys.argv[2]).register(os.getpid()).restrict()
print(flush=True)
sys.stdin.readline()
client.socket.close()
time.sleep(1000)
"""
        self.process = subprocess.Popen(["/usr/bin/python3", "-c", code, str(pathlib.Path(__file__).parent), str(lockd.socket)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b"\n"
        self.pid = self.process.pid

    def hang_up(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def end(self):
        self.process.kill()
        self.process.wait(PATIENCE)


@pytest.fixture
def root():
    path = pathlib.Path(tempfile.mkdtemp(prefix="ik-", dir="/tmp"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def lockd(request, root):
    it = Helper("virtlockd", root)
    it.start()
    yield it
    note_calls(request, it.log)
    it.remove()


@pytest.fixture
def disk(root):
    path = root / "disk.img"
    path.write_bytes(bytes(4096))
    return path


def refusal(call, *arguments, **options):
    with pytest.raises(AssertionError) as refused:
        call(*arguments, **options)
    return str(refused.value)


def is_locked(path):
    """As another host sees it, or another program on this one."""
    code = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'r+b'), fcntl.LOCK_EX | fcntl.LOCK_NB, 1)"
    return subprocess.run(["/usr/bin/python3", "-c", code, path], stderr=subprocess.DEVNULL).returncode != 0


def test_a_lock_belongs_to_a_process_and_not_to_the_connection(lockd, disk):
    guest = Guest(lockd)
    with LockClient(lockd.socket) as client:
        client.register(guest.pid).acquire(disk)
    assert is_locked(disk)
    with LockClient(lockd.socket) as other:
        other.register(os.getpid(), OTHER)
        assert refusal(other.acquire, disk) == "resource busy: Lockspace resource '%s' is locked" % disk
        assert "does not hold" in refusal(other.release, disk)
    with LockClient(lockd.socket) as client:
        client.register(guest.pid).release(disk)
        assert not is_locked(disk)
        assert refusal(client.release, disk) == "resource busy: Lockspace resource '%s' is not locked" % disk
        client.acquire(disk)
    guest.end()
    wait_until(lambda: not is_locked(disk))


def test_a_process_that_gives_up_its_connection_is_ended_before_its_locks_go(lockd, disk):
    guest = Guest(lockd)
    with LockClient(lockd.socket) as client:
        client.register(guest.pid).acquire(disk)
    guest.hang_up()
    assert guest.process.wait(PATIENCE) == -signal.SIGTERM
    wait_until(lambda: not is_locked(disk))
    # Without locks there is no reason to.
    guest = Guest(lockd)
    guest.hang_up()
    with LockClient(lockd.socket) as client:
        client.register(1).acquire(disk)
        client.release(disk)
    assert guest.process.poll() is None
    guest.end()


def test_what_is_shared_is_shared_with_those_who_share(lockd, disk):
    with LockClient(lockd.socket) as one, LockClient(lockd.socket) as two:
        one.register(os.getpid() + 1)
        two.register(os.getpid() + 2, OTHER)
        one.acquire(disk, flags=SHARED)
        two.acquire(disk, flags=SHARED)
        assert "is locked" in refusal(two.acquire, disk)
        one.release(disk)
        assert is_locked(disk)
        two.release(disk)
        assert not is_locked(disk)
        # Two names of one file are one file.
        (disk.parent / "alias").symlink_to(disk)
        one.acquire(disk)
        assert "is locked" in refusal(two.acquire, disk.parent / "alias")
        assert is_locked(disk)


def test_a_lockspace_has_files_of_its_own(lockd, root):
    space = root / "space"
    with LockClient(lockd.socket) as client:
        client.make_space(space)
        assert stat.S_IMODE(space.stat().st_mode) == 0o700
        assert "already exists" in refusal(client.make_space, space)
        client.register(os.getpid() + 1)
        assert "No such file" in refusal(client.acquire, "one", space)
        client.acquire("one", space, AUTOCREATE)
        assert is_locked(space / "one") and "is locked" in refusal(client.delete, space, "one")
        client.release("one", space)
        assert list(space.iterdir()) == []
        client.create(space, "two")
        client.acquire("two", space)
        client.release("two", space)
        assert [path.name for path in space.iterdir()] == ["two"]
        client.delete(space, "two")
        assert "does not exist" in refusal(client.acquire, "x", root / "nospace")


def test_a_new_program_in_the_same_process_keeps_locks_and_owners(lockd, root, disk):
    guest = Guest(lockd)
    with LockClient(lockd.socket) as client, LockClient(lockd.socket) as stranger:
        client.register(guest.pid)
        client.make_space(root / "space")
        client.acquire(disk)
        client.acquire("one", root / "space", AUTOCREATE | SHARED)
        stranger.socket.settimeout(PATIENCE)
        for _ in range(3):
            lockd.reload()
            assert is_locked(disk) and is_locked(root / "space" / "one")
            assert "is locked" in refusal(client.acquire, disk)
            assert "have not been registered" in refusal(stranger.acquire, disk)
        client.release(disk)
        assert not is_locked(disk)
        client.acquire(disk)
    guest.end()
    wait_until(lambda: not is_locked(disk) and not (root / "space" / "one").exists())


def test_guests_outlive_a_lock_daemon_that_ends(lockd, disk):
    guest = Guest(lockd)
    with LockClient(lockd.socket) as client:
        client.register(guest.pid).acquire(disk)
    lockd.stop()
    assert guest.process.poll() is None
    guest.end()


@pytest.mark.skipif(not os.path.exists("/usr/sbin/virtlockd"), reason="needs the peer's virtlockd")
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_host_changes_from_the_peers_program_and_back_with_locks_held(root, disk):
    program = root / "virtlockd"
    shutil.copy("/usr/sbin/virtlockd", program)
    peer = subprocess.Popen(["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /run && mkdir -p /run/libvirt && exec "$@"', "sh",
                             str(program), "-p", str(root / "pid")],
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    guest = None
    try:
        class Peer:
            socket = pathlib.Path("/proc/%d/root/run/libvirt/virtlockd-sock" % peer.pid)

        wait_until(Peer.socket.exists)
        guest = Guest(Peer)
        with LockClient(Peer.socket) as client:
            client.register(guest.pid).acquire(disk)
            for source in (BINARY, "/usr/sbin/virtlockd", BINARY):
                shutil.copy(source, root / "new")
                os.rename(root / "new", program)
                peer.send_signal(signal.SIGUSR1)
                state = pathlib.Path("/proc/%d/root/run/virtlockd-restart-exec.json" % peer.pid)
                wait_until(lambda: not state.exists() and os.path.samefile("/proc/%d/exe" % peer.pid, program))
                assert "is locked" in refusal(client.acquire, disk)
                assert is_locked(disk)
            client.release(disk)
            assert not is_locked(disk)
            client.acquire(disk)
        guest.end()
        wait_until(lambda: not is_locked(disk))
        peer.terminate()
        assert peer.wait(PATIENCE) == 0
    finally:
        if guest is not None:
            guest.end()
        if peer.poll() is None:
            peer.kill()
            peer.wait()


def test_it_ends_when_nobody_needs_it_and_not_before(root, disk):
    lockd = Helper("virtlockd", root)
    lockd.start("--timeout", "1")
    try:
        with LockClient(lockd.socket) as client:
            client.register(1).acquire(disk)
        with pytest.raises(subprocess.TimeoutExpired):
            lockd.process.wait(2)
        with LockClient(lockd.socket) as client:
            client.register(1).release(disk)
        assert lockd.process.wait(PATIENCE) == 0
        lockd.process = None
    finally:
        lockd.remove()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user")
def test_another_user_is_turned_away(lockd, root):
    root.chmod(0o755)
    lockd.socket.chmod(0o666)
    code = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); assert s.recv(1) == b''"
    subprocess.run(["/usr/bin/python3", "-c", code, lockd.socket], check=True, user=65534, timeout=PATIENCE)


def test_hostile_words_harm_nobody(lockd, root, disk):
    guest = Guest(lockd)
    with LockClient(lockd.socket) as client:
        client.register(guest.pid).acquire(disk)
        client.make_space(root / "space")
    for payload in (b"", b"\xff" * 64, wire.text("x" * 70000), ME + struct.pack(">I", 1 << 31)):
        for proc in range(0, 10):
            with wire.Client(lockd.socket) as raw:
                answer = raw.call(proc, payload, prog=LOCK)
                assert answer is not None and answer.status == wire.ERROR
    with LockClient(lockd.socket) as client:
        assert "have not been registered" in refusal(client.acquire, disk)
        client.register(os.getpid(), OTHER)
        for bad in ("../evil", "a/b", "..", ".", "", "/etc/passwd"):
            assert "no name for a resource" in refusal(client.create, root / "space", bad)
            refusal(client.acquire, bad, root / "space", AUTOCREATE)
        assert "must be a path" in refusal(client.acquire, "relative")
        assert "unsupported flags (0x4)" in refusal(client.acquire, disk, flags=4)
        os.mkfifo(root / "fifo")
        refusal(client.acquire, "/" + "x" * 5000)
        client.restrict()
        for call in (client.restrict, lambda: client.register(1), lambda: client.acquire(disk), lambda: client.release(disk)):
            assert "has been restricted" in refusal(call)
    assert not (root / "evil").exists() and is_locked(disk)
    guest.end()


# Guests


@pytest.fixture
def house():
    """A daemon that locks guests' disks, with its lock daemon."""
    it = Daemon()
    with open(it.config / "qemu.conf", "a") as settings:
        settings.write('lock_manager = "lockd"\n')
    it.lockd = Helper("virtlockd", it.root)
    it.disk = it.root / "a.img"
    for name in ("a.img", "b.img"):
        (it.root / name).write_bytes(bytes(1 << 20))
    yield it
    try:
        it.remove()
    finally:
        it.lockd.remove()


def disk_xml(path, target="vda", more=""):
    return "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='%s'/><target dev='%s' bus='virtio'/>%s</disk>" % (
        path, target, more)


class Hold:
    """The lock as another host has it."""

    def __init__(self, path):
        self.file = open(path, "r+b")
        fcntl.lockf(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()


def test_a_guest_has_its_disks_locked_while_its_processors_run(house):
    house.lockd.start()
    house.start()
    guest = house.connect().createXML(guest_xml("g", devices=disk_xml(house.disk)))
    assert is_locked(house.disk)
    # The guest itself is who has the connection by which the lock daemon knows that it lives.
    pid, = house.qemus()
    inodes = {os.readlink(entry) for entry in pathlib.Path("/proc/%d/fd" % pid).iterdir()}
    assert any(name.startswith("socket:") for name in inodes)
    guest.suspend()
    assert not is_locked(house.disk)
    with Hold(house.disk):
        with pytest.raises(libvirt.libvirtError, match="resource busy: Lockspace resource '%s' is locked" % house.disk):
            guest.resume()
        assert guest.info()[0] == libvirt.VIR_DOMAIN_PAUSED
    guest.resume()
    assert is_locked(house.disk)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_locked(house.disk))


def test_a_guest_whose_disk_is_locked_elsewhere_does_not_start(house):
    house.lockd.start()
    house.start()
    connection = house.connect()
    with Hold(house.disk):
        with pytest.raises(libvirt.libvirtError, match="resource busy: Lockspace resource '%s' is locked" % house.disk) as refused:
            connection.createXML(guest_xml("g", devices=disk_xml(house.disk)))
        assert refused.value.get_error_code() == libvirt.VIR_ERR_RESOURCE_BUSY
        assert house.qemus() == {}
        # What does not write to it, or does not run yet, needs no lock.
        connection.createXML(guest_xml("reader", devices=disk_xml(house.disk, more="<readonly/>"))).destroy()
        connection.createXML(guest_xml("g", devices=disk_xml(house.disk)), libvirt.VIR_DOMAIN_START_PAUSED).destroy()
    first = connection.createXML(guest_xml("first", devices=disk_xml(house.disk)))
    with pytest.raises(libvirt.libvirtError):
        connection.createXML(guest_xml("second", devices=disk_xml(house.disk)))
    assert first.isActive() and list(house.qemus().values()) == ["first"] and is_locked(house.disk)
    first.destroy()
    wait_until(lambda: not is_locked(house.disk))


def test_guests_that_share_a_disk_run_together(house):
    house.lockd.start()
    house.start()
    connection = house.connect()
    xml = disk_xml(house.disk, more="<shareable/>")
    one, two = (connection.createXML(guest_xml(name, devices=xml)) for name in ("one", "two"))
    one.destroy()
    assert two.isActive() and is_locked(house.disk)
    two.destroy()
    wait_until(lambda: not is_locked(house.disk))


def test_a_disk_that_comes_is_locked_and_one_that_goes_is_not(house):
    house.lockd.start()
    house.start()
    other = house.root / "b.img"
    guest = house.connect().createXML(guest_xml("g", machine="q35", devices="<controller type='scsi' model='virtio-scsi'/>" + disk_xml(house.disk)))
    xml = disk_xml(other, "sda").replace("bus='virtio'", "bus='scsi'")
    with Hold(other):
        with pytest.raises(libvirt.libvirtError, match="is locked"):
            guest.attachDevice(xml)
        assert "b.img" not in guest.XMLDesc()
    guest.attachDevice(xml)
    assert is_locked(other)
    guest.detachDevice(xml)
    wait_until(lambda: not is_locked(other))
    assert is_locked(house.disk)
    guest.destroy()


def test_locks_of_a_running_guest_outlive_all_daemons(house):
    house.lockd.start()
    house.start()
    guest = house.connect().createXML(guest_xml("g", devices=disk_xml(house.disk)))
    pid, = house.qemus()
    house.kill()
    house.lockd.reload()
    assert is_locked(house.disk)
    house.start()
    guest = house.connect().lookupByName("g")
    house.lockd.reload()
    guest.suspend()
    assert not is_locked(house.disk)
    guest.resume()
    assert is_locked(house.disk)
    # Without it guests go on, and none that stood still runs on unlocked.
    house.lockd.kill()
    assert guest.isActive()
    house.lockd.socket.unlink()
    house.lockd.socket.mkdir()
    guest.suspend()
    with pytest.raises(libvirt.libvirtError, match="Failed to connect socket to '.*virtlockd-sock'"):
        guest.resume()
    house.lockd.socket.rmdir()
    house.lockd.start()
    guest.resume()
    assert is_locked(house.disk)
    assert list(house.qemus()) == [pid]
    guest.destroy()


def test_a_guest_does_not_start_without_the_lock_daemon(house):
    house.start()
    house.lockd.socket.mkdir()  # where nothing can listen
    with pytest.raises(libvirt.libvirtError, match="Failed to connect socket to '.*virtlockd-sock'"):
        house.connect().createXML(guest_xml("g", devices=disk_xml(house.disk)))
    assert house.qemus() == {}


def test_a_users_daemon_starts_the_lock_daemon_that_it_needs(house):
    house.start()
    guest = house.connect().createXML(guest_xml("g", devices=disk_xml(house.disk)))
    lockd = int((house.root / "run" / ("" if house.system else "libvirt") / "virtlockd.pid").read_text())
    try:
        assert is_locked(house.disk)
        guest.destroy()
        wait_until(lambda: not is_locked(house.disk))
    finally:
        os.kill(lockd, signal.SIGTERM)
        wait_until(lambda: not house.lockd.socket.exists())


def test_locks_may_lie_on_files_beside_the_disks(house):
    space = house.root / "locks"
    (house.config / "qemu-lockd.conf").write_text('file_lockspace_dir = "%s"\n' % space)
    house.lockd.start()
    house.start()
    guest = house.connect().createXML(guest_xml("g", devices=disk_xml(house.disk)))
    name = hashlib.sha256(str(house.disk).encode()).hexdigest()
    assert [path.name for path in space.iterdir()] == [name] and is_locked(space / name) and not is_locked(house.disk)
    # A lock daemon that knows no lockspaces yet.
    guest.suspend()
    house.lockd.kill()
    house.lockd.start()
    guest.resume()
    assert is_locked(space / name)
    guest.destroy()
    wait_until(lambda: list(space.iterdir()) == [])


def test_leases_are_locked_and_may_be_demanded(house):
    (house.config / "qemu-lockd.conf").write_text("auto_disk_leases = 0\n")
    house.lockd.start()
    house.start()
    connection = house.connect()
    with pytest.raises(libvirt.libvirtError, match="disks were present, but no leases specified"):
        connection.createXML(guest_xml("g", devices=disk_xml(house.disk)))
    lease = "<lease><lockspace>area</lockspace><key>one</key><target path='%s'%s/></lease>"
    with pytest.raises(libvirt.libvirtError, match="Offset must be zero"):
        connection.createXML(guest_xml("g", devices=disk_xml(house.disk) + lease % (house.root, " offset='1024'")))
    (house.root / "area").mkdir()
    (house.root / "area" / "one").touch()
    guest = connection.createXML(guest_xml("g", devices=disk_xml(house.disk) + lease % (house.root, "")))
    assert is_locked(house.root / "area" / "one") and not is_locked(house.disk)
    with pytest.raises(libvirt.libvirtError, match="resource busy: Lockspace resource 'one' is locked"):
        connection.createXML(guest_xml("h", devices=lease % (house.root, "")))
    guest.destroy()
    wait_until(lambda: not is_locked(house.root / "area" / "one"))


def test_a_lock_manager_that_is_not_there_is_refused(house):
    settings = house.config / "qemu.conf"
    settings.write_text(settings.read_text().replace("lockd", "sanlock"))
    done = subprocess.run([BINARY, "--root", house.root], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=PATIENCE)
    assert "this version has no sanlock, only lockd" in done.stdout
