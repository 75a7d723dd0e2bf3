#!/usr/bin/env python3
"""Two types of one name in one namespace are undefined behaviour as soon as a program links both, and no linker says so.

Rooms that share a namespace (those of src/model, of src/drivers/qemu…) must not use a name twice.
"""
import collections
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent / "src"


def types(path):
    """(namespace, name) of what is defined at the level of a namespace that has a name."""
    namespace, is_unnamed = "", False
    for line in path.read_text().split("\n"):
        if match := re.match(r"namespace ([\w:]+) \{", line):
            namespace = match[1]
        is_unnamed = is_unnamed and not re.match(r"\}  // namespace$", line) or bool(re.match(r"namespace \{", line))
        match = re.match(r"(?:struct|class|union|enum class|enum) (\w+)(?: final)?(?: :[^:].*)? ?\{", line)
        if match and not is_unnamed:
            yield namespace, match[1]


def main():
    found = collections.defaultdict(set)
    for path in [*TOP.rglob("*.h"), *TOP.rglob("*.cc")]:
        if not path.name.endswith("_test.cc"):
            for name in types(path):
                found[name].add(str(path.relative_to(TOP)))
    twice = {name: paths for name, paths in found.items() if len(paths) > 1}
    for (namespace, name), paths in sorted(twice.items()):
        print("%s::%s is defined in %s" % (namespace, name, " and in ".join(sorted(paths))))
    return 1 if twice or not found else 0


if __name__ == "__main__":
    sys.exit(main())
