#!/usr/bin/env python3
"""What the SDK costs a game server, beside prometheus-cpp from Debian in the same run.

  ./dev bench sdk

Nanoseconds are of the calling thread's CPU time (least of 15 rounds, the middle one beside it), so that other work on the
machine counts little. Prints what is asked and what was measured, and exits 1 when a figure is missed.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build/bench"

# (what, key of sdk_hot_path, most nanoseconds asked, key of the rival's figure)
CASES = [
    ("counter add, inline", "counter_inline", 2, "prometheus_cpp_counter"),
    ("observe, exponential, inline", "exponential_inline", 6, "prometheus_cpp_histogram"),
    ("observe, 19 bounds, inline", "classic_inline", 6, "prometheus_cpp_histogram"),
    ("counter add, C interface", "counter_c", 5, "prometheus_cpp_counter"),
    ("observe, exponential, C interface", "exponential_c", 10, "prometheus_cpp_histogram"),
    ("counter add, two threads, one handle", "counter_inline_two_threads", 2, "prometheus_cpp_counter_two_threads"),
    ("observe, two threads, one handle", "exponential_inline_two_threads", 6, "prometheus_cpp_histogram_two_threads"),
    ("expose 300 series, text", "expose_text", 60_000, "prometheus_cpp_text"),
    ("expose 300 series, OpenMetrics", "expose_openmetrics", 60_000, None),
    ("expose 300 series, protobuf", "expose_protobuf", 60_000, None),
]
READ_US_MOST = 30
LIBRARY_BYTES_MOST = 150_000


def run(command: list[str]) -> str:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True, timeout=600)
    return done.stdout.decode()


def build() -> None:
    have = subprocess.run(["dpkg-query", "-W", "prometheus-cpp-dev"], stdout=subprocess.DEVNULL, check=False)
    if have.returncode != 0:
        sys.exit("bench sdk: prometheus-cpp-dev is missing; ./dev bench installs the group \"bench\" of tools/packages.txt")
    run(["cmake", "--preset", "bench", "-DTICKSCOPE_SDK_BENCH=ON"])
    run(["cmake", "--build", str(BUILD), "--target", "sdk_hot_path", "sdkpage_bench", "tickscope_sdk_shared"])


def time_text(ns: float) -> str:
    return f"{ns / 1000:.1f} us" if ns >= 1000 else f"{ns:.2f} ns"


def read_ns() -> float:
    text = run([str(BUILD / "bin/sdkpage_bench"), "--benchmark_format=json", "--benchmark_repetitions=5"])
    return min(one["cpu_time"] for one in json.loads(text)["benchmarks"] if one["run_type"] == "iteration") * 1000


def library_bytes() -> int:
    """As shipped: stripped."""
    stripped = BUILD / "libtickscope_sdk.stripped.so"
    run(["strip", "-o", str(stripped), str(BUILD / "sdk/lib/libtickscope_sdk.so")])
    return stripped.stat().st_size


def main() -> int:
    build()
    measured = json.loads(run([str(BUILD / "bin/sdk_hot_path")]))
    rows, missed = [], []

    def row(what: str, asked: str, got: str, rival: str, good: bool) -> None:
        rows.append((what, asked, got, rival, "" if good else "MISSED"))
        if not good:
            missed.append(what)

    for what, key, most, rival in CASES:
        one = measured[key]
        got = f"{time_text(one['ns'])} ({time_text(one['ns_median'])})"
        row(what, f"<= {time_text(most)}", got, time_text(measured[rival]["ns"]) if rival else "-", one["ns"] <= most)
    ns = read_ns()
    row("read 300 series from the page", f"<= {READ_US_MOST} us", time_text(ns), "-", ns <= READ_US_MOST * 1000)
    size = library_bytes()
    row("library, stripped", f"<= {LIBRARY_BYTES_MOST // 1000} kB", f"{size / 1000:.0f} kB", "-", size <= LIBRARY_BYTES_MOST)
    print(f"{'':38} {'asked':>12} {'measured (middle)':>24} {'prometheus-cpp':>15}")
    for what, asked, got, rival, note in rows:
        print(f"{what:38} {asked:>12} {got:>24} {rival:>15}  {note}")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; CPU time of the calling thread")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
