"""The modular deployment: a daemon for each driver, which ask each other, and the proxy for those who ask for the old socket."""
import os
import pathlib
import signal
import threading

import libvirt
import pytest

import daemon as module
from daemon import PATIENCE, Daemon
from test_boot import GUEST as FILES
from test_boot import Console, boot_xml
from verbs import run_loop_until

NETWORK = "<network><name>lan</name><bridge name='lan0'/><ip address='192.0.2.1' netmask='255.255.255.0'/></network>"
GUEST = "<domain type='qemu'><name>%s</name><memory unit='MiB'>32</memory><os><type arch='x86_64' machine='q35'>hvm</type></os></domain>"


class Sibling(Daemon):
    """One of several daemons below the same root."""

    def __init__(self, root, program):
        super().__init__(root)
        self.program = program
        self.command = [str(pathlib.Path(module.BINARY).parent / program)]
        (self.config / (program + ".conf")).write_text('log_level = 1\nlog_outputs = "1:stderr"\n')

    @property
    def log(self):
        return self.root / (self.program + ".log")

    def start(self, *options):
        # The last --pid-file counts.
        return super().start(*options, "--pid-file", str(self.root / (self.program + ".pid")))

    @property
    def socket(self):
        return self.run / ("libvirt-sock" if self.program == "virtproxyd" else self.program + "-sock")


class Deployment:
    def __init__(self):
        self.first = Daemon()
        self.daemons = {}

    def start(self, *programs):
        # A daemon is ready before its drivers have read their configuration: all files are there before the first starts.
        for program in programs:
            self.daemons[program] = Sibling(self.first.root, program)
        for program in programs:
            self.daemons[program].start()

    def __getitem__(self, program):
        return self.daemons[program]

    def open(self, program, uri, **keywords):
        opener = libvirt.openReadOnly if keywords.get("read_only") else libvirt.open
        return opener("%s?socket=%s" % (uri, self[program].socket))

    def remove(self):
        for each in self.daemons.values():
            each.stop()
        self.first.remove()


@pytest.fixture
def modular():
    it = Deployment()
    yield it
    it.remove()


instance = "system" if os.geteuid() == 0 else "session"


def test_each_daemon_has_its_own_driver(modular):
    modular.start("virtnetworkd", "virtsecretd", "virtstoraged", "virtnwfilterd", "virtnodedevd", "virtinterfaced")
    for program, scheme, ask in (("virtnetworkd", "network", "listAllNetworks"), ("virtsecretd", "secret", "listAllSecrets"),
                                 ("virtstoraged", "storage", "listAllStoragePools"), ("virtnwfilterd", "nwfilter", "listAllNWFilters"),
                                 ("virtnodedevd", "nodedev", "listAllDevices"), ("virtinterfaced", "interface", "listAllInterfaces")):
        with modular.open(program, "%s:///%s" % (scheme, instance)) as connection:
            assert getattr(connection, ask)() is not None
            with pytest.raises(libvirt.libvirtError) as failure:
                connection.listAllDomains()
            assert failure.value.get_error_code() == libvirt.VIR_ERR_NO_SUPPORT
        with pytest.raises(libvirt.libvirtError):
            modular.open(program, "qemu:///" + instance)


def test_a_hypervisors_daemon_asks_the_others(modular):
    modular.start("virtqemud", "virtnetworkd")
    with modular.open("virtqemud", "qemu:///" + instance) as connection:
        connection.networkDefineXML(NETWORK)
        assert [net.name() for net in connection.listAllNetworks()] == ["lan"]
        assert "lan0" in connection.networkLookupByName("lan").XMLDesc()
        with pytest.raises(libvirt.libvirtError) as failure:
            connection.networkLookupByName("none")
        assert failure.value.get_error_code() == libvirt.VIR_ERR_NO_NETWORK
        # One that does not run is named, and the rest goes on.
        with pytest.raises(libvirt.libvirtError) as failure:
            connection.listAllStoragePools()
        assert "virtstoraged" in str(failure.value)
        connection.defineXML(GUEST % "one")
        assert [guest.name() for guest in connection.listAllDomains()] == ["one"]

        # It comes back: the next call finds it.
        modular["virtnetworkd"].stop()
        with pytest.raises(libvirt.libvirtError) as failure:
            connection.listAllNetworks()
        assert "virtnetworkd" in str(failure.value)
        modular["virtnetworkd"].start()
        assert [net.name() for net in connection.listAllNetworks()] == ["lan"]
    with modular.open("virtnetworkd", "network:///" + instance) as connection:
        assert [net.name() for net in connection.listAllNetworks()] == ["lan"]


def test_events_come_through(modular):
    libvirt.virEventRegisterDefaultImpl()
    modular.start("virtqemud", "virtnetworkd", "virtproxyd")
    seen = []
    with modular.open("virtproxyd", "qemu:///" + instance) as connection:
        connection.networkEventRegisterAny(None, libvirt.VIR_NETWORK_EVENT_ID_LIFECYCLE,
                                           lambda c, net, event, detail, _: seen.append((net.name(), event)), None)
        connection.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                          lambda c, guest, event, detail, _: seen.append((guest.name(), event)), None)
        with modular.open("virtnetworkd", "network:///" + instance) as other:
            other.networkDefineXML(NETWORK)
        with modular.open("virtqemud", "qemu:///" + instance) as other:
            other.defineXML(GUEST % "seen")

        run_loop_until(lambda: len(seen) == 2)
    assert ("lan", libvirt.VIR_NETWORK_EVENT_DEFINED) in seen and ("seen", libvirt.VIR_DOMAIN_EVENT_DEFINED) in seen


def test_the_proxy_serves_the_old_socket(modular):
    modular.start("virtqemud", "virtnetworkd", "virtproxyd")
    with modular.open("virtproxyd", "qemu:///" + instance) as connection:
        connection.defineXML(GUEST % "one")
        connection.networkDefineXML(NETWORK)
        assert connection.lookupByName("one").XMLDesc()
        # Large both ways.
        connection.lookupByName("one").setMetadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, "<a>%s</a>" % ("x" * 500_000), "a", "urn:a",
                                                   libvirt.VIR_DOMAIN_AFFECT_CONFIG)
        assert "x" * 500_000 in connection.lookupByName("one").XMLDesc()
    with modular.open("virtproxyd", "network:///" + instance) as connection:
        assert [net.name() for net in connection.listAllNetworks()] == ["lan"]
    with libvirt.open("qemu:///%s?socket=%s" % (instance, modular["virtqemud"].socket)) as connection:
        assert [guest.name() for guest in connection.listAllDomains()] == ["one"]
    with pytest.raises(libvirt.libvirtError) as failure:
        modular.open("virtproxyd", "secret:///" + instance)
    assert "virtsecretd" in str(failure.value) and failure.value.get_error_code() == libvirt.VIR_ERR_NO_CONNECT


def test_read_only_stays_read_only(modular):
    modular.start("virtqemud", "virtnetworkd", "virtproxyd")
    for program in ("virtqemud", "virtproxyd"):
        with modular.open(program, "qemu:///" + instance, read_only=True) as connection:
            assert connection.listAllNetworks() == []
            for change in (lambda: connection.networkDefineXML(NETWORK), lambda: connection.defineXML(GUEST % "one")):
                with pytest.raises(libvirt.libvirtError) as failure:
                    change()
                assert failure.value.get_error_code() == libvirt.VIR_ERR_OPERATION_DENIED


def test_the_monolithic_daemon_and_a_modular_one_exclude_each_other(modular):
    modular.start("virtnetworkd")
    whole = Sibling(modular.first.root, "libvirtd")
    whole.start()
    # It says so and ends, as one whose drivers cannot start does.
    whole.process.wait(PATIENCE)
    assert "network/driver.pid" in whole.log.read_text()
    assert whole.process.returncode == 0
    whole.process = None


@pytest.mark.skipif(not (FILES / "vmlinuz").exists(), reason="no guest: tools/make_guest.sh build/guest makes one")
def test_a_console_through_the_proxy(modular):
    """A stream, both ways, and a guest that goes on when its daemon is another."""
    libvirt.virEventRegisterDefaultImpl()
    modular.start("virtqemud", "virtproxyd")
    with modular.open("virtproxyd", "qemu:///" + instance) as connection:
        guest = connection.defineXML(boot_xml("linux"))
        guest.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
        console = Console(guest)
        guest.resume()
        console.wait_for("INNKEEPER-GUEST-UP")
        console.type("echo $((6 * 7))-is-the-answer\n")
        console.wait_for("42-is-the-answer")
        console.close()
        pid_before = modular["virtqemud"].qemus()
        modular["virtqemud"].kill()
        with pytest.raises(libvirt.libvirtError):
            guest.info()
        modular["virtqemud"].start()
    with modular.open("virtproxyd", "qemu:///" + instance) as connection:
        assert [each.name() for each in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE)] == ["linux"]
        assert modular["virtqemud"].qemus() == pid_before
        connection.lookupByName("linux").destroy()


def test_values_of_secrets_reach_the_hypervisors_daemon_alone(modular):
    modular.start("virtqemud", "virtsecretd", "virtproxyd")
    with modular.open("virtsecretd", "secret:///" + instance) as connection:
        secret = connection.secretDefineXML("<secret private='yes' ephemeral='no'><usage type='volume'><volume>/v</volume></usage></secret>")
        secret.setValue(b"open sesame", 0)
        with pytest.raises(libvirt.libvirtError) as failure:
            secret.value()
        assert failure.value.get_error_code() == libvirt.VIR_ERR_INVALID_SECRET
    # A client stays a client, whoever passes its question on.
    for program, uri in (("virtqemud", "qemu:///"), ("virtproxyd", "qemu:///"), ("virtproxyd", "secret:///")):
        with modular.open(program, uri + instance) as connection:
            with pytest.raises(libvirt.libvirtError) as failure:
                connection.listAllSecrets()[0].value()
            assert failure.value.get_error_code() == libvirt.VIR_ERR_INVALID_SECRET
    token = modular.first.run / "common/system.token"
    assert token.stat().st_mode & 0o777 == 0o600 and len(token.read_text()) == 32
    assert token.read_text() not in modular["virtsecretd"].log.read_text()


def test_a_daemon_that_hangs_holds_up_its_own_questions_alone(modular):
    modular.start("virtqemud", "virtnetworkd")
    hung = modular["virtnetworkd"].process
    with modular.open("virtqemud", "qemu:///" + instance) as connection, modular.open("virtqemud", "qemu:///" + instance) as waiting:
        os.kill(hung.pid, signal.SIGSTOP)
        try:
            asking = threading.Thread(target=lambda: pytest.raises(libvirt.libvirtError, waiting.listAllNetworks))
            asking.start()
            connection.defineXML(GUEST % "meanwhile")
            assert [guest.name() for guest in connection.listAllDomains()] == ["meanwhile"]
            # It is given up after half a minute, with its name.
            asking.join(PATIENCE)
            assert not asking.is_alive()
            assert "virtnetworkd" in modular["virtqemud"].log.read_text()
        finally:
            os.kill(hung.pid, signal.SIGCONT)
        assert waiting.listAllNetworks() == []
