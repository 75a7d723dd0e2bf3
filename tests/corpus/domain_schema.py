#!/usr/bin/env python3
"""Checks the generated schema of domains with xmllint.

    domain_schema.py BINARY SCHEMA [--misses]

Every golden document that is an answer, everything that our formatter writes of the recorded definitions, and everything that libvirtd 9.0
printed must validate; what has an element or attribute that nobody knows must not. The recordings lie in
$INNKEEPER_SHARED or in ../shared beside the repository; without them only the documents in the tree are checked.
Without xmllint the test is skipped (status 77).
"""
import argparse
import collections
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def corpus():
    for place in (os.environ.get("INNKEEPER_SHARED"), os.path.join(REPOSITORY, "..", "shared")):
        if place and os.path.isdir(os.path.join(place, "corpus", "domain")):
            return os.path.join(place, "corpus", "domain")
    return None


def is_domain(path):
    with open(path) as file:
        return re.match(r"\s*(<\?xml[^>]*>|<!--.*?-->|\s)*<domain[\s>]", file.read(), re.DOTALL) is not None


def validate(schema, files):
    """The files that fail, with what xmllint says of each."""
    failing = {}
    for start in range(0, len(files), 300):
        done = subprocess.run(["xmllint", "--noout", "--nonet", "--relaxng", schema, *files[start:start + 300]],
                              capture_output=True, text=True)
        reasons = collections.defaultdict(list)
        for line in done.stderr.splitlines():
            if line.endswith(" fails to validate"):
                failing[line[:-len(" fails to validate")]] = ""
            elif match := re.match(r"(.*?):\d+: (.*)", line):
                reasons[match[1]].append(match[2])
            elif "failed to compile" in line:
                sys.exit(done.stderr)
        for path in failing:
            if path in reasons: failing[path] = "; ".join(reasons[path])
    return failing


def formatted(binary, files, folder):
    """What our formatter makes of definitions, as files."""
    written = []
    for start in range(0, len(files), 200):
        output = subprocess.run([binary, "domain", *files[start:start + 200]], capture_output=True, text=True, check=True)
        for part in ("\n" + output.stdout).split("\n== ")[1:]:
            head, _, text = part.partition("\n")
            path, status = head.split(" ", 1)
            if status != "ok": continue
            written.append(os.path.join(folder, "%d-%s" % (len(written), os.path.basename(path))))
            with open(written[-1], "w") as file:
                file.write(text.partition("!! the second")[0])
    return written


def unmasked(files, folder):
    """The recordings with values where they have names of values (@UUID1@, 52:54:00:@MAC1@)."""
    written = []
    for number, path in enumerate(files):
        with open(path) as file:
            text = file.read()
        text = re.sub("@UUID[0-9]+@", "5ce00000-0000-4000-8000-000000000001", re.sub("@MAC[0-9]+@", "11:22:33", text))
        written.append(os.path.join(folder, "peer-%d-%s" % (number, os.path.basename(path))))
        with open(written[-1], "w") as file:
            file.write(text)
    return written


def spoiled(files, folder):
    """The documents with one element or one attribute more, in places that differ from one to the next."""
    written = []
    for number, path in enumerate(files):
        with open(path) as file:
            text = file.read()
        text = re.sub(r"<metadata>.*?</metadata>|<(\w+:\w+)[ >].*?</\1>", "", text, flags=re.DOTALL)
        places = [m for m in re.finditer(r"<([a-z]\w*)( [^<>]*?)?(/?)>", text)]
        place = places[(number * 7) % len(places)]
        written.append(os.path.join(folder, "spoiled-%d-%s" % (number, os.path.basename(path))))
        spoil = text[:place.end(1)] + " bogus='1'" + text[place.end(1):]
        if number % 2 and not place[3]: spoil = text[:place.end()] + "<bogus/>" + text[place.end():]
        with open(written[-1], "w") as file:
            file.write(spoil)
    return written


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("schema")
    parser.add_argument("--misses", action="store_true")
    arguments = parser.parse_args()
    if not shutil.which("xmllint"):
        print("skipped: no xmllint")
        return 77
    golden = [path for path in sorted(glob.glob(REPOSITORY + "/tests/golden/**/*.xml", recursive=True)) if is_domain(path)]
    # What goes in shows also what the reader forgives, and the schema does not.
    strict = [path for path in golden if not (path.endswith(".in.xml") and "/golden/domain/" in path)]
    status = 0

    def report(title, files, wanted=100.0):
        nonlocal status
        failing = validate(arguments.schema, files)
        rate = 100 * (len(files) - len(failing)) / max(len(files), 1)
        print(f"{title}: {len(files) - len(failing)} of {len(files)} validate ({rate:.2f} %)")
        if rate < wanted: status = 1
        if arguments.misses or rate < wanted:
            for reason, count in collections.Counter(failing.values()).most_common(60): print("   ", count, reason)
            for path, reason in list(failing.items())[:1000 if arguments.misses else 10]: print("   ", path, reason)
        return failing

    with tempfile.TemporaryDirectory() as folder:
        report("golden documents", strict)
        samples = formatted(arguments.binary, golden, folder)
        report("golden documents, written again", samples)
        recorded = corpus()
        if recorded:
            samples = formatted(arguments.binary, sorted(glob.glob(recorded + "/*.in.xml")), folder)
            report("recorded definitions, written by us", samples)
            peers = sorted(glob.glob(recorded + "/*.out.xml") + glob.glob(recorded + "/*.test.xml"))
            report("recorded definitions, written by libvirtd", unmasked(peers, folder))
        # What is kept as it came may hold anything (launchSecurity, sysinfo…).
        bad = spoiled(samples, folder)
        passing = len(bad) - len(validate(arguments.schema, bad))
        print(f"documents with something unknown: {passing} of {len(bad)} validate")
        if arguments.misses:
            refused = validate(arguments.schema, bad)
            for path in bad:
                if path not in refused:
                    print("   ", re.findall(r".*bogus.*", open(path).read()))
        if passing > len(bad) // 100: status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
