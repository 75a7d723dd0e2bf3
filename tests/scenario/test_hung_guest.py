"""A guest whose QEMU does not answer delays nobody but itself."""
import os
import signal

import libvirt
import pytest

from daemon import guest_xml


@pytest.fixture
def one_of_three_hangs(daemon):
    connection = daemon.connect()
    for name in ("hung", "web", "mail"):
        connection.defineXML(guest_xml(name)).create()
    (pid,) = (pid for pid, name in daemon.qemus().items() if name == "hung")
    os.kill(pid, signal.SIGSTOP)
    yield daemon, connection
    try:
        os.kill(pid, signal.SIGCONT)
    except ProcessLookupError:
        pass   # destroyed by the test


def test_questions_about_all_guests_are_answered(one_of_three_hangs):
    daemon, connection = one_of_three_hangs
    assert {d.name() for d in connection.listAllDomains()} == {"hung", "web", "mail"}
    for domain in connection.listAllDomains():
        assert domain.state()[0] == libvirt.VIR_DOMAIN_RUNNING
        assert domain.info()[0] == libvirt.VIR_DOMAIN_RUNNING
        assert domain.name() in domain.XMLDesc(0)
    assert "hung" in daemon.virsh("dominfo", "hung")


def test_other_guests_can_be_changed(one_of_three_hangs):
    daemon, connection = one_of_three_hangs
    web = connection.lookupByName("web")
    web.suspend()
    assert web.state()[0] == libvirt.VIR_DOMAIN_PAUSED
    web.resume()
    web.destroy()
    web.create()
    connection.defineXML(guest_xml("new")).create()
    assert sorted(daemon.qemus().values()) == ["hung", "mail", "new", "web"]


def test_the_hung_guest_itself_can_be_destroyed(one_of_three_hangs):
    daemon, connection = one_of_three_hangs
    connection.lookupByName("hung").destroy()
    assert sorted(daemon.qemus().values()) == ["mail", "web"]


def test_a_new_daemon_is_not_held_up_by_it(one_of_three_hangs):
    daemon, _ = one_of_three_hangs
    daemon.kill()
    daemon.start()
    connection = daemon.connect()
    assert {d.name() for d in connection.listAllDomains() if d.isActive()} == {"hung", "web", "mail"}
    connection.lookupByName("web").suspend()
