"""Limits of series: totals stay right, limits reload, who is late is told; and series nobody should send."""

from __future__ import annotations

import signal
import time

import remote_write
from child import wait_until
from remote_write import Series, field_bytes, field_double, field_varint, varint


def push(server, metric: str, count: int, at_ms: int, value, protocol: str = "rw2", **labels: str) -> None:
    series = [Series({"__name__": metric, "server": f"s{i}", **labels}, [(at_ms, float(value(i)))]) for i in range(count)]
    answer = server.write(protocol, series)
    assert answer.status == 204, answer.text


def total(server, expression: str, at_ms: int) -> float:
    result = server.query(expression, at_ms / 1000)
    return float(result[0]["value"][1]) if result else 0.0


def limits(server, tenant: str = "default") -> dict:
    answer = server.get("/api/v1/status/limits", headers={"X-Scope-OrgID": tenant})
    assert answer.status == 200, answer.text
    return answer.json()["data"]


def test_over_a_limit_totals_stay_right_through_kill_and_restart(serve, tmp_path):
    config = "ingest: {series_per_metric_max: 20, overflow_keeps: [le, region]}\n"
    server = serve(config=config)
    base = int(time.time() * 1000) - 120_000
    for step in range(3):
        for region in ("eu", "na"):
            push(server, "kills_total", 40, base + step * 10_000, lambda i: step * 5 + i, region=region, protocol="rw1")
            push(server, "players", 40, base + step * 10_000, lambda i: step + i, region=region)
    at = base + 20_000
    want = 2 * sum(10 + i for i in range(40))
    wait_until(lambda: total(server, "sum(kills_total)", at) == want, "the total", 10)
    assert total(server, "sum(players)", at) == 2 * sum(2 + i for i in range(40))
    assert total(server, "count(kills_total)", at) == 22  # 20 series and one a region for the rest
    assert total(server, 'sum(kills_total{region="eu"})', at) == want / 2
    assert total(server, "sum(increase(kills_total[20s]))", at) > 0
    assert server.metric("tickscope_ingest_overflow_samples_total") > 0
    assert server.metric("tickscope_ingest_refused_samples_total") == 0
    state = limits(server)
    assert state["activeSeries"] == 40 and state["seriesPerMetricMax"] == 20
    assert sum(one["sources"] for one in state["overflow"]) == 120

    server.child.kill()
    server = serve(config=config, data=server.data)
    for region in ("eu", "na"):
        push(server, "kills_total", 40, at + 10_000, lambda i: 20 + i, region=region, protocol="rw1")
        push(server, "players", 40, at + 10_000, lambda i: 20 + i, region=region)
    want = 2 * sum(20 + i for i in range(40))
    wait_until(lambda: total(server, "sum(kills_total)", at + 10_000) == want, "the total after a kill", 10)
    wait_until(lambda: total(server, "sum(players)", at + 10_000) == want, "the other one", 10)


def test_budgets_tenants_and_reload(serve, tmp_path):
    config = """
ingest:
  budgets:
    - {match: '{map="desert"}', series_max: 5}
  tenants:
    small: {series_max: 3}
"""
    server = serve(config=config)
    now = int(time.time() * 1000) - 60_000
    push(server, "a_total", 10, now, lambda i: 1, map="desert")
    push(server, "a_total", 10, now, lambda i: 1, map="ice")
    wait_until(lambda: total(server, "sum(a_total)", now) == 20, "the total", 10)
    assert limits(server)["budgets"] == [{"match": '{map="desert"}', "activeSeries": 5, "seriesMax": 5}]
    assert server.query('a_total{__overflow__="budget"}', now / 1000)[0]["value"][1] == "5"
    body = remote_write.snappy(
        remote_write.message("rw1", [Series({"__name__": "b_total", "n": str(i)}, [(now, 2.0)]) for i in range(9)])
    )
    assert server.write_raw(body, {**remote_write.headers("rw1"), "X-Scope-OrgID": "small"}).status == 204
    assert limits(server, "small")["activeSeries"] == 3 and limits(server, "small")["seriesMax"] == 3

    (tmp_path / "tickscope.yaml").write_text(config.replace("series_max: 5", "series_max: 8"))
    server.child.signal(signal.SIGHUP)
    wait_until(lambda: limits(server)["budgets"][0]["seriesMax"] == 8, "the reload", 10)
    # Series are counted for the new budgets as they are heard; what overflows goes on to.
    push(server, "a_total", 20, now + 10_000, lambda i: 2, map="desert")
    wait_until(lambda: total(server, 'sum(a_total{map!="ice"})', now + 10_000) == 40, "the new total", 10)
    assert limits(server)["budgets"][0]["activeSeries"] == 8

    (tmp_path / "tickscope.yaml").write_text("ingest: {budgets: [{match: '{map=', series_max: 1}]}\n")
    server.child.signal(signal.SIGHUP)
    wait_until(lambda: "expected a selector" in server.child.log_text(), "the refusal of a bad selector", 10)
    assert limits(server)["budgets"][0]["seriesMax"] == 8


def test_late_samples_are_counted_by_sender(serve):
    server = serve()
    now = int(time.time() * 1000)
    labels = {"__name__": "m", "job": "game", "instance": "eu-1:9"}
    assert server.write("rw1", [Series(labels, [(now, 1.0)])]).status == 204
    assert server.write("rw2", [Series(labels, [(now - 60_000, 2.0)])]).status == 204
    answer = server.write("rw1", [Series(labels, [(now - 700_000, 3.0)])])
    assert answer.status == 400
    assert 'out-of-order sample of m{instance="eu-1:9", job="game"}: got 20' in answer.text, answer.text
    assert ", want at least 20" in answer.text
    assert limits(server)["lateSenders"] == [
        {"sender": "game/eu-1:9", "taken": 1, "refused": 1, "latestBySeconds": 700}
    ]


def histogram_series(labels: dict[str, str], at_ms: int, buckets: int, spans: list[tuple[int, int]] | None = None) -> bytes:
    """A 1.0 request with one native histogram of `buckets` populated buckets, one observation each."""
    out = b"".join(field_bytes(1, field_bytes(1, k.encode()) + field_bytes(2, v.encode())) for k, v in sorted(labels.items()))
    zigzag = lambda n: (n << 1) ^ (n >> 63)
    deltas = varint(zigzag(1)) + varint(0) * (buckets - 1)
    span = b"".join(
        field_bytes(11, field_varint(1, zigzag(offset)) + field_varint(2, length)) for offset, length in spans or [(0, buckets)]
    )
    histogram = (
        field_varint(1, buckets)
        + field_double(3, 1.0)
        + field_varint(4, zigzag(8))
        + field_double(5, 0.001)
        + field_varint(6, 0)
        + span
        + field_bytes(12, deltas)
        + field_varint(15, at_ms)
    )
    return remote_write.snappy(field_bytes(1, out + field_bytes(4, histogram)))


def test_series_nobody_should_send(serve):
    server = serve()
    now = int(time.time() * 1000)
    good = Series({"__name__": "good"}, [(now, 1.0)])
    many = {"__name__": "m", **{f"l{i:04}": "x" for i in range(1000)}}
    cases = [
        (many, "too many labels: got 1001, want at most 64"),
        ({"__name__": "m", "big": "x" * (1 << 20)}, 'value of label "big" is too long: got 1048576 bytes, want at most 8192'),
        ({"__name__": "m", "n" * 2000: "x"}, "is too long: got 2000 bytes, want at most 1024"),
    ]
    for step, (labels, message) in enumerate(cases):
        for protocol in ("rw1", "rw2"):
            answer = server.write(protocol, [Series(labels, [(now, 1.0)]), Series(good.labels, [(now + step, 1.0)])])
            assert answer.status == 400 and message in answer.text, answer.text[:300]
    assert total(server, "good", now + 10) == 1
    assert server.query("m", now / 1000) == []


def test_a_histogram_of_ten_thousand_buckets(serve):
    server = serve()
    now = int(time.time() * 1000)
    headers = remote_write.headers("rw1")
    answer = server.write_raw(histogram_series({"__name__": "wide"}, now, 10_000), headers)
    assert answer.status == 204, answer.text
    wait_until(lambda: total(server, "histogram_count(wide)", now) == 10_000, "the histogram", 10)
    # A span that declares far more buckets than follow is refused before anything is made room for.
    answer = server.write_raw(histogram_series({"__name__": "lies"}, now, 10, [(0, 4_000_000_000)]), headers)
    assert answer.status == 400, answer.text
    assert server.child.rss_bytes() < 500 << 20


def test_a_series_that_changes_its_type(serve):
    server = serve(config="store: {seal_interval: 1s, block_range: 10s, block_delay: 0s}\n")
    now = int(time.time() * 1000) - 60_000
    assert server.write("rw2", [Series({"__name__": "m"}, [(now, 5.0)])]).status == 204
    assert server.write_raw(histogram_series({"__name__": "m"}, now + 10_000, 4), remote_write.headers("rw1")).status == 204
    assert server.write("rw2", [Series({"__name__": "m"}, [(now + 20_000, 7.0)])]).status == 204

    def all_there() -> bool:
        floats = server.query("m", now / 1000 + 1), server.query("m", now / 1000 + 21)
        middle = server.query("m", now / 1000 + 11)
        return (
            [one[0]["value"][1] for one in floats if one] == ["5", "7"]
            and bool(middle)
            and middle[0]["histogram"][1]["count"] == "4"
        )

    wait_until(all_there, "floats and histogram", 10)
    # And from a block.
    for step in range(30):
        assert server.write("rw2", [Series({"__name__": "tick"}, [(now + 60_000 + step * 1000, 1.0)])]).status == 204
        time.sleep(0.1)
    wait_until(lambda: server.metric("tickscope_store_block_samples_total") >= 3, "a block", 20)
    assert all_there()


def test_cardinality_is_told_without_scanning_series(serve):
    server = serve(config="store: {seal_interval: 1s, block_range: 10s, block_delay: 0s}\n")
    now = int(time.time() * 1000) - 60_000
    push(server, "a_total", 30, now, lambda i: 1, region="eu")
    push(server, "b_total", 10, now, lambda i: 1, region="na")
    wait_until(lambda: server.metric("tickscope_store_records_total") >= 2, "both pushes to be visible", 20)
    names = server.get("/api/v1/cardinality/label_names", {"limit": 2}).json()
    assert names == {
        "label_values_count_total": 34,
        "label_names_count": 3,
        "cardinality": [{"label_name": "server", "label_values_count": 30}, {"label_name": "__name__", "label_values_count": 2}],
    }
    values = server.get("/api/v1/cardinality/label_values", {"label_names[]": ["region", "nothing"]}).json()
    assert values["series_count_total"] == 40
    assert values["labels"][0] == {
        "label_name": "region",
        "label_values_count": 2,
        "series_count": 40,
        "cardinality": [{"label_value": "eu", "series_count": 30}, {"label_value": "na", "series_count": 10}],
    }
    assert values["labels"][1]["label_values_count"] == 0
    some = server.get("/api/v1/cardinality/label_values", {"label_names[]": "server", "selector": '{region="na"}', "limit": 1}).json()
    assert some["series_count_total"] == 10 and some["labels"][0]["label_values_count"] == 10
    assert len(some["labels"][0]["cardinality"]) == 1
    for query, message in (({}, "required"), ({"label_names[]": "a", "limit": 501}, "0 to 500"), ({"label_names[]": "a", "selector": "{"}, "selector")):
        answer = server.get("/api/v1/cardinality/label_values", query)
        assert answer.status == 400 and message in answer.json()["error"], answer.text
    # Other series an hour later; the sketches of blocks tell how many there were in all.
    wait_until(lambda: server.metric("tickscope_store_seals_total") >= 1, "a seal", 20)
    for step in range(30):
        push(server, "c_total", 200, now + 30_000 + step * 1000, lambda i: step)
        time.sleep(0.05)
    wait_until(lambda: server.metric("tickscope_store_blocks_total") >= 2, "blocks", 20)
    found = server.get("/api/v1/cardinality/series").json()["data"]
    assert 220 <= found["distinct_series_estimate"] <= 260, found
