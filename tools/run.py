#!/usr/bin/env python3
"""Runs Tickscope with something to look at: the server, an agent that scrapes a real node_exporter, and a fleet.

  tools/run.py [--servers N] [--cadence 10s] [--listen 127.0.0.1:9280] [--data DIR] [--for 30s]

Everything listens on loopback. Data stays in run/data, so a second run finds the first one's; the children's logs are
in run/logs. Ctrl-C (or SIGTERM, or the end of --for) stops what was started, in order: senders first, then the server,
so that nothing that was sent is left unanswered.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
RUN = ROOT / "run"
BINARY = pathlib.Path(os.environ.get("TICKSCOPE_BIN", ROOT / "build/release/bin/tickscope"))

READY_TIMEOUT_S = 60
STOP_TIMEOUT_S = 20

AGENT_CONFIG = """\
# Written by ./dev run.
listen: 127.0.0.1:{agent_port}
global:
  scrape_interval: {cadence}
scrape_configs:
  - job_name: node
    static_configs:
      - targets: [127.0.0.1:{node_port}]
remote_write:
  - url: http://{server}/api/v1/write
"""

GUIDE = """
Tickscope is running: {servers} simulated game servers and this machine, every {cadence}.

  console             http://{server}/
  API, remote write   http://{server}/api/v1/      own metrics   http://{server}/metrics
  ready, healthy      http://{server}/-/ready      logs          {logs}

Try, in another terminal:

  {binary} query instant --to http://{server} 'sum by (region) (game_players)'
  {binary} query range --to http://{server} --start now-5m --step 10s 'sum(rate(game_actions_total[1m]))'
  curl -sG http://{server}/api/v1/query --data-urlencode 'query=topk(3, game_cpu_percent)'
  curl -sG http://{server}/api/v1/query --data-urlencode 'query=node_load1'
  curl -s  http://{server}/api/v1/status/tsdb

Or point Grafana's Prometheus data source at http://{server}. {ending}
"""


class Child:
    """A process of ours, ended by its own handle."""

    def __init__(self, name: str, command: list[str]):
        self.name = name
        self.log = RUN / "logs" / f"{name}.log"
        with self.log.open("wb") as log:
            # A group of its own, so that Ctrl-C reaches this script only and the order of ending is ours.
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def check(self) -> None:
        if self.process.poll() is not None:
            tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
            sys.exit(f"run: {self.name} ended with {self.process.returncode}; the end of {self.log}:\n{tail}")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                print(f"run: {self.name} did not end in {STOP_TIMEOUT_S} s; killed", file=sys.stderr)
                self.process.kill()
                self.process.wait()


def seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+)(s|m|h)", text)
    if not found:
        raise argparse.ArgumentTypeError(f'expected a duration such as 30s, got "{text}"')
    return int(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]]


def free_address(wanted: str) -> str:
    """The wanted address, or a free port when somebody has it."""
    host, _, port = wanted.rpartition(":")
    for candidate in (int(port), 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
            except OSError:
                continue
            return f"{host}:{probe.getsockname()[1]}"
    sys.exit(f"run: cannot listen on {wanted}")


def find_node_exporter() -> str:
    path = shutil.which("prometheus-node-exporter", path=f"{ROOT / '.cache/peers'}{os.pathsep}{os.environ['PATH']}")
    return path or sys.exit("run: no prometheus-node-exporter: tools/install_peers.sh")


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            answer.read()
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def has_series(server: str, expression: str) -> bool:
    url = f"http://{server}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(json.load(answer)["data"]["result"])
    except (urllib.error.URLError, OSError):
        return False


def wait_until(condition, what: str, children: list[Child]) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while not condition():
        for child in children:
            child.check()
        if time.monotonic() > deadline:
            sys.exit(f"run: waited {READY_TIMEOUT_S} s for {what}; logs are in {RUN / 'logs'}")
        time.sleep(0.1)


def progress(text: str) -> None:
    print(f"==> {text}", file=sys.stderr, flush=True)


def start_all(options: argparse.Namespace, children: list[Child]) -> str:
    """Starts server, exporter, agent and fleet, each when the one before is ready; returns the server's address."""
    server = free_address(options.listen)
    node = free_address("127.0.0.1:0")
    agent = free_address("127.0.0.1:0")

    progress(f"tickscope serve on {server}")
    children.append(Child("serve", [str(BINARY), "serve", "--data", str(options.data), "--listen", server]))
    wait_until(lambda: answers(f"http://{server}/-/ready"), "the server to be ready", children)

    progress(f"prometheus-node-exporter on {node}, scraped by tickscope agent")
    # Its systemd collector logs an error a scrape where there is no systemd to ask.
    exporter = [find_node_exporter(), f"--web.listen-address={node}", "--no-collector.systemd"]
    children.append(Child("node-exporter", exporter))
    wait_until(lambda: answers(f"http://{node}/metrics"), "node_exporter", children)
    config = RUN / "agent.yaml"
    ports = {"agent_port": agent.rpartition(":")[2], "node_port": node.rpartition(":")[2]}
    config.write_text(AGENT_CONFIG.format(**ports, cadence=options.cadence, server=server))
    children.append(Child("agent", [str(BINARY), "agent", "--config", str(config)]))

    progress(f"tickscope fleet of {options.servers} game servers")
    fleet = ["fleet", "--servers", str(options.servers), "--cadence", options.cadence, "--to", f"http://{server}"]
    children.append(Child("fleet", [str(BINARY), *fleet]))

    wait_until(lambda: has_series(server, "node_load1"), "the agent's first scrape", children)
    wait_until(lambda: has_series(server, "game_players"), "the fleet's first samples", children)
    return server


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="./dev run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--servers", type=int, default=50, help="simulated game servers, 300 series each (50)")
    parser.add_argument("--cadence", default="10s", help="how often everything reports (10s)")
    parser.add_argument("--listen", default="127.0.0.1:9280", help="the server's address; a free port when taken")
    parser.add_argument("--data", type=pathlib.Path, default=RUN / "data", help="the server's data directory (run/data)")
    parser.add_argument("--for", dest="duration", type=seconds, help="stop after this long, for example 30s")
    options = parser.parse_args()

    def request_stop(_signal, _frame) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, request_stop)
    (RUN / "logs").mkdir(parents=True, exist_ok=True)
    children: list[Child] = []
    try:
        server = start_all(options, children)
        ending = f"Stops in {options.duration:g} s." if options.duration else "Ctrl-C stops it all."
        print(
            GUIDE.format(
                server=server, servers=options.servers, cadence=options.cadence, logs=RUN / "logs",
                binary=os.path.relpath(BINARY), ending=ending,
            ),
            flush=True,
        )
        deadline = time.monotonic() + options.duration if options.duration else None
        while deadline is None or time.monotonic() < deadline:
            for child in children:
                child.check()
            time.sleep(0.2)
    except KeyboardInterrupt:
        pass
    finally:
        # A second Ctrl-C must not leave children behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if children:
            progress("stopping")
        for child in reversed(children):
            child.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
