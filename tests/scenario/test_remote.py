"""Clients from afar: TCP with SASL, TLS with certificates, and those who should not get in."""
import os
import pathlib
import re
import resource
import shutil
import socket
import ssl
import subprocess
import time

import libvirt
import pytest

import wire
from daemon import PATIENCE, SLOWNESS, Daemon, wait_until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="certificates and passwords of the system's daemon need root")

AUTHORITY = "organization = Innkeeper\ncn = authority\nca\ncert_signing_key\ncrl_signing_key\nexpiration_days = 30\n"
SERVER = ("organization = Innkeeper\ncn = localhost\ndns_name = localhost\nip_address = 127.0.0.1\ntls_www_server\n"
          "encryption_key\nsigning_key\nexpiration_days = 30\n")
CLIENT = "organization = Innkeeper\ncn = %s\ntls_www_client\nencryption_key\nsigning_key\nserial = %d\nexpiration_days = 30\n"
MECHANISM = "SCRAM-SHA-256"


def certtool(folder, *arguments):
    done = subprocess.run(["certtool", *map(str, arguments)], cwd=folder, stdin=subprocess.DEVNULL, timeout=PATIENCE,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    return done.stdout


class Authority:
    """A certificate authority, in a folder that clients can take as their pkipath once client() made their pair."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.key(folder / "cakey.pem")
        (folder / "ca.info").write_text(AUTHORITY)
        certtool(folder, "--generate-self-signed", "--load-privkey", "cakey.pem", "--template", "ca.info", "--outfile", "cacert.pem")

    @staticmethod
    def key(path):
        certtool(path.parent, "--generate-privkey", "--key-type", "rsa", "--bits", "2048", "--outfile", path.name)
        path.chmod(0o600)

    def issue(self, folder, name, template):
        folder.mkdir(exist_ok=True)
        key, certificate = folder / ("%skey.pem" % name), folder / ("%scert.pem" % name)
        if not key.exists():
            self.key(key)
        (folder / "info").write_text(template)
        certtool(folder, "--generate-certificate", "--load-privkey", key, "--load-ca-certificate", self.folder / "cacert.pem",
                 "--load-ca-privkey", self.folder / "cakey.pem", "--template", "info", "--outfile", certificate)
        if not (folder / "cacert.pem").exists():
            shutil.copy(self.folder / "cacert.pem", folder / "cacert.pem")
        return folder

    def client(self, folder, name="friend", serial=7, template=CLIENT):
        return self.issue(folder, "client", template % (name, serial))

    def revoke(self, certificate, into):
        (self.folder / "crl.info").write_text("crl_next_update = 30\ncrl_number = 1\n")
        certtool(self.folder, "--generate-crl", "--load-ca-privkey", "cakey.pem", "--load-ca-certificate", "cacert.pem",
                 "--load-certificate", certificate, "--template", "crl.info", "--outfile", into)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def configure(daemon, *lines):
    (daemon.config / "libvirtd.conf").write_text("\n".join(
        ('log_level = 1', 'log_outputs = "1:stderr"', 'listen_addr = "127.0.0.1"', *lines)) + "\n")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    it = Authority(tmp_path_factory.mktemp("pki") / "ca")
    it.client(it.folder.parent / "friend")
    return it


@pytest.fixture
def tls(daemon_of, authority):
    """A daemon with a TLS port, not started yet; `set` gives it further settings."""
    it = daemon_of
    pki = it.root / "etc/pki"
    authority.issue(it.root / "pki", "server", SERVER)
    (pki / "CA").mkdir(parents=True)
    (pki / "libvirt/private").mkdir(parents=True)
    shutil.copy(it.root / "pki/cacert.pem", pki / "CA/cacert.pem")
    shutil.copy(it.root / "pki/servercert.pem", pki / "libvirt/servercert.pem")
    shutil.copy(it.root / "pki/serverkey.pem", pki / "libvirt/private/serverkey.pem")
    it.port = free_port()
    it.set = lambda *lines: configure(it, "tls_port = \"%d\"" % it.port, *lines)
    it.set()
    it.tls_uri = lambda folder: "test+tls://127.0.0.1:%d/default?pkipath=%s" % (it.port, folder)
    return it


@pytest.fixture
def daemon_of():
    it = Daemon()
    yield it
    it.remove()


def refused(uri):
    with pytest.raises(libvirt.libvirtError) as failure:
        libvirt.open(uri)
    return failure.value


def test_a_client_with_a_certificate_is_served(tls, authority):
    tls.start("--listen")
    with libvirt.open(tls.tls_uri(authority.folder.parent / "friend")) as connection:
        assert connection.isSecure() == 1 and connection.isEncrypted() == 1
        assert [guest.name() for guest in connection.listAllDomains()] == ["test"]
        # More than a record holds, both ways.
        large = "<metadata><a:a xmlns:a='urn:a'>%s</a:a></metadata>" % ("x" * 300_000)
        connection.defineXML("<domain type='test'><name>large</name><memory>8192</memory>%s<os><type>hvm</type></os></domain>" % large)
        assert "x" * 300_000 in connection.lookupByName("large").XMLDesc(0)
        listed = subprocess.run(["virt-admin", "-c", "libvirtd+unix:///system?socket=%s" % (tls.run / "libvirt-admin-sock"),
                                 "client-list", "libvirtd"], stdout=subprocess.PIPE, text=True, timeout=PATIENCE, check=True).stdout
        number = listed.splitlines()[2].split()[0]
        assert listed.splitlines()[2].split()[1] == "tls"
        told = subprocess.run(["virt-admin", "-c", "libvirtd+unix:///system?socket=%s" % (tls.run / "libvirt-admin-sock"),
                               "client-info", "libvirtd", number], stdout=subprocess.PIPE, text=True, timeout=PATIENCE, check=True).stdout
        assert "tls_x509_dname : O=Innkeeper,CN=friend" in told and "sock_addr      : 127.0.0.1:" in told


def test_who_has_no_good_certificate_is_turned_away(tls, authority, tmp_path):
    tls.start("--listen")
    stranger = Authority(tmp_path / "other")
    wrong_authority = stranger.client(tmp_path / "wrong")
    shutil.copy(authority.folder / "cacert.pem", wrong_authority / "cacert.pem")
    refused(tls.tls_uri(wrong_authority) + "&no_sanity=1")
    wait_until(lambda: "the client's certificate is not good" in tls.log.read_text())

    old = "activation_date = \"2020-01-01 00:00:00 UTC\"\nexpiration_date = \"2020-02-01 00:00:00 UTC\"\n"
    expired = authority.client(tmp_path / "expired", template=CLIENT.replace("expiration_days = 30\n", old))
    # The client's library looks at its own certificate first.
    refused(tls.tls_uri(expired) + "&no_sanity=1")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(authority.folder / "cacert.pem")
    with context.wrap_socket(socket.create_connection(("127.0.0.1", tls.port)), server_hostname="localhost") as nameless:
        nameless.settimeout(PATIENCE)
        try:
            assert nameless.recv(1) == b""
        except (ssl.SSLError, ConnectionError):
            pass
    wait_until(lambda: "the client has no certificate" in tls.log.read_text())

    libvirt.open(tls.tls_uri(authority.folder.parent / "friend")).close()


def test_a_revoked_certificate_and_one_that_changes(tls, authority, tmp_path):
    tls.start("--listen")
    victim = authority.client(tmp_path / "victim", "victim", 99)
    libvirt.open(tls.tls_uri(victim)).close()
    # The list had not been there at the start; the files of a pair that is exchanged are read again.
    tls.stop()
    authority.revoke(victim / "clientcert.pem", tls.root / "etc/pki/CA/cacrl.pem")
    tls.start("--listen")
    refused(tls.tls_uri(victim))
    wait_until(lambda: "revoked" in tls.log.read_text())

    friend = authority.folder.parent / "friend"
    certificate = tls.root / "etc/pki/libvirt/servercert.pem"
    good = certificate.read_text()
    certificate.write_text("no certificate")
    libvirt.open(tls.tls_uri(friend)).close()
    assert "those read before stay" in tls.log.read_text()
    admin = ["virt-admin", "-c", "libvirtd+unix:///system?socket=%s" % (tls.run / "libvirt-admin-sock")]
    update = subprocess.run([*admin, "server-update-tls", "libvirtd"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE)
    assert update.returncode == 1 and "servercert.pem" in update.stdout
    certificate.write_text(good)
    subprocess.run([*admin, "server-update-tls", "libvirtd"], check=True, timeout=PATIENCE, stdout=subprocess.DEVNULL)
    libvirt.open(tls.tls_uri(friend)).close()


def test_names_that_are_not_in_the_list(tls, authority, tmp_path):
    tls.set('tls_allowed_dn_list = [ "O=Innkeeper,CN=admin*" ]')
    tls.start("--listen")
    refused(tls.tls_uri(authority.folder.parent / "friend"))
    wait_until(lambda: "'O=Innkeeper,CN=friend' is not in tls_allowed_dn_list" in tls.log.read_text())
    libvirt.open(tls.tls_uri(authority.client(tmp_path / "admin", "admin7"))).close()


def test_old_versions_of_tls_and_what_is_no_tls(tls, authority):
    tls.set("tls_no_verify_certificate = 1", 'tls_priority = "NORMAL:-VERS-ALL:+VERS-TLS1.3"')
    tls.start("--listen")
    friend = authority.folder.parent / "friend"
    refused(tls.tls_uri(friend) + "&tls_priority=NORMAL:-VERS-ALL:%2BVERS-TLS1.2")
    with socket.create_connection(("127.0.0.1", tls.port)) as plain:
        plain.settimeout(PATIENCE)
        plain.sendall(bytes([0, 0, 0, 28, 0x20, 0, 0x80, 0x86]) + bytes(20))
        try:
            while plain.recv(4096):
                pass
        except ConnectionError:
            pass
    libvirt.open(tls.tls_uri(friend)).close()


def test_slow_handshakes_hold_nobody_up(tls, authority):
    tls.set("max_anonymous_clients = 2")
    tls.start("--listen")
    friend = authority.folder.parent / "friend"
    hello = bytes([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3])
    slow = [socket.create_connection(("127.0.0.1", tls.port)) for _ in range(6)]
    slow[0].sendall(hello[:1])
    for _ in range(3):
        libvirt.open(tls.tls_uri(friend)).close()
    for one in slow:
        one.close()


@pytest.fixture
def descriptors():
    """Enough of them for a crowd; the daemon is started with few and helps itself."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (20_000, max(20_000, before[1])))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def memory(daemon):
    """MiB of its own."""
    rollup = pathlib.Path("/proc/%d/smaps_rollup" % daemon.process.pid).read_text()
    return int(re.search(r"^Pss: +(\d+) kB", rollup, re.M)[1]) / 1024


def test_a_crowd_keeps_nobody_out(tls, authority, descriptors):
    """Five thousand clients, and ten thousand who never say who they are: one more is served, here and from afar."""
    tls.set('auth_unix_rw = "none"', "max_clients = 6000", 'log_outputs = "3:stderr"')
    tls.command = ["prlimit", "--nofile=1024:20000", *tls.command]
    tls.start("--listen")
    empty = memory(tls)
    friend = authority.folder.parent / "friend"
    clients, strangers = [], []
    try:
        for _ in range(5000):
            clients.append(wire.Client(tls.socket))
            clients[-1].open("qemu:///system")
        full = memory(tls)
        for _ in range(10_000):
            strangers.append(socket.socket())
            strangers[-1].setblocking(False)
            strangers[-1].connect_ex(("127.0.0.1", tls.port))
        with wire.Client(tls.socket) as honest:
            assert honest.open("qemu:///system").status == wire.OK
        libvirt.open(tls.tls_uri(friend)).close()
        assert clients[0].call(157).status == wire.OK
        print("%.1f MiB alone, %.1f with 5000 clients, %.1f with 10000 strangers as well" % (empty, full, memory(tls)))
        # A client costs its session and no buffer; a stranger waits in the kernel.
        assert memory(tls) - empty < 64 * SLOWNESS
    finally:
        for one in strangers:
            one.close()
        for one in clients:
            one.socket.close()
    wait_until(lambda: len(os.listdir("/proc/%d/fd" % tls.process.pid)) < 64)


def test_what_is_wrong_with_certificates_is_said_at_the_start(tls, authority, tmp_path):
    certificate = tls.root / "etc/pki/libvirt/servercert.pem"
    key = tls.root / "etc/pki/libvirt/private/serverkey.pem"
    good, good_key = certificate.read_text(), key.read_text()

    def complaint():
        done = subprocess.run([*tls.command, "--root", str(tls.root), "--listen"], timeout=PATIENCE, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        assert done.returncode == 6, done.stdout
        return done.stdout

    certificate.unlink()
    assert "Cannot read certificate '%s': No such file or directory" % certificate in complaint()
    certificate.write_text("no certificate")
    assert "Unable to import server certificate %s" % certificate in complaint()
    certificate.write_text(good)
    Authority.key(key)
    assert "Unable to set x509 key and certificate" in complaint()
    key.write_text(good_key)
    expired = SERVER.replace("expiration_days = 30\n", "activation_date = \"2020-01-01 00:00:00 UTC\"\nexpiration_date = \"2020-02-01 00:00:00 UTC\"\n")
    certificate.write_text((authority.issue(tmp_path / "s", "server", expired) / "servercert.pem").read_text())
    assert "The server certificate %s has expired" % certificate in complaint()
    certificate.write_text(good)
    authority_file = tls.root / "etc/pki/CA/cacert.pem"
    trusted = authority_file.read_text()
    authority_file.write_text(good)
    assert "basic constraints" in complaint()
    authority_file.write_text((Authority(tmp_path / "stranger").folder / "cacert.pem").read_text())
    assert "failed validation" in complaint()
    authority_file.write_text(trusted)
    key.chmod(0o644)
    tls.set('tls_priority = "NORMAL:+NONSENSE"')
    said = complaint()
    assert "can be read or changed by others (mode 0644)" in said and "NONSENSE" in said
    configure(tls, 'ca_file = "/etc/pki/CA/cacert.pem"')
    assert "No server certificate path set to match server key" in complaint()


@pytest.fixture
def sasl(daemon_of):
    """A daemon with a TCP port and one user, "guest" with the password "secret"."""
    it = daemon_of
    (it.root / "etc/sasl2").mkdir(parents=True)
    (it.root / "etc/sasl2/libvirt.conf").write_text("mech_list: %s DIGEST-MD5\nsasldb_path: %s\n" % (MECHANISM, it.root / "passwords"))
    for user, password in (("guest", "secret"), ("other", "else")):
        subprocess.run(["saslpasswd2", "-p", "-c", "-a", "libvirt", "-f", str(it.root / "passwords"), user],
                       input=password, text=True, check=True, timeout=PATIENCE)
    it.port = free_port()
    it.environment = {"SASL_CONF_PATH": str(it.root / "etc/sasl2")}
    return it


def with_password(uri, user, password):
    def answer(credentials, _):
        for credential in credentials:
            credential[4] = user if credential[0] in (libvirt.VIR_CRED_AUTHNAME, libvirt.VIR_CRED_USERNAME) else password
        return 0
    kinds = [libvirt.VIR_CRED_AUTHNAME, libvirt.VIR_CRED_PASSPHRASE]
    return libvirt.openAuth(uri, [kinds, answer, None], 0)


def test_a_password_over_tcp(sasl):
    configure(sasl, "listen_tls = 0", "listen_tcp = 1", 'tcp_port = "%d"' % sasl.port,
              'sasl_allowed_username_list = [ "guest@*", "guest" ]')
    sasl.start("--listen")
    uri = "test+tcp://127.0.0.1:%d/default" % sasl.port
    with with_password(uri, "guest", "secret") as connection:
        # The mechanism's own layer protects what follows.
        assert connection.isSecure() == 1
        connection.defineXML("<domain type='test'><name>large</name><memory>8192</memory><metadata><a:a xmlns:a='urn:a'>%s</a:a></metadata>"
                             "<os><type>hvm</type></os></domain>" % ("y" * 400_000))
        assert "y" * 400_000 in connection.lookupByName("large").XMLDesc(0)
    for user, password in (("guest", "wrong"), ("nobody", "secret"), ("other", "else")):
        with pytest.raises(libvirt.libvirtError) as failure:
            with_password(uri, user, password)
        assert failure.value.get_error_code() == libvirt.VIR_ERR_AUTH_FAILED
    assert "'other" in sasl.log.read_text() and "is not in sasl_allowed_username_list" in sasl.log.read_text()
    assert "secret" not in sasl.log.read_text()


def test_a_password_on_the_unix_socket(sasl):
    configure(sasl, 'auth_unix_rw = "sasl"')
    sasl.start()
    uri = "test+unix:///default?socket=%s" % sasl.socket
    with with_password(uri, "guest", "secret") as connection:
        assert connection.listAllDomains()
    with pytest.raises(libvirt.libvirtError):
        with_password(uri, "guest", "nonsense")


@pytest.fixture
def realm(daemon_of, tmp_path):
    """A Kerberos realm of its own with the daemon's service and one user, who has a ticket."""
    if shutil.which("krb5kdc", path="/usr/sbin:/usr/bin") is None:
        pytest.skip("krb5-kdc is missing")
    port = free_port()
    (tmp_path / "krb5.conf").write_text("[libdefaults]\ndefault_realm = INN.TEST\ndns_lookup_kdc = false\nrdns = false\ndns_canonicalize_hostname = false\nignore_acceptor_hostname = true\n"
                                        "[realms]\nINN.TEST = {\nkdc = 127.0.0.1:%d\n}\n[domain_realm]\nlocalhost = INN.TEST\n" % port)
    (tmp_path / "kdc.conf").write_text("[kdcdefaults]\nkdc_listen = 127.0.0.1:%d\nkdc_tcp_listen = 127.0.0.1:%d\n[realms]\nINN.TEST = {\ndatabase_name = %s\n"
                                       "key_stash_file = %s\n}\n" % (port, port, tmp_path / "principals", tmp_path / "stash"))
    its = {"KRB5_CONFIG": str(tmp_path / "krb5.conf"), "KRB5_KDC_PROFILE": str(tmp_path / "kdc.conf"),
           "KRB5CCNAME": "FILE:%s" % (tmp_path / "tickets")}
    environment = dict(os.environ, **its, PATH="/usr/sbin:/sbin:" + os.environ["PATH"])

    def do(*argv, **options):
        done = subprocess.run([str(a) for a in argv], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=PATIENCE, **options)
        assert done.returncode == 0, done.stdout

    do("kdb5_util", "create", "-s", "-P", "master")
    keys = tmp_path / "keys"
    for request in ("addprinc -pw secret friend", "addprinc -pw secret stranger", "addprinc -randkey libvirt/localhost",
                    "ktadd -k %s libvirt/localhost" % keys):
        do("kadmin.local", "-q", request)
    kdc = subprocess.Popen(["krb5kdc", "-n", "-P", str(tmp_path / "pid")], env=environment, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        def answers():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0
        wait_until(answers)
        daemon_of.environment = {**its, "KRB5_KTNAME": str(keys)}
        daemon_of.its = environment
        daemon_of.log_in = lambda user: do("kinit", user, input="secret\n")
        yield daemon_of
    finally:
        kdc.terminate()
        kdc.wait(PATIENCE)


def test_a_ticket_over_tcp(realm):
    (realm.root / "etc/sasl2").mkdir(parents=True)
    (realm.root / "etc/sasl2/libvirt.conf").write_text("mech_list: gssapi\n")
    port = free_port()
    configure(realm, "listen_tls = 0", "listen_tcp = 1", 'tcp_port = "%d"' % port, "tcp_min_ssf = 112",
              'sasl_allowed_username_list = [ "friend", "friend@INN.TEST" ]')
    realm.start("--listen")

    def virsh(*words):
        return subprocess.run(["virsh", "-c", "test+tcp://localhost:%d/default" % port, *words], env=realm.its, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE)

    assert virsh("list").returncode != 0
    realm.log_in("friend")
    listed = virsh("list", "--name")
    assert listed.returncode == 0 and "test" in listed.stdout, listed.stdout + realm.log.read_text()[-2000:]
    realm.log_in("stranger")
    assert virsh("list").returncode != 0
    assert "'stranger" in realm.log.read_text()


def test_settings_of_the_network(daemon_of):
    def complaint(*lines):
        configure(daemon_of, "listen_tls = 0", "listen_tcp = 1", *lines)
        done = subprocess.run([*daemon_of.command, "--root", str(daemon_of.root), "--listen"], timeout=PATIENCE, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout

    status, said = complaint('tcp_port = "no-such-service"')
    assert status == 6 and "Unable to resolve address '127.0.0.1' service 'no-such-service'" in said
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, said = complaint('tcp_port = "%d"' % port)
        assert status == 6 and "port %d" % port in said and "Address already in use" in said
    status, said = complaint('tcp_min_ssf = 56')
    assert status == 1 and "lower than 112" in said
