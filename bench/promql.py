#!/usr/bin/env python3
"""PromQL: our general path beside a Prometheus that holds the same samples, in one run.

  ranges   range queries over 1,000 counters, 720 steps of 10 s: wall time of the answer, compressed, over loopback, and
           the server's CPU; the answers are compared
  cancel   how long a query goes on after its client has gone, by what it was at: ours alone
  parse    a 500-character expression from text to checked tree (build preset bench; left out when it is not built)

Servers are asked in turn, the others are stopped meanwhile. --quick takes a tenth of the series.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import pathlib
import random
import socket
import statistics
import subprocess
import sys
import time
import urllib.parse

from servers_under_test import ROOT, ServerUnderTest, http_call, print_table, record, start_servers, work_directory

import remote_write  # The path above leads to it.

QUERIES = [
    "rate(c[5m])",
    "sum by (region) (rate(c[5m]))",
    "max_over_time(c[5m])",
    "sum by (server) (c) / on (server) count by (server) (c)",
    "quantile by (region) (0.9, rate(c[5m]))",
]
# Minutes of work each, when they are not ended.
ENDLESS = {
    "a subquery": "quantile_over_time(0.5, vector(time())[1d:1s])",
    "windows": "quantile_over_time(0.5, c[1h])",
    "a join": "sum by (i) (c) * on () group_left () sum(sum_over_time((sum by (i) (c))[1h:1s]))",
}
# Some seconds each, of one kind of work for the most part; ended at places spread over all of it.
LONG = {
    "functions of a vector": "abs(" * 30 + "c" + ")" * 30,
    "a match of one to all": "c * on () group_left () sum(c)",
    "values counted": 'count_values("v", round(c, 1e9))',
    "the best": "topk(500, c)",
    "a histogram": 'histogram_quantile(0.9, sum by (le) (label_replace(c, "le", "$1", "i", "(.*)")))',
    "an answer, written": 'c{region=~"r0|r1"}',
}
CADENCE_S = 10
STEPS = 720
STEP_S = 10


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--servers", nargs="+", default=["tickscope", "prometheus"])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--record", action="store_true", help="append to docs/benchmarks/data/promql.jsonl")
    return parser.parse_args()


def load(servers: list[ServerUnderTest], series_count: int, start_s: int) -> None:
    """The same counters into each, a minute a request."""
    r = random.Random(1)
    values = [float(r.randrange(1000)) for _ in range(series_count)]
    minutes = (STEPS * STEP_S + 600) // 60
    for minute in range(minutes):
        series = []
        for i in range(series_count):
            samples = []
            for k in range(60 // CADENCE_S):
                values[i] += r.randrange(50)
                samples.append(((start_s + 60 * minute + CADENCE_S * k) * 1000, values[i]))
            labels = {"__name__": "c", "server": f"s{i // 5}", "region": f"r{i % 3}", "i": str(i)}
            series.append(remote_write.Series(labels, samples))
        body = remote_write.snappy(remote_write.message("rw1", series))
        for server in servers:
            answer = http_call.call(
                "POST", server.url + "/api/v1/write", body=body, headers=remote_write.headers("rw1"), timeout_s=120
            )
            if answer.status // 100 != 2:
                sys.exit(f"{server.name} refused samples: {answer.status} {answer.text}")


def ask(server: ServerUnderTest, query: str, start_s: int) -> tuple[float, float, list]:
    """Wall seconds, CPU seconds and the result in label order."""
    params = {"query": query, "start": start_s, "end": start_s + (STEPS - 1) * STEP_S, "step": STEP_S}
    url = server.url + "/api/v1/query_range?" + urllib.parse.urlencode(params)
    used, began = server.usage(), time.monotonic()
    answer = http_call.get(url, timeout_s=120)
    wall = time.monotonic() - began
    cpu = (server.usage() - used).cpu_s
    if answer.status != 200:
        sys.exit(f"{server.name}: {query}: {answer.status} {answer.text[:300]}")
    return wall, cpu, answer.json()["data"]["result"]


def same(a: list, b: list) -> bool:
    """Within the last digits: sums may be added up in another order."""
    if [one["metric"] for one in a] != [one["metric"] for one in b]:
        return False
    return all(
        p[0] == q[0] and abs(float(p[1]) - float(q[1])) <= 1e-9 * max(abs(float(p[1])), abs(float(q[1])))
        for one, other in zip(a, b)
        for p, q in zip(one["values"], other["values"], strict=True)
    )


def ranges(options: argparse.Namespace) -> tuple[list[dict], dict]:
    series_count = 100 if options.quick else 1000
    start_s = int(time.time()) // 60 * 60 - STEPS * STEP_S - 1200
    results = []
    with work_directory() as folder, contextlib.ExitStack() as stack:
        servers = start_servers(options.servers, pathlib.Path(folder))
        for server in servers:
            stack.callback(server.close)
        load(servers, series_count, start_s)
        time.sleep(2)
        for server in servers:
            server.pause()
        for query in QUERIES:
            row: dict = {"query": query, "series": series_count, "steps": STEPS}
            answers = []
            for round_number in range(options.rounds + 1):
                for server in servers:
                    server.resume()
                    wall, cpu, result = ask(server, query, start_s + 600)
                    server.pause()
                    if round_number == 0:  # Also warms it up.
                        answers.append(result)
                        continue
                    row.setdefault(server.name, {"wall_s": [], "cpu_s": []})["wall_s"].append(wall)
                    row[server.name]["cpu_s"].append(cpu)
            row["same"] = all(same(answers[0], other) for other in answers[1:])
            results.append(row)
        canceled = {}
        for server in servers:
            if server.name == "tickscope":
                server.resume()
                canceled = cancel(server, start_s, options.rounds)
    names = [server.name for server in servers]
    table = [["query", *(f"{name} ms (CPU ms)" for name in names), "ratio", "same answer"]]
    for row in results:
        walls = [statistics.median(row[name]["wall_s"]) for name in names]
        cells = [
            f"{1000 * wall:.0f} [{1000 * min(row[name]['wall_s']):.0f}..{1000 * max(row[name]['wall_s']):.0f}]"
            f" ({1000 * statistics.median(row[name]['cpu_s']):.0f})"
            for name, wall in zip(names, walls)
        ]
        table.append([row["query"], *cells, f"{walls[-1] / walls[0]:.1f}", "yes" if row["same"] else "NO"])
    print_table(table)
    return results, canceled


def cancel(server: ServerUnderTest, start_s: int, rounds: int) -> dict[str, list[float]]:
    """Seconds from the end of the connection until the query is not listed as running, by what it was at."""
    host, port = urllib.parse.urlsplit(server.url).netloc.rsplit(":", 1)
    watch = http.client.HTTPConnection(host, int(port), timeout=30)

    def running() -> int:
        watch.request("GET", "/api/v1/queries")
        return len(json.loads(watch.getresponse().read())["data"])

    taken: dict[str, list[float]] = {}
    for name, query in ENDLESS.items():
        params = urllib.parse.urlencode(
            {"query": query, "start": start_s + 600, "end": start_s + 600 + 10_999, "step": 1, "nocache": 1}
        )
        for _ in range(rounds):
            with socket.create_connection((host, int(port)), timeout=30) as client:
                client.sendall(f"GET /api/v1/query_range?{params} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                while running() == 0:
                    time.sleep(0.01)
                time.sleep(0.3)  # Into the middle of it.
                if running() == 0:
                    sys.exit(f"cancel: {name} ended by itself")
            gone = time.monotonic()
            while running() > 0:
                time.sleep(0.0005)
            taken.setdefault(name, []).append(time.monotonic() - gone)
    watch.close()
    for name, query in LONG.items():
        taken[name] = cancel_all_over(server, query, start_s, rounds)
    table = [["at", "ms until it ends, median", "most"]]
    for name, seconds in taken.items():
        table.append([name, f"{1000 * statistics.median(seconds):.1f}", f"{1000 * max(seconds):.1f}"])
    print_table(table)
    return taken


def cancel_all_over(server: ServerUnderTest, query: str, start_s: int, rounds: int) -> list[float]:
    """Seconds from the end of the connection until the server does nothing any more: writing an answer is no query that runs."""
    host, port = urllib.parse.urlsplit(server.url).netloc.rsplit(":", 1)
    params = urllib.parse.urlencode(
        {"query": query, "start": start_s + 600, "end": start_s + 600 + 10_999, "step": 1, "nocache": 1}
    )
    request = f"GET /api/v1/query_range?{params} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n\r\n".encode()

    def begin() -> socket.socket:
        client = socket.create_connection((host, int(port)), timeout=120)
        client.sendall(request)
        return client

    with begin() as client:
        began = time.monotonic()
        client.recv(1)
        whole = time.monotonic() - began
    taken = []
    for number in range(rounds):
        until_quiet(server)
        with begin():
            time.sleep(whole * (number + 0.5) / rounds)
        gone = time.monotonic()
        taken.append(max(0.0, until_quiet(server) - gone))
    return taken


def until_quiet(server: ServerUnderTest) -> float:
    """When the server was last seen to take more than a tenth of a core, once it has not for a tenth of a second."""

    def cpu_s() -> float:
        nanoseconds = 0
        for task in pathlib.Path(f"/proc/{server.child.pid}/task").iterdir():
            with contextlib.suppress(OSError):
                nanoseconds += int((task / "schedstat").read_text().split()[0])
        return nanoseconds / 1e9

    last_busy = at = time.monotonic()
    used = cpu_s()
    while at - last_busy < 0.1:
        time.sleep(0.002)
        now, used_now = time.monotonic(), cpu_s()
        if used_now - used > 0.1 * (now - at):
            last_busy = now
        at, used = now, used_now
    return last_busy


def parse() -> dict | None:
    program = ROOT / "build/bench/bin/promql_bench"
    if not program.is_file():
        print("parse: left out, build it by ./dev build bench", file=sys.stderr)
        return None
    done = subprocess.run(
        [str(program), "--benchmark_filter=Parse|Print", "--benchmark_format=json", "--benchmark_repetitions=5"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True, timeout=120,
    )  # fmt: skip
    medians = {
        one["run_name"]: one["cpu_time"]
        for one in json.loads(done.stdout)["benchmarks"]
        if one.get("aggregate_name") == "median"
    }
    for name, microseconds in medians.items():
        print(f"{name}: {microseconds:.1f} us")
    return medians


def main() -> None:
    options = parse_arguments()
    compared, canceled = ranges(options)
    result = {"ranges": compared, "cancel_s": canceled, "parse_us": parse()}
    if options.record:
        record("promql", result)


if __name__ == "__main__":
    main()
