"""An agent that adds up what its schema says, before a real server whose guard has the same schema: at the end of every window the sum is what
the raw series say, though the agent is killed and a target restarts."""

from __future__ import annotations

import http.server
import threading
import time

import pytest

import http_call
from child import free_port, wait_until
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
    protocol: {protocol}
    backoff_max: 300ms
    spool: {{directory: {spool}, bytes_max: 64MiB, commit_interval: 200ms}}
"""


class Game(http.server.BaseHTTPRequestHandler):
    """A counter that goes up by the server's step and a gauge that goes around, each answer."""

    def do_GET(self) -> None:
        self.server.kills += self.server.step
        self.server.answers += 1
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
        server.kills, server.step, server.answers = 1000 * i, 7, 0
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


@pytest.mark.parametrize(("protocol", "path"), [("rw2", "/api/v1/write"), ("otlp", "/api/v1/otlp/v1/metrics")])
def test_sums_are_what_the_raw_series_say(serve, start, tickscope, tmp_path, games, protocol, path):
    schema = tmp_path / "game.yaml"
    schema.write_text(SCHEMA)
    # By OTLP a sum of counters would be called kills_total:sum_total, and have a label that the schema does not know.
    otlp = "{translation_strategy: UnderscoreEscapingWithoutSuffixes, promote_resource_attributes: []}"
    server = serve(config=f"guard: {{schema: {schema}}}\notlp: {otlp}\n")
    targets = [f"127.0.0.1:{game.server_port}" for game in games]
    agent = RunningAgent(
        start,
        tickscope,
        tmp_path,
        CONFIG.format(
            schema=schema, state=tmp_path / "state", spool=tmp_path / "spool", url=server.url + path, protocol=protocol, targets=targets
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


def test_a_dry_run_shows_what_would_be_added_up(run, tickscope, tmp_path, games):
    schema, config = tmp_path / "game.yaml", tmp_path / "agent.yaml"
    schema.write_text(SCHEMA)
    targets = [f"127.0.0.1:{game.server_port}" for game in games]
    config.write_text(
        CONFIG.format(schema=schema, state=tmp_path / "state", spool=tmp_path / "spool", url="http://127.0.0.1:1/api/v1/write",
                      protocol="rw2", targets=targets)
    )  # fmt: skip
    done = run([tickscope, "agent", "--config", config, "--dry-run"])
    assert done.returncode == 0, done.stderr
    sums = [line for line in done.stdout.splitlines() if " series every " in line]
    assert sums == [
        f'{name}{{region="eu"}} of 3 series every 1s'
        for name in ("hidden:sum", "kills_total:count", "kills_total:sum", "players:max", "players:sum")
    ]
    assert not any(line.startswith("hidden{") for line in done.stdout.splitlines()), "goes out only as a sum"
    assert "5 sums would be made; 3 samples would go out only as part of them" in done.stderr
    assert not (tmp_path / "state").exists() and not (tmp_path / "spool").exists()


VMAGENT_AGGREGATION = """\
- {match: kills_total, interval: 1s, by: [region], outputs: [total, count_series]}
- {match: players, interval: 1s, by: [region], outputs: [max]}
"""


def test_vmagent_adds_up_the_same(peer, serve, start, tickscope, tmp_path, games):
    """Both scrape the same targets, which hold every state until both must have seen it: a total counts as much, restarts included."""
    program = peer("vmagent")
    for game in games:
        game.step = 0
    schema = tmp_path / "game.yaml"
    schema.write_text(SCHEMA)
    server = serve()
    targets = [f"127.0.0.1:{game.server_port}" for game in games]
    config = CONFIG.format(schema=schema, state=tmp_path / "state", spool=tmp_path / "spool", url=f"{server.url}/api/v1/write",
                           protocol="rw2", targets=targets)  # fmt: skip
    agent = RunningAgent(start, tickscope, tmp_path, config)
    (tmp_path / "aggregation.yaml").write_text(VMAGENT_AGGREGATION)
    (tmp_path / "vmagent.yaml").write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 900ms, external_labels: {region: eu}}\n"
        f"scrape_configs: [{{job_name: game, static_configs: [{{targets: {targets}, labels: {{region: eu}}}}]}}]\n"
    )
    start(
        [program, f"-promscrape.config={tmp_path}/vmagent.yaml", f"-remoteWrite.url={server.url}/api/v1/write",
         f"-remoteWrite.streamAggr.config={tmp_path}/aggregation.yaml", "-remoteWrite.headers=X-Scope-OrgID: vm",
         "-remoteWrite.forcePromProto=true", f"-remoteWrite.tmpDataPath={tmp_path}/vm", "-remoteWrite.flushInterval=200ms",
         f"-httpListenAddr=127.0.0.1:{free_port()}"],
        name="vmagent",
    )  # fmt: skip

    def of(name: str, tenant: str) -> list[float]:
        answer = http_call.get(f"{server.url}/api/v1/query", {"query": f"{name}[10m]"}, headers={"X-Scope-OrgID": tenant}).json()
        return [float(value) for series in answer["data"]["result"] for _, value in series["values"]]

    ours = {"total": "{__name__='kills_total:sum'}", "count_series": "{__name__='kills_total:count'}", "max": "{__name__='players:max'}"}
    vm = {name: f"{{__name__=~'.*1s_by_region_{name}'}}" for name in ours}

    def newest(name: str) -> list[float]:
        return [values[-1] if (values := of(queries[name], tenant)) else -1 for queries, tenant in ((ours, "default"), (vm, "vm"))]

    agent.wait(lambda: newest("count_series") == [3, 3], "all series in both")
    before = newest("total")
    counts = 0
    for state in ((5, 17, 400), (90, 0, 1), (0, 3, 2000), (1, 1, 1)):
        for game, more in zip(games, state):
            # Zero is a restart: what was counted by then is gone.
            game.kills = game.kills + more if more else 0
            counts += more
        seen = [game.answers for game in games]
        wait_until(lambda seen=seen: all(game.answers >= was + 4 for game, was in zip(games, seen)), "both to see the state")
        highest = max(game.kills % 30 for game in games)
        wait_until(lambda highest=highest: newest("max") == [highest, highest], "the same greatest value")
    wait_until(lambda: [now - was for now, was in zip(newest("total"), before)] == [counts, counts], f"both to count {counts}")
