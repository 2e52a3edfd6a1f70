"""What senders of OTLP send: requests made by hand, as OTLP/JSON, and the OpenTelemetry SDK for Python."""

from __future__ import annotations

import time

import pytest


def text_attribute(key: str, value: str) -> dict:
    return {"key": key, "value": {"stringValue": value}}


def one_resource(*metrics: dict, attributes: list[dict] | None = None) -> dict:
    return {
        "resourceMetrics": [
            {"resource": {"attributes": attributes or []}, "scopeMetrics": [{"scope": {"name": "t"}, "metrics": [*metrics]}]}
        ]
    }


def gauge(name: str, *points: dict) -> dict:
    return {"name": name, "gauge": {"dataPoints": [*points]}}


def point(time_s: float, value: float, attributes: list[dict] | None = None) -> dict:
    return {"timeUnixNano": str(int(time_s * 1000) * 1_000_000), "asDouble": value, "attributes": attributes or []}


# Everything a request can hold that both servers take, with names that are hard.
NAMES = [
    ("a..b", ""), ("_a", ""), ("x.total", "s"), ("req.per_second", "By/s"), ("r", "1"), ("ratio.x", "1"), ("a:b", "ms"),
    ("9", "s"), ("é.x", "widgets"), ("u3", "m/{x}"), ("u4", "K"), ("u5", "__x__"), ("u7", "1/s"), ("u9", "m/s/s"),
    ("u8", "a.b/c d"), ("req.seconds_total", "s"),
]  # fmt: skip
KEYS = ["_foo", "a..b", "a__b", "1x", "__x__", "é", "a.b", "a-b", "job", "instance", "service.name", "le", "-q"]


def hard_request(now: int) -> dict:
    at = {"timeUnixNano": f"{now}000000000"}
    metrics = []
    for i, (name, unit) in enumerate(NAMES):
        sample = at | {"asInt": str(i), "attributes": [text_attribute("original", f"{name}|{unit}")]}
        metrics.append({"name": name, "unit": unit, "gauge": {"dataPoints": [sample]}})
        cumulative = {"aggregationTemporality": 2, "isMonotonic": True}
        metrics.append({"name": name, "unit": unit, "sum": cumulative | {"dataPoints": [sample]}})
    values = {"d": {"doubleValue": 1e-7}, "i": {"intValue": "-5"}, "b": {"boolValue": True}, "by": {"bytesValue": "AQI="}}
    values["list"] = {"arrayValue": {"values": [{"stringValue": "a<"}, {"intValue": 1}, {}]}}
    values["map"] = {"kvlistValue": {"values": [text_attribute("z", "1"), text_attribute("a", "2")]}}
    attributes = [text_attribute(key, "of " + key) for key in KEYS]
    attributes += [{"key": key, "value": value} for key, value in values.items()]
    metrics.append(gauge("labels", at | {"asDouble": 1, "attributes": attributes}))
    bounds = {"bucketCounts": ["1", "2", "3"], "explicitBounds": [1e-7, 1e22]}
    own = {"attributes": [text_attribute("le", "x"), text_attribute("map.name", "own")]}
    points = [at | bounds | own | {"count": "6"}, at | {"count": "3", "sum": 1, "attributes": [text_attribute("k", "v")]}]
    metrics.append({"name": "h", "unit": "s", "histogram": {"aggregationTemporality": 2, "dataPoints": points}})
    for scale in (-4, 0, 8, 9, 20):
        counts = {"offset": -3, "bucketCounts": ["1", "0", "0", "0", "2", "3", "0"]}
        exponential = at | {"count": "8", "sum": 5, "scale": scale, "zeroCount": "2", "positive": counts}
        points = [exponential | {"attributes": [text_attribute("scale", str(scale))]}]
        metrics.append({"name": "e", "exponentialHistogram": {"aggregationTemporality": 2, "dataPoints": points}})
    quantiles = {"quantileValues": [{"quantile": 0.5, "value": 1}, {"quantile": 1, "value": 9}]}
    metrics.append({"name": "q", "unit": "s", "summary": {"dataPoints": [at | quantiles | {"count": "6", "sum": 5}]}})
    metrics.append({"name": "updown", "unit": "1", "sum": {"aggregationTemporality": 2, "dataPoints": [at | {"asInt": 3}]}})
    resource = {"service.name": "gs", "map.name": "res", "a.b": "1", "a_b": "2"}
    return one_resource(*metrics, attributes=[text_attribute(key, value) for key, value in resource.items()])


class SdkMetrics:
    """What a game server would measure, with the OpenTelemetry SDK for Python."""

    def __init__(self, exporter):
        sdk = pytest.importorskip("opentelemetry.sdk.metrics")
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
        from opentelemetry.sdk.resources import Resource

        self.reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
        attributes = {"service.name": "gs", "service.instance.id": "i-1", "cloud.region": "eu"}
        self.provider = sdk.MeterProvider(
            [self.reader],
            resource=Resource(attributes),
            views=[View(instrument_name="tick.exact", aggregation=ExponentialBucketHistogramAggregation())],
            shutdown_on_exit=False,
        )
        meter = self.provider.get_meter("game", "1.0")
        self.joined = meter.create_counter("players.joined", unit="{player}", description="Players that joined.")
        self.online = meter.create_up_down_counter("players.online")
        self.load = meter.create_gauge("cpu.load", unit="1")
        self.tick = meter.create_histogram("tick.duration", unit="ms", explicit_bucket_boundaries_advisory=[5, 10, 20])
        self.exact = meter.create_histogram("tick.exact", unit="ms")

    def export(self) -> None:
        assert self.provider.force_flush(10_000)
        # Two within a millisecond would be samples of one time, of which the second is refused.
        time.sleep(0.005)

    def close(self) -> None:
        self.provider.shutdown()


def http_exporter(port: int, compression: str, temporality: dict):
    exporter = pytest.importorskip("opentelemetry.exporter.otlp.proto.http.metric_exporter")
    from opentelemetry.exporter.otlp.proto.http import Compression

    return exporter.OTLPMetricExporter(
        endpoint=f"http://127.0.0.1:{port}/v1/metrics", compression=Compression(compression), preferred_temporality=temporality
    )


def grpc_exporter(port: int, compression: str, temporality: dict):
    exporter = pytest.importorskip("opentelemetry.exporter.otlp.proto.grpc.metric_exporter")
    import grpc

    return exporter.OTLPMetricExporter(
        endpoint=f"127.0.0.1:{port}",
        insecure=True,
        compression=grpc.Compression.Gzip if compression == "gzip" else grpc.Compression.NoCompression,
        preferred_temporality=temporality,
    )


def delta_temporality() -> dict:
    """What OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta asks of an SDK."""
    from opentelemetry.sdk.metrics import Counter, Histogram
    from opentelemetry.sdk.metrics.export import AggregationTemporality

    return {Counter: AggregationTemporality.DELTA, Histogram: AggregationTemporality.DELTA}
