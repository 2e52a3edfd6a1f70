#!/usr/bin/env python3
"""What queries that should not run do to those that should.

  refusal   a query that would need some 50 GB: how soon it is refused, by its estimate
  crowd     1,000 bad queries at once (too costly, malformed, absurd ranges, all over labels), again and again, from users of
            their own, beside a few people with dashboards: what these wait, with and without the crowd

A simulated fleet's 12 h are imported first. Answers of the dashboards come from evaluation, not from the result cache.
--quick takes a tenth of the fleet and of the rounds.
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import contextlib
import pathlib
import statistics
import subprocess
import sys
import time
import urllib.parse

from servers_under_test import TICKSCOPE, ServerUnderTest, find_program, http_call, print_table, record, work_directory

HOURS = 12
PEOPLE = 4
CROWD = 1000
DASHBOARD = [
    "sum by (region) (rate(game_actions_total[5m]))",
    "histogram_quantile(0.99, sum by (le, region) (rate(game_tick_duration_seconds_bucket[5m])))",
    "sum by (platform) (game_players)",
    "topk(5, sum by (server) (rate(game_ticks_over_budget_total[5m])))",
]
BAD = [
    "sum(rate(game_actions_total[5m])",
    "(" * 600 + "1" + ")" * 600,
    'count({__name__=~".+"}[400d])',
    'count(max_over_time({region=~".*"}[400d:1s]))',
    'x{a=~"' + "(a{500}){500}" + '"}',
]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", type=int, default=62, help="game servers of 300 series (default %(default)s)")
    parser.add_argument("--seconds", type=int, default=60, help="of each half of crowd (default %(default)s)")
    parser.add_argument("--crowd", nargs=4, metavar=("URL", "SERVERS", "END", "SECONDS"), help="be the crowd of another run")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--record", action="store_true", help="append to docs/benchmarks/data/overload.jsonl")
    return parser.parse_args()


def costly(servers: int) -> str:
    """Some 50 GB of steps, 16 bytes each, of all series."""
    seconds = int(50e9 / 16 / (300 * servers)) - HOURS * 3600
    return f'max_over_time(rate({{__name__=~".+"}}[5m])[{seconds}s:1s])'


def ask(url: str, query: str, end_s: int, user: str, **parameters: object) -> tuple[int, float]:
    """Status and seconds."""
    params = {"query": query, "start": end_s - HOURS * 3600, "end": end_s, "step": 60, **parameters}
    began = time.monotonic()
    answer = http_call.get(
        f"{url}/api/v1/query_range?{urllib.parse.urlencode(params)}", timeout_s=120, headers={"X-Tickscope-User": user}
    )
    return answer.status, time.monotonic() - began


def refusal(url: str, query: str, end_s: int, rounds: int) -> list[float]:
    taken = []
    for _ in range(rounds):
        status, seconds = ask(url, query, end_s, "curious")
        if status != 429:
            sys.exit(f"a costly query was answered {status}")
        taken.append(seconds)
    return taken


def watch(url: str, end_s: int, seconds: float) -> list[float]:
    """What people wait who ask for the panels of a dashboard, one after the other."""

    def person(number: int) -> list[float]:
        waits: list[float] = []
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            status, wait = ask(url, DASHBOARD[(number + len(waits)) % len(DASHBOARD)], end_s, f"person{number}", nocache=1)
            if status != 200:
                sys.exit(f"a dashboard was answered {status}")
            waits.append(wait)
            time.sleep(max(0.0, 0.5 - wait))
        return waits

    with concurrent.futures.ThreadPoolExecutor(PEOPLE) as pool:
        return [wait for waits in pool.map(person, range(PEOPLE)) for wait in waits]


def be_a_crowd(url: str, servers: int, end_s: int, seconds: float) -> None:
    """1,000 bad queries at once, every two seconds, each of a user of its own. Prints how they were answered."""
    queries = [costly(servers), *BAD]
    statuses: collections.Counter = collections.Counter()

    def one(number: int) -> int:
        try:
            return ask(url, queries[number % len(queries)], end_s, f"crowd{number}")[0]
        except OSError:
            return 0

    until = time.monotonic() + seconds
    with concurrent.futures.ThreadPoolExecutor(CROWD // 8) as pool:
        while (began := time.monotonic()) < until:
            statuses.update(pool.map(one, range(CROWD)))
            time.sleep(max(0.1, 2 - (time.monotonic() - began)))
    print(dict(sorted(statuses.items())))


def p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


def main() -> None:
    options = parse_arguments()
    if options.crowd:
        url, servers, end_s, seconds = options.crowd
        be_a_crowd(url, int(servers), int(end_s), float(seconds))
        return
    servers = max(1, options.servers // 10) if options.quick else options.servers
    seconds = max(5, options.seconds // 10) if options.quick else options.seconds
    with work_directory() as folder, contextlib.ExitStack() as stack:
        work = pathlib.Path(folder)
        program = find_program("tickscope")
        if program is None:
            sys.exit("no tickscope: ./dev build")
        end_s = int(time.time()) // 60 * 60 - 300
        subprocess.run(
            [str(word) for word in (TICKSCOPE, "import", "fleet", "--servers", servers, "--start", end_s - HOURS * 3600,
                                    "--duration", f"{HOURS}h", "--data", work / "tickscope-data")],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
        )  # fmt: skip
        (work / "tickscope.yaml").write_text("tiers: {enabled: false}\n")
        server = ServerUnderTest("tickscope", program, work, ["--config", str(work / "tickscope.yaml")])
        stack.callback(server.close)
        refused = refusal(server.url, costly(servers), end_s, 5 if options.quick else 20)
        watch(server.url, end_s, 3)  # Warms it up.
        alone = watch(server.url, end_s, seconds)
        # At the lowest priority: what making the queries costs is not what is asked.
        with subprocess.Popen(
            ["nice", "-n", "19", sys.executable, __file__, "--crowd", server.url, str(servers), str(end_s), str(seconds)],
            stdout=subprocess.PIPE, text=True,
        ) as crowd:  # fmt: skip
            beside = watch(server.url, end_s, seconds)
            statuses = crowd.communicate(timeout=seconds + 120)[0].strip()
    rise = p95(beside) / p95(alone) - 1
    print_table([
        ["what", "median ms", "p95 ms", "most ms", "times"],
        *(
            [name, f"{1000 * statistics.median(of):.1f}", f"{1000 * p95(of):.1f}", f"{1000 * max(of):.1f}", str(len(of))]
            for name, of in (("50 GB refused", refused), ("dashboards alone", alone), ("beside the crowd", beside))
        ),
    ])  # fmt: skip
    print(f"\np95 of the dashboards rises by {100 * rise:.0f} %; the crowd was answered {statuses}")
    if options.record:
        record("overload", {"servers": servers, "refusal_s": refused, "alone_s": alone, "beside_s": beside, "crowd": statuses})


if __name__ == "__main__":
    main()
