"""Configuration files that say what is wrong with them."""
import pathlib
import re
import signal
import subprocess
import uuid

import libvirt
import libvirt_qemu
import pytest

from daemon import BINARY, PATIENCE, TOP, Daemon, wait_until
from test_remote import SERVER, Authority


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


def words_of(daemon):
    """The command line and the environment of the only QEMU."""
    pid = next(iter(daemon.qemus()))
    folder = pathlib.Path("/proc") / str(pid)
    read = lambda name: (folder / name).read_bytes().decode().split("\0")
    return " ".join(read("cmdline")), read("environ"), (folder / "limits").read_text()


GUEST = """<domain type='qemu'><name>g</name><memory unit='KiB'>65536</memory><os><type arch='x86_64' machine='pc'>hvm</type></os>
<devices>%s</devices></domain>"""
SCREENS = "<graphics type='vnc'/><graphics type='spice' autoport='yes'/>"


def with_qemu_conf(daemon, text):
    conf = daemon.config / "qemu.conf"
    conf.write_text(conf.read_text() + text)
    daemon.start()
    return daemon.connect()


def test_screens_and_ports_are_encrypted_as_qemu_conf_says(own_daemon, tmp_path):
    """The words are those that libvirt 9.0 gives to QEMU for the same file."""
    daemon = own_daemon
    folder = Authority(tmp_path / "authority").issue(daemon.root / "tls", "server-", SERVER)
    (folder / "cacert.pem").rename(folder / "ca-cert.pem")
    connection = with_qemu_conf(daemon, """default_tls_x509_cert_dir = "/tls"
vnc_tls = 1
vnc_sasl = 1
vnc_sasl_dir = "/etc/sasl2"
vnc_password = "vnc-secret"
spice_tls = 1
chardev_tls = 1
log_timestamp = 0
deprecation_behavior = "omit"
max_core = "unlimited"
max_files = 5000
""")
    domain = connection.createXML(GUEST % (SCREENS + "<serial type='tcp'><source mode='bind' host='127.0.0.1' service='0'/></serial>"))
    try:
        words, environment, limits = words_of(daemon)
        credentials = '{"qom-type":"tls-creds-x509","id":"%s","dir":"' + str(folder) + '","endpoint":"server","verify-peer":%s}'
        assert credentials % ("vnc-tls-creds0", "false") in words
        assert credentials % ("objcharserial0_tls0", "true") in words
        assert "port=0,server=on,wait=off,tls-creds=objcharserial0_tls0" in words
        assert ",password=on,tls-creds=vnc-tls-creds0,sasl=on,audiodev=audio1" in words
        assert re.search(r"-spice port=(\d+),tls-port=(\d+),addr=127.0.0.1,disable-ticketing=on,x509-dir=%s,seamless-migration=on" % folder, words)
        assert '-compat {"deprecated-output":"hide"}' in words and "timestamp" not in words
        assert "SASL_CONF_PATH=/etc/sasl2" in environment
        assert re.search(r"Max core file size +unlimited +unlimited", limits) and re.search(r"Max open files +5001 +5001", limits)
        document = domain.XMLDesc()
        assert "service='0' tls='yes'/>" in document and re.search(r"type='spice' port='\d+' tlsPort='\d+'", document)
        # The password goes over the monitor alone, and is nowhere to be read.
        assert "vnc-secret" not in words and "vnc-secret" not in domain.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE)
        assert "vnc-secret" not in daemon.log.read_text()
        assert "vnc-secret" not in (daemon.root / "var/log/libvirt/qemu/g.log").read_text() if daemon.system else True
        answer = connection.lookupByName("g")
        shown = libvirt_qemu.qemuMonitorCommand(answer, '{"execute":"query-vnc"}', 0)
        assert '"enabled":true' in shown.replace(" ", "")
    finally:
        domain.destroy()
        connection.close()


def test_screens_may_be_sockets(own_daemon):
    daemon = own_daemon
    connection = with_qemu_conf(daemon, "vnc_auto_unix_socket = 1\nspice_auto_unix_socket = 1\n")
    domain = connection.createXML(GUEST % SCREENS)
    try:
        words = words_of(daemon)[0]
        vnc, spice = re.search(r"-vnc vnc=unix:(\S+/vnc.sock),", words).group(1), re.search(r"-spice unix,addr=(\S+/spice.sock),", words).group(1)
        document = domain.XMLDesc()
        for kind, path in (("vnc", vnc), ("spice", spice)):
            assert pathlib.Path(path).is_socket()
            head = f" socket='{path}'" if kind == "vnc" else ""
            assert f"<graphics type='{kind}'{head}>\n      <listen type='socket' socket='{path}'/>" in document
    finally:
        domain.destroy()
        connection.close()


def test_a_folder_of_certificates_that_is_not_there(own_daemon):
    conf = own_daemon.config / "qemu.conf"
    conf.write_text(conf.read_text() + 'vnc_tls_x509_cert_dir = "/nonexistent"\n')
    own_daemon.start()
    own_daemon.process.wait(PATIENCE)
    assert "vnc_tls_x509_cert_dir directory '/nonexistent' does not exist" in own_daemon.log.read_text()


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


def test_a_reload_takes_what_can_change_and_says_what_cannot(own_daemon):
    daemon = own_daemon
    conf, qemu = daemon.config / "libvirtd.conf", daemon.config / "qemu.conf"
    conf.write_text(LOG)
    daemon.start()
    connection = daemon.connect()

    def reload_with(text):
        """What it then said."""
        before = daemon.log.stat().st_size
        conf.write_text(text)
        # A definition that appears is taken up last of all.
        name, folder = "g%d" % before, daemon.config / "qemu"
        folder.mkdir(exist_ok=True)
        (folder / "new").write_text("<domain type='qemu'><name>%s</name><uuid>%s</uuid><memory>8192</memory><os>"
                                    "<type arch='x86_64' machine='pc'>hvm</type></os></domain>" % (name, uuid.uuid4()))
        (folder / "new").rename(folder / (name + ".xml"))
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: name in [domain.name() for domain in connection.listAllDomains()])
        return daemon.log.read_text()[before:]

    assert "the configuration stays as it was" in reload_with("max_clients = 'many'\n")
    assert "configuration file syntax error" in reload_with("max_clients =\n")
    assert "'tls_port' has changed, which the next start of the daemon heeds" in reload_with(LOG + 'tls_port = "1"\n')
    assert "has changed" not in reload_with(LOG + 'tls_port = "1"\n')
    assert "the configuration stays as it was" in reload_with('log_outputs = "3:nowhere"\n')
    said = reload_with('log_level = 1\nlog_outputs = "1:stderr"\nmax_clients = 1\n')
    connection.listAllDomains()
    wait_until(lambda: "calls remote connect_list_all_domains" in daemon.log.read_text())
    assert "no more clients are accepted: 1 of 1" in daemon.log.read_text(), said
    qemu.write_text(qemu.read_text() + "vnc_listen = '::1'\n")
    assert "'vnc_listen' in qemu.conf has changed" in reload_with('log_level = 1\nlog_outputs = "1:stderr"\nmax_clients = 1\n')
