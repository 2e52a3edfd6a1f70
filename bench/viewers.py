#!/usr/bin/env python3
"""A room of viewers in front of dashboards while the fleet writes.

Workload: a simulated fleet's last hours or days are back-filled, every server at its cadence (the fleet's own history may be
coarser: --history-cadence); then, at once, the fleet goes on writing in real time and the viewers come: 12-panel
dashboards, 12 h and 7 d windows mixed, refreshed every ten seconds, each answer counted from when its refresh was due.
After a warm-up of one refresh and a half the viewers that are measured come anew. Freshness is the server's own probe
(accepted to visible), or "-" for servers that have none. With --mode page they follow the live tail instead.
The fleet, the viewers and the server share the machine: what each used is in the row.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import pathlib
import shutil
import subprocess
import sys
import threading
import time

from paced import buckets, quantile
from servers_under_test import KINDS, ROOT, TICKSCOPE, ServerUnderTest, print_table, record, run_fleet, start_servers, work_directory

CADENCE_S = 10


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", type=int, default=62, help="game servers of 300 series (default %(default)s)")
    parser.add_argument("--history", default="12h", help="what is back-filled: 12h, 7d (default %(default)s)")
    parser.add_argument("--history-cadence", default=f"{CADENCE_S}s", help="between its samples (default %(default)s)")
    parser.add_argument("--import-history", action="store_true", help="make the history in the data directory: ours alone")
    parser.add_argument("--history-in", metavar="DIR", help="take a copy of this data directory as the history: ours alone")
    parser.add_argument("--cadence", default=f"{CADENCE_S}s", help="of the fleet while it is watched (default %(default)s)")
    parser.add_argument("--viewers", type=int, default=200, help="default %(default)s")
    parser.add_argument("--refresh", default="10s", help="default %(default)s")
    parser.add_argument("--minutes", type=float, default=15, help="measured time (default %(default)s)")
    parser.add_argument("--mode", choices=["grafana", "page"], default="grafana", help="default %(default)s")
    parser.add_argument("--dashboards", default=str(ROOT / "dashboards"), help="directory or file (default: dashboards)")
    parser.add_argument("--only", nargs="+", choices=sorted(KINDS), default=["tickscope"], help="servers, one after the other")
    parser.add_argument("--record", action="store_true", help="append to docs/benchmarks/data/viewers.jsonl")
    return parser.parse_args()


def import_history(work: pathlib.Path, options: argparse.Namespace) -> None:
    """The same samples as blocks in the data directory, made while no server runs on it: much sooner than sent."""
    subprocess.run(
        [str(word) for word in (TICKSCOPE, "import", "fleet", "--servers", options.servers, "--cadence", options.history_cadence,
                                "--start", f"now-{options.history}", "--duration", options.history, "--data",
                                work / "tickscope-data")],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True,
    )  # fmt: skip


def backfill(server: ServerUnderTest, options: argparse.Namespace) -> float:
    """Samples a second that it took."""
    started = time.monotonic()
    done = run_fleet(
        server.url,
        *("--servers", options.servers),
        *("--start", f"now-{options.history}"),
        *("--duration", options.history),
        *("--cadence", options.history_cadence),
        *("--points-per-request", 15),
        *("--retry-for", "10m"),
        timeout_s=24 * 3600,
        progress=True,
    )
    return done["samples_acknowledged"] / (time.monotonic() - started)


def watch(server: ServerUnderTest, options: argparse.Namespace, seconds: float) -> dict:
    command = [TICKSCOPE, "viewers", "--to", server.url, "--json", "--progress", "30s", "--mode", options.mode]
    command += ["--count", options.viewers, "--refresh", options.refresh, "--dashboards", options.dashboards]
    command += ["--for", f"{round(seconds)}s"]
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          timeout=seconds + 120, check=False)
    if done.returncode != 0:
        sys.exit(f"tickscope viewers failed ({done.returncode}): {done.stdout}")
    return json.loads(done.stdout)


def measure(server: ServerUnderTest, options: argparse.Namespace) -> dict:
    backfill_rate = None
    if not (options.import_history or options.history_in):
        print(f"{server.name}: back-filling {options.history}", file=sys.stderr)
        backfill_rate = backfill(server, options)
    warm_s, measured_s = 15.0, options.minutes * 60
    fleet: dict = {}

    def write() -> None:
        fleet.update(
            run_fleet(server.url, *("--servers", options.servers), *("--cadence", options.cadence),
                      *("--duration", f"{round(warm_s + measured_s)}s"), timeout_s=warm_s + measured_s + 400)
        )  # fmt: skip

    writer = threading.Thread(target=write)
    writer.start()
    watch(server, options, warm_s)
    own = server.name == "tickscope"
    fresh_before = buckets(server.metrics(), "tickscope_freshness_seconds") if own else {}
    before, started = server.usage(), time.monotonic()
    seen = watch(server, options, measured_s)
    used, seconds = server.usage() - before, time.monotonic() - started
    fresh_after = buckets(server.metrics(), "tickscope_freshness_seconds") if own else {}
    writer.join()
    return {
        "name": server.name,
        "version": server.version,
        "backfill_samples_per_s": backfill_rate,
        "samples_per_s": fleet.get("samples_per_second"),
        "fleet_errors": fleet.get("errors"),
        "freshness_p99_s": quantile(0.99, fresh_before, fresh_after),
        "cores": used.cpu_s / seconds,
        "rss_bytes_max": server.rss_bytes_max(),
        "viewers": seen,
    }


def report(results: list[dict], mode: str) -> None:
    def ms(one: dict, name: str) -> str:
        return f"{one[name]:,.0f}" if one["answers"] else "-"

    kind = "events" if mode == "page" else "queries"
    rows = [["server", "<=12h p50 / p95 / p99 ms", "<=7d p50 / p95 / p99 ms", "answers", "cache hit", "refreshes done/due",
             "errors", "freshness p99 s", "samples/s", "cores", "viewers' cores", "RSS max MB", "MB/s",
             "first view p95 ms, <=12h / <=7d"]]  # fmt: skip
    for r in results:
        seen = r["viewers"]
        short, week = seen[kind]["<=12h"], seen[kind]["<=7d"]
        shares = [c for c in (short.get("cache_hit_share"), week.get("cache_hit_share")) if c is not None]
        fresh = "-" if r["freshness_p99_s"] is None else f"{r['freshness_p99_s']:.3f}"
        rows.append([
            r["name"],
            f"{ms(short, 'p50_ms')} / {ms(short, 'p95_ms')} / {ms(short, 'p99_ms')}",
            f"{ms(week, 'p50_ms')} / {ms(week, 'p95_ms')} / {ms(week, 'p99_ms')}",
            f"{sum(one['answers'] for one in seen[kind].values()):,}",
            f"{100 * sum(shares) / len(shares):.0f} %" if shares else "-",
            f"{seen['refreshes_done']:,} / {seen['refreshes_due']:,}",
            f"{seen['error_count']} {seen['errors'] or ''}",
            fresh,
            f"{r['samples_per_s'] or 0:,.0f}",
            f"{r['cores']:.2f}",
            f"{seen['cpu_seconds'] / seen['seconds']:.2f}",
            f"{r['rss_bytes_max'] / 1e6:,.0f}",
            f"{seen['answer_bytes'] / seen['seconds'] / 1e6:.1f}",
            f"{ms(seen['first_views']['<=12h'], 'p95_ms')} / {ms(seen['first_views']['<=7d'], 'p95_ms')}",
        ])  # fmt: skip
    print_table(rows)


def main() -> None:
    options = parse_arguments()
    results = []
    for name in options.only:
        with contextlib.ExitStack() as stack:
            work = pathlib.Path(stack.enter_context(work_directory()))
            if options.history_in:
                shutil.copytree(options.history_in, work / "tickscope-data")
            if options.import_history:
                if name != "tickscope":
                    sys.exit("--import-history is for tickscope alone")
                import_history(work, options)
            for server in start_servers([name], work):
                stack.callback(server.close)
                results.append(measure(server, options))
    if not results:
        sys.exit("nothing to measure")
    workload = {key: value for key, value in vars(options).items() if key not in ("record", "only", "dashboards", "history_in")}
    print(f"\n{options.viewers} viewers, {workload}\n")
    report(results, options.mode)
    if options.record:
        record("viewers", {"workload": workload, "results": results})


if __name__ == "__main__":
    main()
