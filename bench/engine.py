#!/usr/bin/env python3
"""The engine's figures, ours beside VictoriaMetrics and Prometheus fed the same bytes, in one run.

  taking-in   300,000 series, one point a series in a request: CPU, speed, series creation, bytes written (rounds in turn)
  disk        30,000 series, 12 h at 10 s: bytes a sample that stay, index included, after all merges; bytes written on the way
  fleet       1,500,000 series: creation, memory at first points and (ours) after 2 h of data, kill -9 to the first answer
  kernels     sums of packed increases in cache; the 72 M-sample rate scan from disk (build preset bench)

CPU is that of the server process, bytes written are write_bytes of /proc. While one server is measured the others are
stopped. --quick takes a tenth of the work: for trying the benchmark out, not for quoting.
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
import urllib.parse

from ingest import Measured, spread
from servers_under_test import ROOT, ServerUnderTest, find_program, http_call, print_table, record, run_fleet, work_directory

ROWS = ["taking-in", "disk", "fleet", "kernels"]
SERIES_PER_SERVER = 300
NEVER = "block_delay: 36500d"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=ROWS, default=ROWS, help="rows to run (default: all)")
    parser.add_argument("--servers", nargs="+", default=["tickscope", "victoria-metrics", "prometheus"])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--record", action="store_true", help="append to docs/benchmarks/data/engine.jsonl")
    return parser.parse_args()


def say(text: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


def start(name: str, work: pathlib.Path, settings: str = "") -> ServerUnderTest | None:
    """A server with a directory of its own in `work`; `settings` are lines of our store's configuration."""
    program = find_program(name)
    if program is None:
        say(f"{name}: not installed, left out (tools/install_peers.sh --current)")
        return None
    extra = []
    if name == "tickscope" and settings:
        path = work / "tickscope.yml"
        path.write_text("store:\n" + "".join(f"  {line}\n" for line in settings.splitlines()))
        extra = ["--config", str(path)]
    return ServerUnderTest(name, program, work, extra)


def size_of(path: pathlib.Path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def metric(server: ServerUnderTest, name: str) -> float:
    for line in server.metrics().splitlines():
        if line.startswith(name + " "):
            return float(line.split()[-1])
    return 0.0


def rss_bytes(server: ServerUnderTest) -> int:
    for line in pathlib.Path(f"/proc/{server.child.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def query(server: ServerUnderTest, expression: str, at_s: int) -> float | None:
    path = "/api/v1/query?" + urllib.parse.urlencode({"query": expression, "time": at_s})
    try:
        answer = json.loads(http_call.get(server.url + path, timeout_s=60).text)
        result = answer["data"]["result"]
        return float(result[0]["value"][1]) if result else None
    except Exception:  # noqa: BLE001  (not up yet, or not an answer: asked again)
        return None


def wait_until(what: str, timeout_s: float, done) -> float:
    began = time.monotonic()
    while not done():
        if time.monotonic() - began > timeout_s:
            sys.exit(f"waited {timeout_s} s in vain: {what}")
        time.sleep(0.02)
    return time.monotonic() - began


def taking_in(options: argparse.Namespace, work: pathlib.Path) -> dict:
    workload = argparse.Namespace(
        servers=100 if options.quick else 1000, scrapes=20, rounds=3, connections=4, protocol="rw1", points_per_request=1, settle=3
    )
    results = []
    with contextlib.ExitStack() as stack:
        began = int(time.time()) - (workload.rounds * workload.scrapes + 1) * 10
        measured = []
        for name in options.servers:
            if (server := start(name, work)) is not None:
                stack.callback(server.close)
                server.pause()
                measured.append(Measured(server, workload, began))
        for step in range(workload.rounds + 1):
            for one in measured:
                one.server.resume()
                one.create() if step == 0 else one.measure()
                one.server.pause()
                say(f"taking-in, {'series created' if step == 0 else f'round {step}'}: {one.server.name}")
        results = [one.result() for one in measured]
    base = statistics.median(results[0]["cpu_s_per_million"])
    rows = [["server", "CPU-s per M samples", "ratio", "samples/s", "create us/series", "written B/sample", "answer means"]]
    for one in results:
        rows.append(
            [
                one["name"],
                spread(one["cpu_s_per_million"], 2),
                f"{statistics.median(one['cpu_s_per_million']) / base:.1f}",
                spread(one["samples_per_s"], 0),
                f"{one['create_cpu_us_per_series']:.1f}",
                spread(one["written_bytes_per_sample"], 1),
                one["acknowledged_means"],
            ]
        )
    print(f"\n{workload.servers * SERIES_PER_SERVER:,} series, one point a series in a request\n")
    print_table(rows)
    return {"workload": vars(workload), "results": results}


def kept_by_tickscope(work: pathlib.Path, server: ServerUnderTest) -> tuple[ServerUnderTest, int, float]:
    """Starts it again with blocks allowed; the server, the blocks' bytes and samples."""
    server.close()
    again = start("tickscope", work, "seal_interval: 2s")
    assert again is not None
    # The probe's records, one a second, carry the clock that closes the windows.
    wait_until("blocks", 300, lambda: metric(again, "tickscope_store_blocks_total") > 0)
    time.sleep(1)
    return again, sum(f.stat().st_size for f in again.data.rglob("*.block")), metric(again, "tickscope_store_block_samples_total")


def disk(options: argparse.Namespace, work: pathlib.Path) -> dict:
    """Twice: as doubles come, and with averages and sums of seconds told in microseconds, as a schema declares them."""
    return {resolution: disk_of(options, work / resolution, resolution) for resolution in ("full", "declared")}


def disk_of(options: argparse.Namespace, work: pathlib.Path, resolution: str) -> dict:
    servers, hours = (20, 4) if options.quick else (100, 12)
    results = []
    began = int(time.time() // 7200 * 7200) - (hours + 2) * 3600
    for name in options.servers:
        folder = work / "disk" / name
        folder.mkdir(parents=True)
        server = start(name, folder, f"seal_interval: 1h\n{NEVER}")
        if server is None:
            continue
        summary = run_fleet(
            server.url,
            # One connection: Prometheus refuses what falls an hour behind the newest.
            *("--servers", servers, "--connections", 1, "--points-per-request", 12),
            *("--start", began, "--duration", f"{hours}h", "--resolution", resolution),
            timeout_s=1200,
        )
        sent = summary["samples_acknowledged"]
        used = server.usage()
        cpu_s, written = used.cpu_s, used.write_bytes
        if name == "tickscope":
            server, kept, samples = kept_by_tickscope(folder, server)
            cpu_s += server.usage().cpu_s
            written += server.usage().write_bytes
        elif name == "victoria-metrics":
            http_call.get(server.url + "/internal/force_flush", timeout_s=120)
            http_call.get(server.url + "/internal/force_merge", timeout_s=600)
            last = -1
            while (now := size_of(server.data)) != last:
                last = now
                time.sleep(5)
            kept, samples = last, sent
            cpu_s, written = server.usage().cpu_s, server.usage().write_bytes
        else:
            time.sleep(10)
            metas = [json.loads(path.read_text()) for path in server.data.glob("*/meta.json")]
            samples = sum(meta["stats"]["numSamples"] for meta in metas)
            kept = sum(size_of(path.parent) for path in server.data.glob("*/meta.json"))
            cpu_s, written = server.usage().cpu_s, server.usage().write_bytes
        server.close()
        results.append(
            {
                "name": name,
                "sent": sent,
                "kept_samples": samples,
                "kept_bytes": kept,
                "bytes_per_sample": kept / samples if samples else 0,
                "written_bytes_per_sample": written / sent,
                "cpu_s_per_million": cpu_s * 1e6 / sent,
            }
        )
        say(f"disk, {resolution} resolution: {name} keeps {results[-1]['bytes_per_sample']:.3f} bytes a sample")
    base = results[0]["bytes_per_sample"]
    rows = [["server", "B/sample kept", "ours is", "of samples", "written B/sample", "CPU-s per M, merges included"]]
    for one in results:
        rows.append(
            [
                one["name"],
                f"{one['bytes_per_sample']:.3f}",
                f"{base / one['bytes_per_sample']:.2f} of it" if one["bytes_per_sample"] else "-",
                f"{one['kept_samples']:,.0f}",
                f"{one['written_bytes_per_sample']:.2f}",
                f"{one['cpu_s_per_million']:.2f}",
            ]
        )
    print(f"\n{servers * SERIES_PER_SERVER:,} series, {hours} h at 10 s, 12 points a series in a request, {resolution} resolution\n")
    print_table(rows)
    return {"servers": servers, "hours": hours, "results": results}


def fleet(options: argparse.Namespace, work: pathlib.Path) -> dict:
    servers, hours = (500, 0.2) if options.quick else (5000, 2)
    series = servers * SERIES_PER_SERVER
    results = []
    for name in options.servers:
        folder = work / "fleet" / name
        folder.mkdir(parents=True)
        server = start(name, folder)
        if server is None:
            continue
        began = int(time.time()) - int(hours * 3600) - 700
        one: dict = {"name": name}

        def send(start_s: int, seconds: int, points: int = 1) -> dict:
            return run_fleet(
                server.url,
                *("--servers", servers, "--connections", 4, "--points-per-request", points),
                *("--start", start_s, "--duration", f"{seconds}s"),
                timeout_s=1800,
            )

        clock = time.monotonic()
        send(began, 10)
        one["create_wall_s"] = time.monotonic() - clock
        one["create_cpu_us_per_series"] = server.usage().cpu_s * 1e6 / series
        send(began + 10, 20)
        time.sleep(2)
        one["rss_first_bytes_per_series"] = rss_bytes(server) / series
        if name == "tickscope":
            send(began + 30, int(hours * 3600) - 30, 1)
            time.sleep(3)
            one["rss_later_bytes_per_series"] = rss_bytes(server) / series
            one["rss_later_max_bytes_per_series"] = server.rss_bytes_max() / series
            last = began + int(hours * 3600) - 10
            # A fresh tail that a restart must replay.
            send(last + 10, 100)
            at = last + 100
            want = query(server, "count({__name__=~'game_.+|process_.+'})", at)
            sample = query(server, "sum(game_joins_total)", at)
            before_bytes = rss_bytes(server)
            server.child.kill()
            clock = time.monotonic()
            server = ServerUnderTest(name, find_program(name), folder, [], wait=False)
            wait_until("the first correct answer", 120, lambda: query(server, "sum(game_joins_total)", at) == sample)
            one["kill_to_answer_s"] = time.monotonic() - clock
            one["kill_series_right"] = query(server, "count({__name__=~'game_.+|process_.+'})", at) == want
            one["kill_rss_ratio"] = rss_bytes(server) / before_bytes
        server.close()
        results.append(one)
        say(f"fleet: {one}")
    rows = [["server", "create 1 series", "create all", "B/series at first points", "after the data (most)", "kill -9 to answer"]]
    for one in results:
        rows.append(
            [
                one["name"],
                f"{one['create_cpu_us_per_series']:.1f} us CPU",
                f"{one['create_wall_s']:.1f} s",
                f"{one['rss_first_bytes_per_series']:,.0f}",
                f"{one['rss_later_bytes_per_series']:,.0f} ({one['rss_later_max_bytes_per_series']:,.0f})"
                if "rss_later_bytes_per_series" in one
                else "not run",
                f"{one['kill_to_answer_s']:.1f} s, memory x{one['kill_rss_ratio']:.2f}" if "kill_to_answer_s" in one else "not run",
            ]
        )
    print(f"\n{series:,} series; ours then takes {hours} h of data at 10 s\n")
    print_table(rows)
    return {"series": series, "hours": hours, "results": results}


def kernels(options: argparse.Namespace, work: pathlib.Path) -> dict:
    found = {}
    for module, pattern in (("codec", "SumIncreases"), ("block", "ScanFromDisk")):
        subprocess.run(
            ["bash", "-c", f"source tools/install.sh; source tools/build.sh; say() {{ :; }}; build bench {module}_bench"],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        done = subprocess.run(
            [ROOT / f"build/bench/bin/{module}_bench", f"--benchmark_filter={pattern}", "--benchmark_format=json"],
            check=True,
            capture_output=True,
            text=True,
        )
        for one in json.loads(done.stdout)["benchmarks"]:
            found[one["name"]] = {"ms": one["real_time"] / (1 if one["time_unit"] == "ms" else 1e6), "samples_per_s": one["samples_per_s"]}
    print()
    print_table([["kernel", "time", "G samples/s"]] + [[name, f"{v['ms']:.3f} ms", f"{v['samples_per_s'] / 1e9:.2f}"] for name, v in found.items()])
    return found


def main() -> None:
    options = parse_arguments()
    found = {}
    with work_directory() as work:
        for row in ROWS:
            if row in options.only:
                folder = pathlib.Path(work) / row
                folder.mkdir()
                found[row] = {"taking-in": taking_in, "disk": disk, "fleet": fleet, "kernels": kernels}[row](options, folder)
    if options.record:
        record("engine", {"quick": options.quick, **found})


if __name__ == "__main__":
    main()
