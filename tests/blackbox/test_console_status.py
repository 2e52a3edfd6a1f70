"""What the console tells of the process and of series nobody needs; answers held to docs/openapi/console.yaml, those that were
there before the console among them."""

from __future__ import annotations

import http.client
import json
import pathlib
import re
import time

import http_call
import openapi
import remote_write
from child import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECK = openapi.Validator(openapi.load(ROOT / "docs/openapi/console.yaml"))


def ask(server, path: str, params=None) -> dict:
    """A GET whose answer must be as the description says."""
    answer = server.get(path, params)
    described = re.sub(r"/label/[^/]+/values", "/label/{name}/values", path)
    assert CHECK.errors(answer.json(), CHECK.response_schema(described, "get", answer.status)) == [], path
    return answer.json()


def filled(serve, **options):
    """A server with 3 series of one metric, 2 of another, 1 of a third that no schema names."""
    server = serve(**options)
    now = int(time.time() * 1000)
    labels = [{"__name__": "game_ticks_total", "server": str(i)} for i in range(3)]
    labels += [{"__name__": "game_disconnects_total", "server": str(i)} for i in range(2)] + [{"__name__": "mystery"}]
    assert server.write("rw2", [remote_write.Series(one, [(now, 1.0)]) for one in labels]).status == 204
    wait_until(lambda: server.get("/api/v1/series", {"match[]": "mystery"}).json()["data"] != [], "the samples to show")
    return server


def test_platform(serve):
    server = filled(serve)
    server.query("game_ticks_total")
    platform = ask(server, "/api/v1/status/platform")["data"]
    assert platform["roles"] == ["gateway", "store", "query", "compact"]
    assert 0 <= platform["uptime_seconds"] < 300
    (partition,) = platform["partitions"]
    assert 0 <= partition["first"] <= partition["applied"] <= partition["end"] and partition["end"] > 0
    assert platform["store"]["active_series"] == 6
    assert [cache["name"] for cache in platform["caches"]] == ["results", "labels", "negative", "selections", "objects"]
    assert platform["memory"]["resident_bytes"] > 1 << 20 and platform["cpu_seconds"] > 0
    assert platform["live"] == {"connections": 0, "subscriptions": 0, "topics": 0, "points": 0}
    assert [tier["tier"] for tier in platform["tiers"]][0] == "hot"


def test_unused_metrics(serve):
    server = filled(serve)
    unused = ask(server, "/api/v1/cardinality/unused")["data"]
    assert [(one["metric"], one["series"], one["owner"]) for one in unused["metrics"]] == [
        ("game_ticks_total", 3, "gameplay"), ("game_disconnects_total", 2, "netcode"), ("mystery", 1, ""),
    ]  # fmt: skip
    assert unused["series"] == 6
    assert all(one["last_queried"] is None and one["bytes"] > 0 for one in unused["metrics"])
    assert abs(unused["observed_since"] - time.time() * 1000) < 120_000
    server.query("sum(rate(game_ticks_total[5m]))")
    server.get("/api/v1/query", {"query": '{__name__=~"myst.+"}'})
    left = ask(server, "/api/v1/cardinality/unused", {"limit": 1})["data"]
    assert [one["metric"] for one in left["metrics"]] == ["game_disconnects_total"]
    assert left["metrics"][0]["readers"] == []
    for who in ({"X-Tickscope-Class": "alert"}, {"X-Tickscope-Class": "dashboard"}, {"X-Tickscope-Class": "dashboard"}):
        server.get("/api/v1/query", {"query": "mystery"}, headers=who)
    usage = ask(server, "/api/v1/cardinality/usage")["data"]
    readers = {one["metric"]: sorted(reader["reader"] for reader in one["readers"]) for one in usage["metrics"]}
    assert readers == {"game_ticks_total": ["user"], "game_disconnects_total": [], "mystery": ["dashboard", "rule", "user"]}
    assert {one["metric"]: one["owner"] for one in usage["metrics"]}["game_ticks_total"] == "gameplay"
    assert [one["metric"] for one in ask(server, "/api/v1/cardinality/usage", {"limit": 1})["data"]["metrics"]] == ["game_ticks_total"]
    server.child.stop()
    server = serve(data=server.data)
    again = ask(server, "/api/v1/cardinality/unused")["data"]
    assert [one["metric"] for one in again["metrics"]] == ["game_disconnects_total"], "survives a restart"
    kept = {one["metric"]: len(one["readers"]) for one in ask(server, "/api/v1/cardinality/usage")["data"]["metrics"]}
    assert kept == {"game_ticks_total": 1, "game_disconnects_total": 0, "mystery": 3}
    later = ask(server, "/api/v1/cardinality/unused", {"since": time.time() + 7200})["data"]
    assert len(later["metrics"]) == 3 and later["metrics"][0]["last_queried"] is not None
    assert ask(server, "/api/v1/cardinality/unused", {"limit": 0})["errorType"] == "bad_data"
    assert ask(server, "/api/v1/cardinality/unused", {"since": "when"})["errorType"] == "bad_data"


def test_followed_and_viewed_metrics_are_used(serve):
    server = filled(serve)
    connection = http.client.HTTPConnection(server.address, timeout=20)
    body = json.dumps({"queries": [{"id": "q", "query": "sum(game_ticks_total)", "range": "1m", "step": "1s"}]})
    connection.request("POST", "/api/v1/stream", body, {"Content-Type": "application/json"})
    lines = iter(connection.getresponse().readline, b"")
    assert any(line.startswith(b"data: ") for line in lines), "the first answer"
    connection.close()
    made = http_call.call(
        "POST", server.url + "/api/v1/view_links", body=json.dumps({"page": "overview", "ttl": "1h"}).encode(),
        headers={"Content-Type": "application/json"},
    ).json()["data"]  # fmt: skip
    slis = server.get("/api/v1" + made["url"]).json()["data"]["slis"]
    viewed = next(one["sli"] for one in slis if "game_disconnects_total" in one["sli"]["expr"])
    asked = http_call.call(
        "POST", f"{server.url}/api/v1{made['url']}/query", body=json.dumps({"panel": viewed["name"], "query": 0}).encode(),
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    assert asked.status == 200, asked.text
    usage = {one["metric"]: one["readers"] for one in ask(server, "/api/v1/cardinality/usage")["data"]["metrics"]}
    assert [one["reader"] for one in usage["game_ticks_total"]] == ["dashboard"]
    assert [one["reader"] for one in usage["game_disconnects_total"]] == ["viewer"]


def test_history_and_owners(serve):
    server = filled(serve)
    today = time.strftime("%Y-%m-%d", time.gmtime())
    history = ask(server, "/api/v1/cardinality/history")["data"]
    if time.strftime("%Y-%m-%d", time.gmtime()) == today:
        assert [(one["day"], one["metric"], one["series"]) for one in history][:2] == [(today, "", 6), (today, "game_ticks_total", 3)]
    assert len(ask(server, "/api/v1/cardinality/history", {"limit": 1})["data"]) == 2
    assert ask(server, "/api/v1/cardinality/history", {"days": 401})["errorType"] == "bad_data"
    owners = ask(server, "/api/v1/cardinality/owners")["data"]
    assert [(one["owner"], one["metrics"], one["series"], one["share"]) for one in owners] == [
        ("gameplay", 1, 3, 0.5), ("netcode", 1, 2, 2 / 6), ("", 1, 1, 1 / 6),
    ]  # fmt: skip


def test_costs(serve):
    server = filled(serve)
    costs = ask(server, "/api/v1/cardinality/costs")["data"]
    assert (costs["series_month"], costs["month"], costs["budget"]) == (0, 0, None)
    assert "costs" not in server.get("/api/v1/console/config").json()["data"]["features"]
    config = "console:\n  costs: {currency: EUR, series_month: 0.5, owners: {gameplay: 1, netcode: 2}, tenants: {default: 100}}\n"
    server.child.stop()
    server = filled(serve, config=config)
    costs = ask(server, "/api/v1/cardinality/costs")["data"]
    assert (costs["currency"], costs["series"], costs["month"], costs["budget"]) == ("EUR", 6, 3.0, 100)
    assert [(one["owner"], one["series"], one["month"], one["budget"]) for one in costs["owners"]] == [
        ("gameplay", 3, 1.5, 1), ("netcode", 2, 1.0, 2), ("", 1, 0.5, None),
    ]  # fmt: skip
    assert "costs" in server.get("/api/v1/console/config").json()["data"]["features"]


def test_what_the_pages_read_beside_that_is_as_described(serve):
    server = filled(serve)
    now = time.time()
    span = {"start": now - 60, "end": now, "step": 15}
    for path, params in (
        ("/api/v1/query", {"query": "game_ticks_total", "stats": "all"}),
        ("/api/v1/query", {"query": "1"}),
        ("/api/v1/query", {"query": "("}),
        ("/api/v1/query_range", {"query": "sum(game_ticks_total)", **span}),
        ("/api/v1/explain", {"query": "sum(rate(game_ticks_total[1m])) / 2"}),
        ("/api/v1/explain", {"query": "sum(rate(game_ticks_total[1m]))", "analyze": "1", **span}),
        ("/api/v1/format_query", {"query": "sum(a)by(b)"}),
        ("/api/v1/query_exemplars", {"query": "mystery", "start": now - 60, "end": now}),
        ("/api/v1/labels", {"limit": 1}),
        ("/api/v1/label/server/values", {}),
        ("/api/v1/series", {"match[]": "mystery"}),
        ("/api/v1/metadata", {}),
        ("/api/v1/queries", {}),
        ("/api/v1/status/buildinfo", {}),
        ("/api/v1/status/config", {}),
        ("/api/v1/status/tsdb", {}),
        ("/api/v1/status/limits", {}),
        ("/api/v1/guard/rejects", {}),
        ("/api/v1/cardinality/label_names", {}),
        ("/api/v1/cardinality/label_values", {"label_names[]": "server"}),
        ("/api/v1/cardinality/series", {}),
    ):
        ask(server, path, params)
