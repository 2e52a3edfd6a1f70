#!/usr/bin/env python3
"""Runs every fuzz target of build/fuzz for some seconds, each from its seed corpus.

Seeds of target MODULE_STEM are the files of src/MODULE/testdata/fuzz/STEM; what a run finds new is kept in
build/fuzz/corpus and used by the next one. A crash leaves its input in build/fuzz/crashes and fails the check:
add the input to the seeds with the fix.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build/fuzz"


def targets() -> list[tuple[str, pathlib.Path]]:
    """(target, its seed folder), by the rule of cmake/Module.cmake."""
    found = []
    for source in sorted((ROOT / "src").glob("*/*_fuzz.cc")):
        module, stem = source.parent.name, source.stem
        found.append((f"{module}_{stem}", source.parent / "testdata/fuzz" / stem.removesuffix("_fuzz")))
    return found


def run(target: str, seeds: pathlib.Path, seconds: int) -> tuple[str, bool, str]:
    corpus = BUILD / "corpus" / target
    crashes = BUILD / "crashes" / target
    corpus.mkdir(parents=True, exist_ok=True)
    crashes.mkdir(parents=True, exist_ok=True)
    command = [
        str(BUILD / "bin" / target),
        f"-max_total_time={seconds}",
        "-timeout=5",  # Seconds an input may take: a decoder that is slow on some input is a bug too.
        "-rss_limit_mb=1024",
        "-malloc_limit_mb=512",
        "-max_len=65536",
        "-print_final_stats=1",
        f"-artifact_prefix={crashes}/",
        str(corpus),
        *([str(seeds)] if seeds.is_dir() else []),
    ]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        timeout=seconds + 300,
    )
    output = done.stdout.decode(errors="replace")
    runs = re.search(r"number_of_executed_units: (\d+)", output)
    seeds_used = len(list(seeds.iterdir())) if seeds.is_dir() else 0
    note = f"{runs.group(1) if runs else '?'} inputs, {seeds_used} seeds, corpus {len(list(corpus.iterdir()))}"
    if done.returncode != 0:
        note += "\n" + "\n".join(output.splitlines()[-60:])
    return target, done.returncode == 0, note


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("names", nargs="*", help="only these targets")
    options = parser.parse_args()
    wanted = [(name, seeds) for name, seeds in targets() if not options.names or name in options.names]
    if not wanted:
        print("fuzz: no such target")
        return 1
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(run, name, seeds, options.seconds) for name, seeds in wanted]
        for job in concurrent.futures.as_completed(jobs):
            name, passed, note = job.result()
            print(f"  {'passed' if passed else 'FAILED'}  {name}: {note}", flush=True)
            failed += not passed
    print(f"fuzz: {len(wanted) - failed} passed, {failed} failed, {options.seconds} s each")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
