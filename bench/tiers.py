#!/usr/bin/env python3
"""What history costs: merging, rolling up, and reading it back.

  merge      a day of blocks into one, chunks copied and chunks interleaved (preset bench; TICKSCOPE_BENCH_TARGETS=1000: 300 k series)
  rollup     windows of 1 m and 5 m out of fleet blocks: CPU a raw sample, bytes a window by aggregate (preset bench)
  history    400 days of a small fleet at 60 s, brought in, rolled up and merged in SeaweedFS; then all of it is read from a server with
             an empty cache, once cold and once more warm

--quick makes history 40 days.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import time

from servers_under_test import ROOT, TICKSCOPE, Child, ServerUnderTest, http_call, print_table, record, work_directory

from components import s3_servers  # noqa: E402  (found by way of servers_under_test)

ROWS = ["merge", "rollup", "history"]
SERVERS = 4


def say(text: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


def micro(module: str, pattern: str) -> list[dict]:
    """Runs a micro-benchmark of a module and returns its rows."""
    subprocess.run(
        ["bash", "-c", f"source tools/install.sh; source tools/build.sh; say() {{ :; }}; build bench {module}_bench"],
        cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
    )
    done = subprocess.run(
        [ROOT / f"build/bench/bin/{module}_bench", f"--benchmark_filter={pattern}", "--benchmark_format=json"],
        check=True, capture_output=True, text=True,
    )
    return json.loads(done.stdout)["benchmarks"]


def show(rows: list[dict]) -> list[dict]:
    known = {"name", "run_name", "run_type", "repetitions", "repetition_index", "threads", "family_index", "per_family_instance_index", "time_unit"}
    for row in rows:
        print(row["name"])
        for key, value in row.items():
            if key not in known and isinstance(value, (int, float)):
                print(f"    {key:<28} {value:,.3f}")
    return rows


def status(server: ServerUnderTest) -> dict:
    return json.loads(http_call.get(server.url + "/api/v1/status/tiers", timeout_s=60).text)["data"]


def tier(server: ServerUnderTest, name: str) -> dict:
    return next(t for t in status(server)["tiers"] if t["tier"] == name)


def ask(server: ServerUnderTest, query: str, at: int) -> tuple[float, str]:
    began = time.monotonic()
    answer = http_call.call(
        "POST", server.url + "/api/v1/query", body=f"query={query}&time={at}".encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded"}, timeout_s=120,
    )
    took = time.monotonic() - began
    if answer.status != 200:
        sys.exit(f"{query}: {answer.text[:300]}")
    return took, json.loads(answer.text)["data"]["result"][0]["value"][1]


def history(options: argparse.Namespace, work: pathlib.Path) -> dict:
    days = 40 if options.quick else 400
    found: dict = {"days": days, "servers": SERVERS}
    os.environ.update(AWS_ACCESS_KEY_ID=s3_servers.ADMIN[0], AWS_SECRET_ACCESS_KEY=s3_servers.ADMIN[1], AWS_EC2_METADATA_DISABLED="true")
    with contextlib.ExitStack() as stack:

        def start(command: list, name: str) -> Child:
            child = Child(command, work / f"{name}.log")
            stack.callback(child.close)
            return child

        url, _ = s3_servers.start_seaweedfs(start, work)
        config = work / "tickscope.yml"
        config.write_text(
            f'objects: {{url: "s3://metrics/bench?endpoint={url}"}}\n'
            "tiers: {interval: 1s, hot: 1h, grace: 1s, settle: 1s, keep: {raw: 14d, 1m: 180d, 5m: 500d}}\n"
            "query: {memory_max: 8GiB, samples_max: 1000000000}\n"
        )
        data = work / "tickscope-data"
        end = int(time.time()) // 86400 * 86400
        began = time.monotonic()
        subprocess.run(
            [TICKSCOPE, "import", "fleet", "--servers", str(SERVERS), "--cadence", "60s", "--start", str(end - days * 86400), "--end", str(end)]
            + ["--duration", f"{days + 1}d", "--data", data],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        found["import_s"] = time.monotonic() - began
        say(f"history: {days} days brought in, {found['import_s']:.0f} s")
        server = ServerUnderTest("tickscope", str(TICKSCOPE), work, ["--config", str(config)])
        stack.callback(server.close)
        began = time.monotonic()
        while True:
            now = status(server)
            if tier(server, "5m")["blocks"] > 0 and now["blocks_to_upload"] == 0 and now["merges_pending"] == 0 and tier(server, "hot")["blocks"] <= 1:
                break
            if time.monotonic() - began > 1500:
                sys.exit(f"history did not settle: {now}")
            time.sleep(1)
        found["settle_s"] = time.monotonic() - began
        found["settle_cpu_s"] = server.usage().cpu_s
        found["tiers"] = {t["tier"]: t for t in status(server)["tiers"]}
        say(f"history: settled in {found['settle_s']:.0f} s, {found['settle_cpu_s']:.0f} CPU-s")
        server.close()
        server = ServerUnderTest("tickscope", str(TICKSCOPE), work, ["--config", str(config)])
        stack.callback(server.close)
        # Windows of five minutes alone: older than what finer tiers keep.
        old = max(1, days - 181) if days > 200 else days
        queries = {
            "one metric, all its series": f"count(last_over_time(game_players[{old}d]))",
            "a histogram's 80 buckets": f"count(last_over_time(game_tick_duration_seconds_bucket[{old}d]))",
            f"all {SERVERS * 300} series": f'count(last_over_time({{__name__=~"game_.%2B|process_.%2B"}}[{old}d]))',
        }
        at = end - (181 * 86400 if days > 200 else 0)
        found["reads"] = {}
        for name, query in queries.items():
            cold, series = ask(server, query, at)
            warm, _ = ask(server, query, at)
            found["reads"][name] = {"series": int(series), "days": old, "cold_s": cold, "warm_s": warm}
    print(f"\n{days} days, {SERVERS * 300} series, at 60 s\n")
    print_table([["tier", "blocks", "bytes"]] + [[n, str(t["blocks"]), f"{t['bytes']:,}"] for n, t in found["tiers"].items()])
    print()
    print_table(
        [["read through PromQL", "series", "days", "cold", "warm"]]
        + [[n, str(r["series"]), str(r["days"]), f"{r['cold_s']:.2f} s", f"{r['warm_s']:.2f} s"] for n, r in found["reads"].items()]
    )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=ROWS, default=ROWS)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--record", action="store_true", help="append to docs/benchmarks/data/tiers.jsonl")
    options = parser.parse_args()
    found = {}
    with work_directory() as work:
        for row in ROWS:
            if row not in options.only:
                continue
            say(row)
            if row == "merge":
                found[row] = show(micro("compact", "Merge"))
            elif row == "rollup":
                found[row] = show(micro("simulation", "Fleet"))
            else:
                found[row] = history(options, pathlib.Path(work))
    if options.record:
        record("tiers", {"quick": options.quick, **found})


if __name__ == "__main__":
    main()
