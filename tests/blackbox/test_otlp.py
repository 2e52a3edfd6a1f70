"""OTLP metrics: what an OpenTelemetry SDK sends is found by queries under the names Prometheus would give it, and what is
wrong with a request costs as little of it as can be."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import pathlib
import struct
import threading
import time
import zlib

import pytest

import http_call
from child import Child, free_port, wait_until
from otlp_sender import SdkMetrics, delta_temporality, gauge, grpc_exporter, hard_request, http_exporter, one_resource, point, text_attribute
from peer_version import prometheus_version

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFORMANCE = pathlib.Path(os.environ.get("TICKSCOPE_SHARED", ROOT / "../shared")) / "conformance/otlp"
PATH = "/api/v1/otlp/v1/metrics"
JSON = {"Content-Type": "application/json"}
PROTOBUF = {"Content-Type": "application/x-protobuf"}


def post(server, body, headers=None) -> http_call.Answer:
    """Sends bytes, or JSON; what is acknowledged is also visible when this returns."""
    if not isinstance(body, bytes):
        body, headers = json.dumps(body).encode(), JSON | (headers or {})
    answer = http_call.call("POST", server.url + PATH, body=body, headers=headers or {})
    if answer.status == 200:
        wait_applied(server)
    return answer


def wait_applied(server) -> None:
    durable = server.metric("tickscope_stream_appended_records_total")
    wait_until(lambda: server.metric("tickscope_store_records_total") >= durable, "durable records to be visible")


def everything(server, time_s: float) -> list[dict]:
    found = server.query('{__name__!=""}', time_s)
    return sorted(found, key=lambda one: json.dumps(one["metric"], sort_keys=True))


def partial(answer: http_call.Answer) -> tuple[int, str]:
    """What a JSON answer says was rejected, and why."""
    told = answer.json().get("partialSuccess", {})
    return int(told.get("rejectedDataPoints", 0)), told.get("errorMessage", "")


def test_conversion_is_prometheus(serve):
    path = CONFORMANCE / "prometheus_3.16_conversion.json"
    if not path.is_file():
        pytest.skip(f"no conformance material at {path}; set TICKSCOPE_SHARED")
    now = int(time.time())
    text = path.read_text().replace("T_MINUS_60S000000000", f"{now - 60}000000000").replace("T000000000", f"{now}000000000")
    case = json.loads(text)
    server = serve()
    answer = post(server, case["request"])
    assert (answer.status, answer.json()) == (200, {})
    found = everything(server, now)
    for one in found:
        one.get("value", one.get("histogram"))[0] = "T"
    assert found == case["query_result"]


def test_samples_of_other_signals_and_delta(serve):
    """metrics.json is delta but for a gauge of 2018; the three other files are no metrics, which is no mistake."""
    if not CONFORMANCE.is_dir():
        pytest.skip(f"no conformance material at {CONFORMANCE}; set TICKSCOPE_SHARED")
    server = serve(config="otlp: {delta: {series_max: 0}}\n")
    answer = post(server, (CONFORMANCE / "metrics.json").read_bytes(), JSON)
    rejected, why = partial(answer)
    assert answer.status == 200
    assert rejected == 3 and "delta temporality" in why
    found = server.query("my_gauge_ratio", 1544712660.3)
    assert [one["metric"] for one in found] == [
        {"__name__": "my_gauge_ratio", "job": "my.service", "my_gauge_attr": "some value", "service_name": "my.service"}
    ]
    for other in ("trace.json", "logs.json", "events.json"):
        answer = post(server, (CONFORMANCE / other).read_bytes(), JSON)
        assert (answer.status, answer.json()) == (200, {}), other
    assert server.metric("tickscope_otlp_refused_data_points_total") == 3


@pytest.mark.parametrize(
    ("strategy", "scope"),
    [
        ("UnderscoreEscapingWithSuffixes", False),
        ("UnderscoreEscapingWithSuffixes", True),
        ("UnderscoreEscapingWithoutSuffixes", False),
        ("NoUTF8EscapingWithSuffixes", False),
        ("NoTranslation", False),
    ],
)
def test_a_real_prometheus_agrees(serve, start, peer, run, tmp_path, strategy, scope):
    prometheus = peer("prometheus")
    if prometheus_version(run, prometheus) < (3, 0):
        pytest.skip("needs Prometheus 3, which takes OTLP by these settings: tools/install_peers.sh --current")
    settings = (
        f"otlp:\n  translation_strategy: {strategy}\n  promote_resource_attributes: [service.name, map.name]\n"
        f"  keep_identifying_resource_attributes: {str(scope).lower()}\n  promote_scope_metadata: {str(scope).lower()}\n"
    )
    (tmp_path / "prometheus.yaml").write_text(settings)
    port = free_port()
    command = [prometheus, f"--config.file={tmp_path}/prometheus.yaml", f"--storage.tsdb.path={tmp_path}/prometheus"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--web.enable-otlp-receiver"]
    child: Child = start(command, name="prometheus")
    url = f"http://127.0.0.1:{port}"
    child.wait_http(url + "/-/ready", 30)
    now = int(time.time())
    request = hard_request(now)
    body = json.dumps(request).encode()
    assert http_call.call("POST", url + PATH, body=body, headers=JSON).status == 200
    server = serve(config=settings)
    answer = post(server, request)
    assert (answer.status, answer.json()) == (200, {})
    found = http_call.get(url + "/api/v1/query", {"query": '{__name__!=""}', "time": str(now)}).json()["data"]["result"]
    assert everything(server, now) == sorted(found, key=lambda one: json.dumps(one["metric"], sort_keys=True))


@pytest.mark.parametrize("temporality", ["cumulative", "delta"])
@pytest.mark.parametrize(("exporter", "compression"), [("http", "none"), ("http", "gzip"), ("grpc", "none"), ("grpc", "gzip")])
def test_a_real_sdk(serve, exporter, compression, temporality):
    port, grpc_port = free_port(), free_port()
    server = serve(config=f"otlp:\n  listen: 127.0.0.1:{port}\n  grpc: {{listen: '127.0.0.1:{grpc_port}'}}\n")
    preferred = delta_temporality() if temporality == "delta" else {}
    metrics = SdkMetrics(
        grpc_exporter(grpc_port, compression, preferred) if exporter == "grpc" else http_exporter(port, compression, preferred)
    )
    try:
        for joined, tick in ((3, 4), (4, 12), (0, 30)):
            metrics.joined.add(joined, {"map.name": "dust"})
            metrics.online.add(joined - 1, {"map.name": "dust"})
            metrics.load.set(joined / 8)
            metrics.tick.record(tick)
            metrics.exact.record(tick)
            metrics.export()
    finally:
        metrics.close()
    wait_applied(server)
    base = 'job="gs",instance="i-1",service_name="gs"'

    def value(selector: str) -> float:
        found = server.query(selector)
        assert len(found) == 1, (selector, found)
        return float(found[0]["value"][1])

    assert value(f'players_joined_total{{{base},map_name="dust"}}') == 7
    assert value(f'players_online{{{base},map_name="dust"}}') == 4
    assert value(f"cpu_load_ratio{{{base}}}") == 0
    assert value(f"tick_duration_milliseconds_sum{{{base}}}") == 46
    assert value(f"tick_duration_milliseconds_count{{{base}}}") == 3
    buckets = {one["metric"]["le"]: one["value"][1] for one in server.query("tick_duration_milliseconds_bucket")}
    assert buckets == {"5": "1", "10": "1", "20": "2", "+Inf": "3"}
    assert value(f"histogram_count(tick_exact_milliseconds{{{base}}})") == 3
    assert value(f"histogram_sum(tick_exact_milliseconds{{{base}}})") == 46
    assert value("histogram_quantile(0.5, tick_exact_milliseconds)") == pytest.approx(12, rel=0.01)
    assert value("histogram_fraction(20, 40, tick_exact_milliseconds)") == pytest.approx(1 / 3, rel=0.01)
    found = server.query("target_info")
    assert [(one["metric"]["cloud_region"], one["metric"]["job"]) for one in found] == [("eu", "gs")]
    metadata = server.get("/api/v1/metadata", {"metric": "players_joined_total"}).json()["data"]
    assert metadata["players_joined_total"][0]["type"] == "counter"
    assert metadata["players_joined_total"][0]["help"] == "Players that joined."
    assert http_call.get(f"http://127.0.0.1:{port}/api/v1/query", {"query": "1"}).status == 404, "for senders only"


def test_acknowledged_is_durable(serve, tmp_path):
    server = serve(data=tmp_path / "kept")
    now = int(time.time())
    assert post(server, one_resource(gauge("kept", point(now, 5)))).status == 200
    server.child.kill()
    server = serve(data=tmp_path / "kept")
    assert server.query("kept", now)[0]["value"][1] == "5"


def test_a_bad_point_costs_itself(serve):
    server = serve(config="ingest:\n  label_value_bytes_max: 8192\n")
    now = int(time.time())
    bad_histogram = {"timeUnixNano": f"{now}000000000", "count": "3", "bucketCounts": ["1", "5"], "explicitBounds": [1]}
    histogram = {"name": "h", "histogram": {"aggregationTemporality": 2, "dataPoints": [bad_histogram]}}
    too_coarse = {"timeUnixNano": f"{now}000000000", "count": "0", "scale": -5}
    negative = {"timeUnixNano": f"{now}000000000", "count": "-1", "scale": 0}
    exponential = {"name": "e", "exponentialHistogram": {"aggregationTemporality": 2, "dataPoints": [too_coarse, negative]}}
    long = [text_attribute("long", "x" * (1 << 20))]
    good = point(now, 1), point(now, 2, [text_attribute("path", "../../etc/passwd\n\0")])
    answer = post(
        server,
        one_resource(
            histogram,
            exponential,
            gauge("g", point(now + 7200, 1), good[0], point(now, 9, long), good[1]),
            gauge("../../x\n", point(now, 3)),
            gauge("...", point(now, 4)),
            gauge("nan", point(now, 0) | {"asDouble": "NaN"}),
            attributes=[text_attribute("service.name", "gs"), text_attribute("more", "1")],
        ),
    )
    assert answer.status == 200, answer.text
    rejected, why = partial(answer)
    assert rejected == 6, why
    assert "do not add up" in why and "too far in the future" in why and "xxx" not in why
    base = {"job": "gs", "service_name": "gs"}
    assert [(one["metric"], one["value"][1]) for one in everything(server, now)] == [
        ({"__name__": "g", "path": "../../etc/passwd\n\0", **base}, "2"),
        ({"__name__": "g", **base}, "1"),
        ({"__name__": "nan", **base}, "NaN"),
        ({"__name__": "target_info", "job": "gs", "more": "1"}, "1"),
        ({"__name__": "x", **base}, "3"),
    ]
    assert server.metric("tickscope_otlp_refused_data_points_total") == 3
    answer = post(server, one_resource(gauge("g", point(now, 77))))
    assert partial(answer)[0] == 0, "another series: it has no job"
    answer = post(server, one_resource(gauge("g", point(now, 78))))
    assert partial(answer)[0] == 1 and "duplicate sample" in partial(answer)[1]


def test_a_histogram_refused_in_parts_is_one_point(serve):
    server = serve(config="ingest:\n  label_value_bytes_max: 8\n")
    now = int(time.time())
    counts = {"timeUnixNano": f"{now}000000000", "count": "3", "sum": 2, "bucketCounts": ["1", "2"], "explicitBounds": [1]}
    points = [counts | {"attributes": [text_attribute("a", value)]} for value in ("x" * 9, "fine")]
    request = one_resource({"name": "h", "histogram": {"aggregationTemporality": 2, "dataPoints": points}})
    assert partial(post(server, request))[0] == 1
    assert {one["metric"]["a"] for one in server.query("h_bucket", now)} == {"fine"}


def status_message(answer: http_call.Answer) -> str:
    """Of a google.rpc.Status in protobuf: field 2."""
    body = answer.body
    assert body[0] == 0x08, body
    assert body[2] == 0x12, body
    return body[-(len(body) - 4) :].decode(errors="replace")


def test_what_does_not_decode(serve):
    server = serve()
    whole = json.dumps(one_resource(gauge("g", point(time.time(), 1)))).encode()
    for body, why in [
        (whole[:-5], "malformed JSON"),
        (b"[" * 100_000, "malformed JSON"),
        (b'{"resourceMetrics":' + b'[{"a":' * 50 + b"1", "malformed JSON"),
        (whole.replace(b'"asDouble": 1.0', b'"asDouble": "x"').replace(b'"asDouble": 1', b'"asDouble": "x"'), "bad value"),
    ]:
        answer = post(server, body, JSON)
        assert (answer.status, answer.json()["code"]) == (400, 3), answer.text
        assert why in answer.json()["message"]
    answer = post(server, b"\x0a\x7f\x01", PROTOBUF)
    assert answer.status == 400
    assert "malformed protobuf" in status_message(answer)
    assert answer.headers["content-type"] == "application/x-protobuf"
    assert post(server, b"", PROTOBUF).status == 200, "nothing to do is done"
    assert post(server, whole, {"Content-Type": "text/plain"}).status == 415
    assert post(server, whole, JSON | {"Content-Encoding": "br"}).status == 415
    assert post(server, whole, JSON | {"X-Scope-OrgID": "../x"}).status == 400
    packed = gzip.compress(whole)
    assert post(server, packed, JSON | {"Content-Encoding": "gzip"}).status == 200
    for damaged in (packed[:-9], packed[:20], b"not gzip at all, really", packed + b"x"):
        # 413 when the last four bytes, where a whole stream has its size, announce too much.
        assert post(server, damaged, JSON | {"Content-Encoding": "gzip"}).status in (400, 413)


def test_bombs_are_not_unpacked(serve):
    server = serve()
    before = server.metric("process_resident_memory_bytes")
    bomb = gzip.compress(b"\0" * (128 << 20), 9)
    assert post(server, bomb, PROTOBUF | {"Content-Encoding": "gzip"}).status == 413
    # One that lies about its size in its last four bytes.
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    lying = packer.compress(b"\0" * (128 << 20)) + packer.flush()
    lying = lying[:-4] + struct.pack("<I", 10)
    assert post(server, lying, PROTOBUF | {"Content-Encoding": "gzip"}).status in (400, 413)
    large = gzip.compress(b'{"a":"' + b"x" * (20 << 20) + b'"}')
    assert post(server, large, JSON | {"Content-Encoding": "gzip"}).status == 413, "JSON may be 16 MB"
    assert server.metric("process_resident_memory_bytes") - before < 256 << 20


SCHEMA = """\
schema: game
version: "1.0"
defaults: {owner: gameplay, class: ops, cadence: 10s}
target_labels:
  server: {pattern: "s[0-9]+", budget: 3, help: Which.}
metrics:
  - {name: game_players, type: gauge, help: Players., owner: lobby}
"""


def test_points_are_held_to_the_guard_and_its_budgets(serve, tmp_path):
    schema = tmp_path / "game.yaml"
    schema.write_text(SCHEMA)
    server = serve(config=f"guard: {{schema: {schema}}}\n")
    now = int(time.time())
    for step in (0, 10):
        names = [f"s{n}" for n in range(1, 6)]
        answer = post(
            server,
            one_resource(
                gauge("game_players", *[point(now - 10 + step, n + 1, [text_attribute("server", name)]) for n, name in enumerate(names)]),
                gauge("game_bots", point(now - 10 + step, 1, [text_attribute("server", "s1")])),
                gauge("game_players", point(now - 10 + step, 1, [text_attribute("server", "s1"), text_attribute("who", "jane.doe@example.com")])),
            ),
        )
        assert answer.status == 200, answer.text
        partial = answer.json()["partialSuccess"]
        assert int(partial["rejectedDataPoints"]) == 2, partial
        assert "jane" not in answer.text
    stored = {one["metric"]["server"]: float(one["value"][1]) for one in server.query("game_players", now)}
    assert stored == {"s1": 1.0, "s2": 2.0, "s3": 3.0, "__overflow__": 9.0}, "what is over the budget is added up"
    shown = server.get("/api/v1/guard/rejects").json()["data"]["rejects"]
    assert {(one["reason"], one["owner"]) for one in shown} == {("budget", "lobby"), ("unknown_metric", ""), ("pii", "lobby")}


def test_tenants_do_not_meet(serve):
    server = serve()
    now = int(time.time())
    for tenant, value in (("a", 1), ("b", 2)):
        answer = post(server, one_resource(gauge("g", point(now, value))), {"X-Scope-OrgID": tenant})
        assert (answer.status, answer.json()) == (200, {})
    for tenant, value in (("a", "1"), ("b", "2")):
        answer = server.get("/api/v1/query", {"query": "g", "time": str(now)}, headers={"X-Scope-OrgID": tenant})
        assert [one["value"][1] for one in answer.json()["data"]["result"]] == [value]
    assert server.query("g", now) == []


def delta_sum(name: str, *points: tuple[float, float, float]) -> dict:
    """A counter of delta temporality: (start, end, value)."""
    return {
        "name": name,
        "sum": {
            "aggregationTemporality": 1,
            "isMonotonic": True,
            "dataPoints": [point(end, value) | {"startTimeUnixNano": str(int(start * 1000) * 1_000_000)} for start, end, value in points],
        },
    }


def test_delta_is_added_up(serve):
    server = serve(config="otlp: {delta: {series_max: 2}}\n")
    t = int(time.time()) - 100
    for points in ([(t, t + 10, 5)], [(t + 10, t + 20, 3), (t + 20, t + 30, 1)]):
        assert post(server, one_resource(delta_sum("c", *points))).json() == {}
    # A retry adds nothing; what is late is refused, and told.
    assert post(server, one_resource(delta_sum("c", (t + 20, t + 30, 1)))).json() == {}
    rejected, why = partial(post(server, one_resource(delta_sum("c", (t + 5, t + 15, 7)))))
    assert rejected == 1 and "out of order" in why
    (found,) = server.query("c_total[2m]", t + 60)
    assert [value for _, value in found["values"]] == ["5", "8", "9"]
    # A clock that is ahead does not hold up what comes in its time.
    rejected, why = partial(post(server, one_resource(delta_sum("c", (t + 30, t + 86400, 100)))))
    assert rejected == 1 and "ahead of the clock" in why
    # There is room for two series.
    rejected, why = partial(post(server, one_resource(delta_sum("d", (t, t + 10, 1)), delta_sum("e", (t, t + 10, 1)))))
    assert rejected == 1 and "one series too many" in why
    assert server.metric("tickscope_otlp_delta_series") == 2
    # A restart changes nothing: the total goes on.
    port = int(server.url.rpartition(":")[2])
    assert server.child.stop() == 0
    server = serve(data=server.data, port=port, config="otlp: {delta: {series_max: 2}}\n")
    assert post(server, one_resource(delta_sum("c", (t + 30, t + 40, 4)))).json() == {}
    # The store's count of records has those replayed in it: it does not say that this one is visible.
    wait_until(lambda: len(server.query("c_total[2m]", t + 60)[0]["values"]) == 4, "the new sample")
    (found,) = server.query("c_total[2m]", t + 60)
    assert [value for _, value in found["values"]] == ["5", "8", "9", "13"]
    (found,) = server.query("resets(c_total[2m])", t + 60)
    assert found["value"][1] == "0"


def delta_export(number: int, end: float, start: float, n: int, buckets: list[int], exponential: int) -> dict:
    """What an SDK exports of a counter, a histogram and an exponential one, all of delta temporality."""
    times = {"startTimeUnixNano": str(int(start * 1000) * 1_000_000), "timeUnixNano": str(int(end * 1000) * 1_000_000)}
    own = times | {"attributes": [text_attribute("map", "dust")]}
    histogram = own | {"count": str(sum(buckets)), "sum": sum(buckets) * 2, "bucketCounts": [str(b) for b in buckets], "explicitBounds": [1, 2.5]}
    fine = own | {"count": str(exponential), "sum": 1, "scale": number % 3, "positive": {"offset": 1, "bucketCounts": [str(exponential)]}}
    return one_resource(
        {"name": "c", "sum": {"aggregationTemporality": 1, "isMonotonic": True, "dataPoints": [own | {"asInt": str(n)}]}},
        {"name": "h", "histogram": {"aggregationTemporality": 1, "dataPoints": [histogram]}},
        {"name": "e", "exponentialHistogram": {"aggregationTemporality": 1, "dataPoints": [fine]}},
        attributes=[text_attribute("service.name", "gs")],
    )


@pytest.mark.parametrize("numbered", [False, True])
def test_delta_totals_survive_kills(serve, numbered):
    """What was not answered is sent again, as exporters do: after kill -9 at any moment totals are the sum of what was counted."""
    port = free_port()
    config = "stream: {segment_bytes_max: 1MiB}\nstore: {seal_interval: 1s}\n"
    server = serve(port=port, config=config)
    began = int(time.time()) - 500
    counted, in_buckets, in_exponential = 0, [0, 0, 0], 0
    kill_at = {20, 21, 45, 70}

    def send(number: int, body: dict) -> bool:
        headers = dict(JSON)
        if numbered:
            headers |= {"X-Tickscope-Sender": "host-1", "X-Tickscope-Delivery": f"00000000000000d1.{number}"}
        try:
            answer = http_call.call("POST", server.url + PATH, body=json.dumps(body).encode(), headers=headers)
        except (OSError, http.client.HTTPException):
            return False
        if answer.status == 503:
            return False
        assert answer.status == 200 and answer.json() == {}, answer.text
        return True

    for number in range(1, 91):
        buckets = [number % 3, number % 5, number % 2]
        body = delta_export(number, began + 5 * number, began + 5 * (number - 1), number % 7, buckets, number % 4)
        counted += number % 7
        in_buckets = [a + b for a, b in zip(in_buckets, buckets)]
        in_exponential += number % 4
        killer = None
        if number in kill_at:
            # While the request is on its way, or before, or after it was answered.
            killer = threading.Thread(target=server.child.kill)
            killer.start()
        is_sent = send(number, body)
        if killer is not None:
            killer.join()
            server = serve(port=port, data=server.data, config=config)
            # Also one whose answer came, for some senders never hear it.
            assert send(number, body)
            is_sent = True
        assert is_sent
    wait_applied(server)
    at = began + 5 * 90

    def value(selector: str) -> float:
        found = server.query(selector, at)
        return float(found[0]["value"][1]) if len(found) == 1 else -1

    wait_until(lambda: value("c_total") == counted, f"the total {counted}")
    assert value("h_count") == sum(in_buckets)
    assert value("h_sum") == 2 * sum(in_buckets)
    assert value('h_bucket{le="1"}') == in_buckets[0]
    assert value('h_bucket{le="2.5"}') == in_buckets[0] + in_buckets[1]
    assert value("histogram_count(e)") == in_exponential
    assert value("resets(c_total[10m])") == 0, "no total began anew"
    assert value("resets(e[10m])") == 0
    assert server.metric("tickscope_otlp_delta_restored_total") == 3


def test_numbered_deltas_are_added_up_once(serve):
    """Told from repetitions before they are added up: an older push that comes again is no mistake of its sender's."""
    server = serve()
    t = int(time.time()) - 100

    def push(number: int, *points: tuple[float, float, float]) -> http_call.Answer:
        headers = {"X-Tickscope-Sender": "host-1", "X-Tickscope-Delivery": f"00000000000000d2.{number}"}
        return post(server, one_resource(delta_sum("c", *points)), headers)

    assert push(1, (t, t + 10, 5)).json() == {}
    assert push(2, (t + 10, t + 20, 3), (t + 20, t + 30, 1)).json() == {}
    for number, points in ((1, [(t, t + 10, 5)]), (2, [(t + 10, t + 20, 3), (t + 20, t + 30, 1)])):
        again = push(number, *points)
        assert again.json() == {} and again.headers.get("x-tickscope-duplicate") == "1"
    # One that cannot be read is not kept in mind, and none of it is in a total.
    bad = {"X-Tickscope-Sender": "host-1", "X-Tickscope-Delivery": "00000000000000d2.3"} | PROTOBUF
    assert post(server, b"\x0a\x7f\x01", bad).status == 400
    assert push(3, (t + 30, t + 40, 2)).headers.get("x-tickscope-duplicate") is None
    (found,) = server.query("c_total[2m]", t + 60)
    assert [value for _, value in found["values"]] == ["5", "8", "9", "11"]
    assert server.metric("tickscope_otlp_refused_data_points_total") == 0
    assert server.metric("tickscope_ingest_duplicate_pushes_total") == 2


def test_zstd_bodies(serve):
    zstd = pytest.importorskip("pyarrow")
    server = serve()
    now = int(time.time())
    body = json.dumps(one_resource(gauge("g", point(now, 7)))).encode()
    codec = zstd.Codec("zstd")
    assert post(server, codec.compress(body, asbytes=True), JSON | {"Content-Encoding": "zstd"}).status == 200
    assert server.query("g", now)[0]["value"][1] == "7"
    bomb = codec.compress(b"\0" * (128 << 20), asbytes=True)
    assert post(server, bomb, PROTOBUF | {"Content-Encoding": "zstd"}).status == 413
    assert post(server, b"not zstd", JSON | {"Content-Encoding": "zstd"}).status == 400
