"""A real Linux guest: its console through the daemon, its graceful end, its survival of the daemon."""
import os
import pathlib
import re

import libvirt
import pytest

from daemon import PATIENCE, TOP, guest_xml

GUEST = pathlib.Path(os.environ.get("INNKEEPER_GUEST", TOP / "build" / "guest"))

pytestmark = pytest.mark.skipif(not (GUEST / "vmlinuz").exists(), reason="no guest: tools/make_guest.sh build/guest makes one")


def boot_xml(name):
    return """<domain type='qemu'><name>%s</name><memory unit='MiB'>128</memory><os><type arch='x86_64' machine='q35'>hvm</type>
<kernel>%s/vmlinuz</kernel><initrd>%s/initrd.gz</initrd><cmdline>console=ttyS0 quiet</cmdline></os><features><acpi/></features>
<devices><serial type='pty'/></devices></domain>""" % (name, GUEST, GUEST)


class Console:
    """The guest's serial console as a client has it: a stream, read in blocking calls with an end to them."""

    def __init__(self, domain):
        self.stream = domain.connect().newStream(libvirt.VIR_STREAM_NONBLOCK)
        domain.openConsole(None, self.stream, 0)
        self.text = ""
        self.done = False

    def wait_for(self, pattern):
        """Runs the event loop until the guest has printed it."""
        timer = []

        def late(timer_id, opaque):
            timer.append("late")

        def ready(stream, events, opaque):
            if events & (libvirt.VIR_STREAM_EVENT_ERROR | libvirt.VIR_STREAM_EVENT_HANGUP):
                self.done = True
                return
            data = stream.recv(65536)
            if data == -2:
                return
            if not data:
                self.done = True
                return
            self.text += data.decode(errors="replace")

        self.stream.eventAddCallback(libvirt.VIR_STREAM_EVENT_READABLE | libvirt.VIR_STREAM_EVENT_ERROR
                                     | libvirt.VIR_STREAM_EVENT_HANGUP, ready, None)
        alarm = libvirt.virEventAddTimeout(PATIENCE * 1000, late, None)
        try:
            while not re.search(pattern, self.text) and not timer and not self.done:
                libvirt.virEventRunDefaultImpl()
        finally:
            libvirt.virEventRemoveTimeout(alarm)
            self.stream.eventRemoveCallback()
        assert re.search(pattern, self.text), "not on the console: %r\n%s" % (pattern, self.text[-2000:])

    def type(self, text):
        data = text.encode()
        while data:
            sent = self.stream.send(data)
            if sent > 0:
                data = data[sent:]

    def close(self):
        try:
            self.stream.abort()
        except libvirt.libvirtError:
            pass


def wait_for_state(domain, state):
    """By the event, not by asking again and again."""
    seen, alarm = [], []
    connection = domain.connect()
    callback = connection.domainEventRegisterAny(domain, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                                 lambda *arguments: seen.append(arguments[2:4]), None)
    timer = libvirt.virEventAddTimeout(PATIENCE * 1000, lambda *arguments: alarm.append(1), None)
    try:
        while domain.state()[0] != state and not alarm:
            libvirt.virEventRunDefaultImpl()
    finally:
        libvirt.virEventRemoveTimeout(timer)
        connection.domainEventDeregisterAny(callback)
    assert domain.state()[0] == state
    return seen


@pytest.fixture(scope="module", autouse=True)
def event_loop():
    libvirt.virEventRegisterDefaultImpl()


def test_a_guest_boots_talks_and_shuts_down(daemon):
    connection = daemon.connect()
    domain = connection.defineXML(boot_xml("linux"))
    domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    console = Console(domain)
    domain.resume()
    console.wait_for("INNKEEPER-GUEST-UP")
    console.type("echo $((6 * 7))-is-the-answer\n")
    console.wait_for("42-is-the-answer")
    domain.shutdown()
    console.wait_for("INNKEEPER-GUEST-DOWN")
    console.close()
    wait_for_state(domain, libvirt.VIR_DOMAIN_SHUTOFF)
    assert domain.state() == [libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_SHUTDOWN]
    connection.close()


def test_a_guest_survives_the_death_of_its_daemon(daemon):
    connection = daemon.connect()
    domain = connection.createXML(boot_xml("linux"), libvirt.VIR_DOMAIN_START_PAUSED)
    console = Console(domain)
    domain.resume()
    console.wait_for("INNKEEPER-GUEST-UP")
    before = domain.XMLDesc(0)
    daemon.kill()
    daemon.start()
    connection = daemon.connect()
    domain = connection.lookupByName("linux")
    assert domain.XMLDesc(0) == before
    console = Console(domain)
    console.type("echo $((6 * 7))-is-the-answer\n")
    console.wait_for("42-is-the-answer")
    console.close()
    domain.destroy()
    assert not daemon.qemus()
    connection.close()


def test_the_console_has_one_user_unless_it_is_taken_over(daemon):
    connection, other = daemon.connect(), daemon.connect()
    connection.createXML(guest_xml("web", devices="<serial type='pty'/>"), 0)
    first = Console(connection.lookupByName("web"))
    stream = other.newStream(libvirt.VIR_STREAM_NONBLOCK)
    with pytest.raises(libvirt.libvirtError) as failure:
        other.lookupByName("web").openConsole(None, stream, libvirt.VIR_DOMAIN_CONSOLE_SAFE)
    assert "Active console session exists for this domain" in str(failure.value)
    stream = other.newStream(libvirt.VIR_STREAM_NONBLOCK)
    other.lookupByName("web").openConsole(None, stream, libvirt.VIR_DOMAIN_CONSOLE_FORCE)
    stream.abort()
    first.close()
    connection.lookupByName("web").destroy()
    connection.close()
    other.close()
