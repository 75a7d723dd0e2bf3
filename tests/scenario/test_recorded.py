"""What real clients saw of the daemon that ours replaces, recorded beside the project (../shared/scenarios).

Needs root (namespaces with private copies of the standard paths) and the recordings; says so and skips otherwise.
"""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

from daemon import BINARY, PRESET, TOP

SHARED = pathlib.Path(os.environ.get("INNKEEPER_SHARED", TOP.parent / "shared"))
SCENARIOS = SHARED / "scenarios"
WANTED = ["01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15", "16", "17", "18", "22", "25", "28", "29", "31", "39",
          "40", "41", "42", "43", "44", "46"]

pytestmark = [
    pytest.mark.skipif(not SCENARIOS.is_dir(), reason="%s is not there" % SCENARIOS),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root for namespaces with private standard paths"),
    pytest.mark.skipif(PRESET != "release", reason="the recordings are compared with the release build only"),
]


def hide_what_the_recorded_host_lacked(inside):
    """Emulators of other processors, and TPMs in software: hidden in the namespace of the daemon alone."""
    for program in [*pathlib.Path("/usr/bin").glob("qemu-system-*"), *pathlib.Path("/usr/bin").glob("swtpm*")]:
        if program.name not in ("qemu-system-x86_64", "qemu-system-i386"):
            subprocess.run(inside + ["mount", "--bind", "/dev/null", str(program)], check=True, timeout=60)


@pytest.fixture(scope="module")
def surroundings():
    folder = tempfile.mkdtemp(prefix="ik-rec-", dir="/var/tmp")
    peer = [str(SHARED / "tools" / "peer.sh")]
    start = peer + ["start", folder, "--libvirtd", BINARY, "--net", "--no-virtlogd", "--tls-port", "0"]
    inside = peer + ["exec", folder]
    try:
        subprocess.run(start + ["--no-start"], check=True, timeout=600, stdout=subprocess.DEVNULL)
        hide_what_the_recorded_host_lacked(inside)
        subprocess.run(start, check=True, timeout=600, stdout=subprocess.DEVNULL)
        yield inside
    finally:
        subprocess.run(peer + ["stop", folder], timeout=120)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("number", WANTED)
def test_scenario(surroundings, number):
    done = subprocess.run(surroundings + [str(SCENARIOS / "run.py"), "--check", "--diff", "-q", "--uri", "qemu:///system", number + "-"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900)
    assert done.returncode == 0, done.stdout
    assert re.search(r"^[1-9]\d* passed, 0 failed", done.stdout, re.M), done.stdout
