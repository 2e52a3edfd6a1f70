"""Logs and traces: what OpenTelemetry SDKs and Loki's clients send is in the stream when it was acknowledged, without anything
private, and `tickscope stream tail` shows it."""

from __future__ import annotations

import gzip
import json
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

import http_call
import remote_write
from child import free_port, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFORMANCE = pathlib.Path(os.environ.get("TICKSCOPE_SHARED", ROOT / "../shared")) / "conformance/otlp"
PUSH = "/loki/api/v1/push"
JSON = {"Content-Type": "application/json"}
KEYS = "* k1 0 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n"
TOKEN = r"eml_k1_\d+_[a-z2-7]{26}"


def post(server, path: str, body, headers: dict | None = None) -> http_call.Answer:
    if not isinstance(body, bytes):
        body, headers = json.dumps(body).encode(), JSON | (headers or {})
    return http_call.call("POST", server.url + path, body=body, headers=headers or {})


def tail(server, kind: str = "logs,spans", **parameters) -> list[dict]:
    """What the server shows, an object a record."""
    headers = {"X-Scope-OrgID": parameters.pop("tenant")} if "tenant" in parameters else {}
    answer = server.get("/api/v1/stream/tail", {"format": "json", "kind": kind} | parameters, headers=headers)
    assert answer.status == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def ns(seconds_ago: float = 0) -> str:
    return str(int((time.time() - seconds_ago) * 1e9))


def push_json(*streams: tuple[dict, list]) -> dict:
    return {"streams": [{"stream": labels, "values": values} for labels, values in streams]}


def push_message(*streams: tuple[str, list[tuple[int, str, dict]]]) -> bytes:
    """A push as Loki's clients encode it, in a snappy block."""
    field = remote_write.field_bytes
    message = b""
    for labels, entries in streams:
        stream = field(1, labels.encode())
        for time_ns, line, metadata in entries:
            stamp = remote_write.field_varint(1, time_ns // 10**9) + remote_write.field_varint(2, time_ns % 10**9)
            entry = field(1, stamp) + field(2, line.encode())
            for name, value in metadata.items():
                entry += field(3, field(1, name.encode()) + field(2, value.encode()))
            stream += field(2, entry)
        message += field(1, stream)
    return remote_write.snappy(message)


def attribute(key: str, **value) -> dict:
    return {"key": key, "value": value}


def otlp_logs(*records: dict, resource: list[dict] | None = None) -> dict:
    return {
        "resourceLogs": [
            {"resource": {"attributes": resource or []}, "scopeLogs": [{"scope": {"name": "lib"}, "logRecords": [*records]}]}
        ]
    }


def otlp_spans(*spans: dict) -> dict:
    return {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "spans": [*spans]}]}]}


def span(**more) -> dict:
    return {
        "traceId": "5b8efff798038103d269b633813fc60c",
        "spanId": "eee19b7ec3c1b174",
        "name": "join",
        "kind": 2,
        "startTimeUnixNano": ns(),
        "endTimeUnixNano": ns(),
    } | more


def test_lines_of_loki_clients(serve):
    server = serve()
    now = time.time_ns()
    by_protobuf = push_message(
        ('{app="game", region="eu"}', [(now + 1, "second first", {}), (now, "first second", {"match": "m1"})]),
        ('{app="agent"}', [(now, 'mail "jane@example.com"', {})]),
    )
    answer = post(server, PUSH, by_protobuf, {"Content-Type": "application/x-protobuf"})
    assert (answer.status, answer.body) == (204, b"")
    by_json = push_json(
        ({"region": "eu", "app": "game"}, [[str(now + 1), "second first"], [str(now), "first second", {"match": "m1"}]]),
        ({"app": "agent"}, [[str(now), 'mail "jane@example.com"']]),
    )
    assert post(server, PUSH, by_json).status == 204
    packed = gzip.compress(json.dumps(by_json).encode())
    assert post(server, PUSH, packed, JSON | {"Content-Encoding": "gzip"}).status == 204
    found = tail(server)
    assert len(found) == 9
    shown = [(one["labels"], one["time_unix_nano"], one["body"], one["attributes"]) for one in found]
    assert shown[:3] == [
        ({"app": "game", "region": "eu"}, str(now + 1), "second first", {}),
        ({"app": "game", "region": "eu"}, str(now), "first second", {"match": "m1"}),
        ({"app": "agent"}, str(now), 'mail "[email]"', {}),
    ]
    assert shown[3:6] == shown[:3]
    assert shown[6:] == shown[:3]
    assert server.metric("tickscope_signal_records_total") == 9
    assert server.metric("tickscope_signal_private_values_total") == 3


def test_what_loki_clients_are_told(serve):
    server = serve()
    now = ns()
    mixed = push_json(
        ({"app": "game"}, [[now, "kept"], [ns(8 * 86400), "too old"]]),
        ({}, [[now, "no labels"]]),
        ({f"l{i}": "v" for i in range(16)}, [[now, "too many labels"]]),
        ({"app": "game"}, [[now, "x" * (257 << 10)], [now, "kept too"]]),
    )
    answer = post(server, PUSH, mixed)
    assert answer.status == 400
    assert answer.text.startswith("4 of 6 log records refused: too_old: its time")
    assert "at least one is required" in answer.text
    assert "more than 15" in answer.text
    assert [one["body"] for one in tail(server)] == ["kept", "kept too"]
    assert post(server, PUSH, b"\x05hello", {"Content-Type": "application/x-protobuf"}).status == 400
    assert post(server, PUSH, b'{"streams":', JSON).status == 400
    assert post(server, PUSH, b"{}", {"Content-Type": "text/plain"}).status == 415
    assert post(server, PUSH, b"{}", JSON | {"Content-Encoding": "br"}).status == 415
    assert post(server, PUSH, b"{}", JSON | {"X-Scope-OrgID": "../etc"}).status == 400
    # What says it is larger than may be is not unpacked.
    assert post(server, PUSH, remote_write.snappy_bomb(1 << 30), {"Content-Type": "application/x-protobuf"}).status == 413
    assert post(server, PUSH, gzip.compress(b" " * (17 << 20)), JSON | {"Content-Encoding": "gzip"}).status == 413
    assert len(tail(server)) == 2


def test_otlp_logs_and_traces(serve):
    server = serve()
    answer = post(
        server,
        "/api/v1/otlp/v1/logs",
        otlp_logs(
            {
                "timeUnixNano": ns(1),
                "observedTimeUnixNano": ns(),
                "severityNumber": 17,
                "severityText": "ERROR",
                "body": {"stringValue": "kick bob@example.org"},
                "attributes": [
                    attribute("match.map", stringValue="dust"),
                    attribute("player_id", intValue="471100"),
                    attribute("n", intValue="12"),
                    attribute("ok", boolValue=True),
                    attribute("who", kvlistValue={"values": [attribute("mail", stringValue="a@example.com")]}),
                ],
                "traceId": "5b8efff798038103d269b633813fc60c",
                "spanId": "eee19b7ec3c1b174",
            },
            resource=[attribute("service.name", stringValue="match"), attribute("host.ip", stringValue="10.0.0.7")],
        ),
    )
    assert (answer.status, answer.json()) == (200, {})
    answer = post(
        server,
        "/api/v1/otlp/v1/traces",
        otlp_spans(
            span(status={"code": 2, "message": "late"}, events=[{"timeUnixNano": ns(), "name": "retry", "attributes": []}]),
            span(spanId=""),
            span(startTimeUnixNano=ns(30 * 86400)),
        ),
    )
    assert answer.status == 200
    told = answer.json()["partialSuccess"]
    assert told["rejectedSpans"] == "2"
    assert "bad_id" in told["errorMessage"] and "too_old" in told["errorMessage"]
    log, found_span = tail(server)
    assert log["kind"] == "log" and log["severity_text"] == "ERROR" and log["severity"] == 17
    assert log["body"] == "kick [email]"
    assert log["resource"] == {"service.name": "match", "host.ip": "10.0.0.7"}
    assert log["scope"] == "lib"
    assert log["attributes"] == {
        "match.map": "dust", "player_id": "[player_id]", "n": 12, "ok": True, "who": '{"mail":"[email]"}',
    }  # fmt: skip
    assert (log["trace_id"], log["span_id"]) == ("5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174")
    assert found_span["name"] == "join" and found_span["status"] == "error" and found_span["span_kind"] == "server"
    assert [event["name"] for event in found_span["events"]] == ["retry"]
    answer = post(server, "/api/v1/otlp/v1/logs", b"\x0a\x7f\x01", {"Content-Type": "application/x-protobuf"})
    assert answer.status == 400


def test_conformance_samples(serve):
    """The specification's own examples; they are of 2018, which a server may be told to take."""
    if not CONFORMANCE.is_dir():
        pytest.skip(f"no conformance material at {CONFORMANCE}; set TICKSCOPE_SHARED")
    server = serve(config="logs: {past_max: 20y}\n")
    for name, path in (("logs", "logs"), ("events", "logs"), ("trace", "traces")):
        answer = post(server, f"/api/v1/otlp/v1/{path}", (CONFORMANCE / f"{name}.json").read_bytes(), JSON)
        assert (answer.status, answer.json()) == (200, {}), name
    log, event, found_span = tail(server)
    assert log["body"] == "Example log record"
    assert log["attributes"]["map.attribute"] == '{"some.map.key":"some value"}'
    assert event["event"] == "browser.page_view"
    assert found_span["name"] == "I'm a server span"
    assert found_span["parent_span_id"] == "eee19b7ec3c1b173"


def test_tokens(serve, tmp_path):
    keys = tmp_path / "keys"
    keys.write_text(KEYS)
    keys.chmod(0o600)
    server = serve(config=f"logs: {{token_keys: {keys}}}\n")
    assert post(server, PUSH, push_json(({"app": "a"}, [[ns(), "login jane@example.com"], [ns(), "bye JANE@example.com"]]))).status == 204
    first, second = [one["body"] for one in tail(server)]
    assert re.fullmatch(f"login {TOKEN}", first)
    assert first.split()[1] == second.split()[1]
    # A line that was tokenized before stays as it is.
    assert post(server, PUSH, push_json(({"app": "a"}, [[ns(), first]]))).status == 204
    assert tail(server)[-1]["body"] == first
    for file in (server.data / "stream").rglob("*.log"):
        assert b"jane" not in file.read_bytes().lower()


def test_private_names_are_refused_where_the_guard_enforces(serve):
    server = serve(config="guard: {mode: enforce}\n")
    answer = post(
        server,
        "/api/v1/otlp/v1/logs",
        otlp_logs(
            {"timeUnixNano": ns(), "body": {"stringValue": "a"}, "attributes": [attribute("jane@example.com", intValue="1")]},
            {"timeUnixNano": ns(), "body": {"stringValue": "b"}},
        ),
    )
    assert answer.json()["partialSuccess"]["rejectedLogRecords"] == "1"
    assert "jane" not in answer.text
    assert [one["body"] for one in tail(server)] == ["b"]


def test_what_the_guard_did_is_shown_redacted(serve):
    server = serve(config="guard: {mode: enforce}\n")
    headers = {"X-Tickscope-Sender": "host-7", "X-Tickscope-Delivery": "00000000000000c1.1"}
    lines = [[ns(), "login jane@example.com from 203.0.113.7"], [ns(), "bye jane@example.com"]]
    assert post(server, PUSH, push_json(({"app": "match"}, lines)), headers).status == 204
    refused = otlp_logs(
        {"timeUnixNano": ns(), "body": {"stringValue": "a"}, "attributes": [attribute("jane@example.com", intValue="1")]},
        resource=[attribute("service.name", stringValue="chat")],
    )
    assert post(server, "/api/v1/otlp/v1/logs", refused).status == 200
    told = span(attributes=[attribute("user.id", stringValue="jane77")])
    assert post(server, "/api/v1/otlp/v1/traces", otlp_spans(told)).status == 200
    answer = server.get("/api/v1/guard/rejects")
    for private in ("jane", "203.0"):
        assert private not in answer.text and private not in server.get("/metrics").text
    found = answer.json()["data"]["signals"]
    seen = {
        (one["source"], one["action"], one["reason"], one["kind"], one["owner"], one["field"], one["count"], one["sample"]) for one in found
    }
    assert seen == {
        ("logs", "replaced", "private_value", "email", "match", "text", 2, "login [email] from [ip]"),
        ("logs", "replaced", "private_value", "ip", "match", "text", 1, "login [email] from [ip]"),
        ("logs", "refused", "private_name", "email", "chat", "name", 1, "[email]"),
        ("traces", "replaced", "private_value", "player_id", "", "user.id", 1, "[player_id]"),
    }
    assert {one.get("sender") for one in found if one["owner"] == "match"} == {"host-7"}
    assert all(one["lastSeen"] >= one["firstSeen"] > 1.7e9 for one in found)
    assert len(server.get("/api/v1/guard/rejects", {"limit": "1"}).json()["data"]["signals"]) == 1
    assert server.get("/api/v1/guard/rejects", headers={"X-Scope-OrgID": "us"}).json()["data"]["signals"] == []


def test_a_tenant_over_its_rate_is_told_to_wait(serve, run, tickscope, tmp_path):
    config = (
        "ingest:\n  log_bytes_per_second: 1\n  trace_bytes_per_second: 1\n  burst_seconds: 1\n"
        "  tenants: {big: {log_bytes_per_second: 1MiB}}\n"
    )
    path = tmp_path / "rates.yaml"
    path.write_text(config)
    shown = run([tickscope, "config", "show", "--config", str(path)]).stdout
    assert re.search(r"log_bytes_per_second: 1B\b", shown) and re.search(r"trace_bytes_per_second: 1B\b", shown)
    assert re.search(r"log_bytes_per_second: 1MiB\b", shown)
    server = serve(config=config)
    lines = push_json(({"app": "a"}, [[ns(), "x" * 2000]]))
    # One that is larger than the bucket is let in while there is anything in it; those after it wait.
    assert post(server, PUSH, lines).status == 204
    for body, path_of in ((lines, PUSH), (otlp_logs({"body": {"stringValue": "a"}}), "/api/v1/otlp/v1/logs")):
        refused = post(server, path_of, body)
        assert refused.status == 429, refused.text
        assert "log_bytes_per_second=1," in refused.text and int(refused.headers["retry-after"]) >= 1
    assert post(server, PUSH, lines, {"X-Scope-OrgID": "big"}).status == 204
    # Traces have a bucket of their own.
    assert post(server, "/api/v1/otlp/v1/traces", otlp_spans(span())).status == 200
    refused = post(server, "/api/v1/otlp/v1/traces", otlp_spans(span()))
    assert refused.status == 429 and "trace_bytes_per_second=1," in refused.text
    counted = {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in server.get("/metrics").text.splitlines()
        if line.startswith("tickscope_signal_rate_limited_requests_total")
    }
    assert counted == {
        'tickscope_signal_rate_limited_requests_total{signal="logs"}': 2,
        'tickscope_signal_rate_limited_requests_total{signal="spans"}': 1,
    }
    # A push that was refused is not kept in mind: it is taken when there is room, here by other settings.
    numbered = {"X-Tickscope-Sender": "host-1", "X-Tickscope-Delivery": "00000000000000c2.1"}
    assert post(server, PUSH, lines, numbered).status == 429
    (tmp_path / "tickscope.yaml").write_text(config.replace("log_bytes_per_second: 1\n", "log_bytes_per_second: 1GiB\n"))
    server.child.process.send_signal(signal.SIGHUP)
    wait_until(lambda: post(server, PUSH, lines, numbered).status == 204, "the other limit")
    assert [len(one["body"]) for one in tail(server, "logs")] == [2000, 2000]
    assert post(server, PUSH, lines).status == 204


def test_acknowledged_is_durable_and_no_business_of_the_store(serve):
    server = serve()
    server.write("rw2", [remote_write.Series({"__name__": "m"}, [(int(time.time() * 1000), 1.0)])])
    for number in range(20):
        assert post(server, PUSH, push_json(({"app": "a"}, [[ns(), f"line {number}"]]))).status == 204
    port = int(server.url.rpartition(":")[2])
    server.child.kill()
    server = serve(data=server.data, port=port)
    assert [one["body"] for one in tail(server)] == [f"line {number}" for number in range(20)]
    assert server.metric("tickscope_store_other_records_total") == 20
    assert server.metric("tickscope_store_bad_records_total") == 0
    assert server.query("m", time.time())[0]["value"][1] == "1"


def test_tenants_do_not_meet(serve):
    server = serve()
    for tenant in ("eu", "us"):
        assert post(server, PUSH, push_json(({"app": "a"}, [[ns(), tenant]])), {"X-Scope-OrgID": tenant}).status == 204
    for tenant in ("eu", "us"):
        assert [one["body"] for one in tail(server, tenant=tenant)] == [tenant]
    assert tail(server) == []


def test_real_exporters_over_http(serve):
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    import logging

    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    port = free_port()
    server = serve(config=f"otlp: {{listen: '127.0.0.1:{port}'}}\n")
    base = f"http://127.0.0.1:{port}"
    resource = Resource.create({"service.name": "match", "service.instance.id": "m-1"})
    tracing = TracerProvider(resource=resource)
    tracing.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(base + "/v1/traces", compression=Compression.Gzip)))
    logs = LoggerProvider(resource=resource)
    logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(base + "/v1/logs", compression=Compression.Gzip)))
    logger = logging.getLogger("match")
    logger.addHandler(LoggingHandler(logger_provider=logs))
    tracer = tracing.get_tracer("game", "1.0")
    with tracer.start_as_current_span("outer") as outer:
        outer.set_attribute("map", "dust")
        outer.add_event("spawn", {"n": 3})
        with tracer.start_as_current_span("inner"):
            logger.warning("late by %d ms for jane@example.com", 12, extra={"tick": 77})
    tracing.shutdown()
    logs.shutdown()
    found = tail(server)
    spans = {one["name"]: one for one in found if one["kind"] == "span"}
    (log,) = [one for one in found if one["kind"] == "log"]
    assert set(spans) == {"outer", "inner"}
    assert spans["inner"]["parent_span_id"] == spans["outer"]["span_id"]
    assert spans["outer"]["attributes"] == {"map": "dust"}
    assert spans["outer"]["events"][0]["attributes"] == {"n": 3}
    assert spans["outer"]["resource"]["service.instance.id"] == "m-1"
    assert (log["body"], log["severity"]) == ("late by 12 ms for [email]", 13)
    assert log["attributes"]["tick"] == 77
    assert (log["trace_id"], log["span_id"]) == (spans["inner"]["trace_id"], spans["inner"]["span_id"])


def run_tail(tickscope: str, *arguments: str) -> str:
    done = subprocess.run([tickscope, "stream", "tail", *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_tail_command(serve, start, tickscope):
    server = serve(config="freshness_probe: false\n")
    server.write("rw2", [remote_write.Series({"__name__": "m"}, [(int(time.time() * 1000), 1.0)])])
    for number in range(5):
        body = push_json(({"app": "a"}, [[ns(), f"line {number} \x1b[31m"]]))
        assert post(server, PUSH, body).status == 204
    assert post(server, PUSH, push_json(({"app": "b"}, [[ns(), "other"]])), {"X-Scope-OrgID": "eu"}).status == 204

    shown = run_tail(tickscope, "--to", server.url)
    lines = shown.splitlines()
    assert len(lines) == 6
    assert re.fullmatch(r"\S+Z metrics default offset=0 samples=1 histograms=0 exemplars=0 new_series=1 metadata=0 bytes=\d+", lines[0])
    assert re.fullmatch(r'\S+Z log default \{app="a"\} - line 0 \\x1b\[31m', lines[1])
    assert "\x1b" not in shown
    assert len(run_tail(tickscope, "--to", server.url, "--limit", "2", "--kind", "logs").splitlines()) == 2
    assert "other" in run_tail(tickscope, "--to", server.url, "--tenant", "eu")

    # The files, while the server runs: all tenants, unless told.
    data = str(server.data)
    lines = run_tail(tickscope, "--data", data, "--json", "--kind", "logs").splitlines()
    assert [json.loads(line)["body"] for line in lines][-2:] == ["line 4 \x1b[31m", "other"]
    assert [json.loads(one)["tenant"] for one in run_tail(tickscope, "--data", data, "--json", "--limit", "3").splitlines()] == [
        "default", "default", "eu",
    ]  # fmt: skip
    from_start = run_tail(tickscope, "--data", data, "--from", "0", "--limit", "2").splitlines()
    assert "offset=0" in from_start[0] and "line 0" in from_start[1]
    assert run_tail(tickscope, "--to", server.url, "--from", "0", "--limit", "2").splitlines() == from_start

    followers = [
        start([tickscope, "stream", "tail", "-f", "--limit", "1", "--kind", "logs", "--to", server.url], name="follow-server"),
        start([tickscope, "stream", "tail", "-f", "--limit", "1", "--kind", "logs", "--data", data], name="follow-files"),
    ]
    wait_until(lambda: "line 4" in followers[0].log_text() and "other" in followers[1].log_text(), "the last line there was")
    for number in range(3):
        assert post(server, PUSH, push_json(({"app": "a"}, [[ns(), f"new {number}"]]))).status == 204
    for follower in followers:
        wait_until(lambda follower=follower: "new 2" in follower.log_text(), "what came")
        assert [line.split()[-2:] for line in follower.log_text().splitlines()[1:]] == [["new", str(n)] for n in range(3)]

    # And when no server runs, after a new start too.
    assert server.child.stop() == 0
    assert "new 2" in run_tail(tickscope, "--data", data, "--limit", "1")


def test_tail_says_what_is_wrong(serve, tickscope, tmp_path):
    def fails(*arguments: str) -> tuple[int, str]:
        done = subprocess.run([tickscope, "stream", "tail", *arguments], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stderr

    assert fails("--kind", "nothing")[0] == 2
    code, error = fails("--data", str(tmp_path / "none"))
    assert code == 1 and "none" in error
    assert fails("--to", f"http://127.0.0.1:{free_port()}")[0] == 1
    server = serve()
    for query in ({"limit": "x"}, {"limit": "1000000"}, {"kind": "x"}, {"format": "x"}, {"from": "-1"}):
        assert server.get("/api/v1/stream/tail", query).status == 400, query
