#!/usr/bin/env python3
"""What a dashboard of a month costs: 30 days of the tick histogram at a step of an hour, raw samples let go, from windows of 5 m.

The fleet is brought in at a cadence of five minutes, so that a window is of one sample: what is read of windows is the same as of a
fleet at 10 s, and a month of it is there in minutes. The server rolls up, merges and lets go of raw; then it is asked, result cache off.
Wall time over loopback, the server's CPU, and the tiers it names.
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
QUERIES = [
    ("q99 by region, 30 d", f"histogram_quantile(0.99, sum by (le, region) (rate({BUCKETS}[1h])))", 20),
    ("rate by region, 30 d", f"sum by (region) (rate({BUCKETS}{{le=\"+Inf\"}}[1h]))", 1),
    ("most players, 30 d", "max by (region) (max_over_time(game_players[1h]))", 1),
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
                if is_settled and blocks(now, "5m") > 0 and (keep.startswith("raw: 400d") or blocks(now, "raw") == 0):
                    break
                if time.monotonic() - began > 3600:
                    server.close()
                    sys.exit(f"history did not settle: {now}")
                time.sleep(1)
            if keep.startswith("raw: 400d"):
                server.close()
        try:
            print(f"rolled up in {time.monotonic() - began:.0f} s, {blocks(now, '5m')} files of 5 m", file=sys.stderr)
            rows = []
            for name, query, per_server in QUERIES:
                params = {"query": query, "nocache": 1, "start": start + 7200, "end": end - 3600, "step": 3600}
                url = f"{server.url}/api/v1/query_range?" + urllib.parse.urlencode(params)
                walls, cpus, tiers, series = [], [], "", 0
                for round_number in range(options.rounds + 1):
                    used, at = server.usage(), time.monotonic()
                    answer = http_call.get(url, timeout_s=300)
                    wall, cpu = time.monotonic() - at, (server.usage() - used).cpu_s
                    if answer.status != 200:
                        sys.exit(f"{query}: {answer.status} {answer.text[:300]}")
                    tiers, series = answer.headers.get("x-tickscope-tiers", ""), len(answer.json()["data"]["result"])
                    if round_number > 0:  # The first one opens the files.
                        walls.append(wall)
                        cpus.append(cpu)
                windows = servers * per_server * DAYS * 288
                rows.append({"query": name, "servers": servers, "windows": windows, "wall_s": walls, "cpu_s": cpus, "tiers": tiers, "series": series})
            rows[0]["rss_bytes_max"] = server.rss_bytes_max()
        finally:
            server.close()
        table = [["query", "windows", "ms", "CPU ms", "ns a window", "tiers"]]
        for row in rows:
            cpu = statistics.median(row["cpu_s"])
            table.append([row["query"], f"{row['windows']:,}",
                          f"{1000 * statistics.median(row['wall_s']):.1f} [{1000 * min(row['wall_s']):.1f}..{1000 * max(row['wall_s']):.1f}]",
                          f"{1000 * cpu:.0f}", f"{1e9 * cpu / row['windows']:.2f}", row["tiers"]])  # fmt: skip
        print_table(table)
        print(f"at most {rows[0]['rss_bytes_max'] / 2**20:.0f} MiB")
        if options.record:
            record("query_history", {"rows": rows})


if __name__ == "__main__":
    main()
