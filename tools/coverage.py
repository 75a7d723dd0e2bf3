#!/usr/bin/env python3
"""Writes docs/COVERAGE.md: every procedure, XML element and configuration key, whether it works, and what shows it.

Facts come from the tree and from the last run of the tests:
  procedures   protocol/*.json; one works if the sources register a handler for it; shown by the tests that called it
               (tests/coverage/calls.json, written by tests/scenario with INNKEEPER_ACCEPT=1)
  elements     the declarations, as tests/coverage/list_elements prints them; shown by the goldens that hold them
  settings     the sample configuration that the daemon prints; shown by the unit tests that name them
With --check nothing is written; it fails if the page is not what it would write.
With --goldens LISTER nothing is written; it fails for each declared element and attribute that stands in no golden.
"""
import json
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

TOP = pathlib.Path(__file__).resolve().parent.parent
BIN = TOP / "build" / "release" / "bin"
PROGRAMS = ["remote", "qemu", "lxc", "admin", "log", "lock"]
FILES = {"daemon": "libvirtd.conf and those of its siblings", "helper": "virtlogd.conf and virtlockd.conf", "lock": "qemu-lockd.conf"}


def camel(name):
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))


def sources():
    return [p for p in (TOP / "src").rglob("*.cc") if not p.name.endswith("_test.cc")]


def registered():
    """Tags for which some driver adds a handler."""
    tags = set()
    for path in sources():
        tags |= set(re.findall(r"\badd<(?:\w+::)*(\w+)>\(", path.read_text()))
    return tags


def callers():
    """procedure → tests that call it."""
    path = TOP / "tests" / "coverage" / "calls.json"
    return json.loads(path.read_text()) if path.exists() else {}


def procedures():
    tags, tests = registered(), callers()
    for program in PROGRAMS:
        table = json.loads((TOP / "protocol" / (program + ".json")).read_text())
        rows = [row for row in table["procedures"] if "msg" not in row]
        done = [row for row in rows if camel(row["name"]) in tags]
        yield "### %s: %d of %d\n" % (program, len(done), len(rows))
        yield "| procedure | works | shown by |\n| --- | --- | --- |"
        for row in rows:
            works = camel(row["name"]) in tags
            shown = tests.get("%s.%s" % (program, row["name"]), [])
            yield "| %s | %s | %s |" % (row["name"], "yes" if works else "not supported",
                                        ", ".join(shown[:2]) if works else "")
        yield ""


def prefixed(tag):
    """{http://libvirt.org/schemas/domain/qemu/1.0}arg → qemu:arg, as the declarations have it."""
    return re.sub(r"^\{http://libvirt.org/schemas/\w+/(\w+)/1.0\}", r"\1:", tag)


def golden_paths():
    """path of element or attribute → the golden that holds it."""
    found = {}
    for path in sorted((TOP / "tests" / "golden").rglob("*.xml")):
        try:
            root = ET.parse(path).getroot()
        except ET.ParseError:
            continue
        stack = [(root, root.tag)]
        while stack:
            node, where = stack.pop()
            found.setdefault(where, path.name)
            for name in node.attrib:
                found.setdefault("%s@%s" % (where, name), path.name)
            stack += [(child, "%s/%s" % (where, prefixed(child.tag))) for child in node]
    return found


def unshown(lister):
    """What is declared and stands in no golden."""
    listed = subprocess.run([lister], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    shown = golden_paths()
    return [path for path in listed if path not in shown]


def elements():
    lister = BIN / "list_elements"
    if not lister.exists():
        return
    listed = subprocess.run([lister], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    shown = golden_paths()
    yield "%d elements and attributes are declared, %d of them stand in a golden.\n" % (
        len(listed), sum(1 for path in listed if path in shown))
    yield "| element or attribute | golden |\n| --- | --- |"
    for path in listed:
        yield "| %s | %s |" % (path, shown.get(path, "none"))
    yield ""


def settings():
    tests = {p: p.read_text() for p in (TOP / "src" / "config").glob("*_test.cc")}
    tests |= {p: p.read_text() for p in (TOP / "tests" / "scenario").glob("*.py")}
    for path in sorted((TOP / "src" / "config").glob("*_settings.cc")):
        rows = re.findall(r'(?:Row|Setting<\w+>)\{\s*"(\w+)"(.*?)\}[,;]', path.read_text(), re.S)
        if not rows:
            continue
        name = path.stem.removesuffix("_settings")
        yield "### %s\n" % FILES.get(name, name + ".conf")
        yield "| key | works | shown by |\n| --- | --- | --- |"
        for name, rest in rows:
            works = "accepted, with a warning" if re.search(r"\bnot_yet\b", rest) else \
                "accepted, of no use here" if re.search(r"\bneedless\b", rest) else "accepted, obsolete" if re.search(r"\bobsolete\b", rest) else "yes"
            shown = next((p.name for p, text in tests.items() if re.search(r"\b%s\b" % name, text)), "")
            yield "| %s | %s | %s |" % (name, works, shown)
        yield ""


def page():
    lines = ["# Coverage", "", "Made by `tools/coverage.py`; do not edit.", "", "## Procedures", ""]
    lines += procedures()
    lines += ["## Elements and attributes of a domain", ""]
    lines += elements()
    lines += ["## Configuration keys", ""]
    lines += settings()
    return "\n".join(lines).rstrip("\n") + "\n"


def main():
    if "--goldens" in sys.argv[1:]:
        missing = unshown(sys.argv[-1])
        print("\n".join("in no golden: " + path for path in missing))
        return 1 if missing else 0
    path = TOP / "docs" / "COVERAGE.md"
    text = page()
    if "--check" in sys.argv[1:]:
        return 0 if path.exists() and path.read_text() == text else 1
    path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
