"""An agent that adds up what its schema says, before a real server whose guard has the same schema: at the end of every window the sum is what
the raw series say, though the agent is killed and a target restarts."""

from __future__ import annotations

import http.server
import threading
import time

import pytest

import http_call
from running_agent import RunningAgent

SCHEMA = """\
schema: game
version: "1.0"
defaults: {owner: o, cadence: 1s}
target_labels: {region: {values: [eu]}}
metrics:
  - name: kills_total
    type: counter
    help: Kills.
    aggregate: {by: [], every: 1s, functions: [sum, count]}
  - name: players
    type: gauge
    help: Players.
    aggregate: {by: [], every: 1s, functions: [sum, max]}
  - name: hidden
    type: gauge
    help: Wanted as a sum alone.
    aggregate: {by: [], every: 1s, keep_raw: false}
"""

CONFIG = """\
global: {{scrape_interval: 1s, scrape_timeout: 900ms, external_labels: {{region: eu}}}}
guard: {{schema: {schema}}}
aggregation: {{directory: {state}, lateness: 1500ms}}
scrape_configs:
  - job_name: game
    static_configs:
      - targets: {targets}
remote_write:
  - url: {url}
    backoff_max: 300ms
    spool: {{directory: {spool}, bytes_max: 64MiB, commit_interval: 200ms}}
"""


class Game(http.server.BaseHTTPRequestHandler):
    """A counter that goes up by seven and a gauge that goes around, each answer."""

    def do_GET(self) -> None:
        self.server.kills += 7
        body = (
            f"# TYPE kills_total counter\nkills_total {self.server.kills}\n"
            f"# TYPE players gauge\nplayers {self.server.kills % 30}\n# TYPE hidden gauge\nhidden 2\n"
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments) -> None:
        pass


@pytest.fixture
def games():
    servers = []
    for i in range(3):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Game)
        server.kills = 1000 * i
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
    yield servers
    for server in servers:
        server.shutdown()
        server.server_close()


def counted(samples: list[tuple[float, float]], until_s: float) -> float:
    """What a counter counted from its first sample on, restarts included."""
    total, before = 0.0, None
    for time_s, value in samples:
        if time_s > until_s:
            break
        if before is not None:
            total += value if value < before else value - before
        before = value
    return total


def test_sums_are_what_the_raw_series_say(serve, start, tickscope, tmp_path, games):
    schema = tmp_path / "game.yaml"
    schema.write_text(SCHEMA)
    server = serve(config=f"guard: {{schema: {schema}}}\n")
    targets = [f"127.0.0.1:{game.server_port}" for game in games]
    agent = RunningAgent(
        start,
        tickscope,
        tmp_path,
        CONFIG.format(
            schema=schema, state=tmp_path / "state", spool=tmp_path / "spool", url=f"{server.url}/api/v1/write", targets=targets
        ),
    )

    def samples(name: str) -> list[list[tuple[float, float]]]:
        answer = http_call.get(f"{server.url}/api/v1/query", {"query": f"{name}[10m]"})
        result = answer.json()["data"]["result"]
        return [[(float(at), float(value)) for at, value in series["values"]] for series in result]

    def count(name: str) -> int:
        return sum(len(series) for series in samples(name))

    agent.wait(lambda: count('{__name__="kills_total:sum"}') >= 3, "sums in the store")
    for round_ in range(3):
        agent.child.kill()
        time.sleep(0.7)
        agent.start()
        seen = count('{__name__="kills_total:sum"}')
        agent.wait(lambda seen=seen: count('{__name__="kills_total:sum"}') >= seen + 3, "sums after a kill")
        if round_ == 1:
            games[0].kills = 0

    # What is scraped last is summed up after the lateness.
    assert agent.child.stop() == 0
    status = agent.metric  # The last one is gone; what it said is asked of the next.
    agent.start()
    agent.wait(lambda: status("tickscope_agent_aggregate_watermark_seconds") > time.time() - 3, "windows to be closed")
    agent.wait(lambda: status("tickscope_spool_waiting_bytes") == 0, "an empty spool")

    raw_kills = samples("kills_total")
    raw_players = samples("players")
    assert len(raw_kills) == 3 and count("hidden") == 0
    [sums] = samples('{__name__="kills_total:sum"}')
    [players] = samples('{__name__="players:sum"}')
    [hidden] = samples('{__name__="hidden:sum"}')
    assert hidden[-1][1] == 6
    assert len(sums) >= 12
    for at, value in sums:
        assert at == int(at), "windows end at multiples of their length"
        assert value == sum(counted(series, at) for series in raw_kills), f"at {at}"
    for at, value in players:
        newest = [[v for t, v in series if t <= at][-1:] for series in raw_players]
        assert value == sum(sum(one) for one in newest), f"at {at}"
    assert counted(sums, time.time()) == sums[-1][1] - sums[0][1], "the total never falls"
    assert status("tickscope_agent_aggregate_refused_samples_total") == 0
    assert server.metric("tickscope_guard_rejected_series_total") == 0
    page = http_call.get(f"http://127.0.0.1:{agent.listen}/api/v1/agent/status").json()
    assert page["aggregation"]["durable"] is True and page["aggregation"]["rules"] == 3
    assert "Aggregation (3)" in http_call.get(f"http://127.0.0.1:{agent.listen}/").text
