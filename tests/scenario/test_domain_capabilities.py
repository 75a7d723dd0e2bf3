"""What each emulator can give a guest of each machine type, as Debian's libvirtd tells it of this very host."""
import difflib
import xml.etree.ElementTree as ET

import libvirt
import pytest

from daemon import BINARY
from peer import Peer

# What does not belong together, or is not there.
NONSENSE = [("/nonexistent", None, None, None), (None, "no-such", None, None), (None, None, "no-such", None),
            (None, None, None, "no-such"), (None, "x86_64", "pc", "xen")]


def choices(guests):
    """Each emulator with each machine that it has, and without one."""
    for guest in guests:
        arch = guest.find("arch")
        for machine in [None] + sorted({machine.text for machine in arch.findall("machine")}):
            for kind in arch.findall("domain"):
                yield arch.findtext("emulator"), arch.get("name"), machine, kind.get("type")


def answer(connection, choice):
    try:
        return connection.getDomainCapabilities(*choice)
    except libvirt.libvirtError as error:
        return "%d: %s" % (error.get_error_code(), error.get_error_message())


def ask(binary, wanted=None):
    """What that daemon says of its guests, and of each choice; one daemon after the other, since nobody answers a
    connection's keepalive messages while another one is asked."""
    daemon = Peer(*binary)
    try:
        connection = libvirt.open("qemu:///system?socket=%s" % daemon.socket)
        guests = ET.fromstring(connection.getCapabilities()).findall("guest")
        asked = NONSENSE + list(choices(guests)) if wanted is None else wanted
        answers = {choice: answer(connection, choice) for choice in asked}
        connection.close()
    finally:
        daemon.remove()
    return [ET.tostring(guest, encoding="unicode") for guest in guests], answers


@pytest.fixture(scope="module")
def both():
    theirs = ask(())
    return theirs, ask((BINARY,), list(theirs[1]))


def test_the_emulators_themselves(both):
    """Which there are, of which machines and with which features."""
    (theirs, _), (ours, _) = both
    assert theirs == ours


def compare(both, kinds):
    (_, theirs), (_, ours) = both
    asked = {choice: text for choice, text in theirs.items() if choice[3] in kinds}
    if not asked:
        pytest.skip("there is no such guest")
    differences = []
    for choice, wanted in asked.items():
        if wanted != ours[choice]:
            lines = difflib.unified_diff(wanted.splitlines(), ours[choice].splitlines(), "theirs", "ours", n=1, lineterm="")
            differences.append("%s\n%s" % (choice, "\n".join(list(lines)[:20])))
    assert not differences, "%d of %d differ:\n%s" % (len(differences), len(asked), "\n".join(differences[:10]))


def test_every_emulator_and_machine(both):
    compare(both, ("qemu", None, "no-such", "xen"))


@pytest.mark.xfail(strict=False, reason="what of the host's processor cannot be migrated, and what 32-bit guests see of it")
def test_what_the_processor_runs(both):
    compare(both, ("kvm",))
