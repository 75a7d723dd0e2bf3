"""libvirt-guests: guests go down with their host and come up with it, and nothing that hangs holds it up."""
import os
import shutil
import signal
import socket
import subprocess

import libvirt
import pytest

from daemon import PATIENCE, SLOWNESS, Daemon, wait_until
from guests_program import GuestsProgram, boot, deaf, needs_guest

COMMANDS = "start|stop|status|restart|condrestart|try-restart|reload|force-reload|gueststatus|shutdown"


@pytest.fixture
def program(daemon):
    return GuestsProgram(daemon)


@pytest.fixture
def no_daemon():
    """A root in which nothing runs."""
    it = Daemon()
    yield GuestsProgram(it)
    it.remove()


def patience(seconds):
    """How long a daemon has: that long on an idle machine."""
    return str(seconds * SLOWNESS)


def running(daemon):
    return sorted(d.name() for d in daemon.connect().listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE))


def uuids(daemon, *names):
    connection = daemon.connect()
    return " ".join(connection.lookupByName(name).UUIDString() for name in names)


def stop_process(daemon, guest):
    (pid,) = (pid for pid, name in daemon.qemus().items() if name == guest)
    os.kill(pid, signal.SIGSTOP)
    return pid


# ---- words and exit statuses

def test_usage(no_daemon):
    usage = lambda out: out.startswith("Usage: ") and out.endswith("{%s}\n" % COMMANDS)
    assert usage(no_daemon("--help")[0])
    assert usage(no_daemon(status=2)[0])
    assert usage(no_daemon("halt", status=2)[0])
    assert usage(no_daemon("--bogus", status=2)[0])
    assert "--patience 'x': expected a number of seconds" in no_daemon("--patience", "x", "stop", status=2)[1]


def test_status_is_that_of_the_lock_and_the_list(no_daemon):
    assert no_daemon("status", status=3) == ("stopped, with no saved guests\n", "")
    no_daemon.list("default 11111111-2222-3333-4444-555555555555\n")
    assert no_daemon("status", status=3) == ("stopped, with saved guests\n", "")
    assert no_daemon("start") == ("libvirt-guests is configured not to start any guests on boot\n", "")
    assert no_daemon("status") == ("started\n", "")
    assert no_daemon("reload") == no_daemon("force-reload") == ("", "")
    assert not no_daemon.list_file.exists()


def test_without_a_daemon_no_guest_runs_and_nobody_is_asked(no_daemon):
    no_daemon.set("URIS='default lxc:///system qemu:///system'")
    out, err = no_daemon("stop")
    assert out == "".join("\nRunning guests on %s URI: no running guests.\n" % uri
                          for uri in ("default", "lxc:///system", "qemu:///system"))
    assert err == ""
    assert not no_daemon.list_file.exists() and not no_daemon.lock_file.exists()


def test_a_restart_touches_the_lock(no_daemon):
    assert no_daemon("condrestart") == no_daemon("try-restart") == ("", "")
    assert not no_daemon.lock_file.exists()
    no_daemon("restart")
    assert no_daemon.lock_file.exists()
    assert no_daemon("condrestart") == ("\nRunning guests on default URI: no running guests.\n", "")
    assert no_daemon.lock_file.exists()


def test_a_list_that_is_left_over_keeps_its_guests(no_daemon):
    no_daemon.list("default 11111111-2222-3333-4444-555555555555\n")
    out, err = no_daemon("stop")
    assert out == "" and "is there from an earlier stop" in err
    assert no_daemon.list_file.exists()


def test_what_cannot_be_connected_to_is_skipped(no_daemon):
    no_daemon.set("URIS='qemu+tls://host/system test:///default'", "ON_BOOT=start")
    out, err = no_daemon("stop")
    assert out == "Can't connect to qemu+tls://host/system. Skipping.\nCan't connect to test:///default. Skipping.\n"
    assert "transport 'tls' of URI 'qemu+tls://host/system' is not supported" in err
    assert "Failed to connect socket to '%s/run/libvirt/libvirt-sock'" % no_daemon.daemon.root in err
    no_daemon.list("test:///default 11111111-2222-3333-4444-555555555555\n")
    assert no_daemon("start")[0] == "Can't connect to test:///default. Skipping.\n"
    assert "* qemu+tls://host/system URI:\n\n" in no_daemon("gueststatus")[0]


@pytest.fixture
def ssh_server(tmp_path):
    """sshd for root on a port of its own; gives the port, and what the URI's query needs."""
    if os.geteuid() != 0 or shutil.which("sshd", path="/usr/sbin") is None:
        pytest.skip("sshd needs root, and is not installed for a test's sake: its package starts a server for everybody")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True, timeout=PATIENCE)
    (tmp_path / "conf").write_text("Port %d\nListenAddress 127.0.0.1\nHostKey %s\nAuthorizedKeysFile %s\nPermitRootLogin yes\nStrictModes no\n"
                                   "UsePAM no\nPidFile none\n" % (port, tmp_path / "host", tmp_path / "user.pub"))
    os.makedirs("/run/sshd", exist_ok=True)
    with open(tmp_path / "log", "w") as log:
        server = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", tmp_path / "conf"], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=log)
    try:
        def answers():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0
        wait_until(answers)
        yield port, "keyfile=%s&no_verify=1&known_hosts=/dev/null" % (tmp_path / "user")
    finally:
        server.terminate()
        server.wait(PATIENCE)


def test_guests_of_another_host_end_over_ssh(program, ssh_server):
    port, query = ssh_server
    uri = "qemu+ssh://127.0.0.1:%d/system?%s&socket=%s" % (port, query, program.daemon.socket)
    deaf(program.daemon, "far")
    program.set("URIS='%s'" % uri, "ON_SHUTDOWN=suspend", "ON_BOOT=start")
    out, err = program("stop")
    assert "Running guests on %s URI: far" % uri in out, err
    domain = program.daemon.connect().lookupByName("far")
    assert not domain.isActive() and domain.hasManagedSaveImage()
    assert program.list_file.read_text() == "%s %s\n" % (uri, domain.UUIDString())
    assert "Resuming guest far: done" in program("start")[0]
    assert domain.isActive()
    # With a key that is not known nobody is asked for a password.
    program.set("URIS='qemu+ssh://127.0.0.1:%d/system?keyfile=/dev/null&no_verify=1&known_hosts=/dev/null'" % port)
    assert "Skipping." in program("stop")[0]


def test_guests_of_another_host_end_over_tcp(no_daemon):
    daemon = no_daemon.daemon
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (daemon.config / "libvirtd.conf").write_text('listen_tls = 0\nlisten_tcp = 1\nlisten_addr = "127.0.0.1"\ntcp_port = "%d"\n'
                                                 'auth_tcp = "none"\nlog_level = 1\nlog_outputs = "1:stderr"\n' % port)
    daemon.start("--listen")
    deaf(daemon, "far")
    no_daemon.set("URIS='qemu+tcp://localhost:%d/%s'" % (port, "system" if daemon.system else "session"), "ON_SHUTDOWN=suspend")
    assert "Suspending far: done" in no_daemon("stop")[0]
    assert not daemon.connect().lookupByName("far").isActive()


def test_a_negative_timeout_is_refused_by_a_stop_alone(no_daemon):
    no_daemon.set("SHUTDOWN_TIMEOUT=-1")
    words = ("SHUTDOWN_TIMEOUT must be equal or greater than 0\n", "")
    assert no_daemon("stop", status=6) == words
    assert no_daemon("restart", status=6) == words
    no_daemon("start")


def test_wrong_settings_are_named_and_leave_the_defaults(no_daemon):
    no_daemon.set("# mine", "ON_SHUTDOWN=hibernate", "SHUTDOWN_TIMEOUT=5m", "TIMEOUT=3", "URIS = default", "START_DELAY=$(id)")
    out, err = no_daemon("stop")
    assert "no running guests." in out
    for line, words in ((2, "ON_SHUTDOWN='hibernate' is ignored: expected 'suspend' or 'shutdown'"),
                        (3, "SHUTDOWN_TIMEOUT='5m' is ignored: expected a number of seconds"),
                        (4, "TIMEOUT is not known here"), (5, "expected an assignment NAME=value"), (6, "START_DELAY: '$' would be expanded")):
        assert "%s:%d: %s" % (no_daemon.settings, line, words) in err


# ---- lists

def test_the_guests_of_each_uri_are_shown(program):
    program.set("URIS='default test:///default'")
    deaf(program.daemon, "web", "mail-and-more")
    out, err = program("gueststatus")
    assert out == """* default URI:
 Id   Name            State
-------------------------------
 1    web             running
 2    mail-and-more   running

* test:///default URI:
 Id   Name   State
----------------------
 1    test   running

"""
    assert err == ""


def test_a_broken_list_is_used_as_far_as_it_goes(program):
    deaf(program.daemon, "web", "mail")
    web, mail = uuids(program.daemon, "web", "mail").split()
    program.daemon.connect().lookupByName("mail").destroy()
    program.list("default %s garbage 11111111-2222-3333-4444-555555555555 %s\n\nxen:///system\nnonsense\n" % (web, mail))
    program.set("ON_BOOT=start", "START_DELAY=1")
    out, err = program("start", status=1)
    assert out.splitlines() == [
        "Ignoring guests on xen:///system URI", "Ignoring guests on nonsense URI",
        "", "Resuming guests on default URI...", "Resuming guest web: already active",
        "Resuming guest 11111111-2222-3333-4444-555555555555: failed: Domain not found: "
        "no domain with matching uuid '11111111-2222-3333-4444-555555555555'", "Resuming guest mail: done"]
    assert "%s:1: 'garbage' is no guest's UUID, it is left out" % program.list_file in err
    assert running(program.daemon) == ["mail", "web"]
    assert not program.list_file.exists() and program.lock_file.exists()


def test_a_guest_that_cannot_be_started_is_named_and_the_others_start(program):
    deaf(program.daemon, "web", "mail")
    bad = uuids(program.daemon, "web")
    connection = program.daemon.connect()
    program.set("ON_BOOT=start")
    program.list("default %s\n" % uuids(program.daemon, "web", "mail"))
    for domain in connection.listAllDomains():
        domain.destroy()
    xml = connection.lookupByName("web").XMLDesc(0)
    connection.defineXML(xml.replace("</type>", "</type><kernel>/nonexistent/kernel</kernel>"))
    out, _ = program("start", status=1)
    assert "Resuming guest web: failed: " in out and "/nonexistent/kernel" in out
    assert bad not in out
    assert running(program.daemon) == ["mail"]


# ---- shutdown

@needs_guest
def test_guests_go_down_in_turn_and_come_up_again(program):
    boot(program.daemon, "web", "mail", "brief", transient=("brief",))
    program("start")
    saved = uuids(program.daemon, "web", "mail", "brief")
    out, err = program("stop")
    lines = [line for line in out.splitlines() if not line.startswith("Waiting for guest ")]
    assert lines[0] == "" and lines[2:] == ["Shutting down guests on default URI..."] + [
        line for name in lines[1].removeprefix("Running guests on default URI: ").split(", ")
        for line in ("Starting shutdown on guest: " + name, "Shutdown of guest %s complete." % name)]
    assert err == ""
    assert running(program.daemon) == []
    uri, *listed = program.list_file.read_text().split()
    assert uri == "default" and sorted(listed) == sorted(saved.split())
    assert not program.lock_file.exists()

    program.set("ON_BOOT=start")
    out, _ = program("start", status=1)
    assert "Resuming guest web: done\n" in out and "Resuming guest mail: done\n" in out
    assert "no domain with matching uuid" in out   # the transient one
    assert running(program.daemon) == ["mail", "web"]


@needs_guest
def test_one_that_hears_nothing_does_not_keep_the_others(program):
    boot(program.daemon, "web")
    deaf(program.daemon, "deaf")
    boot(program.daemon, "mail")
    program.set("SHUTDOWN_TIMEOUT=%d" % (7 * SLOWNESS))
    out, _ = program("stop")
    assert "Waiting for guest deaf to shut down, 5 seconds left\nShutdown of guest deaf failed to complete in time.\n" in out
    assert "Shutdown of guest web complete.\n" in out and "Shutdown of guest mail complete.\n" in out
    assert running(program.daemon) == ["deaf"]


@needs_guest
def test_several_at_a_time_share_the_time(program):
    deaf(program.daemon, "deaf")
    boot(program.daemon, "web", "mail", "files")
    program.set("SHUTDOWN_TIMEOUT=%d" % (12 * SLOWNESS), "PARALLEL_SHUTDOWN=2", "ON_SHUTDOWN=suspend")
    out, _ = program("shutdown", status=1)
    lines = out.splitlines()
    assert lines[3:5] == ["Starting shutdown on guest: deaf", "Starting shutdown on guest: web"]
    for name in ("web", "mail", "files"):
        assert "Shutdown of guest %s complete." % name in lines
    assert lines[-2:] == ["Waiting for 1 guests to shut down, 5 seconds left", "Timeout expired while shutting down domains"]
    assert running(program.daemon) == ["deaf"]


@needs_guest
def test_guests_that_hang_keep_nobody(program):
    """More of them than a daemon serves calls of one client at a time."""
    hung = ["hung%d" % i for i in range(6)]
    deaf(program.daemon, *hung)
    boot(program.daemon, "web", "mail")
    pids = [stop_process(program.daemon, name) for name in hung]
    try:
        program.set("PARALLEL_SHUTDOWN=8", "SHUTDOWN_TIMEOUT=%d" % PATIENCE)
        out, _ = program("--patience", patience(4), "stop", status=1)
        assert "Shutdown of guest web complete.\n" in out and "Shutdown of guest mail complete.\n" in out
        assert all("Shutdown of guest %s failed: " % name in out for name in hung)
        assert running(program.daemon) == hung
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_a_daemon_that_hangs_is_given_up(program):
    deaf(program.daemon, "web")
    program.set("URIS='default test:///default'")
    program.daemon.process.send_signal(signal.SIGSTOP)
    try:
        out, err = program("--patience", patience(2), "stop")
        assert out == "Can't connect to default. Skipping.\nCan't connect to test:///default. Skipping.\n"
        assert "default: Timed out during operation: connecting did not finish within %s s" % patience(2) in err
        out, _ = program("--patience", patience(2), "gueststatus")
        assert out == "* default URI:\n\n* test:///default URI:\n\n"
    finally:
        program.daemon.process.send_signal(signal.SIGCONT)


def test_a_daemon_that_hangs_while_guests_are_waited_for_is_given_up(program):
    deaf(program.daemon, "web", "mail")
    program.set("SHUTDOWN_TIMEOUT=0")
    process = program.begin("--patience", patience(2), "stop")
    try:
        for line in process.stdout:
            if line == "Waiting for guest web to shut down\n":
                break
        program.daemon.process.send_signal(signal.SIGSTOP)
        out, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        program.daemon.process.send_signal(signal.SIGCONT)
    assert process.returncode == 1
    assert "Shutdown of guest web failed: " in out
    assert out.endswith("The daemon of default URI does not answer. Skipping guest mail and those after it.\n")


def test_a_full_backlog_is_waited_for_and_no_longer(no_daemon):
    path = str(no_daemon.daemon.run / "libvirt-sock")
    no_daemon.daemon.run.mkdir(parents=True)
    no_daemon.set("URIS=test:///default")
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(path)
        listener.listen(0)
        first.connect(path)
        assert no_daemon("--patience", patience(1), "stop")[0] == "Can't connect to test:///default. Skipping.\n"


@needs_guest
def test_a_daemon_that_is_started_anew_meanwhile_is_asked_again(program):
    boot(program.daemon, "web")
    deaf(program.daemon, "deaf")
    program.set("SHUTDOWN_TIMEOUT=%d" % (30 * SLOWNESS), "PARALLEL_SHUTDOWN=2")
    process = program.begin("stop")
    try:
        for line in process.stdout:
            if line == "Shutdown of guest web complete.\n":
                break
        program.daemon.kill()
        program.daemon.start()
        program.daemon.connect().lookupByName("deaf").destroy()
        out, err = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert process.returncode == 0, out + err
    assert out.endswith("Shutdown of guest deaf complete.\n")


def test_two_uris_of_one_hypervisor_share_their_guests(program):
    deaf(program.daemon, "web")
    name = "qemu:///%s" % ("system" if program.daemon.system else "session")
    program.set("URIS='%s default'" % name, "SHUTDOWN_TIMEOUT=1")
    out, _ = program("stop")
    assert "The guests on default URI are those on %s URI.\n" % name in out
    assert out.count("Starting shutdown on guest: web") == 1
    assert program.list_file.read_text() == "%s %s\n" % (name, uuids(program.daemon, "web"))


# ---- suspend

def test_guests_are_saved_and_restored_but_for_transient_ones(program):
    deaf(program.daemon, "web", "mail")
    connection = program.daemon.connect()
    xml = connection.lookupByName("web").XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    start, end = xml.index("<uuid>"), xml.index("</uuid>") + len("</uuid>")
    connection.createXML(xml[:start].replace("<name>web", "<name>brief") + xml[end:])
    program.set("ON_SHUTDOWN=suspend", "ON_BOOT=start", "BYPASS_CACHE=0")
    saved = uuids(program.daemon, "web", "mail")
    out, err = program("stop")
    assert out.splitlines() == [
        "", "Running guests on default URI: web, mail, brief", "Not suspending transient guests on URI: default: brief",
        "Suspending guests on default URI...", "Suspending web: ...", "Suspending web: done", "Suspending mail: ...",
        "Suspending mail: done"]
    assert err == ""
    assert running(program.daemon) == ["brief"]
    assert program.list_file.read_text() == "default %s\n" % saved
    assert connection.lookupByName("web").hasManagedSaveImage() == 1

    program("start")
    assert running(program.daemon) == ["brief", "mail", "web"]
    assert connection.lookupByName("web").hasManagedSaveImage() == 0


def test_a_save_that_makes_no_step_is_given_up(program):
    deaf(program.daemon, "hung", "web")
    program.set("ON_SHUTDOWN=suspend")
    pid = stop_process(program.daemon, "hung")
    try:
        out, _ = program("--patience", patience(3), "stop", status=1)
        assert "Suspending hung: failed: " in out
        assert out.endswith("Suspending web: ...\nSuspending web: done\n")
    finally:
        os.kill(pid, signal.SIGCONT)


# ---- beside the peer's

SCRIPT = "/usr/lib/libvirt/libvirt-guests.sh"
# The script has no root of its own: what it reads and writes is put where it looks.
SURROUNDINGS = """set -e
mount -t tmpfs tmpfs /var/lib
mkdir /var/lib/libvirt
mount --bind "$1/var/lock" /run/lock
mount --bind "$1/etc/default" /etc/default
mount --bind "$1/var/lib/libvirt" /var/lib/libvirt
shift
exec "$@"
"""


def script(program, *arguments):
    done = subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-c", SURROUNDINGS, "script",
                           str(program.daemon.root), SCRIPT, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, timeout=PATIENCE,
                          env=dict(os.environ, LC_ALL="C", LIBVIRT_DEFAULT_URI=program.daemon.uri))
    return done.returncode, done.stdout


def start_all(daemon):
    """As at the beginning: everything runs, nothing is saved."""
    for domain in sorted(daemon.connect().listAllDomains(), key=lambda domain: domain.name(), reverse=True):
        if domain.isActive():
            domain.destroy()
        domain.createWithFlags(libvirt.VIR_DOMAIN_START_FORCE_BOOT)


def without_layout(out):
    """What is said, without empty lines and without how often one is told to wait."""
    return [line for line in out.replace("Skipping.", "Skipping.\n").splitlines() if line and not line.startswith("Waiting for")]


@pytest.mark.skipif(not os.path.exists(SCRIPT) or os.geteuid() != 0, reason="no script to compare with, or not root")
@pytest.mark.parametrize("settings", (
    ("SHUTDOWN_TIMEOUT=1", "ON_BOOT=start"),
    ("SHUTDOWN_TIMEOUT=2", "PARALLEL_SHUTDOWN=3", "ON_BOOT=start"),
    ("ON_SHUTDOWN=suspend", "ON_BOOT=start", "BYPASS_CACHE=1", "START_DELAY=1", "SHUTDOWN_TIMEOUT=1"),
    ("ON_SHUTDOWN=suspend", "ON_BOOT=ignore", "SHUTDOWN_TIMEOUT=1"),
    ("SHUTDOWN_TIMEOUT=-3",)), ids=" ".join)
def test_says_and_does_what_the_script_does(program, settings):
    deaf(program.daemon, "web", "mail")
    for path in (program.list_file, program.lock_file):
        path.parent.mkdir(parents=True, exist_ok=True)
    program.set(*settings)
    told = []
    for run in (lambda word: script(program, word), lambda word: program.both(word)):
        steps = []
        for word in ("status", "start", "status", "stop", "status", "gueststatus", "start", "condrestart", "shutdown", "nonsense"):
            status, out = run(word)
            steps.append((word, status, without_layout(out), program.lock_file.exists(),
                          program.list_file.read_text() if program.list_file.exists() else None))
        told.append(steps)
        for path in (program.list_file, program.lock_file):
            path.unlink(missing_ok=True)
        start_all(program.daemon)
    for peers, ours in zip(*told):
        if peers[0] == "nonsense":
            assert ours[1] == peers[1] and ours[2][0].partition("{")[2] == peers[2][0].partition("{")[2]
        elif peers[0] != "gueststatus":
            assert ours == peers
        else:
            assert [line.split()[1:] for line in ours[2]] == [line.split()[1:] for line in peers[2]]
