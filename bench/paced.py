#!/usr/bin/env python3
"""A whole fleet in real time: 1.5 M series, 150,000 samples a second, paced.

Workload: 5,000 simulated game servers of 300 series, scraped every 10 s, their scrapes spread evenly, ten servers a
request. Two scrapes of warm-up create the series, then the measured minutes. Write latency is counted from when a
request was due (an open loop: lateness adds up) and from when it was sent. Freshness, accepted to visible, is the
server's own probe (tickscope_freshness_seconds). Cores and memory are from /proc.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import pathlib
import re
import sys
import time

from servers_under_test import KINDS, ServerUnderTest, print_table, record, run_fleet, start_servers, work_directory

CADENCE_S = 10


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", type=int, default=5000, help="game servers of 300 series (default %(default)s)")
    parser.add_argument("--minutes", type=float, default=10, help="measured time (default %(default)s)")
    parser.add_argument("--connections", type=int, default=8, help="default %(default)s")
    parser.add_argument("--protocol", choices=["rw1", "rw2"], default="rw1", help="default %(default)s")
    parser.add_argument("--only", nargs="+", choices=sorted(KINDS), default=["tickscope"], help="servers, one after the other")
    parser.add_argument("--record", action="store_true", help="append to docs/benchmarks/data/paced.jsonl")
    return parser.parse_args()


def buckets(metrics: str, name: str) -> dict[float, float]:
    """Cumulative counts of a histogram by upper bound, all its series together."""
    counts: dict[float, float] = {}
    for match in re.finditer(rf'^{name}_bucket{{[^}}]*le="([^"]+)"[^}}]*}} (\S+)', metrics, re.MULTILINE):
        bound = math.inf if match[1] == "+Inf" else float(match[1])
        counts[bound] = counts.get(bound, 0) + float(match[2])
    return counts


def quantile(q: float, before: dict[float, float], after: dict[float, float]) -> float | None:
    """Of what was observed in between, by linear interpolation in its bucket; None without observations."""
    counts = sorted((bound, count - before.get(bound, 0)) for bound, count in after.items())
    if not counts or counts[-1][1] <= 0:
        return None
    rank = q * counts[-1][1]
    low_bound, low_count = 0.0, 0.0
    for bound, count in counts:
        if count >= rank:
            if math.isinf(bound):
                return low_bound
            return low_bound + (bound - low_bound) * (rank - low_count) / max(count - low_count, 1e-9)
        low_bound, low_count = bound, count
    return None


def measure(server: ServerUnderTest, options: argparse.Namespace) -> dict:
    def fleet(seconds: float) -> dict:
        return run_fleet(
            server.url,
            *("--servers", options.servers),
            *("--cadence", f"{CADENCE_S}s"),
            *("--connections", options.connections),
            *("--protocol", options.protocol),
            *("--duration", f"{round(seconds)}s"),
            timeout_s=seconds + 400,
            progress=True,
        )

    fleet(2 * CADENCE_S)
    own = server.name == "tickscope"
    freshness_before = buckets(server.metrics(), "tickscope_freshness_seconds") if own else {}
    before, started = server.usage(), time.monotonic()
    summary = fleet(options.minutes * 60)
    used, seconds = server.usage() - before, time.monotonic() - started
    freshness_after = buckets(server.metrics(), "tickscope_freshness_seconds") if own else {}
    samples = summary["samples_acknowledged"]
    return {
        "name": server.name,
        "version": server.version,
        "samples_per_s": summary["samples_per_second"],
        "cores": used.cpu_s / seconds,
        "cpu_s_per_million": used.cpu_s * 1e6 / samples,
        "since_due_ms": summary["latency_since_due_ms"],
        "since_sent_ms": summary["latency_since_sent_ms"],
        "freshness_p99_s": quantile(0.99, freshness_before, freshness_after),
        "rss_bytes": server.child.rss_bytes(),
        "rss_bytes_max": server.rss_bytes_max(),
        "written_bytes_per_sample": used.write_bytes / samples,
        "errors": summary["errors"],
        "fleet_cores": summary["cpu_seconds"] / seconds,
    }


def report(results: list[dict]) -> None:
    def ms(latency: dict) -> str:
        return f"{latency['p50']:.1f} / {latency['p99']:.1f} / {latency['max']:.0f}"

    rows = [["server", "samples/s", "cores", "CPU-s per M", "since due ms p50/p99/max", "since sent ms p50/p99/max",
             "freshness p99 s", "RSS end/max MB", "disk B/sample", "errors"]]
    for r in results:
        fresh = "-" if r["freshness_p99_s"] is None else f"{r['freshness_p99_s']:.3f}"
        rows.append([r["name"], f"{r['samples_per_s']:,.0f}", f"{r['cores']:.2f}", f"{r['cpu_s_per_million']:.2f}",
                     ms(r["since_due_ms"]), ms(r["since_sent_ms"]), fresh,
                     f"{r['rss_bytes'] / 1e6:,.0f} / {r['rss_bytes_max'] / 1e6:,.0f}",
                     f"{r['written_bytes_per_sample']:.1f}", str(r["errors"] or "none")])
    print_table(rows)


def main() -> None:
    options = parse_arguments()
    results = []
    for name in options.only:
        with contextlib.ExitStack() as stack:
            work = pathlib.Path(stack.enter_context(work_directory()))
            for server in start_servers([name], work):
                stack.callback(server.close)
                results.append(measure(server, options))
    if not results:
        sys.exit("nothing to measure")
    workload = {key: value for key, value in vars(options).items() if key not in ("record", "only")}
    print(f"\n{options.servers * 300:,} series every {CADENCE_S} s, {workload}\n")
    report(results)
    if options.record:
        record("paced", {"workload": workload, "results": results})


if __name__ == "__main__":
    main()
