#!/usr/bin/env python3
"""Builds each preset and runs what it has: unit tests (GoogleTest), clients against the real daemon (pytest), fuzzers.

Counts single test cases over all of them and ends with the line `N passed, N failed, N skipped`.
"""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET

TOP = pathlib.Path(__file__).resolve().parent.parent
FUZZ_SECONDS = int(os.environ.get("INNKEEPER_FUZZ_SECONDS", "60"))
SANITIZER_ENVIRONMENT = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:allocator_may_return_null=1",
    "LSAN_OPTIONS": "print_suppressions=0:suppressions=%s" % (TOP / "tests" / "lsan.supp"),
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.notes = []

    def add(self, passed=0, failed=0, skipped=0, notes=()):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped
        for note in notes:
            self.notes.append(note)
            print(note, flush=True)


def run(argv, timeout, environment=None, cwd=TOP):
    """Exit status and what it printed; the status is None if it took too long."""
    env = dict(os.environ, **(environment or {}))
    try:
        done = subprocess.run([str(a) for a in argv], cwd=cwd, env=env, timeout=timeout, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        return done.returncode, done.stdout
    except subprocess.TimeoutExpired as late:
        return None, (late.stdout or b"").decode(errors="replace") if isinstance(late.stdout, bytes) else late.stdout or ""


def build(preset):
    folder = TOP / "build" / preset
    for argv in (["cmake", "--preset", preset], ["ninja", "-C", folder]):
        started = time.monotonic()
        status, output = run(argv, 3600)
        if status != 0:
            print(output[-8000:])
            return False
    print("built %s in %.0f s" % (preset, time.monotonic() - started), flush=True)
    return True


def unit_program(program, preset):
    """One GoogleTest program: counts of its cases."""
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder, "report.json")
        status, output = run([program, "--gtest_output=json:%s" % report, "--gtest_brief=1"], 900, SANITIZER_ENVIRONMENT)
        passed = failed = skipped = 0
        notes = []
        if report.exists():
            for suite in json.loads(report.read_text()).get("testsuites", []):
                for case in suite["testsuite"]:
                    title = "%s %s: %s.%s" % (preset, program.name, suite["name"], case["name"])
                    if case.get("failures"):
                        failed += 1
                        notes.append("FAILED  %s\n%s" % (title, case["failures"][0]["failure"][:3000]))
                    elif case.get("result") == "SKIPPED":
                        skipped += 1
                        notes.append("skipped %s: %s" % (title, " ".join(m.get("message", "") for m in case.get("skipped", []))))
                    elif case.get("status") == "RUN":
                        passed += 1
        if status != 0 and not failed:
            failed = 1
            notes.append("FAILED  %s %s: exit status %s\n%s" % (preset, program.name, status, output[-4000:]))
    return dict(passed=passed, failed=failed, skipped=skipped, notes=notes)


def junit(title, status, output, report, good_statuses=(0,)):
    """Counts of a JUnit report."""
    if not report.exists():
        return dict(failed=1, notes=["FAILED  %s: exit status %s\n%s" % (title, status, output[-4000:])])
    passed = failed = skipped = 0
    notes = []
    for case in ET.parse(report).getroot().iter("testcase"):
        name = "%s %s" % (title, ".".join(filter(None, (case.get("classname"), case.get("name")))))
        problem = case.find("failure") if case.find("failure") is not None else case.find("error")
        if problem is not None or case.get("status") == "fail":
            failed += 1
            words = (problem.text or problem.get("message") or "") if problem is not None else ""
            notes.append("FAILED  %s\n%s%s" % (name, words[-4000:], (case.findtext("system-out") or "")[-4000:]))
        elif case.find("skipped") is not None:
            skipped += 1
            notes.append("skipped %s: %s" % (name, case.find("skipped").get("message") or case.findtext("system-out")))
        else:
            passed += 1
    if status not in good_statuses and not failed:
        failed += 1
        notes.append("FAILED  %s: exit status %s\n%s" % (title, status, output[-3000:]))
    return dict(passed=passed, failed=failed, skipped=skipped, notes=notes)


def other_programs(preset):
    """What CTest knows beside the unit tests."""
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder, "report.xml")
        status, output = run(["ctest", "--test-dir", TOP / "build" / preset, "-LE", "unit", "--no-tests=ignore",
                              "--output-junit", report], 1800, SANITIZER_ENVIRONMENT)
        return junit("%s ctest" % preset, status, output, report, (0, 8))


def client_tests(preset):
    """pytest over tests/scenario: real clients against the daemon of that preset."""
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder, "report.xml")
        environment = dict(SANITIZER_ENVIRONMENT, INNKEEPER_DAEMON=str(TOP / "build" / preset / "bin" / "libvirtd"),
                           INNKEEPER_PRESET=preset)
        status, output = run(["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml", report,
                              TOP / "tests" / "scenario"], 2400, environment)
        return junit("%s pytest" % preset, status, output, report, (0, 1))


def fuzzer(program):
    """A fuzz target: FUZZ_SECONDS from its seeds, which stay as they are."""
    seeds = [TOP / "tests" / "fuzz" / "corpus" / program.name.removeprefix("fuzz_")]
    # Documents that are not part of the tree are seeds on top, where there are some.
    if program.name == "fuzz_xml" and "INNKEEPER_SHARED" in os.environ:
        seeds.append(pathlib.Path(os.environ["INNKEEPER_SHARED"], "corpus"))
    with tempfile.TemporaryDirectory() as folder:
        found = pathlib.Path(folder, "found")
        found.mkdir()
        # They take what the other tests leave of the processors, and always go the same way from their seeds.
        argv = ["nice", "-n", "19", program, "-seed=1", "-max_total_time=%d" % FUZZ_SECONDS, "-rss_limit_mb=2048", "-timeout=20",
                "-artifact_prefix=%s/" % folder, found] + [seed for seed in seeds if seed.is_dir()]
        status, output = run(argv, FUZZ_SECONDS + 300, SANITIZER_ENVIRONMENT)
        # What it fell over goes with the folder, and it may not come that way again.
        for unit in pathlib.Path(folder).glob("*-*"):
            output += "\n%s:\n%r" % (unit.name, unit.read_bytes()[:6000])
    if status == 0:
        return dict(passed=1)
    return dict(failed=1, notes=["FAILED  fuzz %s: exit status %s\n%s" % (program.name, status, output[-10000:])])


def programs(preset, pattern):
    return sorted(p for p in (TOP / "build" / preset / "bin").glob(pattern) if os.access(p, os.X_OK) and p.is_file())


def submit(pool, preset):
    """The jobs of a preset that has been built, the longest first."""
    if preset == "fuzz":
        return [pool.submit(fuzzer, p) for p in programs(preset, "fuzz_*")]
    jobs = [pool.submit(client_tests, preset), pool.submit(other_programs, preset)]
    return jobs + [pool.submit(unit_program, p, preset) for p in programs(preset, "*_test")]


def main():
    parts = sys.argv[1:] or ["release", "fuzz"]
    if parts == ["all"]:
        parts = ["release", "asan", "tsan", "fuzz"]
    # The fuzzers run beside the first other part, whose clients wait more than they compute.
    rounds = [[p] for p in parts if p != "fuzz"]
    if "fuzz" in parts:
        rounds = [rounds[0] + ["fuzz"], *rounds[1:]] if rounds else [["fuzz"]]
    tally = Tally()
    workers = os.cpu_count() or 2
    with concurrent.futures.ThreadPoolExecutor(workers) as pool, concurrent.futures.ThreadPoolExecutor(workers) as aside:
        for presets in rounds:
            print("== %s" % " ".join(presets), flush=True)
            started = time.monotonic()
            built = [preset for preset in presets if build(preset)]
            for preset in presets:
                if preset not in built:
                    tally.add(failed=1, notes=["FAILED  build of preset %s" % preset])
            jobs = [job for preset in built for job in submit(aside if preset == "fuzz" else pool, preset)]
            for job in jobs:
                tally.add(**job.result())
            print("== %s took %.0f s with the build" % (" ".join(presets), time.monotonic() - started), flush=True)
    print("%d passed, %d failed, %d skipped" % (tally.passed, tally.failed, tally.skipped))
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())
