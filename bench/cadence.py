#!/usr/bin/env python3
"""How long the fleet takes to change its cadence: --agents real agents, each a process of its own, scraping every ten seconds and
pushing to one gateway; then `tickscope incident on --ttl`, and back at its end.

When the settings are in force, and when they have ended, each agent's log says; the gateway's inventory knows with the agent's next
push. That scrapes really come twice as often is counted at their target.

A process an agent on one machine is a worse case than a thousand hosts: they share its cores with the gateway.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import pathlib
import re
import subprocess
import sys
import threading
import time

from servers_under_test import TICKSCOPE, Child, ServerUnderTest, free_port, http_call, print_table, record, work_directory
from certificates import fleet_keys

CADENCE_MS, INCIDENT_MS = 10_000, 5_000
BODY = b"".join(b'game_kills_total{weapon="w%d"} %d\n' % (i, i) for i in range(10))
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY


class Target:
    """What all agents scrape: one event loop in a thread."""

    def __init__(self) -> None:
        self.scrapes = 0
        self.port = free_port()
        self._ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()
        self._ready.wait()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._answer, "127.0.0.1", self.port, backlog=4096)
        self._ready.set()
        await server.serve_forever()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.scrapes += 1
                writer.write(ANSWER)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def cadences(url: str) -> dict[str, int]:
    """Sender to what it said its cadence was, by the inventory's pages."""
    found: dict[str, int] = {}
    after = ""
    while True:
        page = http_call.get(f"{url}/api/v1/fleet/agents", {"limit": "1000", "after": after} if after else {"limit": "1000"}).json()["data"]
        found.update({agent["sender"]: round(1000 * agent["cadence_seconds"]) for agent in page["agents"]})
        after = page.get("next", "")
        if not after:
            return found


def watch_change(url: str, agents: int, to_ms: int, began: float, limit_s: float) -> list[float]:
    """Seconds after `began` at which each agent was first seen at `to_ms`, ascending; as many as were within the limit."""
    seen: dict[str, float] = {}
    while len(seen) < agents and time.monotonic() - began < limit_s:
        now = cadences(url)
        at = time.monotonic() - began
        for sender, cadence_ms in now.items():
            if cadence_ms == to_ms:
                seen.setdefault(sender, at)
        time.sleep(0.2)
    return sorted(seen.values())


def logged(work: pathlib.Path, agents: int, message: str, began_s: float) -> list[float]:
    """Seconds after `began_s`, by the wall clock, at which each agent's log has the message, a regular expression, first; ascending."""
    found = []
    for i in range(agents):
        match = re.search(rf'^ts=(\S+) .*msg="{message}', (work / f"agent-{i}.log").read_text(errors="replace"), re.M)
        if match:
            found.append(datetime.datetime.fromisoformat(match[1]).timestamp() - began_s)
    return sorted(found)


def scrapes_per_s(target: Target, seconds: float) -> float:
    before, began = target.scrapes, time.monotonic()
    time.sleep(seconds)
    return (target.scrapes - before) / (time.monotonic() - began)


def run(agents: int, ttl_s: int, work: pathlib.Path) -> dict:
    key, public = fleet_keys(work)
    config = work / "serve.yaml"
    config.write_text(f"fleet: {{signing_key_file: {key}}}\n")
    target = Target()
    server = ServerUnderTest("tickscope", str(TICKSCOPE), work, ["--config", str(config)])
    children: list[Child] = []
    try:
        for i in range(agents):
            agent = work / f"agent-{i}.yaml"
            agent.write_text(
                f"listen: 127.0.0.1:{free_port()}\nfleet: {{public_key_file: {public}}}\n"
                f"global: {{scrape_interval: {CADENCE_MS // 1000}s}}\n"
                f"scrape_configs: [{{job_name: game, static_configs: [{{targets: ['127.0.0.1:{target.port}'], labels: {{host: h{i}}}}}]}}]\n"
                f"remote_write: [{{url: {server.url}/api/v1/write, sender: host-{i}}}]\n"
            )
            children.append(Child([TICKSCOPE, "agent", "--config", agent], work / f"agent-{i}.log"))
            if i % 100 == 99:
                print(f"{i + 1} of {agents} agents started", file=sys.stderr)
        deadline = time.monotonic() + 120
        while (known := sum(ms == CADENCE_MS for ms in cadences(server.url).values())) < agents:
            if time.monotonic() > deadline:
                sys.exit(f"{known} of {agents} agents pushed within two minutes; the first one says: {children[0].log_tail(5)}")
            time.sleep(1)
        before = scrapes_per_s(target, 20)

        began, began_s = time.monotonic(), time.time()
        subprocess.run([TICKSCOPE, "incident", "on", "--ttl", f"{ttl_s}s", "--to", server.url], check=True, capture_output=True)
        on = watch_change(server.url, agents, INCIDENT_MS, began, 60)
        during = scrapes_per_s(target, 20)
        # Agents count the time to live from when each asked: the end is a range as wide as the switch was.
        off = watch_change(server.url, agents, CADENCE_MS, began + ttl_s, 90)
        time.sleep(CADENCE_MS / 1000)
        after = scrapes_per_s(target, 20)
        in_force = logged(work, agents, rf'settings of the fleet are in force".* cadence_ms={INCIDENT_MS}\b', began_s)
        ended = logged(work, agents, 'settings of the fleet have ended"', began_s + ttl_s)
    finally:
        for child in children:
            child.process.terminate()
        for child in children:
            child.close()
        server.close()
    return {"agents": agents, "ttl_s": ttl_s, "on_s": in_force, "on_known_s": on, "off_s": ended, "off_known_s": off, "scrapes_per_s": [before, during, after]}


def figures(seconds: list[float], agents: int) -> str:
    if len(seconds) < agents:
        return f"{len(seconds)} of {agents} within the limit"
    return f"p50 {seconds[agents // 2]:.1f} s, p99 {seconds[int(agents * 0.99)]:.1f} s, last {seconds[-1]:.1f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, default=1_000)
    parser.add_argument("--ttl", type=int, default=75, metavar="SECONDS", help="of the incident, at least 60 (default %(default)s)")
    parser.add_argument("--record", action="store_true", help="append the result to docs/benchmarks/data/cadence.jsonl")
    arguments = parser.parse_args()
    with work_directory() as folder:
        result = run(arguments.agents, max(arguments.ttl, 60), pathlib.Path(folder))
    before, during, after = result["scrapes_per_s"]
    count = result["agents"]
    print_table([
        ["change", "agents", "in force after", "in the inventory after", "scrapes/s", "asked"],
        ["10 s to 5 s by the command", str(count), figures(result["on_s"], count), figures(result["on_known_s"], count),
         f"{before:.0f} to {during:.0f}", "all within 15 s"],
        [f"back at the end of {result['ttl_s']} s", str(count), figures(result["off_s"], count), figures(result["off_known_s"], count),
         f"{during:.0f} to {after:.0f}", "reverted at the end"],
    ])  # fmt: skip
    if arguments.record:
        for name in ("on_s", "on_known_s", "off_s", "off_known_s"):
            seconds = result[name]
            result[name] = {"count": len(seconds), "p50": seconds[len(seconds) // 2], "last": seconds[-1]} if seconds else {"count": 0}
        record("cadence", result)


if __name__ == "__main__":
    main()
