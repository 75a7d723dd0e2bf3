import json
import os
import re

import pytest

from daemon import TOP, Daemon

# procedure → tests that called it, for docs/COVERAGE.md.
calls = {}
CALLS = TOP / "tests" / "coverage" / "calls.json"


@pytest.fixture
def daemon(request):
    """A running daemon below a root of its own; nothing of it is left afterwards."""
    it = Daemon()
    try:
        it.start()
        yield it
    finally:
        if it.log.exists():
            name = "%s::%s" % (request.node.path.name, request.node.name.split("[")[0])
            for program, procedure in set(re.findall(r"client \d+ calls (\w+) (\w+)$", it.log.read_text(errors="replace"), re.M)):
                calls.setdefault("%s.%s" % (program, procedure), set()).add(name)
        it.remove()


def pytest_sessionfinish(session):
    """With INNKEEPER_ACCEPT=1 what the tests that ran have called replaces what was noted of them before."""
    if os.environ.get("INNKEEPER_ACCEPT") != "1" or not calls:
        return
    ran = {"%s::%s" % (item.path.name, item.name.split("[")[0]) for item in session.items}
    noted = json.loads(CALLS.read_text()) if CALLS.exists() else {}
    for procedure, tests in noted.items():
        calls.setdefault(procedure, set()).update(set(tests) - ran)
    CALLS.write_text(json.dumps({name: sorted(tests)[:3] for name, tests in sorted(calls.items()) if tests}, indent=1) + "\n")
