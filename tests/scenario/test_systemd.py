"""The packages and the units under a real systemd: a host changes daemons in place, and guests end before their daemon.

docs/ARCHITECTURE.md, "Guests end before their daemon", has what is at stake. Each machine is a container that boots in two
seconds; the guests are real ones that react to ACPI and say so with their last words.
"""
import pathlib
import re
import subprocess

import pytest

from daemon import BINARY, PRESET, TOP
from machine import Machine, Unavailable, tree

# What a machine has before ours is installed, beside what ours needs.
PACKAGES = ["libvirt-daemon-system", "libvirt-clients", "qemu-system-x86"]
DEBIANS = ["libvirt-daemon-system", "libvirt-daemon", "libvirt-daemon-driver-qemu", "libvirt-daemon-system-systemd"]
BUILD = pathlib.Path(BINARY).resolve().parent.parent
LIMIT = 120
SCOPE = r"machine-qemu\x2d1\x2dg.scope"
CONSOLE = "/var/lib/libvirt/qemu/g-console.log"
GUEST = f"""
<domain type='qemu'>
  <name>g</name>
  <memory unit='MiB'>128</memory>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <kernel>/var/lib/libvirt/images/vmlinuz</kernel>
    <initrd>/var/lib/libvirt/images/initrd.gz</initrd>
    <cmdline>console=ttyS0 quiet</cmdline>
  </os>
  <features><acpi/></features>
  <devices>
    <serial type='file'><source path='{CONSOLE}'/></serial>
  </devices>
</domain>
"""
# Shell functions for the scripts: each step says what went wrong and ends the script.
WORDS = f"""
set -e
export LIBVIRT_DEFAULT_URI=qemu:///system DEBIAN_FRONTEND=noninteractive
start_guest() {{
    rm -f {CONSOLE}
    virsh define /guest.xml
    virsh start g
    for i in $(seq 600); do grep -q INNKEEPER-GUEST-UP {CONSOLE} && return; sleep 0.1; done
    echo "the guest did not come up"; exit 1
}}
# A process that was told to run its program anew does so when it can; the program is then that of this package.
becomes() {{ for i in $(seq 100); do dpkg -S $(readlink /proc/$1/exe) | grep "^$2:" && return; sleep 0.1; done; exit 1; }}
guest_has_ended() {{ grep -q INNKEEPER-GUEST-DOWN {CONSOLE} && virsh domstate g | grep -q 'shut off'; }}
# (The shell's own ! does not end a script.)
fails() {{ if "$@"; then echo "it did not fail: $*"; exit 1; fi; }}
is_after() {{ systemctl show -P After $1 | tr ' ' '\\n' | grep -xF "$2"; }}
has_scope() {{
    grep -F '{SCOPE}' /proc/$(cat /run/libvirt/qemu/g.pid)/cgroup
    is_after '{SCOPE}' $daemon.service
    is_after '{SCOPE}' virtlogd.service
    systemctl show -P Before '{SCOPE}' | grep -w virt-guest-shutdown.target
}}
guest_is_alone() {{ systemctl stop $daemon; fails systemctl is-active $daemon; kill -0 $(cat /run/libvirt/qemu/g.pid); }}
"""
MONOLITHIC = ["libvirtd"]
MODULAR = ["virtqemud", "virtnetworkd", "virtstoraged", "virtsecretd", "virtnodedevd", "virtnwfilterd", "virtinterfaced", "virtproxyd"]


@pytest.fixture(scope="session")
def debs():
    if PRESET != "release":
        pytest.skip("packages are made of the release build")
    made = subprocess.run(["ninja", "-C", BUILD, "debs"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert made.returncode == 0, made.stdout[-3000:]
    return sorted((BUILD / "debs").glob("*.deb"))


@pytest.fixture(scope="session")
def below(debs):
    """A tree with Debian's daemon, QEMU, and what ours depends on."""
    fields = [subprocess.run(["dpkg-deb", "-f", deb, field], stdout=subprocess.PIPE, text=True, check=True).stdout
              for deb in debs for field in ("Depends", "Package")]
    words = re.findall(r"(?:^|,)\s*([a-z0-9.+-]+)", ",".join(fields[0::2]))
    try:
        return tree(PACKAGES, DEBIANS, sorted(set(words) - {name.strip() for name in fields[1::2]} - set(PACKAGES)))
    except Unavailable as why:
        pytest.skip(f"no system can be made here: {why}")


def prepared(debs, below):
    """Debian's daemon is installed, ours lies in /debs."""
    new = Machine(below)
    for deb in debs:
        new.copy(deb, f"debs/{deb.name}")
    for name in ("vmlinuz", "initrd.gz"):
        new.copy(TOP / "build" / "guest" / name, f"var/lib/libvirt/images/{name}")
    new.write("guest.xml", GUEST)
    return new


@pytest.fixture
def machine(debs, below):
    new = prepared(debs, below)
    yield new
    new.close()


@pytest.fixture(scope="session")
def installed(debs, below):
    new = prepared(debs, below)
    new.inside("sh", "-c", "apt-get install -y -q --no-install-recommends /debs/*.deb")
    yield new
    new.close()


@pytest.fixture
def ours(installed, below):
    new = Machine(below, after=installed)
    yield new
    new.close()


def has_unit(machine, unit):
    return (machine.root / "lib/systemd/system" / unit).exists()


def deploy(machine, daemons, way):
    """As an administrator would: enabled and masked units, and nothing else."""
    if not all(has_unit(machine, f"{daemon}.service") for daemon in daemons):
        pytest.skip(f"this version has no {', '.join(daemons)}")
    if not has_unit(machine, "libvirt-guests.service"):
        pytest.skip("this version has no libvirt-guests")
    if "libvirtd" not in daemons:
        machine.inside("sh", "-c", "systemctl disable libvirtd.service; systemctl mask libvirtd.service libvirtd.socket "
                       "libvirtd-ro.socket libvirtd-admin.socket libvirtd-tcp.socket libvirtd-tls.socket")
    for daemon in daemons:
        if way == "traditional":
            machine.inside("systemctl", "mask", *(f"{daemon}{kind}.socket" for kind in ("", "-ro", "-admin", "-tcp", "-tls")))
            machine.inside("systemctl", "enable", f"{daemon}.service")
        else:
            machine.inside("systemctl", "enable", f"{daemon}.service", f"{daemon}.socket", f"{daemon}-ro.socket")


def run(machine, script, daemon="libvirtd", ending="poweroff"):
    try:
        status, words = machine.run(f"daemon={daemon}\n{WORDS}\n{script}", LIMIT, ending)
    except Unavailable as why:
        pytest.skip(str(why))
    assert status == 0, words[-5000:] + machine.tail()


def moment(machine, unit, word):
    """When the unit last began to stop ("Stopping"), or had stopped ("Stopped"): a place in the journal."""
    places = [place for place, entry in enumerate(machine.journal())
              if entry.get("UNIT") == unit and str(entry.get("MESSAGE", "")).startswith(word + " ")]
    assert places, f"{unit}: nothing in the journal says {word}\n{machine.tail()}"
    return places[-1]


def seconds(machine, place):
    return int(machine.journal()[place]["__REALTIME_TIMESTAMP"]) / 1e6


def guest_had_its_time(machine):
    assert "INNKEEPER-GUEST-DOWN" in machine.read(CONSOLE[1:]), machine.tail()


def daemon_outlived_guests(machine, daemon):
    guest_had_its_time(machine)
    ended = moment(machine, "libvirt-guests.service", "Stopped")
    assert ended < moment(machine, f"{daemon}.service", "Stopping"), machine.tail()
    # So does what takes the guest's last words.
    assert ended < moment(machine, "virtlogd.service", "Stopping"), machine.tail()


def test_a_host_changes_daemons_in_place_and_back(machine):
    changed = "max_clients = 4999  # an administrator was here\n"
    with open(machine.root / "etc/libvirt/libvirtd.conf", "a") as file:
        file.write(changed)
    run(machine, """
        start_guest
        pid=$(cat /run/libvirt/qemu/g.pid)
        logd=$(systemctl show -P MainPID virtlogd.service)
        apt-get install -y -q --no-install-recommends /debs/*.deb </dev/null
        dpkg --audit
        kill -0 $pid
        test "$(cat /run/libvirt/qemu/g.pid)" = $pid
        virsh domstate g | grep running
        virsh net-info default
        dpkg -S $(readlink /proc/$(systemctl show -P MainPID libvirtd.service)/exe) | grep ^innkeeper:
        # Its virtlogd is the same process, which has the guest's pipes, with our program.
        test $(systemctl show -P MainPID virtlogd.service) = $logd
        becomes $logd innkeeper
        ls -l /proc/$logd/fd | grep /var/log/libvirt/qemu/g.log
        systemctl is-enabled virtlogd.socket virtlogd-admin.socket
        systemctl is-enabled libvirtd.service libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket
        systemctl is-active libvirtd.service libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket
        # What others depend on is there.
        dpkg-query -W -f '${Version}' libvirt-daemon-system | grep innkeeper
        apt-get check

        apt-get install -y -q --no-install-recommends --allow-downgrades /packages/*.deb innkeeper- </dev/null
        dpkg --audit
        dpkg -S $(readlink /proc/$(systemctl show -P MainPID libvirtd.service)/exe) | grep ^libvirt-daemon:
        test "$(cat /run/libvirt/qemu/g.pid)" = $pid
        virsh domstate g | grep running
        systemctl is-active libvirtd.service libvirtd.socket libvirt-guests.service
        test $(systemctl show -P MainPID virtlogd.service) = $logd
        ls -l /proc/$logd/fd | grep /var/log/libvirt/qemu/g.log
        systemctl reload virtlogd
        becomes $logd libvirt-daemon
        ls -l /proc/$logd/fd | grep /var/log/libvirt/qemu/g.log
        apt-get purge -y -q innkeeper
        virsh net-info default
    """)
    assert machine.read("etc/libvirt/libvirtd.conf").endswith(changed)
    guest_had_its_time(machine)


def test_a_users_guests_stay_where_they_are_when_daemons_change(machine):
    """Running, saved, and what belongs to them: one daemon's files are the other's, both ways."""
    machine.write("users.xml", GUEST.replace("<name>g</name>", "<name>own</name>").replace(CONSOLE, "/home/member/console.log"))
    run(machine, """
        useradd -m member
        loginctl enable-linger member
        export XDG_RUNTIME_DIR=/run/user/$(id -u member)
        own="runuser -u member -- virsh -c qemu:///session"
        for i in $(seq 100); do test -e $XDG_RUNTIME_DIR/systemd && break; sleep 0.1; done
        stop_daemon() {
            pid=$(cat $XDG_RUNTIME_DIR/libvirt/libvirtd.pid)
            kill $pid
            while test -e /proc/$pid; do sleep 0.1; done
        }
        $own define /users.xml
        $own start own
        qemu=$(cat $XDG_RUNTIME_DIR/libvirt/qemu/run/own.pid)
        apt-get install -y -q --no-install-recommends /debs/*.deb </dev/null
        stop_daemon
        $own domstate own | grep running
        $own suspend own
        $own resume own
        test "$(cat $XDG_RUNTIME_DIR/libvirt/qemu/run/own.pid)" = $qemu
        dpkg -S $(readlink /proc/$(cat $XDG_RUNTIME_DIR/libvirt/libvirtd.pid)/exe) | grep ^innkeeper:
        $own managedsave own
        $own start own
        qemu=$(cat $XDG_RUNTIME_DIR/libvirt/qemu/run/own.pid)
        apt-get install -y -q --no-install-recommends --allow-downgrades /packages/*.deb innkeeper- </dev/null
        stop_daemon
        $own domstate own | grep running
        test "$(cat $XDG_RUNTIME_DIR/libvirt/qemu/run/own.pid)" = $qemu
        $own managedsave own
        apt-get install -y -q --no-install-recommends /debs/*.deb </dev/null
        stop_daemon
        $own dominfo own | grep 'Managed save: *yes'
        $own start own
        $own destroy own
    """)


def test_a_new_host_gets_users_folders_and_configuration(machine):
    machine.inside("sh", "-c", "apt-get purge -y -q libvirt-daemon-system libvirt-daemon libvirt-daemon-driver-qemu "
                   "libvirt-daemon-system-systemd; rm -rf /etc/libvirt /var/lib/libvirt /var/log/libvirt")
    assert "libvirt-qemu" not in machine.read("etc/passwd")
    run(machine, """
        apt-get install -y -q --no-install-recommends /debs/*.deb </dev/null
        systemctl is-active libvirtd.service libvirtd.socket libvirtd-ro.socket libvirt-guests.service
        virsh list
        id -Gn libvirt-qemu | grep -w kvm | grep -w libvirt-qemu
        getent group libvirt
        test "$(stat -c '%a %U' /var/lib/libvirt/images)" = '711 root'
        test "$(stat -c '%a %U %G' /var/lib/libvirt/qemu)" = '750 libvirt-qemu libvirt-qemu'
        test "$(stat -c %a /etc/libvirt/qemu.conf)" = 600
        grep -w etc/libvirt/qemu.conf /var/lib/innkeeper/created
        # Polkit knows the actions, and who is in the group needs no password.
        useradd -G libvirt member; useradd stranger
        pkaction --action-id org.libvirt.unix.manage --action-id org.libvirt.api.domain.start
        runuser -u member -- virsh -c qemu:///system list
        fails runuser -u stranger -- virsh -c qemu:///system list
        runuser -u stranger -- virsh -c qemu:///system -r list
        apt-get purge -y -q innkeeper libvirt-daemon libvirt-daemon-system
        test ! -e /etc/libvirt/qemu.conf
        test ! -e /var/lib/innkeeper
        fails systemctl is-enabled libvirtd.socket
    """)


def test_systemd_finds_nothing_wrong_with_the_installed_units(ours):
    units = [path.name for path in (ours.root / "lib/systemd/system").iterdir() if "virt" in path.name]
    words = ours.inside("systemd-analyze", "verify", "--man=no", *units, check=False)
    # About the container: its /run is no file system of its own.
    assert [line for line in words.splitlines() if "virt" in line and "we can't allow that" not in line] == []
    assert "cycle" not in words


@pytest.mark.parametrize("daemons", [MONOLITHIC, MODULAR], ids=["monolithic", "modular"])
@pytest.mark.parametrize("way", ["activated", "traditional"])
def test_guests_end_before_their_daemon(ours, daemons, way):
    deploy(ours, daemons, way)
    run(ours, "start_guest; has_scope; machinectl show qemu-1-g | grep -x Class=vm", daemons[0])
    daemon_outlived_guests(ours, daemons[0])


@pytest.mark.parametrize("ending", ["reboot", "kexec"])
def test_guests_end_as_well_when_the_host_comes_back(ours, ending):
    deploy(ours, MONOLITHIC, "activated")
    run(ours, "start_guest", ending=ending)
    guest_had_its_time(ours)
    assert any(entry.get("UNIT") == f"systemd-{ending}.service" for entry in ours.journal()), ours.tail()


@pytest.mark.parametrize("daemons", [MONOLITHIC, MODULAR], ids=["monolithic", "modular"])
@pytest.mark.parametrize("way", ["activated", "traditional"])
def test_without_machined_guests_have_scopes_as_well(ours, daemons, way):
    deploy(ours, daemons, way)
    ours.mask("systemd-machined.service")
    run(ours, """
        start_guest
        has_scope
        systemctl restart $daemon.service
        virsh domstate g | grep running
        has_scope
    """, daemons[0])
    daemon_outlived_guests(ours, daemons[0])


def test_a_daemon_that_hangs_holds_the_shutdown_for_a_bounded_time(ours):
    """Nobody can ask the guest then; it is ended with its scope."""
    deploy(ours, MONOLITHIC, "activated")
    run(ours, "start_guest; kill -STOP $(systemctl show -P MainPID libvirtd.service)")
    took = seconds(ours, moment(ours, "libvirt-guests.service", "Stopped")) - seconds(ours, moment(ours, "libvirt-guests.service", "Stopping"))
    assert took < 60


WAIT_DELAY = "for i in $(seq 100); do systemd-inhibit --list --no-legend | grep -w Libvirt && break; sleep 0.1; done"


def test_the_host_waits_for_a_daemon_with_guests_and_for_no_other(ours):
    deploy(ours, MONOLITHIC, "activated")
    with open(ours.root / "etc/libvirt/qemu.conf", "a") as file:
        file.write('\nauto_shutdown_try_save = "persistent"\n')
    run(ours, f"""
        virsh list
        fails sh -c 'systemd-inhibit --list --no-legend | grep -w Libvirt'
        start_guest
        {WAIT_DELAY}
        systemd-inhibit --list --no-legend | grep -w Libvirt | grep 'Virtual machines need to be saved' | grep delay
        virsh destroy g; virsh undefine g
        fails sh -c 'systemd-inhibit --list --no-legend | grep -w Libvirt'
        rm {CONSOLE}
        start_guest
    """)
    # libvirt-guests has been started: it alone does it, and the guest is not saved.
    daemon_outlived_guests(ours, "libvirtd")


@pytest.mark.parametrize("daemons", [MONOLITHIC, MODULAR], ids=["monolithic", "modular"])
def test_a_daemon_shuts_guests_down_itself_where_libvirt_guests_does_not(ours, daemons):
    deploy(ours, daemons, "activated")
    ours.inside("systemctl", "disable", "libvirt-guests.service")
    with open(ours.root / "etc/libvirt/qemu.conf", "a") as file:
        file.write('\nauto_shutdown_try_shutdown = "all"\nauto_shutdown_poweroff = "all"\n')
    # Where the host may wait for as long as a guest needs.
    ours.write("etc/systemd/logind.conf.d/long.conf", "[Login]\nInhibitDelayMaxSec=60\n")
    run(ours, f"start_guest; {WAIT_DELAY}", daemons[0])
    guest_had_its_time(ours)
    (ours.root / "script.status").unlink()
    run(ours, "for i in $(seq 600); do virsh domstate g | grep -q running && exit 0; sleep 0.1; done; exit 1", daemons[0])


def test_a_users_guests_are_saved_when_the_session_or_the_host_ends(ours):
    deploy(ours, MONOLITHIC, "activated")
    ours.write("users.xml", GUEST.replace("<name>g</name>", "<name>own</name>").replace(CONSOLE, "/home/member/console.log"))
    ours.write("etc/systemd/logind.conf.d/long.conf", "[Login]\nInhibitDelayMaxSec=60\n")
    run(ours, f"""
        useradd -m member
        loginctl enable-linger member
        export XDG_RUNTIME_DIR=/run/user/$(id -u member)
        own="runuser -u member -- virsh -c qemu:///session"
        for i in $(seq 100); do test -e $XDG_RUNTIME_DIR/systemd && break; sleep 0.1; done
        bus() {{ runuser -u member -- dbus-daemon --session --address=unix:path=$XDG_RUNTIME_DIR/bus --fork --print-pid; }}
        pid=$(bus)
        $own define /users.xml
        $own start own
        {WAIT_DELAY}
        kill $pid
        for i in $(seq 300); do pgrep -u member qemu || break; sleep 0.1; done
        fails pgrep -u member qemu
        bus
        $own dominfo own | grep 'Managed save: *yes'
        $own start own
        {WAIT_DELAY}
    """)
    assert [path for path in (ours.root / "home/member").rglob("own.save")], list((ours.root / "home/member").rglob("*"))


def test_a_users_guests_are_left_to_the_user(ours):
    deploy(ours, MONOLITHIC, "activated")
    ours.write("users.xml", GUEST.replace("<name>g</name>", "<name>own</name>").replace(CONSOLE, "/home/member/console.log"))
    run(ours, """
        useradd -m member
        loginctl enable-linger member
        export XDG_RUNTIME_DIR=/run/user/$(id -u member)
        own="runuser -u member -- virsh -c qemu:///session"
        for i in $(seq 100); do test -e $XDG_RUNTIME_DIR/bus && break; sleep 0.1; done
        $own create /users.xml
        start_guest
        systemctl stop libvirt-guests.service
        guest_has_ended
        $own domstate own | grep running
    """)


def test_guests_without_libvirt_guests_end_before_what_their_daemon_needs(ours):
    """Nobody asks them to shut down; systemd ends their scopes in time."""
    deploy(ours, MONOLITHIC, "activated")
    ours.inside("systemctl", "disable", "libvirt-guests.service")
    run(ours, "start_guest; has_scope")
    assert moment(ours, SCOPE, "Stopped") < moment(ours, "libvirtd.service", "Stopping")


@pytest.mark.parametrize("daemons", [MONOLITHIC, MODULAR], ids=["monolithic", "modular"])
def test_stopping_libvirt_guests_does_not_wait_for_a_daemon_that_waits_for_it(ours, daemons):
    """The daemon is not running, and is started by who connects."""
    deploy(ours, daemons, "activated")
    run(ours, """
        start_guest
        guest_is_alone
        timeout 60 systemctl stop libvirt-guests.service
        guest_has_ended
        # Neither does it wait when no guest runs.
        systemctl stop $daemon
        systemctl start libvirt-guests.service
        timeout 20 systemctl stop libvirt-guests.service
        fails systemctl is-active $daemon.service
        test -z "$(systemctl list-jobs --no-legend)"
    """, daemons[0])


@pytest.mark.parametrize("daemons", [MONOLITHIC, MODULAR], ids=["monolithic", "modular"])
@pytest.mark.parametrize("way", ["activated", "traditional"])
def test_a_guest_whose_daemon_was_stopped_gets_its_time(ours, daemons, way):
    """At shutdown systemd activates nothing any more, yet somebody has to ask the guest."""
    deploy(ours, daemons, way)
    run(ours, "start_guest; guest_is_alone", daemons[0])
    guest_had_its_time(ours)


def test_a_guest_that_never_answers_holds_the_shutdown_for_its_time_and_no_longer(ours):
    deploy(ours, MONOLITHIC, "activated")
    ours.write("etc/default/libvirt-guests", "SHUTDOWN_TIMEOUT=4\n")
    run(ours, "start_guest; kill -STOP $(cat /run/libvirt/qemu/g.pid)")
    assert "INNKEEPER-GUEST-DOWN" not in ours.read(CONSOLE[1:])
    took = seconds(ours, moment(ours, "libvirt-guests.service", "Stopped")) - seconds(ours, moment(ours, "libvirt-guests.service", "Stopping"))
    assert 4 <= took < 60


def test_guests_come_back_with_their_host(ours):
    """The first boot's guest is in the list that the second one starts from."""
    deploy(ours, MONOLITHIC, "activated")
    ours.write("etc/default/libvirt-guests", "ON_BOOT=start\n")
    run(ours, "start_guest")
    daemon_outlived_guests(ours, "libvirtd")
    (ours.root / "script.status").unlink()
    # Until it is up: before that no guest hears the power button.
    run(ours, f"""
        for i in $(seq 600); do virsh domstate g | grep -q running && break; sleep 0.1; done
        for i in $(seq 600); do grep -q INNKEEPER-GUEST-UP {CONSOLE} && exit 0; sleep 0.1; done
        exit 1
    """)
    daemon_outlived_guests(ours, "libvirtd")


def test_stopping_everything_in_one_command_keeps_the_order(ours):
    deploy(ours, MONOLITHIC, "traditional")
    run(ours, """
        start_guest
        timeout 60 systemctl stop libvirtd.service libvirt-guests.service
        grep INNKEEPER-GUEST-DOWN """ + CONSOLE)


def test_restarting_the_daemon_leaves_guests_and_libvirt_guests_alone(ours):
    deploy(ours, MONOLITHIC, "activated")
    run(ours, """
        start_guest
        pid=$(cat /run/libvirt/qemu/g.pid)
        since=$(systemctl show -P ActiveEnterTimestampMonotonic libvirt-guests.service)
        systemctl restart libvirtd.service
        dpkg-reconfigure innkeeper
        virsh domstate g | grep running
        kill -0 $pid
        test "$(systemctl show -P ActiveEnterTimestampMonotonic libvirt-guests.service)" = $since
    """)
    daemon_outlived_guests(ours, "libvirtd")


def test_masking_sockets_is_enough_to_change_the_deployment(ours):
    deploy(ours, MONOLITHIC, "activated")
    run(ours, """
        is_after libvirt-guests.service libvirtd.socket
        grep -a timeout /proc/$(systemctl show -P MainPID libvirtd.service)/cmdline
        is_after virt-guest-shutdown.target libvirtd.service
        fails is_after libvirt-guests.service libvirtd.service
        systemctl stop libvirtd.service libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket
        systemctl mask libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket libvirtd-tcp.socket libvirtd-tls.socket
        systemctl start libvirtd.service
        is_after libvirt-guests.service libvirtd.service
        fails is_after libvirt-guests.service libvirtd.socket
        # Nothing would start it again if it left.
        fails grep -a timeout /proc/$(systemctl show -P MainPID libvirtd.service)/cmdline
        start_guest
    """)
    daemon_outlived_guests(ours, "libvirtd")


def test_a_host_becomes_modular_while_its_guest_runs(ours):
    deploy(ours, MONOLITHIC, "activated")
    if not has_unit(ours, "virtqemud.service"):
        pytest.skip("this version has no modular daemons")
    sockets = " ".join(f"{daemon}{kind}.socket" for daemon in MODULAR for kind in ("", "-ro", "-admin"))
    run(ours, f"""
        start_guest
        pid=$(cat /run/libvirt/qemu/g.pid)
        since=$(systemctl show -P ActiveEnterTimestampMonotonic libvirt-guests.service)
        systemctl disable --now libvirtd.service libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket
        systemctl mask libvirtd.service libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket
        systemctl enable --now {sockets}
        virsh domstate g | grep running
        systemctl is-active virtqemud.service
        test "$(cat /run/libvirt/qemu/g.pid)" = $pid
        virsh net-info default
        test "$(systemctl show -P ActiveEnterTimestampMonotonic libvirt-guests.service)" = $since
        is_after virt-guest-shutdown.target virtqemud.service
        is_after libvirt-guests.service virtqemud.socket
    """)
    daemon_outlived_guests(ours, "virtqemud")
