#!/usr/bin/env python3
"""The queries of a room that looks at a fleet, result cache off, beside servers that hold the same samples.

  peers   62 game servers, 12 h at 10 s; Tickscope, VictoriaMetrics and (with --prometheus) Prometheus, asked in turn, the others stopped
  fleet   5,000 game servers, 12 h of the tick histogram (432 M samples), Tickscope alone

Wall time of the answer over loopback, the server's CPU, nanoseconds of CPU a sample, and the most memory it took. Ours is brought in by
`tickscope import fleet`, which makes the samples that the fleet sends the others. --quick takes a tenth of the servers.
"""

from __future__ import annotations

import argparse
import contextlib
import pathlib
import statistics
import subprocess
import sys
import time
import urllib.parse

from servers_under_test import TICKSCOPE, ServerUnderTest, find_program, http_call, print_table, record, run_fleet, work_directory

HOURS = 12
CADENCE_S = 10
BUCKETS = "game_tick_duration_seconds_bucket"
COUNTER = "game_ticks_total"
# Name, expression, whether it is asked at every minute, and series a game server has of it.
QUERIES = [
    ("q99 by region, 12 h", f"histogram_quantile(0.99, sum by (le, region) (rate({BUCKETS}[1m])))", True, 20),
    ("rate by region, 12 h", f"sum by (region) (rate({COUNTER}[1m]))", True, 1),
    ("top 10 servers, 12 h", f"topk(10, sum by (server) (rate({COUNTER}[5m])))", True, 1),
    ("rate by region, now", f"sum by (region) (rate({COUNTER}[1m]))", False, 1),
    ("q99, now", f"histogram_quantile(0.99, sum by (le, region) (rate({BUCKETS}[1m])))", False, 20),
]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", default=["peers", "fleet"], choices=["peers", "fleet"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--prometheus", action="store_true", help="also Prometheus, which takes minutes to load")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--record", action="store_true", help="append to docs/benchmarks/data/query.jsonl")
    return parser.parse_args()


def start_tickscope(work: pathlib.Path, servers: int, start_s: int, match: str | None) -> ServerUnderTest:
    data = work / "tickscope-data"
    command = [TICKSCOPE, "import", "fleet", "--servers", servers, "--cadence", f"{CADENCE_S}s", "--start", start_s,
               "--duration", f"{HOURS}h", "--data", data, *(["--match", match] if match else [])]
    began = time.monotonic()
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    print(f"imported in {time.monotonic() - began:.0f} s", file=sys.stderr)
    config = work / "tickscope.yaml"
    config.write_text("tiers: {enabled: false}\n")
    return ServerUnderTest("tickscope", str(TICKSCOPE), work, ["--config", str(config)])


def ask(server: ServerUnderTest, query: str, is_range: bool, start_s: int) -> tuple[float, float, list]:
    """Wall seconds, CPU seconds and the result."""
    end_s = start_s + HOURS * 3600 - 60
    params: dict = {"query": query, "nocache": 1}
    params |= {"start": start_s + 600, "end": end_s, "step": 60} if is_range else {"time": end_s}
    url = f"{server.url}/api/v1/query{'_range' if is_range else ''}?" + urllib.parse.urlencode(params)
    used, began = server.usage(), time.monotonic()
    answer = http_call.get(url, timeout_s=300)
    wall = time.monotonic() - began
    cpu = (server.usage() - used).cpu_s
    if answer.status != 200:
        sys.exit(f"{server.name}: {query}: {answer.status} {answer.text[:300]}")
    return wall, cpu, answer.json()["data"]["result"]


def measure(servers: list[ServerUnderTest], game_servers: int, start_s: int, rounds: int, names: list[str]) -> list[dict]:
    found = []
    for name, query, is_range, per_server in QUERIES:
        if names and not any(metric in query for metric in names):
            continue
        samples = game_servers * per_server * ((HOURS * 3600 - 660) // CADENCE_S if is_range else 6)
        row: dict = {"query": name, "servers": game_servers, "samples": samples}
        for round_number in range(rounds + 1):
            for server in servers:
                if len(servers) > 1:
                    server.resume()
                wall, cpu, result = ask(server, query, is_range, start_s)
                if len(servers) > 1:
                    server.pause()
                if round_number == 0:  # Warms it up.
                    row[server.name] = {"wall_s": [], "cpu_s": [], "series": len(result)}
                    continue
                row[server.name]["wall_s"].append(wall)
                row[server.name]["cpu_s"].append(cpu)
        found.append(row)
    for server in servers:
        for row in found:
            row[server.name]["rss_bytes_max"] = server.rss_bytes_max()
    return found


def show(rows: list[dict], names: list[str]) -> None:
    table = [["query", "samples", *(f"{name} ms (CPU ms, ns a sample)" for name in names)]]
    for row in rows:
        cells = []
        for name in names:
            walls, cpu = row[name]["wall_s"], statistics.median(row[name]["cpu_s"])
            cells.append(f"{1000 * statistics.median(walls):.1f} [{1000 * min(walls):.1f}..{1000 * max(walls):.1f}]"
                         f" ({1000 * cpu:.0f}, {1e9 * cpu / row['samples']:.2f})")
        table.append([row["query"], f"{row['samples']:,}", *cells])
    print_table(table)
    for name in names:
        print(f"{name}: at most {rows[0][name]['rss_bytes_max'] / 2**20:.0f} MiB")


def peers(options: argparse.Namespace) -> list[dict]:
    game_servers = 6 if options.quick else 62
    start_s = int(time.time()) // 60 * 60 - HOURS * 3600 - 600
    with work_directory() as folder, contextlib.ExitStack() as stack:
        work = pathlib.Path(folder)
        servers = [start_tickscope(work, game_servers, start_s, None)]
        stack.callback(servers[0].close)
        for name in ["victoria-metrics", *(["prometheus"] if options.prometheus else [])]:
            program = find_program(name)
            if program is None:
                print(f"{name}: not installed, left out", file=sys.stderr)
                continue
            server = ServerUnderTest(name, program, work)
            stack.callback(server.close)
            run_fleet(server.url, "--servers", game_servers, "--start", start_s, "--duration", f"{HOURS}h", "--speed", "max",
                      "--points-per-request", 20, "--connections", 1, timeout_s=1800)
            servers.append(server)
        time.sleep(10)  # What they put off.
        for server in servers:
            server.pause()
        rows = measure(servers, game_servers, start_s, options.rounds, [])
        show(rows, [server.name for server in servers])
        return rows


def fleet(options: argparse.Namespace) -> list[dict]:
    game_servers = 500 if options.quick else 5000
    start_s = int(time.time()) // 60 * 60 - HOURS * 3600 - 600
    with work_directory() as folder, contextlib.ExitStack() as stack:
        server = start_tickscope(pathlib.Path(folder), game_servers, start_s, f'{{__name__=~"{BUCKETS}|{COUNTER}"}}')
        stack.callback(server.close)
        rows = measure([server], game_servers, start_s, options.rounds, [])
        show(rows, [server.name])
        return rows


def main() -> int:
    options = parse_arguments()
    found = {}
    for row in options.rows:
        print(f"\n{row}")
        found[row] = peers(options) if row == "peers" else fleet(options)
    if options.record:
        record("query", found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
