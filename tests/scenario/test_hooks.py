"""The administrator's hooks: what they are told, in which order, and what a failure does."""
import os
import signal
import threading

import libvirt
import pytest

from daemon import Daemon, wait_until

GUEST = """<domain type='qemu'><name>%s</name><uuid>%s</uuid><memory unit='KiB'>65536</memory>
<os><type arch='x86_64' machine='pc'>hvm</type></os>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator><serial type='pty'/>%s</devices></domain>"""
UUID = "11111111-1111-4111-8111-1111111111%02x"

# Notes what it is told; files beside it make it fail, wait, and answer.
SCRIPT = """#!/bin/bash
DIR=$(dirname "$0")
IN=$(cat)
{ echo "== ${0##*/} $*"; env | grep -v '^_=\\|^PWD=\\|^SHLVL=' | sort | sed 's/^/ENV /'; echo "$IN"; } >> "$DIR/$1.log"
echo "${0##*/} $*" >> "$DIR/calls"
while [ -e "$DIR/wait-$2" ]; do sleep 0.05; done
[ -e "$DIR/fail-$2" ] && { echo "no $2 today" >&2; exit 3; }
[ -e "$DIR/answer-$2" ] && echo "$IN" | . "$DIR/answer-$2"
exit 0
"""


class Hooks:
    def __init__(self, daemon):
        self.folder = daemon.config / "hooks"
        self.folder.mkdir(parents=True, exist_ok=True)

    def add(self, name, script=SCRIPT, mode=0o755):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(script)
        path.chmod(mode)

    def calls(self):
        """Since it was asked last."""
        path = self.folder / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        path.write_text("")
        return lines

    def told(self, name, operation):
        """The document that the last such call had."""
        text = (self.folder / f"{name}.log").read_text()
        call = text[text.rindex(f"== qemu {name} {operation} "):].split("\n== ")[0]
        return "\n".join(line for line in call.splitlines()[1:] if not line.startswith("ENV "))

    def switch(self, what, on=True):
        (self.folder / what).touch() if on else (self.folder / what).unlink()


@pytest.fixture
def house():
    """A daemon that is not started yet, and its hooks."""
    it = Daemon()
    try:
        yield it, Hooks(it)
    finally:
        for path in (it.config / "hooks").glob("wait-*"):
            path.unlink()
        if it.process is not None:
            with it.connect() as connection:
                for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
                    domain.destroy()
        it.remove()


def begin(house, *names):
    daemon, hooks = house
    for name in names:
        hooks.add(name)
    daemon.start()
    connection = daemon.connect()
    hooks.calls()
    return hooks, connection


def refusal(call, *arguments):
    with pytest.raises(libvirt.libvirtError) as error:
        call(*arguments)
    assert error.value.get_error_code() == libvirt.VIR_ERR_HOOK_SCRIPT_FAILED
    assert error.value.get_error_domain() == libvirt.VIR_FROM_HOOK
    return str(error.value)


START = ["qemu g prepare begin -", "qemu g start begin -", "qemu g started begin -"]
END = ["qemu g stopped end -", "qemu g release end -"]


def test_a_guest_s_life(house):
    hooks, connection = begin(house, "qemu")
    domain = connection.defineXML(GUEST % ("g", UUID % 1, ""))
    assert hooks.calls() == []
    domain.create()
    assert hooks.calls() == START
    prepared, started = hooks.told("g", "prepare"), hooks.told("g", "started")
    assert prepared.startswith("<domain type='qemu' id='1'>") and "<alias" not in prepared
    assert "<alias name='serial0'/>" in hooks.told("g", "start") and "/dev/pts" not in hooks.told("g", "start")
    assert started.strip() == domain.XMLDesc().strip()
    log = (hooks.folder / "g.log").read_text()
    assert "ENV LC_ALL=C\n" in log and "ENV PATH=" in log and "ENV NOTIFY_SOCKET" not in log
    domain.destroy()
    assert hooks.calls() == END
    stopped = hooks.told("g", "stopped")
    assert stopped.startswith("<domain type='qemu'>") and "/dev/pts" not in stopped and "<alias name='serial0'/>" in stopped


def test_failures_end_a_start_and_are_told_of_it(house):
    hooks, connection = begin(house, "qemu")
    domain = connection.defineXML(GUEST % ("g", UUID % 2, ""))
    for i, operation in enumerate(("prepare", "start", "started")):
        hooks.switch(f"fail-{operation}")
        words = refusal(domain.create)
        assert "Hook script execution failed: internal error: Child process (LC_ALL=C PATH=" in words
        assert f"/hooks/qemu g {operation} begin -) unexpected exit status 3: no {operation} today" in words
        assert hooks.calls() == START[:i + 1] + END
        assert domain.state() == [libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_FAILED]
        hooks.switch(f"fail-{operation}", False)
    for operation in ("stopped", "release"):
        hooks.switch(f"fail-{operation}")
    domain.create()
    domain.destroy()
    assert hooks.calls() == START + END
    assert domain.state() == [libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_DESTROYED]


def test_guests_that_end_by_themselves(house):
    daemon, _ = house
    hooks, connection = begin(house, "qemu")
    domain = connection.createXML(GUEST % ("g", UUID % 3, ""), libvirt.VIR_DOMAIN_START_PAUSED)
    assert hooks.calls() == START
    os.kill(next(iter(daemon.qemus())), signal.SIGKILL)
    wait_until(lambda: not connection.listAllDomains())
    assert hooks.calls() == END


def test_saved_guests_are_what_hooks_make_of_them(house, tmp_path):
    daemon, hooks = house
    daemon.start()
    connection = daemon.connect()
    domain = connection.defineXML(GUEST % ("g", UUID % 4, "<graphics type='vnc' passwd='s3cr3t'/>"))
    domain.create()
    domain.managedSave()
    for name in ("daemon", "qemu", "qemu.d/10-a"):
        hooks.add(name)
    assert hooks.calls() == []
    daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "daemon - reload begin SIGHUP" in (hooks.folder / "calls").read_text())
    hooks.calls()
    hooks.switch("fail-restore")
    refusal(domain.create)
    assert domain.hasManagedSaveImage() and hooks.calls() == ["qemu g restore begin -"]
    hooks.switch("fail-restore", False)
    (hooks.folder / "answer-restore").write_text("sed 's#<name>g</name>#&<description>one</description>#'")
    (hooks.folder / "qemu.d" / "answer-restore").write_text("sed 's#>one<#>two<#'")
    domain.create()
    assert hooks.calls()[0] == "qemu g restore begin -" and "passwd='s3cr3t'" in hooks.told("g", "restore")
    assert "<description>two</description>" in domain.XMLDesc()
    image = str(tmp_path / "image")
    domain.save(image)
    (hooks.folder / "qemu.d" / "answer-restore").write_text("echo '<foo'")
    with pytest.raises(libvirt.libvirtError):
        connection.restore(image)
    (hooks.folder / "qemu.d" / "answer-restore").write_text("sed 's#<name>g<#<name>other<#'")
    with pytest.raises(libvirt.libvirtError, match="its name and UUID stay"):
        connection.restore(image)
    (hooks.folder / "qemu.d" / "answer-restore").write_text("echo")
    connection.restore(image)
    assert domain.isActive() and "<description>one</description>" in domain.XMLDesc()


def test_daemons_that_come_back(house):
    daemon, _ = house
    hooks, connection = begin(house, "qemu", "daemon")
    connection.createXML(GUEST % ("g", UUID % 5, ""))
    connection.createXML(GUEST % ("h", UUID % 6, ""))
    hooks.calls()
    connection.close()
    daemon.stop()
    assert hooks.calls() == ["daemon - shutdown - shutdown"]
    # One of them has gone when it comes back.
    os.kill(next(pid for pid, name in daemon.qemus().items() if name == "h"), signal.SIGKILL)
    daemon.start()
    connection = daemon.connect()
    wait_until(lambda: [d.name() for d in connection.listAllDomains()] == ["g"])
    wait_until(lambda: (hooks.folder / "calls").read_text().count("\n") == 4)
    calls = hooks.calls()
    assert calls[0] == "daemon - start - start"
    assert sorted(calls[1:]) == sorted(["qemu g reconnect begin -", "qemu h stopped end -", "qemu h release end -"])
    daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "daemon - reload begin SIGHUP" in (hooks.folder / "calls").read_text())
    hooks.calls()
    connection.close()
    daemon.stop()
    hooks.switch("fail-reconnect")
    daemon.start()
    connection = daemon.connect()
    wait_until(lambda: not connection.listAllDomains())
    assert hooks.calls()[-3:] == ["qemu g reconnect begin -"] + END
    assert not daemon.qemus()


def test_a_hook_that_hangs_holds_its_own_guest_alone(house):
    hooks, connection = begin(house, "qemu")
    slow = connection.defineXML(GUEST % ("g", UUID % 7, ""))
    other = connection.defineXML(GUEST % ("h", UUID % 8, ""))
    hooks.switch("wait-prepare")
    thread = threading.Thread(target=slow.create)
    thread.start()
    wait_until(lambda: "qemu g prepare begin -" in (hooks.folder / "calls").read_text())
    assert slow.state()[0] == libvirt.VIR_DOMAIN_PAUSED and len(connection.listAllDomains()) == 2
    hooks.switch("wait-prepare", False)
    thread.join()
    assert slow.isActive()
    other.create()
    hooks.switch("wait-stopped")
    thread = threading.Thread(target=slow.destroy)
    thread.start()
    wait_until(lambda: "qemu g stopped end -" in (hooks.folder / "calls").read_text())
    other.suspend()
    other.resume()
    assert slow.name() in [d.name() for d in connection.listAllDomains()]
    hooks.switch("wait-stopped", False)
    thread.join()
    assert not slow.isActive() and other.isActive()


def test_a_guest_that_is_destroyed_while_its_hook_runs(house):
    daemon, _ = house
    hooks, connection = begin(house, "qemu")
    domain = connection.defineXML(GUEST % ("g", UUID % 9, ""))
    for operation in ("prepare", "start", "started"):
        hooks.switch(f"wait-{operation}")
        failures = []

        def start():
            try:
                domain.create()
            except libvirt.libvirtError as error:
                failures.append(str(error))

        thread = threading.Thread(target=start)
        thread.start()
        wait_until(lambda: f"qemu g {operation} begin -" in (hooks.folder / "calls").read_text())
        domain.destroy()
        assert not domain.isActive()
        hooks.switch(f"wait-{operation}", False)
        thread.join()
        assert failures and "ended while" in failures[0]
        assert not domain.isActive() and not daemon.qemus()
        assert hooks.calls()[-2:] == END


def test_without_hooks_nothing_is_looked_for(house):
    hooks, connection = begin(house)
    domain = connection.defineXML(GUEST % ("g", UUID % 10, ""))
    hooks.add("qemu")
    domain.create()
    domain.destroy()
    assert hooks.calls() == []


def test_what_is_not_executable_is_warned_of(house):
    daemon, hooks = house
    hooks.add("qemu", mode=0o644)
    daemon.start()
    daemon.connect().close()
    assert f"Non-executable hook script {hooks.folder}/qemu" in daemon.log.read_text()
