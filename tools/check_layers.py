#!/usr/bin/env python3
"""Holds the #include lines of src/ to the table of modules in src/CMakeLists.txt.

A file of module M may include M's own headers and those of M's DEPENDS, and of those only what is named there: a
module that is only reached through another one must be listed too, so that the table tells the whole truth. An
entry nobody uses is an error as well. Tests, benches and fuzz targets follow the same rule.
"""

from __future__ import annotations

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
MODULE = re.compile(r"^tickscope_module\(([^)]*)\)", re.MULTILINE)
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def read_table(text: str) -> dict[str, list[str]]:
    """Module -> its DEPENDS, in file order; a module may depend on earlier ones only, so there are no cycles."""
    table: dict[str, list[str]] = {}
    for match in MODULE.finditer(text):
        words = match.group(1).split()
        depends, collecting = [], False
        for word in words[1:]:
            if word in ("DEPENDS", "LIBS"):
                collecting = word == "DEPENDS"
            elif collecting:
                depends.append(word)
        for name in depends:
            if name not in table:
                sys.exit(f"src/CMakeLists.txt: {words[0]} depends on {name}, which is not above it")
        table[words[0]] = depends
    return table


def main() -> int:
    table = read_table((SOURCE / "CMakeLists.txt").read_text())
    problems = []
    used: dict[str, set[str]] = {module: set() for module in table}
    files = 0
    for path in sorted(SOURCE.rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        files += 1
        module = path.relative_to(SOURCE).parts[0]
        place = path.relative_to(ROOT)
        if module not in table:
            problems.append(f"{place}: folder src/{module} has no tickscope_module in src/CMakeLists.txt")
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            target = found.group(1)
            other = target.partition("/")[0]
            if not (SOURCE / target).is_file():
                problems.append(f'{place}:{number}: "{target}" is not a file of src/ (includes are rooted there)')
            elif other != module and other not in table[module]:
                allowed = ", ".join(table[module]) or "nothing"
                problems.append(f'{place}:{number}: {module} may not include "{target}"; it may use {allowed}')
            else:
                used[module].add(other)
    for module, depends in table.items():
        for name in depends:
            if name not in used[module]:
                problems.append(f"src/CMakeLists.txt: {module} lists {name} but includes nothing of it")
    for problem in problems:
        print(problem)
    print(f"layers: {files} files of {len(table)} modules, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
