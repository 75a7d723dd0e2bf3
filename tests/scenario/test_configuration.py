"""Configuration files that say what is wrong with them."""
import pathlib
import re
import subprocess

import pytest

from daemon import BINARY, PATIENCE, TOP, Daemon, wait_until


@pytest.fixture
def own_daemon():
    """Not started yet: its files are the test's."""
    it = Daemon()
    try:
        yield it
    finally:
        it.remove()


LOG = 'log_outputs = "3:stderr"\n'


def refused(daemon, text):
    """The daemon's words when it does not start with this file."""
    (daemon.config / "libvirtd.conf").write_text(text)
    done = subprocess.run([BINARY, "--root", str(daemon.root)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=PATIENCE)
    assert done.returncode == 1
    return done.stdout


def test_what_has_no_effect_is_named(own_daemon):
    daemon = own_daemon
    conf = daemon.config / "libvirtd.conf"
    conf.write_text(LOG + "max_clinets = 7\nmax_clients = 8\nmax_clients = 9\nmin_workers = 3\n")
    qemu = daemon.config / "qemu.conf"
    qemu.write_text(qemu.read_text() + "spice_lsiten = '::1'\nmigration_host = 'there'\n")
    (daemon.config / "network.conf").write_text("firewall = 'none'\n")
    daemon.start()
    daemon.connect().close()  # the drivers are there then
    log = daemon.log.read_text()
    assert f"{conf}:2: 'max_clinets' is no known setting and is ignored; if 'max_clients' is meant, its default stays" in log
    assert f"{conf}:4: 'max_clients' is ignored here: the value of line 3 stays" in log
    assert f"{conf}:5: 'min_workers' has no effect: calls wait on one loop" in log
    assert re.search(re.escape(str(qemu)) + r":\d+: 'spice_lsiten' is no known setting and is ignored; if 'spice_listen'", log)
    assert re.search(re.escape(str(qemu)) + r":\d+: 'migration_host' has no effect: guests are not migrated yet", log)
    assert "network.conf:1: 'firewall' is no known setting" in log
    assert "warning" in log and " error " not in log


def test_ill_typed_values_are_refused_where_they_stand(own_daemon):
    words = refused(own_daemon, "# first\nunix_sock_group = 3\n")
    path = own_daemon.config / "libvirtd.conf"
    # People search for the sentence up to the comma.
    assert f"{path}: expected a string for 'unix_sock_group' parameter, not a number (line 2)" in words
    assert f"{path}:1: expecting a value" in refused(own_daemon, "unix_sock_group =\n")


def test_modular_daemons_do_not_listen_on_the_network(own_daemon):
    daemon = own_daemon
    (daemon.config / "virtsecretd.conf").write_text(LOG + "listen_tcp = 1\n")
    daemon.command = [str(pathlib.Path(BINARY).parent / "virtsecretd")]
    daemon.start()
    assert "virtsecretd.conf:2: 'listen_tcp' has no effect: this daemon does not listen on the network" in daemon.log.read_text()


def test_what_cannot_be_read_again_stays_and_the_rest_is_read(own_daemon):
    """SIGHUP with a broken file."""
    daemon = own_daemon
    daemon.start()
    with daemon.connect() as connection:
        connection.nwfilterDefineXML("<filter name='kept'><rule action='drop' direction='in'/></filter>")
        (daemon.config / "nwfilter" / "kept.xml").write_text("<filter name='kept'>")
        folder = daemon.config / "qemu"
        folder.mkdir(exist_ok=True)
        (folder / "new.xml").write_text(
            "<domain type='qemu'><name>new</name><uuid>1c2d5a7e-0000-4000-8000-00000000abcd</uuid><memory>8192</memory>"
            "<os><type arch='x86_64'>hvm</type></os></domain>")
        daemon.process.send_signal(1)
        wait_until(lambda: "new" in [d.name() for d in connection.listAllDomains()])
        assert "drop" in connection.nwfilterLookupByName("kept").XMLDesc()
    assert "kept.xml" in daemon.log.read_text()


def settings_with_effect():
    """Names of the rows that claim one, and the files that they are in."""
    for name in ("daemon", "qemu"):
        text = (TOP / "src" / "config" / f"{name}_settings.cc").read_text()
        for row in re.findall(r'Row\{"(\w+)",(.*?)\},\n', text, re.S):
            if not re.search(r"\b(not_yet|needless|obsolete)\b", re.sub(r'"(?:[^"\\]|\\.)*"', "", row[1])):
                yield name, row[0]


@pytest.mark.parametrize("file,name", settings_with_effect())
def test_a_setting_that_claims_an_effect_is_read_by_somebody(file, name):
    for source in (TOP / "src").rglob("*.cc"):
        if source.name.endswith("_test.cc") or source.parent.name == "config":
            continue
        if re.search(r"\bsettings_?\.(\w+\.|\w+\()?%s\b" % name.removeprefix("auth_unix_"), source.read_text()):
            return
    text = (TOP / "src" / "config" / f"{file}_settings.cc").read_text()
    assert re.search(r"(?<![:\"])\b%s\b(?!\")" % name, text), f"nobody reads {name}"


def test_the_hosts_uuid_is_the_one_that_is_given(own_daemon):
    uuid = "5ce00000-0000-4000-8000-0000000000aa"
    assert "invalid host UUID: 00000000-0000-0000-0000-000000000000" in refused(
        own_daemon, 'host_uuid = "00000000-0000-0000-0000-000000000000"\n')
    assert "invalid UUID source: dice" in refused(own_daemon, 'host_uuid_source = "dice"\n')
    (own_daemon.config / "libvirtd.conf").write_text(LOG + 'host_uuid = "%s"\n' % uuid)
    with own_daemon.start().connect() as connection:
        assert "<uuid>%s</uuid>" % uuid in connection.getCapabilities()
