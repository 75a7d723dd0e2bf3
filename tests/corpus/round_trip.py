#!/usr/bin/env python3
"""Every recorded document, of every kind, every golden and every seed of the fuzz target is read again as it was written.

    round_trip.py BINARY

The recordings lie in $INNKEEPER_SHARED or in ../shared beside the repository; without them it is skipped (status 77).
"""
import glob
import os
import subprocess
import sys

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def main():
    shared = os.environ.get("INNKEEPER_SHARED") or os.path.join(REPOSITORY, "..", "shared")
    files = sorted(glob.glob(os.path.join(shared, "corpus", "*", "*.xml")))
    if not files:
        print("skipped: no recordings in %s" % shared)
        return 77
    files += sorted(glob.glob(REPOSITORY + "/tests/golden/**/*.xml", recursive=True))
    files += sorted(glob.glob(REPOSITORY + "/tests/fuzz/corpus/xml/*"))
    for start in range(0, len(files), 500):
        done = subprocess.run([sys.argv[1], *files[start:start + 500]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            print("status %d after\n%s" % (done.returncode, "\n".join(done.stderr.splitlines()[-3:])))
            return 1
    print("%d documents" % len(files))
    return 0


if __name__ == "__main__":
    sys.exit(main())
