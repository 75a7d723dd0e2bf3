#!/usr/bin/env python3
"""Reads the recorded definitions and compares what we print with what the test driver of libvirtd 9.0 printed.

    domain_corpus.py BINARY [--diff NAME…] [--misses]

The corpus lies in $INNKEEPER_SHARED or in ../shared beside the repository; without it the test is skipped (status 77).
What a driver adds to a definition (addresses, controllers, default models) is taken out before the comparison, so that
only reading and writing are measured. `--floor N` fails below N percent.
"""
import argparse
import collections
import difflib
import glob
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MASKED = {"uuid", "genid"}
MADE_UP = {"instanceid", "interfaceid"}
# What a driver completes (or, for a namespace that is not its own, does not know).
COMPLETED = re.compile(r"""
    qemu/1\.0} | /interface/target\b | /controller\b | /(console|serial|parallel|channel)/target | /video\b | /disk/address
    | /os/type.@arch | /os/loader.@type | /target.@bus | /currentMemory\b | /mac\b | /serial$ | /serial.@type | /console$ | /console.@type
    | /console/source | /input\b | /audio\b | /memballoon | /panic$
""", re.VERBOSE)


def corpus():
    for place in (os.environ.get("INNKEEPER_SHARED"), os.path.join(REPOSITORY, "..", "shared"),
                  os.path.join(REPOSITORY, "..", "..", "work", "shared")):
        if place and os.path.isdir(os.path.join(place, "corpus", "domain")):
            return os.path.join(place, "corpus", "domain")
    print("skipped: no corpus (set INNKEEPER_SHARED)")
    sys.exit(77)


def lines(text):
    """A document as one line per attribute and text, so that the order of attributes does not matter."""
    out = []

    def walk(element, path):
        path += "/" + element.tag
        out.append(path)
        for name, value in sorted(element.attrib.items()):
            if name in MADE_UP: value = ""
            out.append(f"{path} @{name}={value}")
        if element.text and element.text.strip():
            out.append(f"{path} #{'' if element.tag in MASKED else element.text.strip()}")
        for child in element:
            walk(child, path)

    root = ElementTree.fromstring(text)
    walk(root, "")
    return out


def run(binary, files):
    """Yields (file, status, text)."""
    for start in range(0, len(files), 200):
        output = subprocess.run([binary, "domain", *files[start:start + 200]], capture_output=True, text=True, check=True)
        for part in ("\n" + output.stdout).split("\n== ")[1:]:
            head, _, text = part.partition("\n")
            path, status = head.split(" ", 1)
            yield path, status, text


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--diff", nargs="*", default=[])
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--summary", action="store_true")
    parser.add_argument("--strict", action="store_true", help="completion counts too")
    parser.add_argument("--floor", type=float, default=0)
    arguments = parser.parse_args()
    folder = corpus()
    files = sorted(glob.glob(folder + "/*.in.xml"))
    if arguments.diff:
        files = [f"{folder}/{name}.in.xml" for name in arguments.diff]
    passed = exact = failed = unstable = errors_right = errors_wrong = 0
    missing, extra, refused = collections.Counter(), collections.Counter(), collections.Counter()
    for path, status, text in run(arguments.binary, files):
        name = os.path.basename(path)[:-len(".in.xml")]
        wanted = path[:-len(".in.xml")] + ".test.xml"
        text, _, instability = text.partition("!! the second")
        if instability:
            unstable += 1
            if arguments.misses: print("unstable", name, instability)
        if not os.path.exists(wanted):
            error = path[:-len(".in.xml")] + ".test.err.json"
            if os.path.exists(error):
                code = json.load(open(error))
                if status == f"error {code['code']}":
                    errors_right += 1
                else:
                    errors_wrong += 1
                    if arguments.misses: print("error", name, "wanted", code["code"], code["message"], "got", status, text[:100] if status != "ok" else "")
            continue
        if status != "ok":
            failed += 1
            refused[text.strip()] += 1
            if arguments.misses or arguments.diff: print("refused", name, text.strip())
            continue
        want, have = lines(open(wanted).read()), lines(text)
        exact += want == have
        difference = [line for line in difflib.unified_diff(want, have, lineterm="", n=0) if line[:2] not in ("--", "++", "@@")]
        if not arguments.strict:
            difference = [line for line in difference if not COMPLETED.search(line)]
        if not difference:
            passed += 1
            continue
        failed += 1
        for line in {line.split("=")[0].split(" #")[0] for line in difference}:
            (missing if line[0] == "-" else extra)[line] += 1
        if arguments.misses or arguments.diff:
            print("differs", name)
            for line in difference[:None if arguments.diff else 4]: print("   ", line)
    if arguments.summary:
        for line, count in (missing + extra).most_common(60): print(count, line)
        for line, count in refused.most_common(40): print(count, line)
    total = passed + failed
    print(f"{passed} of {total} definitions as recorded ({100 * passed / max(total, 1):.1f} %; {exact} before any completion), {unstable} unstable, "
          f"{errors_right} of {errors_right + errors_wrong} errors with the right code")
    return 0 if 100 * passed >= arguments.floor * total and not unstable else 1


if __name__ == "__main__":
    sys.exit(main())
