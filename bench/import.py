#!/usr/bin/env python3
"""What an import costs those who write meanwhile: acknowledgement latency and rate of a live fleet, with and without one.

Rounds in turn, without and with: a fleet writes for some seconds, as fast as the server takes it (max) or paced (paced); with, a
`tickscope import` of millions of older samples begins at the same time and the fleet goes on until it has ended,
registering included. The tier's worker rolls the imported blocks up and puts them into a directory all the while. CPU
is that of the server process, from /proc. The ratio is of each round with an import to the one before without.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import pathlib
import statistics
import subprocess
import sys
import time

from servers_under_test import CLOCK_TICKS_PER_S, TICKSCOPE, Child, ServerUnderTest, print_table, record, work_directory

CADENCE_S = 10
IMPORT_SERVERS = 20
MODES = ["paced", "max"]
# An import that gets no processor at all is stopped with the round.
IMPORT_S_MAX = 240


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="of each mode, without and with (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=20, help="of a round without import (default %(default)s)")
    parser.add_argument("--rate", type=int, default=50_000, help="samples a second when paced (default %(default)s)")
    parser.add_argument("--import-samples", type=int, default=20_000_000, help="default %(default)s")
    parser.add_argument("--only", nargs="+", choices=MODES, default=MODES)
    parser.add_argument("--record", action="store_true", help="append to docs/benchmarks/data/import.jsonl")
    return parser.parse_args()


def cpu_s(pid: int) -> float:
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / CLOCK_TICKS_PER_S


class Rounds:
    def __init__(self, server: ServerUnderTest, work: pathlib.Path, options: argparse.Namespace):
        self._server = server
        self._work = work
        self._options = options
        now = int(time.time())
        # Of the fleet at full speed, each round after the one before; and of the imports, before all of that.
        self._fleet_start_s = now - 20 * 86400
        self._import_end_s = self._fleet_start_s - 86400
        self._count = 0

    def _start_fleet(self, mode: str) -> Child:
        self._count += 1
        servers = self._options.rate * CADENCE_S // 300
        command = [TICKSCOPE, "fleet", "--to", self._server.url, "--json", "--progress", "0s", "--servers", servers, "--cadence", f"{CADENCE_S}s"]
        if mode == "max":
            # Its samples are older than those of the paced one: a tenant of its own, or they were late.
            command += ["--tenant", "max", "--start", self._fleet_start_s, "--duration", "20h", "--speed", "max"]
            self._fleet_start_s += 20 * 3600
        return Child(command, self._work / f"fleet-{self._count}.log")

    def _start_import(self) -> subprocess.Popen:
        duration_s = self._options.import_samples * CADENCE_S // (IMPORT_SERVERS * 300)
        self._import_end_s -= duration_s
        return subprocess.Popen(
            [str(w) for w in (TICKSCOPE, "import", "fleet", "--server", self._server.url, "--data", self._server.data, "--servers", IMPORT_SERVERS,
                              "--start", self._import_end_s, "--duration", f"{duration_s}s")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )

    def run(self, mode: str, *, with_import: bool) -> dict:
        before, began = self._server.usage(), time.monotonic()
        fleet = self._start_fleet(mode)
        import_s = 0.0
        if with_import:
            running = self._start_import()
            try:
                _, said = running.communicate(timeout=IMPORT_S_MAX)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
                said, running.returncode = b"", 0
            if running.returncode != 0:
                sys.exit(f"import failed: {said.decode()}")
            import_s = time.monotonic() - began
        # Also what the tier does with the blocks.
        time.sleep(max(self._options.seconds / 2 if with_import else 0, self._options.seconds - (time.monotonic() - began)))
        fleet_cpu_s = cpu_s(fleet.pid)
        if fleet.stop(60) != 0:
            sys.exit(f"fleet failed: {fleet.log_tail()}")
        seconds, used = time.monotonic() - began, self._server.usage() - before
        fleet.close()
        report = json.loads(fleet.log_text().splitlines()[-1])
        return {
            "seconds": seconds, "import_s": import_s, "samples": report["samples_acknowledged"], "rate": report["samples_per_second"],
            "sent_ms": report["latency_since_sent_ms"], "due_ms": report.get("latency_since_due_ms"), "errors": report["errors"],
            "server_cpu_s": used.cpu_s, "fleet_cpu_s": fleet_cpu_s, "written_bytes": used.write_bytes,
        }


def spread(values: list[float], digits: int) -> str:
    return f"{statistics.median(values):,.{digits}f} ({min(values):,.{digits}f}-{max(values):,.{digits}f})"


def report(mode: str, pairs: list[tuple[dict, dict]]) -> None:
    figures = {
        "samples acknowledged a second": (lambda r: r["rate"], 0),
        "acknowledgement p50, ms": (lambda r: r["sent_ms"]["p50"], 2),
        "acknowledgement p99, ms": (lambda r: r["sent_ms"]["p99"], 2),
        "since it was due p99, ms": (lambda r: r["due_ms"]["p99"], 2),
        "server's CPU-s a second": (lambda r: r["server_cpu_s"] / r["seconds"], 2),
        "server's CPU-s a million samples": (lambda r: r["server_cpu_s"] * 1e6 / r["samples"], 3),
    }
    rows = [[mode, "without", "with an import", "ratio of pairs"]]
    for name, (of, digits) in figures.items():
        if mode == "max" and "due" in name:
            continue
        without, beside = [of(pair[0]) for pair in pairs], [of(pair[1]) for pair in pairs]
        rows.append([name, spread(without, digits), spread(beside, digits), spread([b / a for a, b in zip(without, beside)], 3)])
    rows.append(["import took, s", "-", spread([pair[1]["import_s"] for pair in pairs], 0), "-"])
    print_table(rows)
    print()


def main() -> None:
    options = parse_arguments()
    results: dict[str, list[tuple[dict, dict]]] = {mode: [] for mode in options.only}
    with contextlib.ExitStack() as stack:
        work = pathlib.Path(stack.enter_context(work_directory()))
        config = work / "tickscope.yml"
        config.write_text("admin_api: true\ntiers: {interval: 2s, keep: {raw: 400d, 1m: 400d, 5m: 400d}}\n")
        server = ServerUnderTest("tickscope", str(TICKSCOPE), work, ["--config", str(config)])
        stack.callback(server.close)
        rounds = Rounds(server, work, options)
        for mode in options.only:
            rounds.run(mode, with_import=False)  # Creates the series.
            for number in range(options.rounds):
                pair = (rounds.run(mode, with_import=False), rounds.run(mode, with_import=True))
                results[mode].append(pair)
                ratio = pair[1]["sent_ms"]["p99"] / pair[0]["sent_ms"]["p99"]
                print(f"{mode} {number + 1}: rate {pair[0]['rate']:,.0f} then {pair[1]['rate']:,.0f}, p99 x {ratio:.2f}, import {pair[1]['import_s']:.0f} s", file=sys.stderr)
    print(f"\n{options.rate * CADENCE_S:,} series, {options.import_samples:,} samples imported a round; median (lowest-highest)\n")
    for mode in options.only:
        report(mode, results[mode])
    if options.record:
        workload = {key: value for key, value in vars(options).items() if key not in ("record", "only")}
        record("import", {"workload": workload, "results": results})


if __name__ == "__main__":
    main()
