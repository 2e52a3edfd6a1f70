#!/usr/bin/env python3
"""Thousands of agents at one gateway: how long a push waits for its answer.

  plain, tls   5,000 agents, a connection each that stays open, 300 series every ten seconds: 150,000 samples a second, and three times
               that with a cadence of a third; first with plain connections, then with TLS in which each shows a certificate

  rush         a tenth of the agents push every second, when all others connect within 3.3 s, each with a certificate: what those who are in notice,
               and how many of the others are in after so many seconds
  return       two fifths of the agents connect anew for each push, every ten seconds: in full, and by resuming a session

Server and agents share the machine. The first thirty seconds, in which agents come and series are new, are not counted.
--quick takes a tenth of the agents.
"""

from __future__ import annotations

import argparse
import http.client
import json
import pathlib
import ssl
import subprocess
import time

from servers_under_test import TICKSCOPE, ServerUnderTest, print_table, record, work_directory
from certificates import Authority

ASKED_MS = {1: 250, 3: 350}


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, default=5000)
    parser.add_argument("--seconds", type=int, default=60, help="counted, of each row (default %(default)s)")
    parser.add_argument("--only", choices=["plain", "mtls", "rush", "return"], action="append")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--record", action="store_true", help="append to docs/benchmarks/data/gateway.jsonl")
    return parser.parse_args()


TLS = """\
tls:
  certificate_file: {folder}/server.pem
  key_file: {folder}/server.key
  client_ca_file: {folder}/ca.pem
  client_certificates: required
access:
  required: true
  trust_domain: game.example
  certificates: [{{path: "/{{tenant}}/agent/{{sender}}", scopes: [write]}}]
"""


def get(server: ServerUnderTest, path: str, context: ssl.SSLContext | None) -> str:
    made = http.client.HTTPSConnection(server.address, timeout=10, context=context) if context else http.client.HTTPConnection(server.address, timeout=10)
    made.request("GET", path)
    text = made.getresponse().read().decode()
    made.close()
    return text


def start_server(kind: str, folder: pathlib.Path, more: str = "") -> tuple[ServerUnderTest, ssl.SSLContext | None, list]:
    """A server, how to ask it, and how a fleet is pointed at it."""
    folder.mkdir()
    config = folder / "tickscope.yaml"
    context, tls, scheme = None, [], "http"
    text = "tiers: {enabled: false}\n" + more
    if kind == "mtls":
        authority = Authority(folder, "ca")
        authority.issue("server", ["IP:127.0.0.1"])
        authority.issue("agent", ["URI:spiffe://game.example/eu/agent/load"])
        text += TLS.format(folder=folder)
        scheme = "https"
        tls = ["--ca-file", folder / "ca.pem", "--cert-file", folder / "agent.pem", "--key-file", folder / "agent.key"]
        context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
        context.load_cert_chain(folder / "agent.pem", folder / "agent.key")
    config.write_text(text)
    server = ServerUnderTest("tickscope", str(TICKSCOPE), folder, ["--config", str(config)], wait=context is None)
    for _ in range(100):
        try:
            get(server, "/-/ready", context)
            break
        except OSError:
            time.sleep(0.1)
    return server, context, ["--to", f"{scheme}://{server.address}", *tls]


def fleet(agents: int, cadence: str, warm_up: int, seconds: int, to: list) -> list[str]:
    command = [TICKSCOPE, "fleet", "--own-connections", "--connections", "1", "--servers", agents, "--cadence", cadence,
               "--protocol", "rw2", "--warm-up", f"{warm_up}s", "--duration", f"{seconds}s", *to, "--progress", "0s", "--json"]  # fmt: skip
    return [str(word) for word in command]


def handshakes(text: str) -> dict[str, int]:
    """The server's TLS handshakes so far, by how they ended, of its exposition."""
    counts = {}
    for line in text.splitlines():
        if line.startswith("tickscope_tls_handshakes_total{") and 'side="server"' in line:
            counts[line.partition('result="')[2].partition('"')[0]] = int(float(line.rpartition(" ")[2]))
    return counts


def rush(agents: int, work: pathlib.Path) -> dict:
    """A tenth of the agents push each second; all others connect, with certificates, within 3.3 s."""
    server, context, to = start_server("mtls", work / "rush")
    few = agents // 10
    inside = subprocess.Popen(fleet(few, "1s", 15, 50, to), stdout=subprocess.PIPE, text=True)
    time.sleep(20)
    watcher = http.client.HTTPSConnection(server.address, timeout=60, context=context)
    watcher.request("GET", "/metrics")
    before = handshakes(watcher.getresponse().read().decode())
    coming = subprocess.Popen(fleet(agents - few, "3333ms", 0, 20, to), stdout=subprocess.PIPE, text=True)
    came = {}
    began = time.monotonic()
    for second in (5, 10, 15, 19):
        time.sleep(max(0.0, began + second - time.monotonic()))
        # Over a connection that is there: a new one would have to wait as well.
        watcher.request("GET", "/metrics")
        after = handshakes(watcher.getresponse().read().decode())
        came[f"{time.monotonic() - began:.0f}"] = sum(after.get(kind, 0) - before.get(kind, 0) for kind in ("full", "resumed"))
    done, _ = coming.communicate(timeout=150)
    text, _ = inside.communicate(timeout=150)
    lost = after.get("incomplete", 0) - before.get("incomplete", 0)
    server.close()
    return {"agents": agents, "inside": json.loads(text), "coming": json.loads(done), "came": came, "incomplete": lost}


def come_back(kind: str, agents: int, work: pathlib.Path) -> dict:
    """Agents whose connections the server ends before their next push."""
    server, context, to = start_server("mtls", work / f"return-{kind}", "http: {idle_timeout: 1s}\n")
    used = server.usage()
    done = subprocess.run(fleet(agents, "10s", 20, 60, [*to, *(["--forget-sessions"] if kind == "full" else [])]),
                          capture_output=True, text=True, timeout=150, check=False)  # fmt: skip
    made = handshakes(get(server, "/metrics", context))
    used = server.usage() - used
    server.close()
    return {"kind": kind, "agents": agents, "report": json.loads(done.stdout), "handshakes": made, "server_cpu_s": used.cpu_s}


def row(kind: str, times: int, agents: int, seconds: int, work: pathlib.Path) -> dict:
    server, context, to = start_server(kind, work / f"{kind}-x{times}")
    command = fleet(agents, f"{10_000 // times}ms", 30, seconds + 30, to)
    before = server.usage()
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 130, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{done.stdout}\n{done.stderr}")
    report = json.loads(done.stdout)
    text = get(server, "/metrics", context)
    fresh = quantile(text, "tickscope_freshness_seconds", 0.99)
    used = server.usage() - before
    server.close()
    return {"kind": kind, "times": times, "agents": agents, "report": report, "freshness_p99_s": fresh, "server_cpu_s": used.cpu_s, "seconds": seconds + 30}


def quantile(text: str, name: str, q: float) -> float:
    """The bound of a histogram in an exposition that holds the quantile."""
    bounds = []
    for line in text.splitlines():
        if line.startswith(name + "_bucket{"):
            bounds.append((float(line.partition('le="')[2].partition('"')[0]), float(line.rpartition(" ")[2])))
    bounds.sort()
    return next(bound for bound, count in bounds if count >= q * bounds[-1][1])


def main() -> None:
    arguments = parse_arguments()
    agents = arguments.agents // (10 if arguments.quick else 1)
    rows = []
    with work_directory() as folder:
        kinds = arguments.only or ("plain", "mtls", "rush", "return")
        returned = [come_back(kind, agents * 2 // 5, pathlib.Path(folder)) for kind in ("full", "resumed")] if "return" in kinds else []
        rushed = rush(agents, pathlib.Path(folder)) if "rush" in kinds else None
        for kind in (kind for kind in kinds if kind in ("plain", "mtls")):
            rows += [row(kind, times, agents, arguments.seconds, pathlib.Path(folder)) for times in (1, 3)]
    table = [["load", "agents", "samples/s", "answer p50 / p99 / max ms", "asked", "since due p99", "errors", "freshness p99", "server's, agents' cores"]]
    for one in rows:
        report, sent, due = one["report"], one["report"]["latency_since_sent_ms"], one["report"]["latency_since_due_ms"]
        table.append([
            f"{one['kind']}, {one['times']} x", f"{one['agents']}", f"{report['samples_acknowledged'] / report['seconds']:,.0f}",
            f"{sent['p50']:.1f} / {sent['p99']:.0f} / {sent['max']:.0f}", f"p99 <= {ASKED_MS[one['times']]}", f"{due['p99']:.0f} ms",
            str(report["errors"] or "none"), f"<= {one['freshness_p99_s']:g} s",
            f"{one['server_cpu_s'] / one['seconds']:.2f}, {report['cpu_seconds'] / one['seconds']:.2f}",
        ])  # fmt: skip
    if rows:
        print_table(table)
    if rushed:
        print_table([["rush with certificates", "agents", "answer p50 / p99 / max ms", "errors"]] + [
            [who, str(rushed["agents"] // 10 * (1 if key == "inside" else 9)), f"{sent['p50']:.1f} / {sent['p99']:.0f} / {sent['max']:.0f}",
             str(rushed[key]["errors"] or "none")]
            for who, key in (("those who are in", "inside"), ("those who come within 3.3 s", "coming"))
            for sent in [rushed[key]["latency_since_sent_ms"]]
        ])  # fmt: skip
        print_table([["came in after s", *rushed["came"]], ["of those who come", *map(str, rushed["came"].values())]])
        print(f"handshakes that came to nothing: {rushed['incomplete']}")
    if returned:
        print_table([["back for each push", "agents", "handshakes", "answer p50 / p99 / max ms", "errors", "server's cores"]] + [
            [one["kind"], str(one["agents"]), f"{one['handshakes'].get('full', 0)} full, {one['handshakes'].get('resumed', 0)} resumed",
             f"{sent['p50']:.1f} / {sent['p99']:.0f} / {sent['max']:.0f}", str(one["report"]["errors"] or "none"), f"{one['server_cpu_s'] / 60:.3f}"]
            for one in returned
            for sent in [one["report"]["latency_since_sent_ms"]]
        ])  # fmt: skip
    if arguments.record:
        record("gateway", {"rows": rows, "rush": rushed, "return": returned})


if __name__ == "__main__":
    main()
