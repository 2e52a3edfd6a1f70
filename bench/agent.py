#!/usr/bin/env python3
"""What an agent costs on a game host, beside vmagent.

  metrics   a target of 300 series every ten seconds, sent on: resident memory at its most and processor time, of all at once, for
            --minutes; and of an agent that reads the host besides (host_metrics)
  logs      1 MB/s of log lines of which one in twenty has something private, followed, scanned, tokenized, spooled, compressed and sent

Agents send to a server of their own each, which takes what comes. --quick takes a minute of each.
"""

from __future__ import annotations

import argparse
import collections
import http.server
import pathlib
import random
import sys
import threading
import time

from servers_under_test import CLOCK_TICKS_PER_S, TICKSCOPE, Child, find_program, free_port, http_call, print_table, record, work_directory

SERIES = 300
LINE = "2026-11-26T09:35:{:02}.{:03}Z INFO tick={} dt={:.4f}ms players={} region=eu map=harbor queue={} sent={} recv={}\n"
PRIVATE = "2026-11-26T09:35:{:02}.{:03}Z INFO session open from 203.0.113.{} account=player{}@example.com slot={}\n"


class Target:
    """Counters, gauges and a histogram that move."""

    def __init__(self) -> None:
        target = self
        self.scrapes = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                target.scrapes += 1
                body = target.body(time.time()).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def body(now: float) -> str:
        lines = []
        for family in range(20):
            lines.append(f"# HELP game_part_{family}_total What part {family} did.\n# TYPE game_part_{family}_total counter")
            lines += [f'game_part_{family}_total{{kind="k{kind}"}} {int(now * (kind + 1)) % 10**9}' for kind in range(10)]
        for family in range(4):
            lines.append(f"# HELP game_depth_{family} How deep.\n# TYPE game_depth_{family} gauge")
            lines += [f'game_depth_{family}{{queue="q{queue}"}} {(now * (queue + 3)) % 97:.3f}' for queue in range(19)]
        lines.append("# HELP game_tick_seconds Time of a tick.\n# TYPE game_tick_seconds histogram")
        count = int(now * 60) % 10**9
        bounds = ["0.001", "0.002", "0.004", "0.006", "0.008", "0.01", "0.012", "0.014", "0.016", "0.018", "0.02", "0.025", "0.03", "0.04",
                  "0.05", "0.075", "0.1", "0.15", "0.2", "0.3", "0.5", "+Inf"]  # fmt: skip
        lines += [f'game_tick_seconds_bucket{{le="{bound}"}} {count * (i + 1) // len(bounds)}' for i, bound in enumerate(bounds)]
        lines += [f"game_tick_seconds_sum {count * 0.012:.3f}", f"game_tick_seconds_count {count}"]
        return "\n".join(lines) + "\n"


class Sink:
    """Takes what is pushed and says yes."""

    def __init__(self) -> None:
        sink = self
        self.requests = 0
        self.bytes = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                sink.bytes += len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
                sink.requests += 1
                self.send_response(204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Agent:
    """One running agent; memory is looked at every second, processor time counted from `begin`."""

    def __init__(self, name: str, command: list, ready: str, work: pathlib.Path) -> None:
        self.name = name
        self.child = Child(command, work / f"{name}.log")
        self.child.wait_http(ready, 30)
        self.rss: list[int] = []
        self.private: list[int] = []

    def begin(self) -> None:
        self.cpu = self._cpu_s()
        self.at = time.monotonic()

    def look(self) -> None:
        found = dict(
            line.split(":", 1) for line in pathlib.Path(f"/proc/{self.child.pid}/status").read_text().splitlines() if line.startswith(("VmRSS", "RssAnon"))
        )
        self.rss.append(int(found["VmRSS"].split()[0]) * 1024)
        self.private.append(int(found["RssAnon"].split()[0]) * 1024)

    def _cpu_s(self) -> float:
        fields = pathlib.Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS_PER_S

    def row(self) -> dict:
        seconds = time.monotonic() - self.at
        return {
            "agent": self.name, "rss_bytes_max": max(self.rss), "rss_bytes_last": self.rss[-1], "private_bytes_max": max(self.private),
            "core_share": (self._cpu_s() - self.cpu) / seconds, "seconds": seconds,
        }  # fmt: skip


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["metrics", "logs"], action="append")
    parser.add_argument("--minutes", type=float, default=10, help="measured time of each row (default %(default)s)")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--record", action="store_true", help="append to docs/benchmarks/data/agent.jsonl")
    return parser.parse_args()


def watch(agents: list[Agent], seconds: float) -> list[dict]:
    for agent in agents:
        agent.begin()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(1)
        for agent in agents:
            agent.look()
    return [agent.row() for agent in agents]


def metrics(seconds: float, work: pathlib.Path) -> list[dict]:
    target = Target()
    sinks = {name: Sink() for name in ("tickscope", "with host", "vmagent")}
    agents = []
    for name in ("tickscope", "with host"):
        port = free_port()
        config = work / f"{name}.yaml"
        config.write_text(
            f"listen: 127.0.0.1:{port}\nscrape_configs: [{{job_name: game, scrape_interval: 10s, static_configs: [{{targets: ['{target.address}']}}]}}]\n"
            f"remote_write: [{{url: {sinks[name].url}/api/v1/write, spool: {{directory: '{work}/{name} spool'}}}}]\n"
            f"host_metrics: {{enabled: {str(name == 'with host').lower()}}}\n"
        )
        agents.append(Agent(name, [TICKSCOPE, "agent", "--config", config], f"http://127.0.0.1:{port}/-/ready", work))
    if program := find_program("vmagent"):
        port = free_port()
        scrape = work / "vmagent.yaml"
        scrape.write_text(f"scrape_configs: [{{job_name: game, scrape_interval: 10s, static_configs: [{{targets: ['{target.address}']}}]}}]\n")
        command = [program, f"-promscrape.config={scrape}", f"-remoteWrite.url={sinks['vmagent'].url}/api/v1/write",
                   f"-remoteWrite.tmpDataPath={work}/vmagent", f"-httpListenAddr=127.0.0.1:{port}"]  # fmt: skip
        agents.append(Agent("vmagent", command, f"http://127.0.0.1:{port}/health", work))
    else:
        print("vmagent is not there: tools/install_peers.sh --current", file=sys.stderr)
    time.sleep(15)
    rows = watch(agents, seconds)
    for agent in agents:
        agent.child.close()
    for row in rows:
        row |= {"row": "metrics", "requests": sinks[row["agent"]].requests, "bytes": sinks[row["agent"]].bytes}
        if row["requests"] < seconds / 20:
            raise SystemExit(f"{row['agent']} sent {row['requests']} requests in {seconds:.0f} s")
    return rows


def write_lines(path: pathlib.Path, bytes_per_s: int, stop: threading.Event, written: collections.Counter) -> None:
    """At a steady rate, in steps of 20 ms."""
    rng = random.Random(1)
    made: list[bytes] = []
    for _ in range(20_000):
        n = rng.getrandbits
        if rng.random() < 0.05:
            made.append(PRIVATE.format(n(6) % 60, n(10) % 1000, n(8), n(20), n(6)).encode())
        else:
            made.append(LINE.format(n(6) % 60, n(10) % 1000, n(24), rng.random() * 16, n(7), n(5), n(16), n(16)).encode())
    began, at = time.monotonic(), 0
    with path.open("ab", buffering=0) as out:
        while not stop.wait(0.02):
            due, step = int((time.monotonic() - began) * bytes_per_s) - written["bytes"], []
            while due > 0:
                step.append(made[at])
                due -= len(made[at])
                at = (at + 1) % len(made)
            if step:
                written["bytes"] += out.write(b"".join(step))
                written["lines"] += len(step)


def logs(seconds: float, work: pathlib.Path) -> list[dict]:
    sink, port = Sink(), free_port()
    folder = work / "logs"
    folder.mkdir()
    keys = work / "keys"
    keys.write_text("* k1 0 " + "9f86d081884c7d65" * 4 + "\n")
    keys.chmod(0o600)
    config = work / "logs.yaml"
    config.write_text(
        f"listen: 127.0.0.1:{port}\nlogs:\n  push: {{url: {sink.url}/loki/api/v1/push}}\n  spool: {{directory: {work}/log-spool}}\n"
        f"  tokens: {{keys: {keys}}}\n  files: [{{paths: ['{folder}/*.log'], labels: {{app: game}}}}]\n"
    )
    agent = Agent("tickscope", [TICKSCOPE, "agent", "--config", config], f"http://127.0.0.1:{port}/-/ready", work)
    stop, written = threading.Event(), collections.Counter()
    writer = threading.Thread(target=write_lines, args=(folder / "game.log", 1_000_000, stop, written), daemon=True)
    writer.start()
    time.sleep(5)
    (row,) = watch([agent], seconds)
    stop.set()
    writer.join()
    deadline = time.monotonic() + 30
    sent = 0.0
    while time.monotonic() < deadline and sent < written["lines"]:
        time.sleep(0.5)
        text = http_call.get(f"http://127.0.0.1:{port}/metrics").text
        sent = sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith("tickscope_log_sent_lines_total"))
    agent.child.close()
    if sent != written["lines"]:
        raise SystemExit(f"{written['lines']} lines were written, {sent:.0f} arrived")
    return [row | {"row": "logs", "requests": sink.requests, "bytes": sink.bytes, "lines": written["lines"], "log_bytes": written["bytes"]}]


ASKED = {"metrics": (10, 0.001), "logs": (30, 0.02)}


def main() -> None:
    arguments = parse_arguments()
    seconds = 60 * (1 if arguments.quick else arguments.minutes)
    rows: list[dict] = []
    for name, run in {"metrics": metrics, "logs": logs}.items():
        if name in (arguments.only or ["metrics", "logs"]):
            with work_directory() as folder:
                rows += run(seconds, pathlib.Path(folder))
    print_table(
        [["row", "agent", "RSS at most", "of it its own", "of a core", "sent", "asked"]]
        + [[
            row["row"], row["agent"], f"{row['rss_bytes_max'] / 1e6:.1f} MB", f"{row['private_bytes_max'] / 1e6:.1f} MB",
            f"{100 * row['core_share']:.3f} %", f"{row['requests']} requests, {row['bytes'] / 1e3:.0f} kB",
            f"<= {ASKED[row['row']][0]} MB, {100 * ASKED[row['row']][1]:.1f} %",
        ] for row in rows]
    )  # fmt: skip
    if arguments.record:
        record("agent", {"rows": rows})


if __name__ == "__main__":
    main()
