#!/usr/bin/env python3
"""A room in front of the console: viewers who replay its pages' calls, and real browsers among them, while a fleet writes.

Workload: an hour of a simulated fleet is made in the data directory; then it writes on in real time, --viewers clients follow the
shipped dashboards as the page does (one stream each, new points only), and --browsers real Chromium pages are open. What
refetching would send is known from the windows that came first: a page that asks anew at each refresh gets them every time.
Delays are from a step's time to its event, so the half second that late samples are waited for is in them; first views are
from connecting to the last window of a dashboard.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import threading

from paced import buckets, quantile
from servers_under_test import ROOT, TICKSCOPE, node, print_table, record, run_fleet, start_servers, work_directory

CADENCE_S = 10
SERIES_PER_SERVER = 300
PAGES = ["/", "/d/fleet", "/d/region"]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", type=int, default=1667, help="game servers of 300 series (default %(default)s: 50,000 samples/s)")
    parser.add_argument("--viewers", type=int, default=200, help="default %(default)s")
    parser.add_argument("--browsers", type=int, default=3, help="default %(default)s")
    parser.add_argument("--refresh", type=int, default=5, metavar="SECONDS", help="default %(default)s")
    parser.add_argument("--minutes", type=float, default=5, help="measured time (default %(default)s)")
    parser.add_argument("--dashboards", default=str(ROOT / "dashboards/console"), help="default: dashboards/console")
    parser.add_argument("--chromium", default=os.environ.get("CHROMIUM_BIN", "/usr/bin/chromium"), help="default %(default)s")
    parser.add_argument("--record", action="store_true", help="append to docs/benchmarks/data/console.jsonl")
    return parser.parse_args()


def watch(url: str, options: argparse.Namespace, seconds: float) -> dict:
    command = [TICKSCOPE, "viewers", "--to", url, "--json", "--progress", "30s", "--mode", "page"]
    command += ["--count", options.viewers, "--refresh", f"{options.refresh}s", "--dashboards", options.dashboards]
    command += ["--for", f"{round(seconds)}s"]
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          timeout=seconds + 120, check=False)
    if done.returncode != 0:
        sys.exit(f"tickscope viewers failed ({done.returncode}): {done.stdout}")
    return json.loads(done.stdout)


def start_browsers(url: str, options: argparse.Namespace, seconds: float) -> subprocess.Popen:
    paths = [PAGES[number % len(PAGES)] for number in range(options.browsers)]
    command = [node(), "bench/watch.ts", url, options.chromium, round(seconds), *paths]
    return subprocess.Popen([str(word) for word in command], cwd=ROOT / "ui", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)


def measure(options: argparse.Namespace) -> dict:
    seconds = options.minutes * 60
    with contextlib.ExitStack() as stack:
        work = pathlib.Path(stack.enter_context(work_directory()))
        subprocess.run(
            [str(word) for word in (TICKSCOPE, "import", "fleet", "--servers", options.servers, "--cadence", f"{CADENCE_S}s", "--start",
                                    "now-1h", "--duration", "1h", "--data", work / "tickscope-data")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True,
        )  # fmt: skip
        (server,) = start_servers(["tickscope"], work)
        stack.callback(server.close)
        fleet: dict = {}

        def write() -> None:
            fleet.update(run_fleet(server.url, "--servers", options.servers, "--cadence", f"{CADENCE_S}s", "--duration",
                                   f"{round(seconds + 20)}s", timeout_s=seconds + 400))  # fmt: skip

        writer = threading.Thread(target=write)
        writer.start()
        watch(server.url, options, 15)
        fresh_before = buckets(server.metrics(), "tickscope_freshness_seconds")
        before = server.usage()
        browsers = start_browsers(server.url, options, max(10, seconds - 40))
        seen = watch(server.url, options, seconds)
        used = server.usage() - before
        fresh = quantile(0.99, fresh_before, buckets(server.metrics(), "tickscope_freshness_seconds"))
        out, _ = browsers.communicate(timeout=180)
        if browsers.returncode != 0:
            sys.exit(f"the browsers failed ({browsers.returncode})")
        pages = json.loads(out.splitlines()[-1])
        writer.join()
        return {"viewers": seen, "browsers": pages, "samples_per_s": fleet["samples_per_second"], "fleet_errors": fleet["errors"],
                "freshness_p99_s": fresh, "cores": used.cpu_s / seconds, "rss_bytes_max": server.rss_bytes_max()}  # fmt: skip


def points_a_refresh(seen: dict, options: argparse.Namespace) -> tuple[float, float]:
    """Of a viewer: when it asks for its windows anew, and as it was sent."""
    viewers = options.viewers
    refreshes = seen["seconds"] / options.refresh
    return seen["snapshot_points"] / max(viewers, seen["connects"]), seen["new_points"] / viewers / refreshes


def report(result: dict, options: argparse.Namespace) -> None:
    seen = result["viewers"]
    refetched, sent = points_a_refresh(seen, options)
    events, first = seen["events"]["<=12h"], seen["first_views"]["<=12h"]
    print_table([
        ["events p50 / p95 / p99 ms", "first view p50 / p95 ms", "points a refresh: anew / sent", "times fewer", "errors", "samples/s",
         "freshness p99 s", "server's cores", "viewers' cores", "RSS max MB"],
        [f"{events['p50_ms']:,.0f} / {events['p95_ms']:,.0f} / {events['p99_ms']:,.0f}",
         f"{first['p50_ms']:,.0f} / {first['p95_ms']:,.0f}", f"{refetched:,.0f} / {sent:,.1f}",
         f"{refetched / sent:,.0f}" if sent else "-", f"{seen['error_count']} {seen['errors'] or ''}", f"{result['samples_per_s']:,.0f}",
         f"{result['freshness_p99_s']:.3f}", f"{result['cores']:.2f}", f"{seen['cpu_seconds'] / seen['seconds']:.2f}",
         f"{result['rss_bytes_max'] / 1e6:,.0f}"],
    ])  # fmt: skip
    print()
    rows = [["browser", "first picture ms", "main thread % of a core", "longest task ms", "heap MB, first / last", "failed panels"]]
    for page in result["browsers"]:
        rows.append([page["page"], f"{page['first_picture_ms']:,.0f}", f"{page['main_thread_percent']:.1f}",
                     f"{page['longest_task_ms']:,.0f}", f"{page['heap_mb_first']:.1f} / {page['heap_mb_last']:.1f}", str(page["failed_panels"])])  # fmt: skip
    print_table(rows)


def main() -> None:
    options = parse_arguments()
    result = measure(options)
    workload = {key: value for key, value in vars(options).items() if key not in ("record", "dashboards", "chromium")}
    print(f"\n{options.viewers} viewers, {options.browsers} browsers, {options.servers * SERIES_PER_SERVER // CADENCE_S:,} samples/s, {workload}\n")
    report(result, options)
    if options.record:
        record("console", {"workload": workload, "results": result})


if __name__ == "__main__":
    main()
