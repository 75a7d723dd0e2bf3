#!/usr/bin/env python3
"""Completes the recorded definitions and compares with what libvirtd 9.0 kept of them, or answered instead.

    complete_corpus.py BINARY [--diff NAME…] [--misses] [--floor PERCENT]

The corpus lies in $INNKEEPER_SHARED or in ../shared beside the repository; without it the test is skipped (status 77).
It was recorded with the x86 emulators of QEMU 7.2: with any other the test is skipped as well. `--floor N` fails below
N percent.
"""
import argparse
import difflib
import glob
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MAC = re.compile(r"52:54:00(:[0-9a-f]{2}){3}")


def skip(reason):
    print("skipped:", reason)
    sys.exit(77)


def corpus():
    for place in (os.environ.get("INNKEEPER_SHARED"), os.path.join(REPOSITORY, "..", "shared"),
                  os.path.join(REPOSITORY, "..", "..", "work", "shared")):
        if place and os.path.isdir(os.path.join(place, "corpus", "domain")):
            return os.path.join(place, "corpus", "domain")
    return skip("no corpus (set INNKEEPER_SHARED)")


def lines(text, source):
    """A document as one line per element, attributes in order, generated identifiers masked."""
    out = []
    given = source.lower()

    def walk(element, depth):
        name = element.tag
        attributes = "".join(f" {k}='{v}'" for k, v in sorted(element.attrib.items()))
        body = (element.text or "").strip()
        if name in ("uuid", "genid") and body.lower() not in given:
            body = "GENERATED"
        out.append("  " * depth + f"<{name}{attributes}>{body}")
        for child in element:
            walk(child, depth + 1)

    walk(ElementTree.fromstring(text), 0)
    text = "\n".join(out)
    text = MAC.sub(lambda m: m.group(0) if m.group(0) in given else "52:54:00:GENERATED", text)
    text = re.sub(r"52:54:00:@MAC\d+@", "52:54:00:GENERATED", text)
    return text.split("\n")


def answers(binary, files):
    out = subprocess.run([binary, *files], stdout=subprocess.PIPE, check=True).stdout.decode(errors="replace")
    found = {}
    for part in re.split(r"^== ", out, flags=re.M)[1:]:
        head, _, body = part.partition("\n")
        path, *words = head.split(" ")
        found[path] = (words, body)
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--diff", nargs="*", default=[])
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--floor", type=float, default=0)
    options = parser.parse_args()
    folder = corpus()
    try:
        version = subprocess.run(["qemu-system-x86_64", "--version"], stdout=subprocess.PIPE).stdout.decode()
    except FileNotFoundError:
        version = ""
    if "version 7.2" not in version:
        skip("the recordings are of QEMU 7.2")

    names = sorted(os.path.basename(f)[:-len(".in.xml")] for f in glob.glob(folder + "/*.in.xml"))
    if options.diff:
        names = [n for n in names if n in options.diff]
    got = answers(options.binary, [f"{folder}/{n}.in.xml" for n in names])
    # Only by file: the answer for documents without one depends on the host.
    tallies = {"out": [0, 0], "err": [0, 0]}
    strict = 0
    for name in names:
        source = open(f"{folder}/{name}.in.xml", encoding="utf-8", errors="replace").read()
        words, body = got[f"{folder}/{name}.in.xml"]
        ours = "\n".join(lines(body, source)) if words[0] == "ok" else f"error {words[1]} {words[2]}: {body.strip()}"
        if os.path.exists(f"{folder}/{name}.out.xml"):
            kind = "out"
            theirs = "\n".join(lines(open(f"{folder}/{name}.out.xml", encoding="utf-8").read(), source))
            same = ours == theirs
        elif os.path.exists(f"{folder}/{name}.err.json"):
            kind = "err"
            answer = json.load(open(f"{folder}/{name}.err.json", encoding="utf-8"))
            theirs = f"error {answer['code']} {answer['domain']}: {answer['message'].strip()}"
            same = words[0] == "error" and int(words[1]) == answer["code"]
            strict += ours == theirs
        else:
            continue
        tallies[kind][not same] += 1
        if options.diff:
            print(*difflib.unified_diff(theirs.split("\n"), ours.split("\n"), "theirs", "ours", lineterm="", n=2),
                  sep="\n")
        elif options.misses and not same:
            delta = [d for d in difflib.ndiff(theirs.split("\n"), ours.split("\n")) if d[0] in "+-"]
            print(f"{kind} {name}: {len(delta)} " + " | ".join(d[:110] for d in delta[:4]))
    right, wrong = tallies["out"]
    share = 100 * right / max(1, right + wrong)
    print(f"documents: {right} of {right + wrong} as recorded ({share:.1f} %); "
          f"errors: {tallies['err'][0]} of {sum(tallies['err'])} with the code, {strict} with every word")
    sys.exit(share < options.floor)


if __name__ == "__main__":
    main()
