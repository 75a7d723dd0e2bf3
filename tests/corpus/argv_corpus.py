#!/usr/bin/env python3
"""Makes QEMU's command lines for the recorded definitions and compares with what libvirtd 9.0 answered.

    argv_corpus.py BINARY [--diff NAME…] [--misses] [--floor PERCENT]

They are compared as the corpus itself compares (its check.py): the environment as a set, options as a multiset, JSON
parsed, lists of key=value unordered. Without the corpus, or with an emulator other than QEMU 7.2, the test is skipped
(status 77). `--floor N` fails below N percent.
"""
import argparse
import difflib
import importlib.util
import json
import os
import re
import subprocess
import sys

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def skip(reason):
    print("skipped:", reason)
    sys.exit(77)


def corpus():
    for place in (os.environ.get("INNKEEPER_SHARED"), os.path.join(REPOSITORY, "..", "shared")):
        if place and os.path.isfile(os.path.join(place, "corpus", "check.py")):
            return os.path.join(place, "corpus")
    return skip("no corpus (set INNKEEPER_SHARED)")


def load(path):
    spec = importlib.util.spec_from_file_location("check", path)
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(module)
    return module


def answers(binary, files):
    out = subprocess.run([binary, *files], stdout=subprocess.PIPE, check=True).stdout.decode(errors="replace")
    found = {}
    for part in re.split(r"^== ", out, flags=re.M)[1:]:
        head, _, body = part.partition("\n")
        path, *words = head.split(" ")
        found[path] = (words, body)
    return found


class Answer:
    """Stands where check.py expects a connection."""

    def __init__(self, text):
        self.text = text

    def domainXMLToNative(self, *_):
        return self.text


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--diff", nargs="*", default=[])
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--floor", type=float, default=0)
    options = parser.parse_args()
    root = corpus()
    check = load(os.path.join(root, "check.py"))
    folder = os.path.join(root, "domain")
    try:
        version = subprocess.run(["qemu-system-x86_64", "--version"], stdout=subprocess.PIPE).stdout.decode()
    except FileNotFoundError:
        version = ""
    if "version 7.2" not in version:
        skip("the recordings are of QEMU 7.2")

    names = sorted(f[:-len(".in.xml")] for f in os.listdir(folder) if f.endswith(".in.xml"))
    if options.diff:
        names = [n for n in names if n in options.diff]
    wanted = {n: check.load_record(root, "domain", n, "argv") for n in names}
    names = [n for n in names if wanted[n]]
    got = answers(options.binary, [f"{folder}/{n}.in.xml" for n in names])
    right, strict, errors, error_codes = 0, 0, 0, 0
    for name in names:
        source = check.read_input(root, "domain", name)
        kind, theirs = wanted[name]
        words, body = got[f"{folder}/{name}.in.xml"]
        if kind == "err":
            errors += 1
            error_codes += words[0] == "error" and int(words[1]) == theirs["code"]
            continue
        if words[0] == "ok":
            ours = check.mask(check.op_argv(Answer(body.rstrip("\n")), source), source)
            same = check.same_argv(theirs, ours)
            strict += theirs == ours
        else:
            ours, same = "! " + body.strip(), False
        right += same
        if options.diff or (options.misses and not same):
            delta = [d for d in difflib.unified_diff(theirs.split("\n"), ours.split("\n"), lineterm="", n=0)
                     if d[0] in "+-" and not d.startswith(("+++", "---"))]
            if words[0] != "ok":
                delta = [ours]
            print(name, *delta, sep="\n    ")
    total = len(names) - errors
    share = 100 * right / max(1, total)
    print(f"command lines: {right} of {total} as recorded ({share:.1f} %), {strict} in every word and order; "
          f"errors: {error_codes} of {errors} with the code")
    sys.exit(share < options.floor)


if __name__ == "__main__":
    main()
