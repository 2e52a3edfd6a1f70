#!/usr/bin/env python3
"""The queries of a room that looks at a fleet, result cache off, beside servers that hold the same samples.

  peers   62 game servers, 12 h at 5 s (10.7 M samples of the tick histogram); Tickscope, VictoriaMetrics and (with --prometheus) Prometheus, asked in turn, the others stopped
  jitter  62 game servers' histogram, 2 h, whose scrapes come up to 100 ms late, each by another; Tickscope and VictoriaMetrics
  fleet   5,000 game servers, 12 h of the tick histogram (432 M samples), Tickscope alone
  labels  1.5 M series: values of a label, of all series and of those that match; Tickscope alone

Wall time of the answer over loopback, the server's CPU, nanoseconds of CPU a sample, and the most memory it took; cold is the first time
a server is asked, when it keeps nothing of the selector. Ours is brought in by `tickscope import`, `import fleet` makes the samples that the
fleet sends the others. --quick takes a tenth of the servers.
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
from random import Random

from servers_under_test import TICKSCOPE, ServerUnderTest, find_program, http_call, print_table, record, run_fleet, work_directory

HOURS = 12
CADENCE_S = 10
PEERS_CADENCE_S = 5
BUCKETS = "game_tick_duration_seconds_bucket"
COUNTER = "game_ticks_total"
# Name, expression, whether it is asked at every minute, and series a game server has of it.
QUERIES = [
    ("q99 by region, 12 h", f"histogram_quantile(0.99, sum by (le, region) (rate({BUCKETS}[1m])))", True, 20),
    ("rate by region, 12 h", f"sum by (region) (rate({COUNTER}[1m]))", True, 1),
    ("top 10 servers, 12 h", f"topk(10, sum by (server) (rate({COUNTER}[5m])))", True, 1),
    ("rate by region, now", f"sum by (region) (rate({COUNTER}[1m]))", False, 1),
    ("q99, now", f"histogram_quantile(0.99, sum by (le, region) (rate({BUCKETS}[1m])))", False, 20),
    ("q99 of two fifths, now", f'histogram_quantile(0.99, sum by (le, region) (rate({BUCKETS}{{server=~".*[0-3]"}}[1m])))', False, 8),
    ("max of an hour by region, 12 h", f"max by (region) (max_over_time({COUNTER}[1h]))", True, 1),
    ("growth of 11 h, now", f"sum by (region) (increase({BUCKETS}[11h]))", False, 20 * 11 * 60),
]
JITTER_HOURS = 2
JITTER_MS = 50


ROWS = ("peers", "jitter", "fleet", "labels")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--prometheus", action="store_true", help="also Prometheus, which takes minutes to load")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--record", action="store_true", help="append to docs/benchmarks/data/query.jsonl")
    return parser.parse_args()


def import_fleet(servers: int, start_s: int, duration: str, match: str | None, cadence_s: int = CADENCE_S) -> list:
    return ["fleet", "--servers", servers, "--cadence", f"{cadence_s}s", "--start", start_s, "--duration", duration,
            *(["--match", match] if match else [])]


def start_tickscope(work: pathlib.Path, arguments: list) -> ServerUnderTest:
    """With what `tickscope import` makes of the arguments."""
    command = [TICKSCOPE, "import", *arguments, "--data", work / "tickscope-data"]
    began = time.monotonic()
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    print(f"imported in {time.monotonic() - began:.0f} s", file=sys.stderr)
    config = work / "tickscope.yaml"
    config.write_text("tiers: {enabled: false}\n")
    return ServerUnderTest("tickscope", str(TICKSCOPE), work, ["--config", str(config)])


def ask(server: ServerUnderTest, query: str, is_range: bool, start_s: int, hours: int = HOURS) -> tuple[float, float, list]:
    """Wall seconds, CPU seconds and the result."""
    end_s = start_s + hours * 3600 - 60
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


def ask_often(server: ServerUnderTest, query: str, is_range: bool, start_s: int, times: int, hours: int = HOURS) -> tuple[list[float], float]:
    """Wall seconds of each time, and CPU seconds of one: the kernel counts CPU in hundredths of a second."""
    used = server.usage()
    walls = [ask(server, query, is_range, start_s, hours)[0] for _ in range(times)]
    return walls, (server.usage() - used).cpu_s / times


def times_for(cold_s: float) -> int:
    return max(1, min(20, int(0.5 / max(cold_s, 1e-3))))


def measure(servers: list[ServerUnderTest], game_servers: int, start_s: int, rounds: int, names: list[str],
            cadence_s: int = CADENCE_S) -> list[dict]:
    found = []
    for name, query, is_range, per_server in QUERIES:
        if names and not any(metric in query for metric in names):
            continue
        samples = game_servers * per_server * ((HOURS * 3600 - 660) // cadence_s if is_range else 60 // cadence_s)
        row: dict = {"query": name, "servers": game_servers, "samples": samples}
        for round_number in range(rounds + 1):
            for server in servers:
                if len(servers) > 1:
                    server.resume()
                if round_number == 0:
                    wall, _, result = ask(server, query, is_range, start_s)
                    row[server.name] = {"cold_s": wall, "wall_s": [], "cpu_s": [], "series": len(result)}
                else:
                    walls, cpu = ask_often(server, query, is_range, start_s, times_for(row[server.name]["cold_s"]))
                    row[server.name]["wall_s"] += walls
                    row[server.name]["cpu_s"].append(cpu)
                if len(servers) > 1:
                    server.pause()
        for server in servers:
            row[server.name]["rss_bytes_max"] = server.rss_bytes_max()
        found.append(row)
    return found


def show(rows: list[dict], names: list[str]) -> None:
    table = [["query", "samples", *(f"{name} ms (cold; CPU ms, ns a sample)" for name in names)]]
    for row in rows:
        cells = []
        for name in names:
            walls, cpu = row[name]["wall_s"], statistics.median(row[name]["cpu_s"])
            cells.append(f"{1000 * statistics.median(walls):.1f} [{1000 * min(walls):.1f}..{1000 * max(walls):.1f}]"
                         f" ({1000 * row[name]['cold_s']:.1f}; {1000 * cpu:.0f}, {1e9 * cpu / row['samples']:.2f})")
        table.append([row["query"], f"{row['samples']:,}", *cells])
    print_table(table)
    for name in names:
        first, last = (rows[i][name]["rss_bytes_max"] / 2**20 for i in (0, -1))
        print(f"{name}: at most {first:.0f} MiB after the first query, {last:.0f} after all")


def peers(options: argparse.Namespace) -> list[dict]:
    game_servers = 6 if options.quick else 62
    start_s = int(time.time()) // 60 * 60 - HOURS * 3600 - 600
    with work_directory() as folder, contextlib.ExitStack() as stack:
        work = pathlib.Path(folder)
        servers = [start_tickscope(work, import_fleet(game_servers, start_s, f"{HOURS}h", None, PEERS_CADENCE_S))]
        stack.callback(servers[0].close)
        for name in ["victoria-metrics", *(["prometheus"] if options.prometheus else [])]:
            program = find_program(name)
            if program is None:
                print(f"{name}: not installed, left out", file=sys.stderr)
                continue
            server = ServerUnderTest(name, program, work)
            stack.callback(server.close)
            run_fleet(server.url, "--servers", game_servers, "--cadence", f"{PEERS_CADENCE_S}s", "--start", start_s, "--duration", f"{HOURS}h",
                      "--speed", "max",
                      "--points-per-request", 20, "--connections", 1, timeout_s=1800)
            servers.append(server)
        time.sleep(10)  # What they put off.
        for server in servers:
            server.pause()
        rows = measure(servers, game_servers, start_s, options.rounds, [], PEERS_CADENCE_S)
        show(rows, [server.name for server in servers])
        return rows


def fleet(options: argparse.Namespace) -> list[dict]:
    game_servers = 500 if options.quick else 5000
    start_s = int(time.time()) // 60 * 60 - HOURS * 3600 - 600
    with work_directory() as folder, contextlib.ExitStack() as stack:
        match = f'{{__name__=~"{BUCKETS}|{COUNTER}"}}'
        server = start_tickscope(pathlib.Path(folder), import_fleet(game_servers, start_s, f"{HOURS}h", match))
        stack.callback(server.close)
        rows = measure([server], game_servers, start_s, options.rounds, [])
        show(rows, [server.name])
        return rows


def write_jittered(path: pathlib.Path, servers: int, start_s: int) -> None:
    """A histogram's buckets that grow at random, as OpenMetrics text; a server's series share its times."""
    bounds = [0.005 * 1.3**i for i in range(19)]
    random = Random(1)
    rows = JITTER_HOURS * 3600 // CADENCE_S
    with path.open("w") as out:
        out.write("# TYPE jittered histogram\n")
        for server in range(servers):
            phase_ms = server * 137 % 9000
            at_ms = [1000 * (start_s + row * CADENCE_S) + phase_ms + random.randint(0, 2 * JITTER_MS) for row in range(rows)]
            growth = [[random.randint(0, 60) for _ in range(rows)] for _ in range(len(bounds) + 1)]
            below = [0] * rows
            for bucket, bound in enumerate([f"{bound:.6f}" for bound in bounds] + ["+Inf"]):
                value = 0
                labels = f'{{le="{bound}",region="r{server % 3}",server="s{server}"}}'
                for row in range(rows):
                    value += growth[bucket][row]
                    below[row] += value
                    out.write(f"jittered_bucket{labels} {below[row]} {at_ms[row] // 1000}.{at_ms[row] % 1000:03}\n")
        out.write("# EOF\n")


def feed_victoria(server: ServerUnderTest, path: pathlib.Path) -> None:
    """The same lines; its times are milliseconds without a point."""
    lines: list[str] = []

    def send() -> None:
        answer = http_call.call("POST", f"{server.url}/api/v1/import/prometheus", body="\n".join(lines).encode(), timeout_s=300)
        if answer.status >= 300:
            sys.exit(f"{server.name}: {answer.status} {answer.text[:300]}")
        lines.clear()

    with path.open() as text:
        for line in text:
            if line.startswith("#"):
                continue
            point = line.rindex(".")
            lines.append(line[:point] + line[point + 1 :].rstrip())
            if len(lines) == 100_000:
                send()
    send()


def jitter(options: argparse.Namespace) -> list[dict]:
    game_servers = 6 if options.quick else 62
    start_s = int(time.time()) // 60 * 60 - JITTER_HOURS * 3600 - 600
    query = "histogram_quantile(0.99, sum by (le, region) (rate(jittered_bucket[1m])))"
    with work_directory() as folder, contextlib.ExitStack() as stack:
        work = pathlib.Path(folder)
        text = work / "jittered.om"
        write_jittered(text, game_servers, start_s)
        servers = [start_tickscope(work, ["openmetrics", text])]
        stack.callback(servers[0].close)
        program = find_program("victoria-metrics")
        if program is not None:
            servers.append(ServerUnderTest("victoria-metrics", program, work))
            stack.callback(servers[1].close)
            feed_victoria(servers[1], text)
            time.sleep(10)  # What it put off.
        row: dict = {"query": "q99 by region, 2 h, times jittered", "servers": game_servers,
                     "samples": game_servers * 20 * (JITTER_HOURS * 3600 - 660) // CADENCE_S}
        for server in servers:
            cold, _, result = ask(server, query, True, start_s, JITTER_HOURS)
            asked = [ask_often(server, query, True, start_s, times_for(cold), JITTER_HOURS) for _ in range(options.rounds)]
            row[server.name] = {"cold_s": cold, "wall_s": [wall for walls, _ in asked for wall in walls],
                                "cpu_s": [cpu for _, cpu in asked], "series": len(result), "rss_bytes_max": server.rss_bytes_max()}
        show([row], [server.name for server in servers])
        return [row]


def labels(options: argparse.Namespace) -> list[dict]:
    game_servers = 500 if options.quick else 5000
    start_s = int(time.time()) // 60 * 60 - 3600
    questions = {
        "values of server": ("server", None),
        "values of server, of one metric": ("server", f'{COUNTER}{{region!="none-%d"}}'),
        "names of metrics, of a region": ("__name__", '{region=~"eu.*",server!="none-%d"}'),
    }
    found = []
    with work_directory() as folder, contextlib.ExitStack() as stack:
        server = start_tickscope(pathlib.Path(folder), import_fleet(game_servers, start_s, "1m", None))
        stack.callback(server.close)
        for name, (label, match) in questions.items():
            walls = []
            for round_number in range(options.rounds + 1):
                # Another selector each time, so that no answer is kept; all values are kept after the first time.
                params = {"start": start_s - 60, "end": start_s + 120} | ({"match[]": match % round_number} if match else {})
                began = time.monotonic()
                answer = http_call.get(f"{server.url}/api/v1/label/{label}/values?" + urllib.parse.urlencode(params), timeout_s=60)
                walls.append(time.monotonic() - began)
                values = answer.json()["data"]
            found.append({"query": name, "series": game_servers * 300, "values": len(values), "cold_s": walls[0], "wall_s": walls[1:]})
    table = [["label values", "series", "values", "cold ms", "ms"]]
    for row in found:
        walls = row["wall_s"]
        table.append([row["query"], f"{row['series']:,}", str(row["values"]), f"{1000 * row['cold_s']:.1f}",
                      f"{1000 * statistics.median(walls):.1f} [{1000 * min(walls):.1f}..{1000 * max(walls):.1f}]"])
    print_table(table)
    return found


def main() -> int:
    options = parse_arguments()
    found = {}
    for row in options.rows:
        print(f"\n{row}")
        found[row] = {"peers": peers, "jitter": jitter, "fleet": fleet, "labels": labels}[row](options)
    if options.record:
        record("query", found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
