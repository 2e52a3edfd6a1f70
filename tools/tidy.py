#!/usr/bin/env python3
"""Runs the pinned clang-tidy over src/, skipping what has not changed since it last passed.

A file's result depends on the file, on the headers of ours it includes (read from ninja's dependency log), on
.clang-tidy and on the pinned version; their hash names a stamp in build/tidy. The thread-safety analysis of
clang (TICKSCOPE_GUARDED_BY and the like, which g++ ignores) runs in the same pass.

  tools/tidy.py [--fix] [FILE...]
"""

from __future__ import annotations

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build/release"
STAMPS = ROOT / "build/tidy"
TIDY = ROOT / ".venv/bin/clang-tidy"

EXTRA = [
    "-Wthread-safety",
    "-Wno-unknown-warning-option",  # g++'s own warning names
    "-Wno-deprecated-declarations",  # inside libstdc++ 12, as a newer clang sees it
]
# The speed of a test's own set-up does not matter.
TEST_CHECKS = "-performance-*"


def our_headers() -> dict[str, list[str]]:
    """Source file -> the files of src/ its object was last built from."""
    log = subprocess.run(["ninja", "-C", str(BUILD), "-t", "deps"], capture_output=True, text=True, check=True).stdout
    found: dict[str, list[str]] = {}
    for block in log.split("\n\n"):
        paths = []
        for line in block.splitlines()[1:]:
            path = (BUILD / line.strip()).resolve()
            if path.is_relative_to(ROOT / "src"):
                paths.append(str(path))
        for path in paths:
            if path.endswith(".cc"):
                found[path] = sorted(paths)
    return found


def fingerprint(paths: list[str], salt: bytes) -> str:
    digest = hashlib.sha256(salt)
    for path in paths:
        digest.update(path.encode() + b"\0" + pathlib.Path(path).read_bytes())
    return digest.hexdigest()


def tidy(path: str, fix: bool) -> tuple[str, str, float]:
    started = time.monotonic()
    command = [str(TIDY), "-p", str(BUILD), "--quiet", *(f"--extra-arg={flag}" for flag in EXTRA)]
    if path.endswith("_test.cc"):
        command.append(f"--checks={TEST_CHECKS}")
    if fix:
        command.append("--fix")
    done = subprocess.run([*command, path], capture_output=True, text=True, check=False)
    output = re.sub(r"^\d+ warnings? .*\n", "", done.stdout, flags=re.MULTILINE).strip()
    if done.returncode != 0 and not output:
        output = done.stderr.strip()
    return path, output if done.returncode != 0 else "", time.monotonic() - started


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fix", action="store_true", help="apply clang-tidy's own fixes (one file at a time)")
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    database = {entry["file"] for entry in json.loads((BUILD / "compile_commands.json").read_text())}
    sources = sorted(path for path in database if path.startswith(str(ROOT / "src")))
    if options.files:
        wanted = {str(pathlib.Path(file).resolve()) for file in options.files}
        sources = [path for path in sources if path in wanted]
    headers = our_headers()
    version = subprocess.run([str(TIDY), "--version"], capture_output=True, check=True).stdout
    salt = version + (ROOT / ".clang-tidy").read_bytes() + " ".join([*EXTRA, TEST_CHECKS]).encode()
    STAMPS.mkdir(parents=True, exist_ok=True)
    todo = []
    for path in sources:
        stamp = STAMPS / fingerprint(headers.get(path, [path]), salt)
        if options.files or not stamp.exists():
            todo.append((path, stamp))
    failed = 0
    jobs = 1 if options.fix else os.cpu_count()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(tidy, path, options.fix): stamp for path, stamp in todo}
        for number, job in enumerate(concurrent.futures.as_completed(running), 1):
            path, output, seconds = job.result()
            place = pathlib.Path(path).relative_to(ROOT)
            if output:
                failed += 1
                print(output)
            else:
                running[job].touch()
            print(f"[{number}/{len(todo)}] {place} {seconds:.1f} s{'  FAILED' if output else ''}", flush=True)
    print(f"tidy: {len(sources)} files, {len(sources) - len(todo)} unchanged, {failed} with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
