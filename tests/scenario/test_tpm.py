"""TPMs in software: a process beside each guest that has one, with a state that outlives it."""
import os
import pathlib
import shutil

import libvirt
import pytest

from daemon import guest_xml, wait_until
from verbs import fails

pytestmark = [
    pytest.mark.skipif(shutil.which("swtpm") is None or shutil.which("swtpm_setup") is None, reason="swtpm is not installed"),
    pytest.mark.skipif(os.geteuid() != 0, reason="the programs make certificates in a folder of root's"),
]

UUID = "c7a5fdbd-edaf-9455-926a-d65c16db1809"
TPM = "<tpm model='tpm-crb'><backend type='emulator' version='2.0'%s/></tpm>"


def guest(more=""):
    return guest_xml("g", UUID, machine="q35", devices=TPM % more)


def tpms(daemon):
    """pids of the programs that serve guests of that daemon."""
    found = []
    for folder in pathlib.Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0") if folder.name.isdigit() else [""]
        except OSError:
            continue
        if words[0].endswith("/swtpm") and any(str(daemon.root) in word for word in words):
            found.append(int(folder.name))
    return found


def state(daemon):
    return daemon.root / "var/lib/libvirt/swtpm" / UUID / "tpm2" / "tpm2-00.permall"


def test_it_runs_as_long_as_the_guest_and_remembers(daemon):
    dom = daemon.connect().defineXML(guest())
    dom.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    assert len(tpms(daemon)) == 1
    assert '"model":"tpm-crb"' in daemon.virsh("qemu-monitor-command", "g", '{"execute":"query-tpm"}').replace(" ", "")
    made = state(daemon).read_bytes()
    dom.destroy()
    assert tpms(daemon) == []
    assert list((daemon.run / "qemu/swtpm").iterdir()) == []
    # The second start finds what the first one made.
    dom.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    assert len(state(daemon).read_bytes()) == len(made)
    dom.destroy()
    dom.undefine()
    assert not state(daemon).parent.parent.exists()


def test_it_is_taken_over_with_its_guest(daemon):
    dom = daemon.connect().defineXML(guest())
    dom.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    before = tpms(daemon)
    daemon.kill()
    daemon.start()
    assert tpms(daemon) == before and len(before) == 1
    dom = daemon.connect().lookupByName("g")
    dom.destroy()
    assert tpms(daemon) == []
    dom.undefine()


def test_it_ends_if_the_guest_does_not_start(daemon):
    (daemon.root / "rom").write_bytes(b"")
    dom = daemon.connect().defineXML(guest().replace("</type>", "</type><loader>%s</loader>" % (daemon.root / "rom")))
    fails(libvirt.VIR_ERR_INTERNAL_ERROR, dom.create)
    assert tpms(daemon) == []
    assert list((daemon.run / "qemu/swtpm").iterdir()) == []


@pytest.mark.parametrize("attribute, flags, stays", [
    ("", 0, False),
    ("", libvirt.VIR_DOMAIN_UNDEFINE_KEEP_TPM, True),
    (" persistent_state='yes'", 0, True),
    (" persistent_state='yes'", libvirt.VIR_DOMAIN_UNDEFINE_TPM, False),
])
def test_its_state_goes_with_the_definition(daemon, attribute, flags, stays):
    dom = daemon.connect().defineXML(guest(attribute))
    dom.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    dom.destroy()
    assert state(daemon).exists()
    dom.undefineFlags(flags)
    assert state(daemon).exists() == stays
