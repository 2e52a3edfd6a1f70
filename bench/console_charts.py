#!/usr/bin/env python3
"""The console's charts in a real Chromium: redraws, a live view, and the first useful picture.

Workload: the chart alone, 200 series x 721 points, moved on by a step with all data new, 40 times; Explore with 60 live series
refreshed every five seconds for 30 s against a server with a fleet; Explore opened with nothing kept, five times. The browser's
main thread is measured by its own account (CDP Performance.getMetrics), without a GPU where there is none: drawing is software
then. With --minutes 10 the live view stays open and the heap is read after a collection each minute.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

from servers_under_test import ROOT, node, print_table, record, run_fleet, start_servers, work_directory

UI = ROOT / "ui"
SERVERS = 60
CADENCE = "5s"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=30, help="of the live view (default %(default)s)")
    parser.add_argument("--minutes", type=int, default=0, help="more of it, the heap read each minute (default %(default)s)")
    parser.add_argument("--chromium", default=os.environ.get("CHROMIUM_BIN", "/usr/bin/chromium"), help="default %(default)s")
    parser.add_argument("--record", action="store_true", help="append to docs/benchmarks/data/console_charts.jsonl")
    return parser.parse_args()


def build(program: str) -> dict:
    """Builds pages and bench; sizes and how long the pages took."""
    vite = [program, UI / "node_modules/vite/bin/vite.js", "build"]
    if not vite[1].exists():
        sys.exit("console_charts: npm ci in ui/ first")
    started = time.monotonic()
    subprocess.run([str(word) for word in vite], cwd=UI, check=True, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - started
    subprocess.run([str(word) for word in [*vite, "--config", "bench/vite.config.ts"]], cwd=UI, check=True, stdout=subprocess.DEVNULL)
    # The entry and what it imports at once: all that index.html names.
    names = set(re.findall(r"assets/[^\"]+\.js", (UI / "dist/index.html").read_text()))
    entry = sum(len(gzip.compress((UI / "dist" / name).read_bytes(), 9)) for name in names)
    return {"build_s": seconds, "entry_js_gzip_bytes": entry}


def measure(program: str, options: argparse.Namespace) -> dict:
    with work_directory() as work:
        (server,) = start_servers(["tickscope"], pathlib.Path(work)) or sys.exit("console_charts: ./dev build first")
        try:
            run_fleet(server.url, *("--servers", SERVERS), *("--start", "now-1h"), *("--duration", "1h"),
                      *("--cadence", CADENCE), *("--points-per-request", 12), timeout_s=300)  # fmt: skip
            live_s = 90 + options.seconds + 60 * options.minutes
            writer = threading.Thread(
                target=run_fleet, args=(server.url, "--servers", SERVERS, "--cadence", CADENCE, "--duration", f"{live_s}s"),
                kwargs={"timeout_s": live_s + 120}, daemon=True,
            )  # fmt: skip
            writer.start()
            command = [program, UI / "bench/measure.ts", server.url, options.chromium, options.seconds, options.minutes]
            done = subprocess.run([str(word) for word in command], cwd=UI, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  text=True, timeout=live_s + 300, check=False)  # fmt: skip
            if done.returncode != 0:
                sys.exit(f"console_charts: the browser's part failed: {done.stdout}")
            return json.loads(done.stdout.splitlines()[-1])
        finally:
            server.close()


def report(found: dict) -> None:
    redraw, live, first = found["redraw"], found["live"], found["first_picture_ms"]
    rows = [
        ["figure", "asked", "found"],
        ["entry JavaScript, gzip", "<= 200 kB", f"{found['entry_js_gzip_bytes'] / 1e3:.0f} kB"],
        ["build of the pages", "<= 30 s", f"{found['build_s']:.1f} s"],
        ["first useful picture (Explore), cold, median (worst of 5)", "<= 1.5 s",
         f"{first['median'] / 1e3:.2f} s ({first['max'] / 1e3:.2f})"],
        ["redraw of 200 x 721, from data to canvas, median (p95)", "<= 50 ms",
         f"{redraw['median_ms']:.0f} ms ({redraw['p95_ms']:.0f})"],
        ["the same with a pixel read back", "", f"{redraw['read_back_median_ms']:.0f} ms"],
        ["its processor time, legend and painting included", "", f"{redraw['cpu_ms']:.0f} ms"],
        [f"live view, {live['series']} series, 5 s, main thread", "<= 5 %", f"{100 * live['main_thread_share']:.1f} %"],
        ["its processor time", "", f"{100 * live['main_thread_cpu_share']:.1f} %"],
        ["its longest task", "<= 200 ms", f"{live['longest_task_ms']:.0f} ms"],
        ["its heap, begin -> end", "flat", f"{live['heap_begin'] / 1e6:.1f} -> {live['heap_end'] / 1e6:.1f} MB"],
    ]  # fmt: skip
    if live["heap_by_minute"]:
        rows.append(["heap by minute, MB", "flat", " ".join(f"{one / 1e6:.1f}" for one in live["heap_by_minute"])])
    print_table(rows)


def main() -> None:
    options = parse_arguments()
    program = node()
    found = {**build(program), **measure(program, options)}
    report(found)
    if options.record:
        record("console_charts", {"results": found})


if __name__ == "__main__":
    main()
