"""StatsD with the clients that games have: the python `statsd` and `datadog` packages, by UDP and by unix socket, to a server's queries."""

from __future__ import annotations

import socket

import datadog.dogstatsd
import pytest
import statsd

import http_call
from child import free_port
from running_agent import RunningAgent


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def agent(start, tickscope, tmp_path, serve):
    def start_agent(settings: str, more: str = ""):
        server = serve()
        one = RunningAgent(
            start, tickscope, tmp_path,
            f"{more}statsd: [{{instance: h, flush_interval: 500ms, {settings}}}]\nremote_write: [{{url: {server.url}/api/v1/write}}]\n",
        )  # fmt: skip
        one.server = server
        return one

    return start_agent


def value(agent, query: str):
    result = http_call.get(f"{agent.server.url}/api/v1/query", {"query": query}).json()["data"]["result"]
    return [float(one["value"][1]) for one in result]


def test_the_statsd_package(agent):
    port = free_udp_port()
    one = agent(f'udp: "127.0.0.1:{port}"')
    client = statsd.StatsClient("127.0.0.1", port, prefix="game")
    for _ in range(5):
        client.incr("kills", 2)
    client.gauge("players", 10)
    client.gauge("players", -3, delta=True)
    client.set("maps", "a")
    client.timing("tick", 250)
    client.timing("tick", 750)
    with client.pipeline() as pipe:
        pipe.incr("kills")
        pipe.timing("tick", 500)
    one.wait(lambda: value(one, "game_kills_total") == [11.0], "eleven kills")
    assert value(one, "game_players") == [7.0]
    assert value(one, "histogram_count(game_tick_seconds)") == [3.0]
    assert value(one, "histogram_sum(game_tick_seconds)") == [1.5]
    assert value(one, 'count({job="statsd", instance="h"})') == [4.0]
    assert one.metric("tickscope_statsd_refused_total") == 0


@pytest.mark.parametrize("way", ["udp", "unix"])
def test_the_datadog_package(agent, tmp_path, way):
    port = free_udp_port()
    path = tmp_path / "statsd.sock"
    one = agent(f'udp: "127.0.0.1:{port}"' if way == "udp" else f"unix: {path}")
    client = datadog.dogstatsd.DogStatsd(
        **({"host": "127.0.0.1", "port": port} if way == "udp" else {"socket_path": str(path)}),
        constant_tags=["zone:a"], disable_telemetry=True, disable_buffering=False,
    )  # fmt: skip
    # In a few datagrams: the queue of a unix socket is short, and this client throws away what does not fit.
    client.increment("logins", 3, tags=["platform:pc"])
    client.increment("logins", 1, tags=["platform:console", "beta"])
    client.histogram("payload", 100)
    client.distribution("ping", 0.05)
    client.timing("load", 1500)
    for player in range(40):
        client.set("players", f"p{player % 20}")
    client.event("title", "text")
    client.service_check("db", 0)
    client.flush()
    one.wait(lambda: value(one, "sum(logins_total)") == [4.0], "four logins")
    assert value(one, 'logins_total{platform="console", beta="true", zone="a"}') == [1.0]
    assert value(one, "histogram_sum(payload)") == [100.0]
    assert value(one, "histogram_count(ping)") == [1.0]
    assert value(one, "histogram_sum(load_seconds)") == [1.5]
    # Of twenty players; a flush may come between.
    assert 0 < max(value(one, "max_over_time(players[1m])")) <= 20.0
    one.wait(lambda: one.metric("tickscope_statsd_refused_total") == 2, "an event and a check refused")


def test_a_schema_says_how_histograms_are_and_what_may_be(agent, tmp_path):
    schema = tmp_path / "schema.yaml"
    schema.write_text(
        """\
schema: game
version: "1.0"
target_labels:
  job: {values: [statsd], help: What it is.}
  instance: {values: [h], help: Which one.}
metrics:
  - name: tick_seconds
    type: histogram
    unit: seconds
    help: Time of a tick.
    owner: core
    class: ops
    buckets: [0.1, 0.5]
"""
    )
    port = free_udp_port()
    one = agent(f'udp: "127.0.0.1:{port}"', more=f"guard: {{schema: {schema}}}\n")
    client = statsd.StatsClient("127.0.0.1", port)
    client.timing("tick", 250)
    client.incr("unknown")
    one.wait(lambda: value(one, 'tick_seconds_bucket{le="0.5"}') == [1.0], "a classic histogram")
    assert value(one, "tick_seconds_count") == [1.0]
    assert value(one, "unknown_total") == []


def test_a_reload_changes_labels_and_limits_and_loses_no_count(agent, tmp_path):
    port = free_udp_port()
    one = agent(f'udp: "127.0.0.1:{port}"')
    config = (tmp_path / "agent.yaml").read_text().partition("\n")[2]
    client = statsd.StatsClient("127.0.0.1", port)
    sent = 0

    def count(times: int) -> None:
        nonlocal sent
        for _ in range(times):
            client.incr("kills")
            sent += 1

    count(10)
    one.wait(lambda: value(one, "sum(kills_total)") == [10.0], "the first ten")
    # Over the moment of the change, and without a pause: what came before it is of the one, the rest of the other.
    count(100)
    one.reload(config.replace("instance: h,", "instance: other, series_limit: 7, labels: {zone: a},"))
    count(100)
    total = "sum(last_over_time(kills_total[5m]))"
    one.wait(lambda: value(one, total) == [float(sent)], f"{sent} kills under two names")
    assert value(one, 'kills_total{instance="other", zone="a"}') != []
    assert value(one, 'kills_total{instance="h"}') == [], "ended"
    one.reload(config.replace("instance: h,", "instance: other, labels: {zone: a},") + "global: {external_labels: {region: eu}}\n")
    count(1)
    one.wait(lambda: value(one, 'kills_total{region="eu"}') == [1.0], "external labels on it")
    # Somebody else's socket: all of it is refused, and what was goes on.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        one.reload(config.replace(str(port), str(taken.getsockname()[1])), result="failed")
    count(1)
    one.wait(lambda: value(one, 'kills_total{region="eu"}') == [2.0], "the next count")


def test_hostile_datagrams(agent):
    port = free_udp_port()
    one = agent(f'udp: "127.0.0.1:{port}", series_limit: 5')
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        for text in [b"\0" * 100, b"a" * 60_000, b":|@#\n" * 1000, b"../../etc:1|c|#a:../x\x00\n", b"ok:1|c", b""] + [
            f"many{i}:1|c".encode() for i in range(50)
        ]:
            client.sendto(text, ("127.0.0.1", port))
    one.wait(lambda: value(one, "ok_total") == [1.0], "the good line")
    assert value(one, 'count({job="statsd"})') == [5.0]
    assert one.metric("tickscope_statsd_refused_total") > 1000
