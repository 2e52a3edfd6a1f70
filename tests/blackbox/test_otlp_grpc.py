"""OTLP over gRPC: what real exporters send, and that every way to go wrong has its own status."""

from __future__ import annotations

import gzip
import json
import logging
import os
import pathlib
import time

import pytest

from child import free_port, wait_until

grpc = pytest.importorskip("grpc")
pytest.importorskip("opentelemetry.exporter.otlp.proto.grpc")

from opentelemetry.proto.collector.logs.v1 import logs_service_pb2, logs_service_pb2_grpc  # noqa: E402
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc  # noqa: E402
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc  # noqa: E402


@pytest.fixture
def door(serve):
    """A server with gRPC, and a channel to it."""
    channels = []

    def open_door(config: str = "", **options):
        port = free_port()
        server = serve(config=f"otlp: {{grpc: {{listen: '127.0.0.1:{port}', message_bytes_max: 1048576}}}}\n{config}", **options)
        channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        channels.append(channel)
        return server, channel

    yield open_door
    for channel in channels:
        channel.close()


def tail(server, kind: str) -> list[dict]:
    answer = server.get("/api/v1/stream/tail", {"format": "json", "kind": kind})
    return [json.loads(line) for line in answer.text.splitlines()]


def gauge(name: str, value: float) -> metrics_service_pb2.ExportMetricsServiceRequest:
    request = metrics_service_pb2.ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name=name)
    metric.gauge.data_points.add(time_unix_nano=time.time_ns(), as_double=value)
    return request


def logs(*bodies: str) -> logs_service_pb2.ExportLogsServiceRequest:
    request = logs_service_pb2.ExportLogsServiceRequest()
    records = request.resource_logs.add().scope_logs.add().log_records
    for body in bodies:
        records.add(time_unix_nano=time.time_ns()).body.string_value = body
    return request


def spans(*trace_ids: bytes) -> trace_service_pb2.ExportTraceServiceRequest:
    request = trace_service_pb2.ExportTraceServiceRequest()
    found = request.resource_spans.add().scope_spans.add().spans
    for trace_id in trace_ids:
        found.add(trace_id=trace_id, span_id=b"12345678", name="join", start_time_unix_nano=time.time_ns())
    return request


def status_of(call) -> grpc.StatusCode:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code()


def retry_delay_s(error: grpc.RpcError) -> int | None:
    """The seconds of RetryInfo in the error's details."""
    details = dict(error.trailing_metadata() or {}).get("grpc-status-details-bin")
    if details is None or b"google.rpc.RetryInfo" not in details:
        return None
    return details[-1]


def test_all_signals_and_partial_success(door):
    server, channel = door()
    metrics = metrics_service_pb2_grpc.MetricsServiceStub(channel)
    answer = metrics.Export(gauge("g", 5))
    assert not answer.HasField("partial_success")
    request = gauge("g", 6)
    bad = request.resource_metrics[0].scope_metrics[0].metrics.add(name="bad")
    bad.gauge.data_points.add(time_unix_nano=time.time_ns())
    answer = metrics.Export(request, compression=grpc.Compression.Gzip)
    assert answer.partial_success.rejected_data_points == 1
    assert "number without a value" in answer.partial_success.error_message
    answer = logs_service_pb2_grpc.LogsServiceStub(channel).Export(logs("mail jane@example.com", "x" * (300 << 10)))
    assert answer.partial_success.rejected_log_records == 1
    assert "too_long" in answer.partial_success.error_message
    answer = trace_service_pb2_grpc.TraceServiceStub(channel).Export(spans(b"0123456789abcdef", b"short"))
    assert answer.partial_success.rejected_spans == 1
    # Acknowledged is durable.
    assert [one["body"] for one in tail(server, "logs")] == ["mail [email]"]
    assert [one["name"] for one in tail(server, "spans")] == ["join"]
    port = int(server.url.rpartition(":")[2])
    server.child.kill()
    server, _ = door(data=server.data, port=port)
    assert server.query("g", time.time())[0]["value"][1] == "6"
    assert len(tail(server, "logs")) == 1


def test_tenants_come_as_metadata(door):
    server, channel = door()
    stub = logs_service_pb2_grpc.LogsServiceStub(channel)
    stub.Export(logs("of eu"), metadata=(("x-scope-orgid", "eu"),))
    assert tail(server, "logs") == []
    answer = server.get("/api/v1/stream/tail", {"kind": "logs"}, headers={"X-Scope-OrgID": "eu"})
    assert "of eu" in answer.text
    assert status_of(lambda: stub.Export(logs("x"), metadata=(("x-scope-orgid", "../x"),))) == grpc.StatusCode.INVALID_ARGUMENT


def test_what_is_no_request(door):
    server, channel = door()

    def raw(body: bytes, method: str = "opentelemetry.proto.collector.logs.v1.LogsService/Export", **options):
        return channel.unary_unary("/" + method)(body, timeout=20, **options)

    assert raw(b"") == b"", "nothing to do is done"
    assert status_of(lambda: raw(b"\x0a\x7f\x01")) == grpc.StatusCode.INVALID_ARGUMENT
    assert status_of(lambda: raw(b"", method="a.B/C")) == grpc.StatusCode.UNIMPLEMENTED
    assert status_of(lambda: raw(b"\x0a" * 2_000_000)) == grpc.StatusCode.RESOURCE_EXHAUSTED
    # What unpacks to more than may be is not unpacked.
    bomb = gzip.compress(b"\0" * (256 << 20))
    assert len(bomb) < 1 << 20
    before = server.metric("process_resident_memory_bytes")
    assert status_of(lambda: raw(bomb)) == grpc.StatusCode.INVALID_ARGUMENT
    assert status_of(lambda: raw(b"\0" * (256 << 20), compression=grpc.Compression.Gzip)) == grpc.StatusCode.INVALID_ARGUMENT
    assert status_of(lambda: raw(gzip.compress(b"x")[:-3])) == grpc.StatusCode.INVALID_ARGUMENT
    assert server.metric("process_resident_memory_bytes") - before < 128 << 20
    # A stream of several messages is cut off, and a call without any is told so.
    several = channel.stream_unary("/opentelemetry.proto.collector.logs.v1.LogsService/Export")
    assert status_of(lambda: several(iter([]), timeout=20)) == grpc.StatusCode.INVALID_ARGUMENT
    assert raw(b"") == b""


def test_a_full_queue_is_told_when_to_come_back(door):
    """A server of one thread and a queue of one, held up by large requests."""
    server, channel = door(config="ingest: {threads: 1, queue_max: 1}\n")
    stub = logs_service_pb2_grpc.LogsServiceStub(channel)
    request = logs(*[f"line {n} of somebody at 203.0.113.{n % 256}" for n in range(12_000)])
    calls = [stub.Export.future(request, timeout=60) for _ in range(40)]
    codes = [call.code() for call in calls]
    assert set(codes) <= {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED}
    shed = [call.exception() for call in calls if call.code() != grpc.StatusCode.OK]
    assert shed, "40 requests at once found room"
    assert {retry_delay_s(error) for error in shed} == {1}
    assert server.metric("tickscope_signal_records_total") == 12_000 * codes.count(grpc.StatusCode.OK)


def test_it_ends_with_the_server(door):
    server, channel = door()
    stub = logs_service_pb2_grpc.LogsServiceStub(channel)
    stub.Export(logs("a"))
    assert server.child.stop() == 0
    assert status_of(lambda: stub.Export(logs("b"), timeout=5)) == grpc.StatusCode.UNAVAILABLE


def test_real_exporters(door):
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    server, _ = door()
    target = next(line for line in server.child.log_text().splitlines() if "grpc=" in line)
    endpoint = target.split("grpc=")[1].split()[0].strip('"')
    resource = Resource.create({"service.name": "match"})
    tracing = TracerProvider(resource=resource)
    tracing.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint, insecure=True, compression=grpc.Compression.Gzip)))
    providers = LoggerProvider(resource=resource)
    providers.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(endpoint, insecure=True)))
    logger = logging.getLogger("match-grpc")
    logger.addHandler(LoggingHandler(logger_provider=providers))
    with tracing.get_tracer("game").start_as_current_span("outer"):
        logger.error("late")
    tracing.shutdown()
    providers.shutdown()
    (found_span,) = tail(server, "spans")
    (log,) = tail(server, "logs")
    assert (log["body"], log["severity_text"]) == ("late", "ERROR")
    assert log["trace_id"] == found_span["trace_id"]
    assert found_span["resource"]["service.name"] == "match"


def test_it_lives_beside_arrow_and_its_protobuf(serve):
    """Both libraries in one process, with what each brings: an S3 client that asks, and calls that are answered."""
    port = free_port()
    nowhere = "s3://metrics?endpoint=http://127.0.0.1:9&region=us-east-1"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    server = serve(
        config=f"otlp: {{grpc: {{listen: '127.0.0.1:{port}'}}}}\n"
        f"objects: {{retry_deadline: 1s, url: '{nowhere}'}}\ntiers: {{interval: 1s}}\n",
        env=clean | {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_EC2_METADATA_DISABLED": "true"},
    )
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = metrics_service_pb2_grpc.MetricsServiceStub(channel)
        for value in range(20):
            # Names of their own: two may be of one millisecond.
            assert not stub.Export(gauge(f"g{value}", value), compression=grpc.Compression.Gzip).HasField("partial_success")

        def last_error() -> str:
            return json.loads(server.get("/api/v1/status/tiers").text)["data"]["last_error"]

        wait_until(lambda: last_error() != "", "the S3 client to say that nobody is there", 60)
        stub.Export(gauge("g", 99))
    maps = pathlib.Path(f"/proc/{server.child.pid}/maps").read_text()
    assert "libtickscope_grpc.so" in maps and "libarrow.so" in maps
    assert server.child.stop() == 0


def test_nobody_pays_for_what_he_does_not_use(serve):
    server = serve()
    assert "grpc" not in pathlib.Path(f"/proc/{server.child.pid}/maps").read_text()
