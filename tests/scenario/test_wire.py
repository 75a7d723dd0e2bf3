"""Messages that no client library sends, over the daemon's real sockets, and what real clients are answered."""
import os
import re
import struct
import subprocess
import threading

import libvirt
import pytest

from daemon import PATIENCE, Daemon, guest_xml, wait_until
from wire import CALL, CONTINUE, ERROR, KEEPALIVE, MESSAGE, OK, QEMU, REMOTE, REPLY, STREAM, STREAM_HOLE, Client, optional, table, text

GET_TYPE, AUTH_LIST, GET_HOSTNAME, GET_LIB_VERSION, GET_URI = 3, 66, 59, 157, 110


@pytest.fixture
def uri(daemon):
    return "qemu:///system" if daemon.system else "qemu:///session"


def rss(daemon):
    for line in open("/proc/%d/status" % daemon.process.pid):
        if line.startswith("VmRSS"):
            return int(line.split()[1])


def test_the_client_library_connects(daemon, uri):
    with daemon.connect() as connection:
        assert connection.getURI() == daemon.uri
        assert connection.getLibVersion() == 9000000
        assert connection.isSecure() and connection.isAlive()
        assert connection.getHostname() == os.uname().nodename
    assert daemon.virsh("uri").strip() == daemon.uri


def test_uris_are_chosen_and_refused_as_by_the_peer(daemon, uri):
    asked = {
        "foo:///bar": (5, 0, "no connection driver available for foo:///bar"),
        "QEMU:///system": (5, 0, "no connection driver available for QEMU:///system"),
        "remote:///": (5, 0, "no connection driver available for remote:///"),
        "qemu+ssh:///system": (5, 0, "no connection driver available for qemu+ssh:///system"),
        "qemu": (5, 0, "no connection driver available for URI 'qemu' does not include a driver name"),
        "/": (5, 0, "no connection driver available for URI '/' does not include a driver name"),
        "a b": (1, 45, "internal error: Unable to parse URI a b"),
        "%zz": (1, 45, "internal error: Unable to parse URI %zz"),
        "://": (1, 45, "internal error: Unable to parse URI ://"),
        "hyperv://h/": (67, 0, "unsupported configuration: libvirt was built without the 'hyperv' driver"),
    }
    for path in ("/", "/foo", ""):
        asked["qemu://" + path] = (1, 0, "internal error: unexpected qemu URI path '%s', try %s" % (path, uri))
    with Client(daemon.socket) as client:
        for name, answer in asked.items():
            assert client.open(name).error == answer, name
        # After failures the client may try again, with an unknown parameter too.
        assert client.open(uri + "?x=y").status == OK
        assert text(uri + "?x=y") == client.call(GET_URI).payload
    with Client(daemon.socket) as client:
        assert client.open("").status == OK
        assert client.call(GET_URI).payload == text(uri)


def test_a_second_open_fails_and_closes_the_first(daemon):
    with Client(daemon.socket) as client:
        client.open()
        assert client.open().error == (1, 7, "internal error: connection already open")
        assert client.call(GET_HOSTNAME).error == (1, 7, "internal error: hypervisor connection not open")


def test_misuse_is_answered_and_the_connection_lives(daemon):
    with Client(daemon.socket) as client:
        client.open()
        for number in (0, -3, 318, 99999):
            assert client.call(number).error == (39, 7, "unknown procedure: %d" % number)
        assert client.call(1, prog=0x1234).error == (39, 7, "Cannot find program 4660 version 1")
        assert client.call(1, vers=2).error[0] == 39
        assert client.call(1, prog=KEEPALIVE).error[0] == 39
        assert client.call(GET_TYPE, status=ERROR).error == (39, 7, "Unexpected message status 1")
        assert client.call(1, b"\0\0").error == (39, 7, "Unable to decode message payload")
        assert client.call(GET_LIB_VERSION, b"more than asked").status == OK
        for kind in (REPLY, MESSAGE, STREAM, 6, 7, -1):
            client.send(GET_LIB_VERSION, type=kind)
        assert client.call(GET_LIB_VERSION).status == OK


@pytest.mark.parametrize("word", [0, 27, 33554437, 0xFFFFFFFF])
def test_bad_lengths_close_the_connection(daemon, word):
    with Client(daemon.socket) as client:
        client.open()
        client.socket.sendall(struct.pack(">I", word))
        assert client.receive() is None


def test_keepalive_is_answered(daemon):
    with Client(daemon.socket) as client:
        client.open()
        client.send(1, prog=KEEPALIVE, type=MESSAGE, serial=77)
        pong = client.receive()
        assert (pong.prog, pong.proc, pong.type, pong.serial) == (KEEPALIVE, 2, MESSAGE, 0)


def test_every_procedure_survives_hostile_arguments(daemon):
    """Counts of 0, many and too many, and nothing at all, for every procedure: an answer or a close, and it lives on."""
    connection_close, shutdowns = 2, set()
    with Client(daemon.socket) as client:
        client.open()
        for program, name in ((REMOTE, "remote"), (QEMU, "qemu")):
            for row in table(name)["procedures"]:
                number = row["proc"] if "proc" in row else row["number"]
                if (program == REMOTE and number == connection_close) or number in shutdowns:
                    continue
                for payload in (b"", b"\0" * 256, b"\xff" * 256, b"\0\0\0\1" * 64, struct.pack(">I", 4194305) + b"x" * 64):
                    answer = client.call(number, payload, prog=program)
                    if answer is None:
                        client = Client(daemon.socket)
                        client.open()
        # A fresh client is served, and nobody made the daemon keep what was announced.
        with Client(daemon.socket) as other:
            assert other.open().status == OK


def test_headers_alone_cost_nothing(daemon):
    before = rss(daemon)
    clients = [Client(daemon.socket) for _ in range(200)]
    for client in clients:
        client.open()
        client.socket.sendall(struct.pack(">I", 33554436) + b"x" * 1000)
    with Client(daemon.socket) as honest:
        assert honest.open().status == OK
    assert rss(daemon) - before < 64 * 1024
    for client in clients:
        client.socket.close()


def test_a_client_that_vanishes_in_a_stream_leaves_the_console_to_others(daemon):
    lookup_by_name, open_console = 23, 201
    connection = daemon.connect()
    domain = connection.createXML(guest_xml("web", devices="<serial type='pty'/>"), 0)

    def opened(client):
        client.open()
        guest = client.call(lookup_by_name, text("web")).payload
        return client.call(open_console, guest + optional(None) + struct.pack(">I", 0)).status == OK
    with Client(daemon.socket) as client:
        assert opened(client)
        # Far more than a terminal holds that nobody reads.
        for _ in range(16):
            client.send(open_console, b"x" * 65536, type=STREAM, serial=client.serial, status=CONTINUE)

    def others_can():
        with Client(daemon.socket) as other:
            return opened(other)
    wait_until(others_can)
    domain.destroy()
    connection.close()


def test_stream_packets_out_of_order_harm_nobody(daemon):
    with Client(daemon.socket) as client:
        client.open()
        for proc in (201, 208, 209, GET_TYPE, -1):
            for status in (CONTINUE, OK, ERROR, 7):
                client.send(proc, b"x" * 100, type=STREAM, serial=5, status=status)
            client.send(proc, struct.pack(">qI", -1, 0), type=STREAM_HOLE, serial=5, status=CONTINUE)
        assert client.call(GET_LIB_VERSION).status == OK


def test_clients_that_come_and_go_leave_nothing(daemon):
    def storm():
        for _ in range(200):
            with Client(daemon.socket) as client:
                client.send(AUTH_LIST)
                client.send(1, optional("") + b"\0\0\0\0")
                client.send(GET_LIB_VERSION)
    threads = [threading.Thread(target=storm) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Client(daemon.socket) as client:
        client.open()
        assert client.call(GET_LIB_VERSION).status == OK
    descriptors = len(os.listdir("/proc/%d/fd" % daemon.process.pid))
    assert descriptors < 40


def test_read_only_connections_only_read(daemon):
    if not daemon.system:
        pytest.skip("an ordinary user has no read-only socket")
    with Client(str(daemon.socket) + "-ro") as client:
        client.open()
        assert client.call(11, text("<x/>")).error[0] == 29
        always = [row for row in table("remote")["procedures"] if row.get("needs_rw") is True]
        assert len(always) > 150
    connection = libvirt.openReadOnly(daemon.uri)
    with pytest.raises(libvirt.libvirtError) as failure:
        connection.defineXML("<domain/>")
    assert failure.value.get_error_code() == libvirt.VIR_ERR_OPERATION_DENIED
    connection.close()


def test_administrators_see_the_clients(daemon):
    admin = "libvirtd:///system?socket=%s/libvirt-admin-sock" % daemon.run

    def virt_admin(*arguments):
        return subprocess.run(["virt-admin", "-c", admin, *arguments], capture_output=True, text=True, timeout=PATIENCE)
    try:
        subprocess.run(["virt-admin", "--version"], capture_output=True)
    except FileNotFoundError:
        pytest.skip("needs virt-admin")
    with Client(daemon.socket) as client:
        client.open()
        assert "libvirtd" in virt_admin("srv-list").stdout
        lines = virt_admin("srv-clients-list", "libvirtd").stdout.splitlines()[2:]
        number = lines[0].split()[0]
        info = virt_admin("client-info", "libvirtd", number).stdout
        assert "unix_process_id: %d" % os.getpid() in info
        virt_admin("client-disconnect", "libvirtd", number)
        assert client.receive() is None
    assert "No server named 'foo'" in virt_admin("srv-clients-list", "foo").stderr


def test_the_log_changes_at_run_time():
    it = Daemon()
    # Only warnings at first, on the standard error output.
    (it.config / "libvirtd.conf").write_text('')
    try:
        it.start()
        admin = "libvirtd+unix:///%s?socket=%s" % ("system" if it.system else "session", it.run / "libvirt-admin-sock")

        def virt_admin(*arguments):
            done = subprocess.run(["virt-admin", "-c", admin, *arguments], capture_output=True, text=True, timeout=PATIENCE)
            return done.stdout.strip() + done.stderr.strip()
        assert virt_admin("daemon-log-filters") == "Logging filters:"
        assert virt_admin("daemon-log-outputs") == "Logging outputs: 3:stderr"
        # A file lies below the root, as all of the daemon's do.
        (it.root / "log").mkdir()
        virt_admin("daemon-log-outputs", "1:file:/log/daemon 4:stderr")
        virt_admin("daemon-log-filters", "1:rpc.server 4:app")
        assert virt_admin("daemon-log-outputs") == "Logging outputs: 1:file:/log/daemon 4:stderr"
        assert virt_admin("daemon-log-filters") == "Logging filters: 1:*rpc.server* 4:*app*"
        for setting, complaint in (("9:x", "Invalid priority '9' for filter '9:x'"), ("foo", "Malformed format for filter 'foo'")):
            assert complaint in virt_admin("daemon-log-filters", setting)
        assert "failed to open" in virt_admin("daemon-log-outputs", "1:file:/none/x")
        libvirt.open(it.uri).close()
        assert re.search(r"debug : Session::\w+:\d+ : client \d+ calls remote connect_open", (it.root / "log/daemon").read_text())
        virt_admin("daemon-log-outputs", "")
        assert virt_admin("daemon-log-outputs") == "Logging outputs: 3:stderr"
    finally:
        it.remove()


def test_strangers_are_limited_and_wait():
    it = Daemon()
    it.config.mkdir(parents=True, exist_ok=True)
    (it.config / "libvirtd.conf").write_text('auth_unix_rw = "sasl"\nmax_anonymous_clients = 3\n')
    try:
        it.start()
        clients = [Client(it.socket) for _ in range(3)]
        for client in clients:
            assert client.call(GET_HOSTNAME).error == (39, 7, "authentication required")
            assert client.call(0).error == (39, 7, "unknown procedure: 0")
            assert client.call(AUTH_LIST).payload == struct.pack(">II", 1, 1)
        waiting = Client(it.socket)
        waiting.send(AUTH_LIST)
        clients[0].socket.close()
        assert waiting.receive().status == OK
    finally:
        it.remove()


def start_fails(root, *options):
    import daemon as module
    return subprocess.run([module.BINARY, "--root", str(root), *options], capture_output=True, text=True, timeout=PATIENCE)


def test_bad_configurations_stop_the_start(tmp_path):
    config = tmp_path / "libvirtd.conf"
    for content, status, sentence in (
            ("max_clients = \"x\"\n", 1, "expected an unsigned integer for 'max_clients' parameter"),
            ("a = \n", 1, "libvirtd.conf:1: expecting a value"),
            ("auth_unix_rw = \"foo\"\n", 1, "auth_unix_rw: unsupported auth foo"),
            ("max_workers = 0\n", 1, "'max_workers' must be greater than 0"),
            ("access_drivers = [\"x\"]\n", 1, "Cannot find security driver 'x'"),
            ("log_outputs = \"x\"\n", 1, "Malformed format for log output 'x'"),
            ("unix_sock_rw_perms = \"99\"\n", 6, "Failed to parse mode '99'"),
            ("unix_sock_group = \"no-such-group\"\n", 6, "Failed to parse group 'no-such-group'")):
        config.write_text(content)
        done = start_fails(tmp_path / "r", "-f", str(config))
        assert done.returncode == status, content
        assert sentence in done.stderr
    done = start_fails(tmp_path / "r", "-f", str(tmp_path / "none"))
    assert done.returncode == 1 and "No such file or directory" in done.stderr


def test_the_command_line(daemon, tmp_path):
    import daemon as module
    done = subprocess.run([module.BINARY, "-V"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, module.BINARY + " (libvirt) 9.0.0\n")
    done = subprocess.run([module.BINARY, "--help"], capture_output=True, text=True)
    assert done.returncode == 0 and "--pid-file" in done.stderr
    assert subprocess.run([module.BINARY, "--no-such"], capture_output=True).returncode == 1
    done = subprocess.run([module.BINARY, "word"], capture_output=True, text=True)
    assert done.returncode == 1 and "unexpected, non-option, command line arguments" in done.stderr
    # A second instance of the same root is refused.
    done = start_fails(daemon.root, "--pid-file", str(daemon.root / "daemon.pid"))
    assert done.returncode == 1 and "Failed to acquire pid file" in done.stderr
    with Client(daemon.socket) as client:
        assert client.open().status == OK


def test_in_the_background_and_until_it_is_idle(tmp_path):
    it = Daemon()
    try:
        import daemon as module
        pid_file = it.root / "d.pid"
        done = subprocess.run([module.BINARY, "--root", str(it.root), "-p", str(pid_file), "-d", "--timeout", "1"],
                              timeout=PATIENCE)
        assert done.returncode == 0
        pidfd = os.pidfd_open(int(pid_file.read_text()))
        with Client(it.socket) as client:
            assert client.open().status == OK
        import select
        ended = select.poll()   # the number may be larger than select() takes
        ended.register(pidfd, select.POLLIN)
        ready = ended.poll(PATIENCE * 1000)
        assert ready, "it does not end when idle"
        os.close(pidfd)
        assert not it.socket.exists() and not pid_file.exists()
    finally:
        it.remove()


def test_sockets_of_the_service_manager(tmp_path):
    """Passed sockets are served by name, kept at the end, and a name that nobody knows stops the start."""
    import socket
    import daemon as module
    it = Daemon()
    sockets = {}
    for name in ("libvirtd.socket", "libvirtd-admin.socket"):
        sockets[name] = socket.socket(socket.AF_UNIX)
        sockets[name].bind(str(it.root / name))
        sockets[name].listen(10)

    def start(names):
        # The shell puts the sockets where they belong, and becomes the daemon under its own pid.
        fds = [sockets["libvirtd.socket"].fileno(), sockets["libvirtd-admin.socket"].fileno()]
        script = "exec 8<&%d 9<&%d 3<&8 4<&9 8<&- 9<&-; LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=%s exec '%s' --root %s" % (
            *fds, names, module.BINARY, it.root)
        it.process = subprocess.Popen(["bash", "-c", script], pass_fds=fds, stdin=subprocess.DEVNULL,
                                      stderr=subprocess.PIPE, text=True)
        return it.process
    try:
        start("libvirtd.socket:libvirtd-admin.socket")
        with Client(it.root / "libvirtd.socket") as client:
            assert client.open().status == OK
        it.process.terminate()
        assert it.process.wait(PATIENCE) == 0
        assert (it.root / "libvirtd.socket").exists() and not it.socket.exists()
        it.process.stderr.close()
        it.process = None

        failed = start("libvirtd.socket:who-knows.socket")
        assert failed.wait(PATIENCE) == 6
        assert "Some activation file descriptors are unclaimed" in failed.stderr.read()
        failed.stderr.close()
        it.process = None
    finally:
        for one in sockets.values():
            one.close()
        it.remove()
