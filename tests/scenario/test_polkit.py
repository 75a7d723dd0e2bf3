"""Who may connect, by polkit: a real one, whose rules are the test's."""
import os
import shutil

import libvirt
import pytest

from daemon import Daemon, wait_until
from polkit import POLKITD, Failed, Polkit, Stranger, as_stranger

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not os.path.exists(POLKITD) or not shutil.which("dbus-daemon"),
                                reason="needs root, polkitd and dbus-daemon")

ALLOW = "polkit.addRule(function(action, subject) { return polkit.Result.%s; });"


@pytest.fixture
def polkit():
    it = Polkit()
    try:
        yield it.start()
    finally:
        it.remove()


@pytest.fixture
def guarded(polkit):
    """A daemon that asks polkit who may connect, and lets the other users' processes come as far."""
    it = Daemon()
    it.root.chmod(0o755)
    it.environment.update(polkit.environment)
    with open(it.config / "libvirtd.conf", "a") as conf:
        conf.write('auth_unix_rw = "polkit"\nauth_unix_ro = "polkit"\n')
    try:
        yield it.start()
    finally:
        it.remove()


def connect(uri, read_only=False):
    with (libvirt.openReadOnly if read_only else libvirt.open)(uri) as connection:
        return connection.getURI()


def test_rules_decide_who_connects(polkit, guarded):
    polkit.rules(ALLOW % "YES")
    assert as_stranger(connect, guarded.uri) == guarded.uri
    polkit.rules(ALLOW % "NO")
    with pytest.raises(Failed) as refused:
        as_stranger(connect, guarded.uri)
    assert refused.value.args[:2] == (45, 60)
    for words in ("authentication failed: access denied by policy", "org.libvirt.unix.manage", "user 65534"):
        assert words in refused.value.args[2]
    assert connect(guarded.uri) == guarded.uri


def test_watching_is_an_action_of_its_own(polkit, guarded):
    polkit.rules('polkit.addRule(function(action, subject) { return action.id === "org.libvirt.unix.monitor" ? '
                 'polkit.Result.YES : polkit.Result.NO; });')
    uri = guarded.uri.replace("libvirt-sock", "libvirt-sock-ro")
    assert as_stranger(connect, uri, True) == uri
    with pytest.raises(Failed):
        as_stranger(connect, guarded.uri)


def test_a_password_that_nobody_can_be_asked_for(polkit, guarded):
    polkit.rules(ALLOW % "AUTH_ADMIN")
    with pytest.raises(Failed) as refused:
        as_stranger(connect, guarded.uri)
    assert refused.value.args[:2] == (94, 60)
    assert "no polkit agent available to authenticate action 'org.libvirt.unix.manage' for user 65534" in refused.value.args[2]


def test_without_polkit_nobody_but_root_comes_in_until_it_is_back(polkit, guarded):
    polkit.rules(ALLOW % "YES")
    polkit.stop_daemon()
    with pytest.raises(Failed) as refused:
        as_stranger(connect, guarded.uri)
    assert refused.value.args[:2] == (94, 60)
    assert "polkit cannot be asked about action 'org.libvirt.unix.manage'" in refused.value.args[2]
    polkit.stop_bus()
    with pytest.raises(Failed):
        as_stranger(connect, guarded.uri)
    assert connect(guarded.uri) == guarded.uri
    polkit.start(ALLOW % "YES")
    assert as_stranger(connect, guarded.uri) == guarded.uri


def test_who_waits_for_polkit_holds_up_nobody_and_takes_the_question_back(polkit, guarded):
    polkit.rules(ALLOW % "YES")
    heard = polkit.listen()
    polkit.pause()
    waiting = Stranger(connect, guarded.uri)
    wait_until(lambda: "CheckAuthorization" in heard.read_text())
    with libvirt.open(guarded.uri) as connection:
        assert connection.listAllDomains() == []
    waiting.kill()
    wait_until(lambda: "CancelCheckAuthorization" in heard.read_text())
    polkit.go_on()
    assert as_stranger(connect, guarded.uri) == guarded.uri


def test_a_person_is_asked_and_may_decline(polkit, guarded):
    pytest.importorskip("gi")
    pytest.importorskip("dbus")
    polkit.stop_daemon()
    polkit.stand_in("typed")
    assert as_stranger(connect, guarded.uri) == guarded.uri
    polkit.stop_daemon()
    polkit.stand_in("dismissed")
    with pytest.raises(Failed) as refused:
        as_stranger(connect, guarded.uri)
    assert refused.value.args == (79, 60, "authentication cancelled: user cancelled authentication process")
