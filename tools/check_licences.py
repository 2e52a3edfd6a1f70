#!/usr/bin/env python3
"""Holds THIRD_PARTY.md to what is fetched: each library of tools/packages.txt and tools/install_libraries.sh listed
once, under a licence we accept, and those of the latter in the version that is fetched; so are the packages whose code is in the
console's pages, those that ui/package.json names and those that they bring.

Accepted are licences that allow shipping a binary under Apache-2.0 without further conditions than their notice.
"""

from __future__ import annotations

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
ACCEPTED = {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "BlueOak-1.0.0", "CC0-1.0", "MIT", "Unlicense", "Zlib"}
# Libraries of tools/install_libraries.sh: the variable that pins each, and the package THIRD_PARTY.md lists.
FETCHED = {"ARROW_VERSION": "pyarrow", "DUCKDB_PACKAGE": "duckdb-node-bindings-linux-x64"}
ROW = re.compile(r"^\| (?P<name>[^|]+) \| (?P<package>[@a-z0-9./+-]+) \| (?P<licence>[^|]+) \|", re.MULTILINE)


def fetched_problems(listed: dict[str, str]) -> list[str]:
    problems = []
    script = (ROOT / "tools/install_libraries.sh").read_text()
    table = (ROOT / "THIRD_PARTY.md").read_text()
    pins = dict(re.findall(r"^readonly (\w+_(?:VERSION|PACKAGE))=(\S+)$", script, re.MULTILINE))
    for variable in sorted(pins.keys() - FETCHED.keys()):
        problems.append(f"tools/check_licences.py: {variable} of tools/install_libraries.sh is not known here")
    for variable, package in FETCHED.items():
        # "26.0.1", or the end of "@duckdb/node-bindings-linux-x64@1.5.6-r.1".
        version = pins.get(variable, "").rpartition("@")[2]
        if not version:
            problems.append(f"tools/install_libraries.sh: no {variable}")
        elif package not in listed:
            problems.append(f"THIRD_PARTY.md: {package} of tools/install_libraries.sh is not listed")
        elif not re.search(rf"^\|[^|]+\| {re.escape(package)} \|[^|]+\| {re.escape(version)} \|", table, re.MULTILINE):
            problems.append(f"THIRD_PARTY.md: {package} is not listed as version {version}")
    return problems


def console_packages() -> dict[str, str]:
    """Packages of the console's pages, without what only builds and tests them: name to licence."""
    lock = json.loads((ROOT / "ui/package-lock.json").read_text())["packages"]
    return {
        path.rpartition("node_modules/")[2]: one.get("license", "none").strip("()")
        for path, one in lock.items()
        if path and not one.get("dev") and not one.get("optional") and not one.get("peer")
    }


def console_problems(listed: dict[str, str]) -> list[str]:
    problems = []
    for package, licence in console_packages().items():
        if package not in listed:
            problems.append(f"THIRD_PARTY.md: {package} ({licence}) of ui/package-lock.json is not listed")
        elif listed[package] != licence:
            problems.append(f"THIRD_PARTY.md: {package} is listed as {listed[package]}, its licence is {licence}")
    return problems


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
        if len(words) > 1 and words[0] in ("build", "bench") and words[1].endswith("-dev"):
            libraries.add(words[1])
    for package in sorted(libraries - listed.keys()):
        problems.append(f"THIRD_PARTY.md: {package} of tools/packages.txt is not listed")
    for package in sorted(p for p in listed.keys() - libraries if p.endswith("-dev")):
        problems.append(f"THIRD_PARTY.md: {package} is listed but not in tools/packages.txt")
    problems += fetched_problems(listed)
    problems += console_problems(listed)
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
