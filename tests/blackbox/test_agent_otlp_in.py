"""OTLP by way of an agent: a server finds in it what it finds when the same is sent to it directly; what the agent has acknowledged arrives
once, over kills and outages; and what is wrong with a request costs it as little as it can."""

from __future__ import annotations

import gzip
import json
import logging
import pathlib
import signal
import socket
import subprocess
import time
import zlib

import pytest

import http_call
from child import free_port, wait_until
from loki_receiver import LokiReceiver
from otlp_sender import SdkMetrics, delta_temporality, gauge, grpc_exporter, hard_request, http_exporter, one_resource, point, text_attribute
from running_agent import RunningAgent, write_keys
from test_otel_exporters import java, javascript

grpc = pytest.importorskip("grpc")

JSON = {"Content-Type": "application/json"}
PROTOBUF = {"Content-Type": "application/x-protobuf"}
DIRECT = {"X-Scope-OrgID": "direct"}


@pytest.fixture
def receiver():
    made = LokiReceiver()
    yield made
    made.close()


@pytest.fixture
def agent(start, tickscope, tmp_path):
    """Starts an agent that takes OTLP; its ports are attributes."""

    def make(more: str, settings: str = "") -> RunningAgent:
        http, by_grpc = free_port(), free_port()
        one = RunningAgent(
            start, tickscope, tmp_path, f'otlp: {{http: "127.0.0.1:{http}", grpc: "127.0.0.1:{by_grpc}"{settings}}}\n{more}'
        )
        one.http, one.grpc, one.url = http, by_grpc, f"http://127.0.0.1:{http}"
        return one

    return make


def to(server, more: str = "") -> str:
    return f"remote_write: [{{url: {server.url}/api/v1/write, backoff_max: 300ms{more}}}]\n"


def spooled(tmp_path) -> str:
    return f", spool: {{directory: {tmp_path / 'metrics'}, bytes_max: 64MiB}}"


def send(agent, body, headers=None, path: str = "/v1/metrics") -> http_call.Answer:
    """Bytes, or JSON."""
    if not isinstance(body, bytes):
        body, headers = json.dumps(body).encode(), JSON | (headers or {})
    return http_call.call("POST", agent.url + path, body=body, headers=headers or {})


def partial(answer: http_call.Answer, what: str = "rejectedDataPoints") -> tuple[int, str]:
    told = answer.json().get("partialSuccess", {})
    return int(told.get(what, 0)), told.get("errorMessage", "")


def found(server, headers=None, time_s: float | None = None, without: str = "region") -> list[dict]:
    """Everything at a time, by its labels but one."""
    answer = server.get("/api/v1/query", {"query": '{__name__!=""}'} | ({"time": str(time_s)} if time_s else {}), headers=headers or {})
    result = answer.json()["data"]["result"]
    for one in result:
        one["metric"].pop(without, None)
        one.get("value", one.get("histogram"))[0] = "T"
    return sorted(result, key=lambda one: json.dumps(one["metric"], sort_keys=True))


def raw(server, selector: str) -> dict[str, list[float]]:
    """Values of each series, in their order."""
    result = server.query(f"{selector}[1h]", time.time() + 5)
    return {json.dumps(one["metric"], sort_keys=True): [float(value) for _, value in one["values"]] for one in result}


@pytest.mark.parametrize("encoding", ["json", "gzip"])
def test_a_server_finds_what_it_finds_when_it_is_asked_itself(agent, serve, encoding):
    server = serve()
    one = agent(f"global: {{external_labels: {{region: eu}}}}\n{to(server)}")
    now = int(time.time())
    body = json.dumps(hard_request(now)).encode()
    headers = JSON
    if encoding == "gzip":
        body, headers = gzip.compress(body), JSON | {"Content-Encoding": "gzip"}
    answer = send(one, body, headers)
    assert (answer.status, answer.json()) == (200, {})
    direct = http_call.call("POST", server.url + "/api/v1/otlp/v1/metrics", body=body, headers=headers | DIRECT)
    assert (direct.status, direct.json()) == (200, {})
    durable = server.metric("tickscope_stream_appended_records_total")
    wait_until(lambda: server.metric("tickscope_store_records_total") >= durable, "durable records to be visible")
    wanted = found(server, DIRECT, now)
    assert len(wanted) > 40
    one.wait(lambda: len(found(server, None, now)) >= len(wanted), "the same by the agent")
    assert found(server, None, now) == wanted
    metadata = [server.get("/api/v1/metadata", headers=who).json()["data"] for who in ({}, DIRECT)]
    # A gauge and a counter in this request; a series of remote write is one of them.
    for one_way in metadata:
        del one_way["req_seconds_total"]
    assert metadata[0] == metadata[1]
    assert one.metric("tickscope_agent_dropped_samples_total") == 0
    assert "tickscope_agent_otlp_requests_total{signal=\"metrics\",result=\"taken\"} 1" in own_metrics(one)


def own_metrics(agent) -> str:
    return http_call.get(f"http://127.0.0.1:{agent.listen}/metrics").text


@pytest.mark.parametrize("temporality", ["cumulative", "delta"])
@pytest.mark.parametrize(("exporter", "compression"), [("http", "none"), ("http", "gzip"), ("grpc", "none"), ("grpc", "gzip")])
def test_a_real_sdk(agent, serve, exporter, compression, temporality):
    server = serve()
    one = agent(to(server))
    preferred = delta_temporality() if temporality == "delta" else {}
    metrics = SdkMetrics(
        grpc_exporter(one.grpc, compression, preferred) if exporter == "grpc" else http_exporter(one.http, compression, preferred)
    )
    try:
        for joined, tick in ((3, 4), (4, 12), (0, 30)):
            metrics.joined.add(joined, {"map.name": "dust"})
            metrics.online.add(joined - 1, {"map.name": "dust"})
            metrics.tick.record(tick)
            metrics.exact.record(tick)
            metrics.export()
    finally:
        metrics.close()
    base = 'job="gs",instance="i-1",service_name="gs"'

    def value(selector: str) -> float | None:
        result = server.query(selector)
        assert len(result) <= 1, (selector, result)
        return float(result[0]["value"][1]) if result else None

    one.wait(lambda: value(f"histogram_count(tick_exact_milliseconds{{{base}}})") == 3, "three ticks")
    one.wait(lambda: value(f'players_joined_total{{{base},map_name="dust"}}') == 7, "seven players")
    assert value(f'players_online{{{base},map_name="dust"}}') == 4
    assert value(f"tick_duration_milliseconds_sum{{{base}}}") == 46
    assert value(f'tick_duration_milliseconds_bucket{{{base},le="10"}}') == 1
    assert value("histogram_quantile(0.5, tick_exact_milliseconds)") == pytest.approx(12, rel=0.01)
    assert [series["metric"]["cloud_region"] for series in server.query("target_info")] == ["eu"]
    assert server.get("/api/v1/metadata").json()["data"]["players_joined_total"][0]["help"] == "Players that joined."


@pytest.mark.parametrize("protocol", ["grpc", "http"])
@pytest.mark.parametrize("language", ["javascript", "java"])
def test_other_sdks(agent, serve, tmp_path, language, protocol):
    """Metrics and a log of theirs; their span is declined, which they may say or not."""
    command = javascript() if language == "javascript" else java()
    server = serve()
    one = agent(
        f"{to(server)}logs:\n  push: {{url: {server.url}/loki/api/v1/push, batch_wait: 100ms}}\n"
        f"  spool: {{directory: {tmp_path / 'logs'}}}\n  tokens: {{keys: {write_keys(tmp_path)}}}\n"
    )
    port = one.grpc if protocol == "grpc" else one.http
    subprocess.run([*command, protocol, f"127.0.0.1:{port}", "delta", "gzip"], capture_output=True, timeout=120, check=False)

    def value(selector: str) -> list[float]:
        return [float(series["value"][1]) for series in server.query(selector)]

    one.wait(lambda: value("histogram_count(tick_exact_milliseconds)") == [3], "three ticks")
    one.wait(lambda: value('players_joined_total{map_name="dust",instance="i-1"}') == [7], "seven players")
    assert value("histogram_sum(tick_exact_milliseconds)") == [46]

    def logs() -> list[dict]:
        shown = server.get("/api/v1/stream/tail", {"format": "json", "kind": "logs"}).text
        return [json.loads(line) for line in shown.splitlines()]

    one.wait(lambda: len(logs()) == 1, "a log")
    (log,) = logs()
    assert log["body"].startswith("late for eml_k1_")
    assert (log["attributes"]["tick"], log["attributes"]["service_instance_id"]) == ("77", "i-1")
    assert log["labels"]["level"] == "error"


def test_what_the_schema_adds_up(agent, serve, tmp_path):
    """Senders' series become one sum; they are not sent themselves."""
    schema = tmp_path / "game.yaml"
    schema.write_text(
        """\
schema: game
version: "1.0"
defaults: {owner: o, cadence: 1s}
target_labels: {region: {values: [eu]}}
metrics:
  - name: players
    type: gauge
    help: Players.
    labels: {server: {values: [a, b]}}
    aggregate: {by: [], every: 1s, keep_raw: false}
"""
    )
    server = serve()
    one = agent(
        f"global: {{external_labels: {{region: eu}}}}\nguard: {{schema: {schema}}}\n"
        f"aggregation: {{directory: {tmp_path / 'state'}, lateness: 1s}}\n{to(server, spooled(tmp_path))}"
    )

    def export() -> http_call.Answer:
        now = time.time()
        points = [point(now, players, [text_attribute("server", name)]) for name, players in (("a", 3), ("b", 4))]
        return send(one, one_resource(gauge("players", *points), gauge("unknown", point(now, 1))))

    def is_added_up() -> bool:
        # Again and again, for a window may be over before a slow machine has sent what is of it.
        export()
        return any(7.0 in values for values in raw(server, '{__name__=~"players.*"}').values())

    assert partial(export())[0] == 1, "what the schema does not know"
    one.wait(is_added_up, "the sum")
    assert raw(server, "players") == {} and raw(server, "unknown") == {}


def test_a_change_needs_a_restart(agent, serve):
    server = serve()
    one = agent(to(server))
    path = one._command[-1]
    path.write_text(path.read_text().replace("otlp: {", "otlp: {series_limit: 7, "))
    one.child.signal(signal.SIGHUP)
    one.wait(lambda: "change with a restart only" in one.child.log_text(), "a warning")
    assert send(one, one_resource(gauge("sent", point(time.time(), 1)))).status == 200


def test_in_and_out_by_otlp(agent, serve):
    """What came as one data point leaves as one."""
    server = serve()
    one = agent(f"remote_write: [{{url: {server.url}/api/v1/otlp/v1/metrics, protocol: otlp}}]\n")
    now = int(time.time())
    at = {"startTimeUnixNano": f"{now - 10}000000000", "timeUnixNano": f"{now}000000000"}
    classic = at | {"count": "3", "sum": 4, "bucketCounts": ["1", "2"], "explicitBounds": [1]}
    exponential = at | {"count": "3", "sum": 4, "scale": 2, "positive": {"offset": 0, "bucketCounts": ["1", "2"]}}
    quantiles = at | {"count": "6", "sum": 5, "quantileValues": [{"quantile": 0.5, "value": 1}]}
    metrics = [
        {"name": "c", "unit": "s", "histogram": {"aggregationTemporality": 2, "dataPoints": [classic]}},
        {"name": "e", "unit": "s", "exponentialHistogram": {"aggregationTemporality": 2, "dataPoints": [exponential]}},
        {"name": "q", "unit": "s", "summary": {"dataPoints": [quantiles]}},
        {"name": "s", "unit": "s", "sum": {"isMonotonic": True, "aggregationTemporality": 2, "dataPoints": [at | {"asInt": "3"}]}},
    ]
    request = one_resource(*metrics, attributes=[text_attribute("service.name", "gs")])
    assert send(one, request).json() == {}
    direct = http_call.call(
        "POST", server.url + "/api/v1/otlp/v1/metrics", body=json.dumps(request).encode(), headers=JSON | DIRECT
    )
    assert direct.json() == {}
    wait_until(lambda: len(found(server, DIRECT, now)) == 9, "what was sent directly")
    one.wait(lambda: len(found(server, None, now)) == 9, "the same by the agent")
    assert found(server, None, now) == found(server, DIRECT, now)
    assert one.metric("tickscope_agent_dropped_samples_total") == 0


def test_what_is_acknowledged_arrives_once(agent, serve, tmp_path):
    """The gateway is away, the agent is killed after each answer; then both come back."""
    server = serve()
    one = agent(to(server, spooled(tmp_path)))
    port = int(server.url.rpartition(":")[2])
    server.child.kill()
    # As close together as answers come: points of one series need times of their own.
    sent = 0
    for _ in range(3):
        for _ in range(5):
            sent += 1
            answer = send(one, one_resource(gauge("sent", point(time.time(), sent))))
            assert (answer.status, answer.json()) == (200, {}), answer.text
            time.sleep(0.002)
        one.child.kill()
        one.start()
    server = serve(port=port)
    one.wait(lambda: one.metric("tickscope_spool_waiting_bytes") == 0, "an empty spool", 60)
    one.wait(lambda: sum(map(len, raw(server, "sent").values())) >= sent, "everything that was acknowledged")
    assert list(raw(server, "sent").values()) == [[float(n) for n in range(1, sent + 1)]]
    assert one.metric("tickscope_spool_lost_items_total") == 0


def test_refusals_are_counted_and_the_rest_arrives(agent, serve):
    server = serve()
    one = agent("guard: {mode: enforce}\n" + to(server))
    now = time.time()
    mail = gauge("logins", point(now, 1, [text_attribute("mail", "jane.doe@example.com")]))
    answer = send(one, one_resource(mail, gauge("players", point(now, 7)), gauge("future", point(now + 3600, 1))))
    rejected, why = partial(answer)
    assert (answer.status, rejected) == (200, 2)
    assert "jane" not in why and "series 0" in why and "too far in the future" in why
    one.wait(lambda: raw(server, "players") != {}, "the good one")
    assert raw(server, "logins") == {} and raw(server, "future") == {}
    text = own_metrics(one)
    assert 'tickscope_agent_otlp_refused_points_total{reason="guard"} 1' in text
    assert 'tickscope_agent_otlp_refused_points_total{reason="in_future"} 1' in text
    assert 'tickscope_guard_rejected_series_total{reason="pii"' in text
    page = http_call.get(f"http://127.0.0.1:{one.listen}/api/v1/agent/status").json()["otlp"]
    assert page["addresses"] == [one.url, f"grpc://127.0.0.1:{one.grpc}"]
    assert (page["requests"], page["points"], page["refusedPoints"]) == (1, 3, 2)


def test_what_is_no_request(agent, serve):
    server = serve()
    one = agent(to(server), ", body_bytes_max: 64KiB, connection_limit: 8")
    now = time.time()
    good = json.dumps(one_resource(gauge("good", point(now, 1)))).encode()
    assert send(one, good, {"Content-Type": "text/plain"}).status == 415
    assert send(one, b"{", JSON).status == 400
    assert send(one, b"\x0a\x7f\x01", PROTOBUF).status == 400
    assert send(one, good, JSON | {"Content-Encoding": "br"}).status == 415
    assert send(one, b"junk", JSON | {"Content-Encoding": "gzip"}).status == 400
    flipped = bytearray(gzip.compress(good))
    flipped[-5] ^= 1
    assert send(one, bytes(flipped), JSON | {"Content-Encoding": "gzip"}).status == 400
    # It ends within the size it announces, and what is left of that is some other number.
    assert send(one, gzip.compress(good)[:-3], JSON | {"Content-Encoding": "gzip"}).status in (400, 413)
    assert send(one, b"x" * 70_000, PROTOBUF).status == 413
    bomb = gzip.compress(b"\0" * (32 << 20))
    assert len(bomb) < 64 << 10
    assert send(one, bomb, PROTOBUF | {"Content-Encoding": "gzip"}).status == 413
    assert send(one, good, JSON | {"X-Scope-OrgID": "other"}).status == 400
    assert http_call.call("GET", one.url + "/v1/metrics").status == 405
    assert send(one, good, JSON, path="/v2/metrics").status == 404
    with grpc.insecure_channel(f"127.0.0.1:{one.grpc}") as channel:

        def call(body: bytes, method: str = "metrics.v1.MetricsService", **options) -> grpc.StatusCode:
            try:
                channel.unary_unary(f"/opentelemetry.proto.collector.{method}/Export")(body, timeout=20, **options)
            except grpc.RpcError as error:
                return error.code()
            return grpc.StatusCode.OK

        assert call(b"\x0a\x7f\x01") == grpc.StatusCode.INVALID_ARGUMENT
        assert call(b"\x0a" * 70_000) == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert call(bomb) == grpc.StatusCode.INVALID_ARGUMENT
        assert call(zlib.compress(b"x")) == grpc.StatusCode.INVALID_ARGUMENT
        assert call(b"", "trace.v1.TraceService") == grpc.StatusCode.UNIMPLEMENTED
        assert call(b"", metadata=(("x-scope-orgid", "other"),)) == grpc.StatusCode.INVALID_ARGUMENT
        assert call(b"") == grpc.StatusCode.OK
    traces = send(one, {"resourceSpans": []}, path="/v1/traces")
    assert traces.status == 404 and "send them to the gateway" in traces.json()["message"]
    # A length that lies.
    with socket.create_connection(("127.0.0.1", one.http), timeout=30) as liar:
        head = f"POST /v1/metrics HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(good) + 9}\r\n\r\n"
        liar.sendall(head.encode() + good)
        liar.shutdown(socket.SHUT_WR)
        assert b"200" not in liar.recv(1000)[:20]
    assert send(one, good, JSON).status == 200
    one.wait(lambda: raw(server, "good") != {}, "the good one")


def test_points_that_are_none(agent, serve):
    """NaN is a value; negative counts and scales no schema has are not."""
    server = serve()
    one = agent(to(server))
    now = int(time.time())
    at = {"startTimeUnixNano": f"{now - 10}000000000", "timeUnixNano": f"{now}000000000"}

    def histogram(name: str, **fields) -> dict:
        kind = "exponentialHistogram" if "scale" in fields else "histogram"
        return {"name": name, kind: {"aggregationTemporality": 2, "dataPoints": [at | fields]}}

    bad = [
        histogram("negative", count="-1"),
        histogram("bucket", count="1", bucketCounts=["2", "-1"], explicitBounds=[1]),
        histogram("sum", count="9", bucketCounts=["1", "1"], explicitBounds=[1]),
        histogram("scale", count="1", scale=-5, positive={"offset": 0, "bucketCounts": ["1"]}),
        histogram("exponential", count="-1", scale=0, positive={"offset": 0, "bucketCounts": ["-1"]}),
    ]
    fine = [gauge("nan", at | {"asDouble": "NaN"}), histogram("fine", count="1", scale=20, positive={"offset": 0, "bucketCounts": ["1"]})]
    answer = send(one, one_resource(*bad, *fine))
    rejected, why = partial(answer)
    assert (answer.status, rejected) == (200, 5), answer.text
    assert "negative count" in why and "scale out of range" in why
    one.wait(lambda: len(server.query('{__name__!=""}', now)) == 2, "what is fine")
    assert one.metric("tickscope_agent_otlp_refused_points_total") == 5


def test_a_full_queue_is_told_and_loses_nothing(agent, serve):
    """Without a spool: what is acknowledged stays in the queue, and more is told to come again."""
    nowhere = f"http://127.0.0.1:{free_port()}/api/v1/write"
    one = agent(f"remote_write: [{{url: '{nowhere}', queue_bytes_max: 64KiB, backoff_max: 300ms}}]\n")
    answers = []
    for number in range(2000):
        answers.append(send(one, one_resource(gauge("sent", *(point(time.time() + n / 1000, number) for n in range(10))))))
        if answers[-1].status != 200:
            break
    assert answers[-1].status == 503 and answers[-1].headers["retry-after"] == "1"
    assert len(answers) > 10
    assert one.metric("tickscope_agent_dropped_samples_total") == 0
    with grpc.insecure_channel(f"127.0.0.1:{one.grpc}") as channel:
        from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc

        request = metrics_service_pb2.ExportMetricsServiceRequest()
        points = request.resource_metrics.add().scope_metrics.add().metrics.add(name="more").gauge.data_points
        for n in range(100):
            points.add(time_unix_nano=time.time_ns() + n * 1_000_000, as_double=n)
        with pytest.raises(grpc.RpcError) as caught:
            metrics_service_pb2_grpc.MetricsServiceStub(channel).Export(request, timeout=20)
        assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert b"google.rpc.RetryInfo" in dict(caught.value.trailing_metadata())["grpc-status-details-bin"]


def test_logs(agent, receiver, tmp_path):
    one = agent(
        f"global: {{external_labels: {{region: eu}}}}\nlogs:\n  push: {{url: {receiver.url}, batch_wait: 100ms, backoff_max: 300ms}}\n"
        f"  spool: {{directory: {tmp_path / 'logs'}}}\n  tokens: {{keys: {write_keys(tmp_path)}}}\n",
        ", labels: {job: sdk}",
    )
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as ByGrpc
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as ByHttp
    from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.resources import Resource

    for exporter in (
        ByHttp(endpoint=one.url + "/v1/logs", compression=Compression.Gzip),
        ByGrpc(f"127.0.0.1:{one.grpc}", insecure=True),
    ):
        providers = LoggerProvider(resource=Resource.create({"service.name": "match"}))
        providers.add_log_record_processor(BatchLogRecordProcessor(exporter))
        logger = logging.getLogger(f"agent-otlp-{type(exporter).__module__}")
        logger.addHandler(LoggingHandler(logger_provider=providers))
        logger.error("late for jane@example.com", extra={"tick": 77})
        providers.shutdown()
    one.wait(lambda: len(receiver.entries) == 2, "two entries")
    for entry in receiver.all():
        assert entry.labels == '{job="sdk",level="error",region="eu"}'
        assert entry.line.startswith("late for eml_k1_")
        assert ("service_name", "match") in entry.metadata and ("tick", "77") in entry.metadata
    now = time.time_ns()
    records = [{"timeUnixNano": str(now), "body": {"stringValue": "well"}}, {"timeUnixNano": "1", "body": {"stringValue": "old"}}]
    answer = send(one, {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}, path="/v1/logs")
    assert partial(answer, "rejectedLogRecords") == (1, "1 log records refused: 1 time")
    one.wait(lambda: "well" in receiver.lines(), "the good one")
    assert send(one, b"\x0a\x7f\x01", PROTOBUF, path="/v1/logs").status == 400
    assert send(one, one_resource()).status == 404, "it has no remote_write"
    assert 'tickscope_log_lines_total{input="otlp"} 3' in own_metrics(one)


def test_acknowledged_logs_are_on_the_disk(agent, receiver, tmp_path):
    settings = (
        f"logs:\n  push: {{url: {receiver.url}, batch_wait: 100ms, backoff_max: 300ms}}\n  spool: {{directory: {tmp_path / 'logs'}}}\n"
    )
    receiver.status = 503
    one = agent(settings)
    for number in range(5):
        records = [{"timeUnixNano": str(time.time_ns()), "body": {"stringValue": f"line {number}"}}]
        assert send(one, {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}, path="/v1/logs").status == 200
    one.child.kill()
    receiver.status = 204
    one.start()
    one.wait(lambda: len(receiver.entries) == 5, "what was acknowledged")
    assert sorted(receiver.lines()) == [f"line {number}" for number in range(5)]


def test_it_ends_in_order(agent, serve, tmp_path):
    server = serve()
    one = agent(to(server, spooled(tmp_path)))
    assert send(one, one_resource(gauge("sent", point(time.time(), 1)))).status == 200
    assert one.child.stop() == 0
    assert list(raw(server, "sent").values()) == [[1.0]]


def test_nobody_pays_for_what_he_does_not_use(agent, serve, start, tickscope, tmp_path):
    server = serve()
    plain = RunningAgent(start, tickscope, tmp_path, to(server))
    assert "grpc" not in pathlib.Path(f"/proc/{plain.child.pid}/maps").read_text()
    assert "tickscope_agent_otlp" not in own_metrics(plain)
    assert "otlp" not in http_call.get(f"http://127.0.0.1:{plain.listen}/api/v1/agent/status").json()


def test_check_and_dry_run(run, tickscope, tmp_path):
    config = tmp_path / "agent.yaml"
    remote = "remote_write: [{url: http://127.0.0.1:9/api/v1/write}]\n"
    config.write_text(f'otlp: {{http: "127.0.0.1:4318", grpc: "[::1]:4317"}}\n{remote}')
    told = run([tickscope, "agent", "--config", config, "--check"])
    assert told.returncode == 0 and 'http: 127.0.0.1:4318' in told.stdout and "series_limit: 50000" in told.stdout
    told = run([tickscope, "agent", "--config", config, "--dry-run"])
    assert "would take OTLP by HTTP at 127.0.0.1:4318" in told.stderr and "by gRPC at [::1]:4317" in told.stderr
    config.write_text(f'otlp: {{http: "0.0.0.0:4318", body_bytes_max: 64MiB, series_limt: 1}}\n{remote}')
    told = run([tickscope, "agent", "--config", config, "--check"])
    assert told.returncode == 1
    for what in ("otlp.http: there is no TLS", "otlp.body_bytes_max", 'did you mean "series_limit"'):
        assert what in told.stderr, told.stderr
    config.write_text(f'otlp: {{http: "0.0.0.0:4318", allow_remote: true}}\n{remote}')
    assert run([tickscope, "agent", "--config", config, "--check"]).returncode == 0
