"""Connections themselves: what they may do, how they end, who watches over them."""
import os
import pathlib
import shutil
import subprocess

import libvirt
import pytest

from daemon import PATIENCE, guest_xml
from verbs import fails, run_loop_until


def test_a_connection_says_what_it_is(connection, house):
    assert connection.isAlive() == 1
    assert connection.isSecure() == 1
    assert connection.isEncrypted() == 0
    assert connection.getURI() == house.uri
    assert connection.getType() == "QEMU"


def test_connections_know_nothing_of_one_another(connection, house):
    other = house.connect()
    connection.defineXML(guest_xml("t-one"))
    assert other.lookupByName("t-one").name() == "t-one"
    other.close()
    assert connection.lookupByName("t-one").name() == "t-one"


def test_read_only_connections_are_refused_what_changes_something(connection, house):
    if not house.system:
        pytest.skip("an ordinary user has no read-only socket")
    text = connection.defineXML(guest_xml("t-one")).XMLDesc()
    reader = libvirt.openReadOnly(house.uri)
    domain = reader.lookupByName("t-one")
    assert domain.XMLDesc() == text
    for call in (domain.create, domain.destroy, domain.shutdown, domain.reboot, domain.reset, domain.suspend, domain.resume,
                 domain.undefine, domain.managedSave, domain.injectNMI, lambda: domain.rename("t-two"),
                 lambda: domain.setAutostart(1), lambda: domain.save("/tmp/x"), lambda: domain.setMemory(1),
                 lambda: domain.setVcpus(1), lambda: domain.openConsole(None, reader.newStream(), 0),
                 lambda: domain.setMetadata(libvirt.VIR_DOMAIN_METADATA_TITLE, "x", None, None),
                 lambda: reader.defineXML(guest_xml("t-two")), lambda: reader.createXML(guest_xml("t-two"), 0),
                 lambda: reader.restore("/tmp/x"),
                 lambda: reader.nwfilterDefineXML("<filter name='x'/>"), lambda: reader.storagePoolCreateXML("<pool/>"),
                 lambda: reader.domainXMLToNative("qemu-argv", "<domain/>")):
        fails(libvirt.VIR_ERR_OPERATION_DENIED, call)
    assert domain.XMLDesc() == text
    reader.close()


def test_wrong_addresses_are_refused(house):
    socket = house.uri.partition("?")[2]
    for uri in ("qemu:///nonsense?" + socket, "nonsense:///system?" + socket):
        with pytest.raises(libvirt.libvirtError):
            libvirt.open(uri)
    fails(libvirt.VIR_ERR_SYSTEM_ERROR, libvirt.open, "qemu:///system?socket=/nonexistent/socket")


def test_the_end_of_a_daemon_is_told(daemon):
    connection = daemon.connect()
    told = []
    connection.registerCloseCallback(lambda connection, reason, opaque: told.append(reason), None)
    daemon.kill()
    run_loop_until(lambda: told)
    assert told[0] in (libvirt.VIR_CONNECT_CLOSE_REASON_EOF, libvirt.VIR_CONNECT_CLOSE_REASON_ERROR)
    assert connection.isAlive() == 0


def test_a_close_callback_is_taken_back(connection, house):
    other = house.connect()
    told = []
    other.registerCloseCallback(lambda connection, reason, opaque: told.append(reason), None)
    other.unregisterCloseCallback()
    fails(libvirt.VIR_ERR_OPERATION_INVALID, other.unregisterCloseCallback)
    other.close()
    assert told == []


def test_connections_are_kept_alive(house):
    other = house.connect()
    assert other.setKeepAlive(5, 5) == 0
    assert other.getLibVersion() == 9000000
    other.close()


class Admin:
    def __init__(self, daemon):
        self.uri = "libvirtd:///system?socket=%s/libvirt-admin-sock" % daemon.run

    def __call__(self, *arguments, status=0):
        done = subprocess.run(["virt-admin", "-c", self.uri, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=PATIENCE, env=dict(os.environ, LC_ALL="C"))
        assert done.returncode == status, done.stdout
        return done.stdout

    def table(self, *arguments):
        return dict((part.strip() for part in line.split(":", 1)) for line in self(*arguments).splitlines() if ":" in line)


@pytest.fixture
def admin(daemon):
    if not daemon.system or not shutil.which("virt-admin"):
        pytest.skip("needs root and virt-admin")
    return Admin(daemon)


def test_administrators_set_limits(admin):
    assert admin("srv-list").split()[-1] in ("libvirtd", "admin")
    pool = admin.table("srv-threadpool-info", "libvirtd")
    assert int(pool["minWorkers"]) <= int(pool["maxWorkers"])
    admin("srv-threadpool-set", "libvirtd", "--min-workers", 3, "--max-workers", 30, "--priority-workers", 4)
    pool = admin.table("srv-threadpool-info", "libvirtd")
    assert (pool["minWorkers"], pool["maxWorkers"], pool["prioWorkers"]) == ("3", "30", "4")
    admin("srv-clients-set", "libvirtd", "--max-clients", 77, "--max-unauth-clients", 11)
    limits = admin.table("srv-clients-info", "libvirtd")
    assert (limits["nclients_max"], limits["nclients_unauth_max"]) == ("77", "11")
    admin("srv-clients-set", "libvirtd", "--max-clients", 5, "--max-unauth-clients", 11, status=1)
    assert admin.table("srv-clients-info", "libvirtd")["nclients_max"] == "77"
    assert "No server named 'foo'" in admin("srv-threadpool-info", "foo", status=1)
    assert "No server named 'foo'" in admin("srv-clients-info", "foo", status=1)


def test_administrators_see_and_end_clients(admin, daemon):
    connection = daemon.connect()
    number = admin("srv-clients-list", "libvirtd").splitlines()[2].split()[0]
    info = admin.table("client-info", "libvirtd", number)
    assert (info["readonly"], info["unix_process_id"], info["unix_user_id"]) == ("no", str(os.getpid()), "0")
    admin("client-disconnect", "libvirtd", number)
    run_loop_until(lambda: not connection.isAlive())
    admin("client-info", "libvirtd", number, status=1)
    assert "9.0.0" in admin("version")


def test_administrators_see_to_the_daemons_end(admin, daemon):
    connection = daemon.connect()
    admin("daemon-timeout", "--timeout", 1000)
    assert connection.isAlive() == 1
    connection.close()


def test_sockets_belong_to_their_owner(daemon):
    if not daemon.system:
        pytest.skip("an ordinary user has one socket only")
    for name, mode in (("libvirt-sock", None), ("libvirt-sock-ro", 0o777), ("libvirt-admin-sock", 0o700)):
        path = pathlib.Path(daemon.run) / name
        assert path.is_socket()
        if mode is not None:
            assert path.stat().st_mode & 0o777 == mode
