import json
import os
import pathlib
import re
import shutil
import tempfile

import pytest

from daemon import TOP, Daemon, Other
from verbs import everything, remove

# procedure → tests that called it, for docs/COVERAGE.md.
calls = {}
CALLS = TOP / "tests" / "coverage" / "calls.json"
# Shows that nothing breaks, not that anything works.
NO_PROOF = "test_wire.py::test_every_procedure_survives_hostile_arguments"


# Every daemon that a test starts, by whatever way, writes its sanitizer's report there, if it has one to make: its
# standard error may be a pipe or nothing, its exit status may be hidden by a SIGKILL that was on its way.
REPORTS = pathlib.Path(tempfile.mkdtemp(prefix="ik-reports-", dir="/tmp"))
REPORTS.chmod(0o1777)
for variable in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
    os.environ[variable] = ":".join(filter(None, (os.environ.get(variable), "log_path=%s/report" % REPORTS)))


def check_reports():
    reports = sorted(REPORTS.iterdir())
    words = "\n".join(report.read_text(errors="replace")[:8000] for report in reports)
    for report in reports:
        report.unlink()
    assert not reports, words


@pytest.fixture(autouse=True)
def no_reports():
    """Looks last of all, after the test's own daemon has ended: reports come until then."""
    yield
    check_reports()


def pytest_unconfigure(config):
    shutil.rmtree(REPORTS, ignore_errors=True)


def note_calls(request, log, start=0):
    """Notes what the log says from that place on as called by the test; gives the place where it ends."""
    if not log.exists():
        return 0
    name = "%s::%s" % (request.node.path.name, request.node.name.split("[")[0])
    with open(log, "rb") as file:
        file.seek(start)
        text = file.read()
    if name != NO_PROOF:
        found = re.findall(r"client \d+ calls (\w+) (\w+)$", text.decode(errors="replace"), re.M)
        for program, procedure in set(found):
            calls.setdefault("%s.%s" % (program, procedure), set()).add(name)
    return start + len(text)


@pytest.fixture
def daemon(request):
    """A running daemon below a root of its own; nothing of it is left afterwards."""
    if "INNKEEPER_ORACLE" in os.environ:
        pytest.skip("needs a daemon of its own")
    it = Daemon()
    try:
        it.start()
        yield it
    finally:
        note_calls(request, it.log)
        it.remove()


@pytest.fixture(scope="module")
def house():
    """A daemon for all tests of a file. With INNKEEPER_ORACLE=URI it is another one, to see whether it answers the same."""
    if "INNKEEPER_ORACLE" in os.environ:
        yield Other(os.environ["INNKEEPER_ORACLE"])
        return
    it = Daemon()
    try:
        yield it.start()
    finally:
        it.remove()
        check_reports()


@pytest.fixture
def connection(request, house):
    """A connection to the file's daemon; what the test makes there is removed afterwards."""
    it = house.connect()
    before = everything(it)
    start = house.log.stat().st_size if house.log.exists() else 0
    yield it
    note_calls(request, house.log, start)
    for key, thing in everything(it).items():
        if key not in before:
            remove(key[0], thing)
    it.close()


def pytest_sessionfinish(session):
    """With INNKEEPER_ACCEPT=1 what the tests that ran have called replaces what was noted of them before."""
    if os.environ.get("INNKEEPER_ACCEPT") != "1" or not calls:
        return
    ran = {"%s::%s" % (item.path.name, item.name.split("[")[0]) for item in session.items}
    noted = json.loads(CALLS.read_text()) if CALLS.exists() else {}
    for procedure, tests in noted.items():
        calls.setdefault(procedure, set()).update(set(tests) - ran)
    CALLS.write_text(json.dumps({name: sorted(tests)[:3] for name, tests in sorted(calls.items()) if tests}, indent=1) + "\n")
