"""Every procedure, called by who may not: compared with tests/golden/access.txt, which is reviewed. INNKEEPER_ACCEPT=1 rewrites it.

A line says of a procedure whether a read-only client is refused, whether one is that has not told who it is, and which
permission a client lacks first to whom polkit allows nothing."""
import os
import shutil

import pytest

import samples
from daemon import TOP, Daemon, wait_until
from polkit import POLKITD, Polkit, Stranger
from samples import Samples, numbers
from test_access import ALL, number, questions
from wire import ERROR, OK, Client, optional

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not os.path.exists(POLKITD) or not shutil.which("dbus-daemon"),
                                reason="needs root, polkitd and dbus-daemon")

GOLDEN = TOP / "tests" / "golden" / "access.txt"
PROGRAMS = ("remote", "qemu", "lxc", "admin", "log", "lock")


@pytest.fixture
def polkit():
    it = Polkit()
    try:
        yield it.start(ALL % "YES")
    finally:
        it.remove()


@pytest.fixture
def house(polkit):
    it = Daemon()
    it.root.chmod(0o755)
    it.environment.update(polkit.environment)
    with open(it.config / "libvirtd.conf", "a") as conf:
        conf.write('auth_unix_ro = "none"\nauth_unix_rw = "polkit"\naccess_drivers = [ "polkit" ]\n')
    os.makedirs(samples.PLACE, exist_ok=True)
    try:
        it.start()
        with it.connect() as connection:
            samples.make(connection)
        yield it
    finally:
        it.remove()
        shutil.rmtree(samples.PLACE, ignore_errors=True)


def refused(reply):
    """Whether a read-only client was told that it is one."""
    return reply is not None and reply.status == ERROR and reply.error[0] == 29


class ReadOnly:
    """What a read-only client is refused."""

    def __init__(self, socket):
        self.socket = socket

    def column(self, program, row):
        prog = program.table["number"]
        with Client(self.socket) as client:
            client.open("qemu:///system", 1)

            def is_refused(**words):
                nonlocal client
                reply = client.call(row["number"], program.arguments(row, **words), prog=prog)
                if reply is None:
                    client = Client(self.socket)
                    client.open("qemu:///system", 1)
                return refused(reply)
            if is_refused():
                return "refused"
            also = []
            for name in numbers(row):
                values = [1 << bit for bit in range(32)] if name == "flags" else range(8) if name == "source" else []
                bad = [value for value in values if is_refused(**{name: value})]
                also += ["%s %s" % (name, " ".join("0x%x" % value for value in bad))] if bad else []
            return "refused with " + ", ".join(also) if also else "answered"


def unauthenticated(socket, program, row):
    with Client(socket) as client:
        reply = client.call(row["number"], program.arguments(row), prog=program.table["number"])
        if reply is not None and reply.status == ERROR and reply.error[2] == "authentication required":
            return "refused"
        return "answered" if reply is not None and (reply.status == OK or reply.error[0] != 39) else "unknown"


def denied(house, polkit):
    """What polkit is asked first about each call of a client to whom it allows nothing but to connect."""
    def call_all(socket, go):
        def connected(opened=True):
            client = Client(socket)
            client.call(number("auth_list"))
            assert client.call(number("auth_polkit")).status == OK
            assert not opened or client.call(number("connect_open"), optional("qemu:///system") + bytes(4)).status == OK
            return client
        clients = {number("connect_close"): connected(), number("connect_open"): connected(False)}
        client = connected()
        (go / "ready").touch()
        wait_until((go / "on").exists)
        answers = []
        for name in ("remote", "qemu"):
            program = Samples(name)
            for row in program.procedures:
                who = clients.get(row["number"], client) if name == "remote" else client
                reply = who.call(row["number"], program.arguments(row), prog=program.table["number"])
                answers.append(["%s.%s" % (name, row["name"]), reply.status and reply.error])
        return answers
    go = polkit.folder / "go"
    go.mkdir()
    go.chmod(0o777)
    # The rest of a privileged client's life before its rights are taken away.
    stranger = Stranger(call_all, house.socket, go)
    wait_until((go / "ready").exists)
    polkit.rules(ALL % "NO")
    heard = polkit.listen()
    (go / "on").touch()
    answers = stranger.result()
    count = sum(1 for name, error in answers if error and error[0] == 88)
    wait_until(lambda: len(questions(heard)) >= count)
    asked = iter(questions(heard))
    column = {}
    for name, error in answers:
        if not error:
            column[name] = "answered"
        elif error[0] == 88:
            column[name] = next(asked)[0]
        else:
            column[name] = "not supported" if error[0] == 3 else "error %d" % error[0]
    assert next(asked, None) is None
    return column


def test_what_is_refused_to_whom(house, polkit):
    ro = ReadOnly(house.run / "libvirt-sock-ro")
    rights = denied(house, polkit)
    lines = []
    for name in PROGRAMS:
        program = Samples(name)
        for row in program.procedures:
            full = "%s.%s" % (name, row["name"])
            if name in ("remote", "qemu"):
                columns = (ro.column(program, row), unauthenticated(house.socket, program, row), rights[full])
            else:
                # Programs that this socket does not have.
                columns = ("unknown", unauthenticated(house.socket, program, row), "unknown")
            lines.append("%s: read-only: %s; unauthenticated: %s; allowed nothing: %s" % (full, *columns))
    made = "\n".join(lines) + "\n"
    if os.environ.get("INNKEEPER_ACCEPT") == "1":
        GOLDEN.write_text(made)
    assert GOLDEN.read_text() == made
