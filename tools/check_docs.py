#!/usr/bin/env python3
"""Holds the pages to the repository: relative links lead to something, and README's figures are the records'."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys

import benchmark_table

ROOT = pathlib.Path(__file__).resolve().parents[1]
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")


def main() -> int:
    problems = []
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()
    links = 0
    for name in listed:
        page = ROOT / name
        if not page.is_file():
            continue
        for number, line in enumerate(page.read_text().splitlines(), 1):
            for target in LINK.findall(line):
                if "://" in target:
                    continue
                links += 1
                if not (page.parent / target).exists():
                    problems.append(f"{name}:{number}: nothing at {target}")
    readme = benchmark_table.README.read_text()
    if benchmark_table.updated(readme) != readme:
        problems.append("README.md: figures are not those of docs/benchmarks/data: run tools/benchmark_table.py")
    for problem in problems:
        print(problem)
    print(f"docs: {len(listed)} pages, {links} links, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
