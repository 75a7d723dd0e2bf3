"""What is installed beside the programs, as it follows from its tables."""
import configparser
import json
import pathlib
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from daemon import TOP

DAEMONS = [row["name"] for row in json.loads((TOP / "packaging" / "daemons.json").read_text())["daemons"]]
SYSTEM_UNITS = pathlib.Path("/lib/systemd/system")


def generate(tool, *arguments):
    subprocess.run([sys.executable, TOP / "tools" / tool, *arguments], check=True)


def make_units(folder, *programs):
    generate("generate_units.py", "units", TOP / "packaging" / "daemons.json", folder, "/etc/default", "/usr/sbin", *programs)
    return {path.name: path.read_text().splitlines() for path in folder.iterdir()}


def test_a_unit_knows_nothing_of_daemons_that_are_not_built(tmp_path):
    units = make_units(tmp_path, "libvirtd")
    assert sorted(units) == ["libvirtd-admin.socket", "libvirtd-ro.socket", "libvirtd-tcp.socket", "libvirtd-tls.socket",
                             "libvirtd.service", "libvirtd.socket"]
    for name, lines in units.items():
        assert not [line for line in lines if "virtlogd" in line or "virtlockd" in line], name
    assert "Wants=libvirtd-ro.socket" in units["libvirtd.service"]
    assert "Requires=virtlogd.socket" in make_units(tmp_path / "two", "libvirtd", "virtlogd")["libvirtd.service"]


def test_modular_daemons_bring_their_sockets_and_exclude_the_monolithic_one(tmp_path):
    units = make_units(tmp_path, "libvirtd", "virtqemud", "virtproxyd")
    for kind in ("", "-ro", "-admin"):
        assert f"Wants=virtqemud{kind}.socket" in units["virtqemud.service"]
    assert "Conflicts=libvirtd.service" in units["virtqemud.service"]
    assert "ListenStream=/run/libvirt/virtqemud-admin-sock" in units["virtqemud-admin.socket"]
    # virtproxyd listens where libvirtd does, so only one of them can.
    assert "ListenStream=/run/libvirt/libvirt-sock" in units["virtproxyd.socket"]
    assert "Conflicts=libvirtd.socket" in units["virtproxyd.socket"]


@pytest.mark.skipif(not SYSTEM_UNITS.is_dir() or not shutil.which("systemd-analyze"), reason="there is no systemd here")
def test_systemd_finds_nothing_wrong_with_the_units_of_all_daemons(tmp_path):
    units = tmp_path / "lib/systemd/system"
    shutil.copytree(SYSTEM_UNITS, units, symlinks=True, ignore=shutil.ignore_patterns("*virt*"))
    ours = sorted(make_units(tmp_path / "units", *DAEMONS)) + ["virt-guest-shutdown.target", "libvirt-guests.service"]
    shutil.copytree(tmp_path / "units", units, dirs_exist_ok=True)
    shutil.copy(TOP / "packaging/systemd/virt-guest-shutdown.target", units)
    guests = (TOP / "packaging/systemd/libvirt-guests.service.in").read_text()
    (units / "libvirt-guests.service").write_text(guests.replace("@INNKEEPER_DEFAULTS@", "/etc/default")
                                                  .replace("@INNKEEPER_PRIVATE@", "/usr/lib/libvirt"))
    for program in [f"usr/sbin/{name}" for name in DAEMONS] + ["bin/kill", "usr/lib/libvirt/libvirt-guests.sh"]:
        (tmp_path / program).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / program).touch(mode=0o755)
    words = subprocess.run(["systemd-analyze", "verify", "--man=no", f"--root={tmp_path}", *ours], text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert [line for line in words.stdout.splitlines() if "virt" in line] == []
    assert words.returncode == 0, words.stdout


def test_every_access_rule_has_its_action(tmp_path):
    generate("generate_polkit.py", TOP / "protocol", tmp_path / "policy")
    defaults = {action.get("id"): {e.text for e in action.find("defaults")}
                for action in ET.parse(tmp_path / "policy").getroot().iter("action")}
    rules = [rule for path in (TOP / "protocol").glob("*.json") for table in [json.loads(path.read_text())]
             if "procedures" in table for row in table["procedures"] for rule in row.get("acl", []) + row.get("aclfilter", [])]
    assert len(rules) > 400
    for rule in rules:
        if rule != "none":
            assert "org.libvirt.api." + ".".join(rule.split(":")[:2]).replace("_", "-") in defaults
    # Looking is free, and nothing else is.
    assert defaults["org.libvirt.api.domain.getattr"] == {"yes"}
    assert defaults["org.libvirt.api.connect.search-networks"] == {"yes"}
    assert {name.split(".")[-1] for name, answers in defaults.items() if answers != {"no"}} <= {
        "getattr", "read", *(n.split(".")[-1] for n in defaults if n.startswith("org.libvirt.api.connect.search-"))}
    assert defaults["org.libvirt.api.secret.read-secure"] == defaults["org.libvirt.api.node-device.read"] == {"no"}


PEERS_ACTIONS = pathlib.Path("/usr/share/polkit-1/actions/org.libvirt.api.policy")


@pytest.mark.skipif(not PEERS_ACTIONS.exists(), reason="needs libvirt-daemon-system's actions")
def test_actions_are_allowed_to_whom_the_peer_allows_them(tmp_path):
    def defaults(path):
        return {action.get("id"): {e.text for e in action.find("defaults")} for action in ET.parse(path).getroot().iter("action")}
    generate("generate_polkit.py", TOP / "protocol", tmp_path / "policy")
    theirs = defaults(PEERS_ACTIONS)
    ours = defaults(tmp_path / "policy")
    assert {name: ours.get(name) for name in theirs} == theirs


def test_policies_and_units_can_be_read():
    for path in (TOP / "packaging" / "polkit").glob("*.policy"):
        assert [action.get("id") for action in ET.parse(path).getroot().iter("action")] == [
            "org.libvirt.unix.monitor", "org.libvirt.unix.manage"]
    for path in [*(TOP / "packaging" / "systemd").glob("*.target"), *(TOP / "packaging" / "systemd").glob("*.service.in")]:
        configparser.ConfigParser(strict=False, interpolation=None).read_string(path.read_text())
