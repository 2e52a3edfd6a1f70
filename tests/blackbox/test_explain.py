"""Plans on the real binary: what explain says, what analyze adds, that tiers are named, that selectors of nothing are remembered, and
that limits are read again."""

from __future__ import annotations

import json
import signal
import time

from child import wait_until
from remote_write import Series


def write(server, at_ms: int) -> None:
    series = [
        Series({"__name__": name, "server": f"s{i}", "region": "eu" if i % 2 else "na"}, [(at_ms - k * 10_000, float(100 - k)) for k in range(60, -1, -1)])
        for name in ("kills_total", "deaths_total", "players")
        for i in range(6)
    ]
    assert server.write("rw2", series).status == 204
    wait_until(lambda: bool(server.query("players", at_ms / 1000)), "the samples", 10)


def explain(server, query: str, **parameters) -> dict:
    answer = server.get("/api/v1/explain", {"query": query, **parameters})
    assert answer.status == 200, answer.text
    return answer.json()["data"]


def nodes(node: dict) -> list[dict]:
    return [node, *(one for child in node.get("children", []) for one in nodes(child))]


def test_explain_and_analyze(serve, run, tickscope):
    server = serve()
    at = int(time.time()) // 60 * 60_000 - 60_000
    write(server, at)
    times = {"start": at / 1000 - 300, "end": at / 1000, "step": 60}
    query = "sum by (region) (rate(kills_total[2m])) / (players + players)"
    planned = explain(server, query, **times)
    all_planned = nodes(planned["plan"])
    assert [n["operation"] for n in all_planned] == ["binary", "aggregate", "function", "range", "binary", "selector", "selector"]
    assert [n["method"] for n in all_planned] == [
        "series by series", "columns", "within the columns above", "within the columns above", "series by series", "series by series", "shared",
    ]  # fmt: skip
    assert all_planned[6]["sharedWith"] == 6
    read = all_planned[3]["read"]
    assert read["function"] == "rate" and read["range"] == 120 and read["columns"] and read["estimate"]["series"] == 6
    assert {span["tier"] for span in read["tiers"]} == {"memory"}
    assert "actual" not in planned and not any("actual" in n for n in all_planned)
    assert planned["cache"]["steps"] == 6 and planned["cache"]["mayBeKept"]

    ran = explain(server, query, analyze=1, **times)
    assert ran["actual"]["sharedResults"] == 1 and ran["actual"]["seriesRead"] == 12
    for node in nodes(ran["plan"]):
        if "actual" in node:
            assert node["actual"]["method"] == node["method"], node
    selector = nodes(ran["plan"])[3]
    assert selector["actual"]["seriesRead"] == 6 and selector["actual"]["samplesRead"] > 100
    assert selector["actual"]["unpackedBytes"] == 16 * selector["actual"]["samplesRead"]
    # An instant query's, by form, with its errors.
    assert explain(server, "players", time=at / 1000)["plan"]["steps"] == 1
    assert server.get("/api/v1/explain", {"query": "sum("}).status == 400
    assert server.get("/api/v1/explain", {"query": "up[5m]", **times}).status == 400
    assert server.get("/api/v1/explain", {"query": "players", "analyze": 1, "timeout": "1ms"}).status in (200, 503)

    told = run([tickscope, "query", "explain", query, "--start", str(times["start"]), "--end", str(times["end"]), "--step", "60s", "--to", server.url, "--analyze"])
    assert told.returncode == 0, told.stderr
    assert "aggregate sum by (region): columns" in told.stdout and "same as #6" in told.stdout and "read" in told.stdout
    told = run([tickscope, "query", "explain", "players", "--to", server.url, "--format", "json"])
    assert told.returncode == 0 and json.loads(told.stdout)["plan"]["operation"] == "selector"


def test_a_costly_query_is_planned_and_not_run(serve):
    server = serve(config="query: {admission: {refuse_bytes: 32KiB}}\n")
    at = int(time.time()) // 60 * 60_000 - 60_000
    write(server, at)
    times = {"start": at / 1000 - 3600, "end": at / 1000, "step": 1}
    assert explain(server, "players", **times)["estimate"]["bytes"] > 32768
    refused = server.get("/api/v1/explain", {"query": "players", "analyze": 1, **times})
    assert refused.status == 429 and int(refused.headers["retry-after"]) > 0
    assert server.get("/api/v1/query_range", {"query": "players", **times}).status == 429
    (server.data.parent / "tickscope.yaml").write_text("query: {admission: {refuse_bytes: 1GiB}}\n")
    server.child.signal(signal.SIGHUP)
    wait_until(lambda: server.get("/api/v1/query_range", {"query": "players", **times}).status == 200, "the new limit", 10)


def test_answers_name_their_tiers(serve):
    server = serve()
    at = int(time.time()) // 60 * 60_000 - 60_000
    write(server, at)
    times = {"start": at / 1000 - 300, "end": at / 1000, "step": 60}
    answer = server.get("/api/v1/query_range", {"query": "sum(players)", "stats": "true", **times})
    assert answer.headers["x-tickscope-tiers"].startswith("raw=")
    assert answer.json()["data"]["stats"]["tiers"]
    assert server.get("/api/v1/query_range", {"query": "sum(players)", "max_source_resolution": "auto", **times}).status == 200
    refused = server.get("/api/v1/query_range", {"query": "sum(players)", "max_source_resolution": "fine", **times})
    assert refused.status == 400 and "max_source_resolution" in refused.json()["error"]


def test_what_matches_nothing_is_remembered_until_it_matches(serve):
    server = serve()
    at = int(time.time()) // 60 * 60_000 - 60_000
    write(server, at)

    def hits() -> float:
        lines = server.get("/metrics").text.splitlines()
        name = 'tickscope_query_cache_negative_requests_total{outcome="hit"} '
        return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))

    assert server.query("nobody", at / 1000) == []
    before = hits()
    for _ in range(3):
        assert server.query("nobody", at / 1000) == []
        assert server.query("sum(nobody)", at / 1000) == []
    assert hits() == before + 6
    assert server.write("rw2", [Series({"__name__": "nobody"}, [(at, 1.0)])]).status == 204
    wait_until(lambda: len(server.query("nobody", at / 1000)) == 1, "the new series", 10)
