#!/usr/bin/env python3
"""What a sample costs a server to take in, ours beside others, in one run.

Workload: simulated game servers of 300 series (default 1,000: 300,000 series), ten servers and one point a series in a
request, as fast as the server takes it. First one scrape that creates every series, measured apart; then rounds in
turn (A B C A B C), each server going on where it stopped. While one is measured the others are stopped (SIGSTOP).
CPU is that of the server process (user and system), disk what it wrote (write_bytes), both from /proc, and both
include a pause after the round for work it put off. Each server promises something else with its answer: the table
says what.
"""

from __future__ import annotations

import argparse
import contextlib
import pathlib
import statistics
import sys
import time

from servers_under_test import KINDS, ServerUnderTest, print_table, record, run_fleet, start_servers, work_directory

SERIES_PER_SERVER = 300


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", type=int, default=1000, help="game servers of 300 series (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="measured rounds a server (default %(default)s)")
    parser.add_argument("--scrapes", type=int, default=20, help="scrapes of each game server a round (default %(default)s)")
    parser.add_argument("--points-per-request", type=int, default=1, help="points a series in a request (default %(default)s)")
    parser.add_argument("--connections", type=int, default=4, help="default %(default)s")
    parser.add_argument("--protocol", choices=["rw1", "rw2"], default="rw1", help="victoria-metrics has no rw2")
    parser.add_argument("--settle", type=float, default=3, help="seconds counted after a round (default %(default)s)")
    parser.add_argument("--only", nargs="+", choices=sorted(KINDS), help="servers to run (default: all installed)")
    parser.add_argument("--record", action="store_true", help="append to docs/benchmarks/data/ingest.jsonl")
    return parser.parse_args()


class Measured:
    """One server and what its rounds gave."""

    def __init__(self, server: ServerUnderTest, options: argparse.Namespace, start_s: int):
        self.server = server
        self._options = options
        self._next_start_s = start_s
        self.create_us_per_series = 0.0
        self.cpu_s_per_million: list[float] = []
        self.samples_per_s: list[float] = []
        self.bytes_per_sample: list[float] = []
        self.fleet_cpu_s_per_million: list[float] = []

    def _run(self, scrapes: int) -> tuple[dict, float, int]:
        """Sends the next scrapes: the fleet's summary, CPU seconds and bytes written."""
        before = self.server.usage()
        summary = run_fleet(
            self.server.url,
            *("--servers", self._options.servers),
            *("--connections", self._options.connections),
            *("--protocol", self._options.protocol),
            *("--points-per-request", self._options.points_per_request),
            *("--start", self._next_start_s),
            *("--duration", f"{scrapes * 10}s"),
            timeout_s=600,
        )
        time.sleep(self._options.settle)
        used = self.server.usage() - before
        self._next_start_s += scrapes * 10
        return summary, used.cpu_s, used.write_bytes

    def create(self) -> None:
        _, cpu_s, _ = self._run(1)
        self.create_us_per_series = cpu_s * 1e6 / (self._options.servers * SERIES_PER_SERVER)

    def measure(self) -> None:
        summary, cpu_s, write_bytes = self._run(self._options.scrapes)
        samples = summary["samples_acknowledged"]
        self.cpu_s_per_million.append(cpu_s * 1e6 / samples)
        self.samples_per_s.append(summary["samples_per_second"])
        self.bytes_per_sample.append(write_bytes / samples)
        self.fleet_cpu_s_per_million.append(summary["cpu_seconds_per_million_samples"])

    def result(self) -> dict:
        return {
            "name": self.server.name,
            "version": self.server.version,
            "acknowledged_means": self.server.promise,
            "cpu_s_per_million": self.cpu_s_per_million,
            "samples_per_s": self.samples_per_s,
            "written_bytes_per_sample": self.bytes_per_sample,
            "create_cpu_us_per_series": self.create_us_per_series,
            "rss_bytes_max": self.server.rss_bytes_max(),
            "fleet_cpu_s_per_million": self.fleet_cpu_s_per_million,
        }


def spread(values: list[float], digits: int) -> str:
    return f"{statistics.median(values):,.{digits}f} ({min(values):,.{digits}f}-{max(values):,.{digits}f})"


def report(results: list[dict]) -> None:
    base = statistics.median(results[0]["cpu_s_per_million"])
    rows = [["server", "CPU-s per M", "ratio", "samples/s", "create us/series", "RSS max MB", "disk B/sample", "acknowledged"]]
    for result in results:
        rows.append(
            [
                result["name"],
                spread(result["cpu_s_per_million"], 2),
                f"{statistics.median(result['cpu_s_per_million']) / base:.1f}" if base > 0 else "-",
                spread(result["samples_per_s"], 0),
                f"{result['create_cpu_us_per_series']:.1f}",
                f"{result['rss_bytes_max'] / 1e6:,.0f}",
                spread(result["written_bytes_per_sample"], 1),
                result["acknowledged_means"],
            ]
        )
    print_table(rows)
    fleet = [cost for result in results for cost in result["fleet_cpu_s_per_million"]]
    print(f"\nmedian (lowest-highest) of the rounds; the fleet itself used {statistics.median(fleet):.2f} CPU-s per M")


def main() -> None:
    options = parse_arguments()
    with contextlib.ExitStack() as stack:
        work = pathlib.Path(stack.enter_context(work_directory()))
        servers = start_servers(options.only or list(KINDS), work)
        for server in servers:
            stack.callback(server.close)
        if not servers:
            sys.exit("nothing to measure")
        # All in the past and within an hour: no server refuses it as too old or too far ahead.
        span_s = (options.rounds * options.scrapes + 1) * 10
        all_measured = [Measured(server, options, int(time.time()) - span_s) for server in servers]
        for server in servers:
            server.pause()
        for step in range(options.rounds + 1):
            for measured in all_measured:
                measured.server.resume()
                measured.create() if step == 0 else measured.measure()
                measured.server.pause()
                print(f"{'series created' if step == 0 else f'round {step}'}: {measured.server.name}", file=sys.stderr)
        results = [measured.result() for measured in all_measured]
    workload = {key: value for key, value in vars(options).items() if key not in ("record", "only")}
    print(f"\n{options.servers * SERIES_PER_SERVER:,} series, {options.protocol}, {workload}\n")
    report(results)
    if options.record:
        record("ingest", {"workload": workload, "results": results})


if __name__ == "__main__":
    main()
