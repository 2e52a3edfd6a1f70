#!/usr/bin/env python3
"""What a dashboard of a month costs: 30 days of the tick histogram at a step of an hour, raw samples let go, from windows.

The fleet is brought in at a cadence of five minutes, so that a window of five minutes is of one sample: what is read of windows is the
same as of a fleet at 10 s, and a month of it is there in minutes. The server rolls up, merges and lets go of raw; then another one is
asked, result cache off. Steps on the hour read windows of an hour; the same steps five minutes later read windows of five minutes.
Wall time over loopback, the server's CPU and memory, and the tiers it names.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time
import urllib.parse

from servers_under_test import TICKSCOPE, ServerUnderTest, http_call, print_table, record, work_directory

DAYS = 30
BUCKETS = "game_tick_duration_seconds_bucket"
Q99 = f"histogram_quantile(0.99, sum by (le, region) (rate({BUCKETS}[1h])))"
# Name, query, series of a server, seconds after the hour, what is asked of 5,000 servers (seconds, bytes).
QUERIES = [
    ("q99 by region", Q99, 20, 0, (1.0, 500e6)),
    ("rate by region", f'sum by (region) (rate({BUCKETS}{{le="+Inf"}}[1h]))', 1, 0, None),
    ("most players", "max by (region) (max_over_time(game_players[1h]))", 1, 0, None),
    ("q99 by region, 5 min past", Q99, 20, 300, None),
]


def status(server: ServerUnderTest) -> dict:
    return json.loads(http_call.get(server.url + "/api/v1/status/tiers", timeout_s=60).text)["data"]


def blocks(now: dict, tier: str) -> int:
    return next(t["blocks"] for t in now["tiers"] if t["tier"] == tier)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a tenth of the servers")
    parser.add_argument("--record", action="store_true", help="append to docs/benchmarks/data/query_history.jsonl")
    options = parser.parse_args()
    servers = options.servers // (10 if options.quick else 1)
    end = int(time.time()) // 86400 * 86400
    start = end - DAYS * 86400
    with work_directory() as folder:
        work = pathlib.Path(folder)
        data = work / "tickscope-data"
        began = time.monotonic()
        subprocess.run(
            [str(word) for word in [TICKSCOPE, "import", "fleet", "--servers", servers, "--cadence", "300s", "--start", start]
             + ["--duration", f"{DAYS}d", "--data", data, "--match", f'{{__name__=~"{BUCKETS}|game_players"}}']],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        print(f"imported in {time.monotonic() - began:.0f} s", file=sys.stderr)
        config = work / "tickscope.yaml"
        began = time.monotonic()
        # Raw blocks stay until all are rolled up: the first steps of each follow from the one before.
        for keep in ("raw: 400d, 1m: 400d", "raw: 1h, 1m: 1h"):
            config.write_text(f"tiers: {{interval: 1s, hot: 1h, grace: 1s, settle: 1s, keep: {{{keep}, 5m: 400d}}}}\n")
            server = ServerUnderTest("tickscope", str(TICKSCOPE), work, ["--config", str(config)])
            while True:
                now = status(server)
                is_settled = now["blocks_to_upload"] == 0 and now["merges_pending"] == 0 and blocks(now, "hot") <= 1
                if is_settled and blocks(now, "1h") > 0 and (keep.startswith("raw: 400d") or blocks(now, "raw") == 0):
                    break
                if time.monotonic() - began > 3600:
                    server.close()
                    sys.exit(f"history did not settle: {now}")
                time.sleep(1)
            files = {tier: blocks(now, tier) for tier in ("1m", "5m", "1h")}
            server.close()
        print(f"rolled up in {time.monotonic() - began:.0f} s, files: {files}", file=sys.stderr)
        server = ServerUnderTest("tickscope", str(TICKSCOPE), work, ["--config", str(config)])
        try:
            while blocks(status(server), "1h") == 0:
                time.sleep(0.2)
            rows = [ask(server, options.rounds, servers, start, end, *query) for query in QUERIES]
        finally:
            server.close()
    print_table([["query", "windows of 5 m", "first ms", "ms", "CPU ms", "ns a window", "MiB so far", "tiers", "asked of 5,000 servers"]]
                + [as_cells(row) for row in rows])  # fmt: skip
    if options.record:
        record("query_history", {"rows": rows})


def ask(server: ServerUnderTest, rounds: int, servers: int, start: int, end: int, name: str, query: str, per_server: int, past: int,
        asked: tuple[float, float] | None) -> dict:  # fmt: skip
    params = {"query": query, "nocache": 1, "start": start + 7200 + past, "end": end - 3600, "step": 3600}
    url = f"{server.url}/api/v1/query_range?" + urllib.parse.urlencode(params)
    walls, cpus = [], []
    for _ in range(rounds + 1):
        used, at = server.usage(), time.monotonic()
        answer = http_call.get(url, timeout_s=300)
        walls.append(time.monotonic() - at)
        cpus.append((server.usage() - used).cpu_s)
        if answer.status != 200:
            sys.exit(f"{query}: {answer.status} {answer.text[:300]}")
    return {
        "query": name, "servers": servers, "windows": servers * per_server * DAYS * 288, "first_s": walls[0],
        "wall_s": walls[1:], "cpu_s": cpus[1:], "rss_bytes_max": server.rss_bytes_max(),
        "tiers": answer.headers.get("x-tickscope-tiers", ""), "series": len(answer.json()["data"]["result"]), "asked": asked,
    }  # fmt: skip


def as_cells(row: dict) -> list[str]:
    wall, cpu = statistics.median(row["wall_s"]), statistics.median(row["cpu_s"])
    asked = row["asked"]
    return [
        row["query"], f"{row['windows']:,}", f"{1000 * row['first_s']:.0f}",
        f"{1000 * wall:.1f} [{1000 * min(row['wall_s']):.1f}..{1000 * max(row['wall_s']):.1f}]", f"{1000 * cpu:.0f}",
        f"{1e9 * cpu / row['windows']:.2f}", f"{row['rss_bytes_max'] / 2**20:.0f}", row["tiers"],
        "" if asked is None else f"<= {1000 * asked[0]:.0f} ms, {asked[1] / 2**20:.0f} MiB",
    ]  # fmt: skip


if __name__ == "__main__":
    main()
