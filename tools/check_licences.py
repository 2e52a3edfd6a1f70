#!/usr/bin/env python3
"""Holds THIRD_PARTY.md to tools/packages.txt: each library listed once, under a licence we accept.

Accepted are licences that allow shipping a binary under Apache-2.0 without further conditions than their notice.
"""

from __future__ import annotations

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
ACCEPTED = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "MIT", "Zlib"}
ROW = re.compile(r"^\| (?P<name>[^|]+) \| (?P<package>[a-z0-9.+-]+) \| (?P<licence>[^|]+) \|", re.MULTILINE)


def main() -> int:
    problems = []
    listed: dict[str, str] = {}
    for row in ROW.finditer((ROOT / "THIRD_PARTY.md").read_text()):
        if row["package"] in ("package", "---"):
            continue
        if row["package"] in listed:
            problems.append(f"THIRD_PARTY.md: {row['package']} is listed twice")
        listed[row["package"]] = row["licence"].strip()
    libraries = set()
    for line in (ROOT / "tools/packages.txt").read_text().splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == "build" and words[1].endswith("-dev"):
            libraries.add(words[1])
    for package in sorted(libraries - listed.keys()):
        problems.append(f"THIRD_PARTY.md: {package} of tools/packages.txt is not listed")
    for package in sorted(p for p in listed.keys() - libraries if p.endswith("-dev")):
        problems.append(f"THIRD_PARTY.md: {package} is listed but not in tools/packages.txt")
    for package, licence in listed.items():
        for one in re.split(r" AND | OR ", licence):
            if one not in ACCEPTED:
                problems.append(f"THIRD_PARTY.md: {package}: {one} is not among {', '.join(sorted(ACCEPTED))}")
    for problem in problems:
        print(problem)
    print(f"licences: {len(listed)} listed, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
