"""The agent's OTLP output: a real Prometheus and our own gateway find in it what remote write brings them, a reader of opentelemetry-proto
finds what the protocol says, and a push whose answer was lost is taken once."""

from __future__ import annotations

import gzip
import http.server
import threading
import time

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

import http_call
from child import free_port
from peer_version import prometheus_version
from running_agent import RunningAgent

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
EXPOSITION = f"""\
# HELP game_kills Kills.
# TYPE game_kills counter
game_kills_total{{map="harbor"}} 7 # {{trace_id="{TRACE}",span_id="{SPAN}"}} 2
# TYPE game_players gauge
game_players 2.5
# TYPE game_wait_seconds histogram
# UNIT game_wait_seconds seconds
game_wait_seconds_bucket{{map="x",le="0.5"}} 2
game_wait_seconds_bucket{{map="x",le="1.0"}} 3
game_wait_seconds_bucket{{map="x",le="+Inf"}} 5
game_wait_seconds_count{{map="x"}} 5
game_wait_seconds_sum{{map="x"}} 4.5
# TYPE game_lag_seconds summary
game_lag_seconds{{quantile="0.5"}} 0.25
game_lag_seconds_count 4
game_lag_seconds_sum 1.5
# EOF
"""
CONFIG = """\
scrape_configs:
  - {{job_name: game, scrape_interval: 1s, static_configs: [{{targets: ["{target}"]}}]}}
remote_write:
{receivers}
"""
SERIES = '{__name__=~"game_.*|up"}'


class Answering(http.server.ThreadingHTTPServer):
    """Answers what `answer(method, path, headers, body)` says: status, headers, body."""

    def __init__(self, answer):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, headers, content = answer(self.command, self.path, self.headers, body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = answer

            def log_message(self, *_arguments) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.daemon_threads = True
        self.address = f"127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


@pytest.fixture
def target():
    headers = {"Content-Type": "application/openmetrics-text; version=1.0.0; charset=utf-8"}
    made = Answering(lambda *_: (200, headers, EXPOSITION.encode()))
    yield made.address
    made.shutdown()


@pytest.fixture
def agent(start, tickscope, tmp_path, target):
    def run(*receivers: str) -> RunningAgent:
        items = "".join(f"  - {{{receiver}}}\n" for receiver in receivers)
        return RunningAgent(start, tickscope, tmp_path, CONFIG.format(target=target, receivers=items))

    return run


def found(url: str, tenant: str | None = None) -> dict[str, str]:
    """Newest value by series; without what receivers promote of resources."""
    headers = {"X-Scope-OrgID": tenant} if tenant else {}
    answer = http_call.get(url + "/api/v1/query", {"query": SERIES}, headers=headers)
    series = {}
    for one in answer.json()["data"]["result"]:
        labels = {name: value for name, value in one["metric"].items() if name not in ("service_name", "service_instance_id")}
        if "le" in labels:
            labels["le"] = str(float(labels["le"]))
        series[str(sorted(labels.items()))] = one["value"][1]
    return series


@pytest.mark.parametrize("spooled", [False, True])
def test_our_gateway_finds_the_same_by_both_protocols(agent, serve, tmp_path, spooled):
    server = serve()
    spool = f", spool: {{directory: {tmp_path}/spool, bytes_max: 64MiB}}" if spooled else ""
    running = agent(
        f'url: "{server.url}/api/v1/write", headers: {{X-Scope-OrgID: plain}}',
        f'url: "{server.url}/api/v1/otlp/v1/metrics", protocol: otlp, headers: {{X-Scope-OrgID: otlp}}{spool}',
    )
    running.wait(lambda: len(found(server.url, "plain")) == 11, "what remote write brings")
    running.wait(lambda: found(server.url, "otlp") == found(server.url, "plain"), "the same by OTLP")
    assert running.metric('tickscope_agent_dropped_samples_total{reason="not_in_otlp"}') == 0
    types = server.get("/api/v1/metadata", headers={"X-Scope-OrgID": "otlp"}).json()["data"]
    assert {name: types[name][0]["type"] for name in ("game_players", "game_wait_seconds")} == {"game_players": "gauge", "game_wait_seconds": "histogram"}
    running.child.stop()
    stale = {"query": "count(game_players)"}
    assert server.get("/api/v1/query", stale, headers={"X-Scope-OrgID": "otlp"}).json()["data"]["result"] == [], "the markers arrived"


def test_prometheus_finds_what_the_target_says(agent, start, peer, run, tmp_path):
    prometheus = peer("prometheus")
    if prometheus_version(run, prometheus) < (3, 0):
        pytest.skip("this prometheus takes no OTLP (below 3.0)")
    port = free_port()
    config = tmp_path / "prometheus.yml"
    config.write_text("global: {scrape_interval: 1h}\n")
    receiver = start(
        [prometheus, f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'prometheus'}", f"--web.listen-address=127.0.0.1:{port}",
         "--web.enable-otlp-receiver", "--enable-feature=exemplar-storage"],
        name="prometheus",
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    receiver.wait_http(url + "/-/ready", 30)
    running = agent(f'url: "{url}/api/v1/otlp/v1/metrics", protocol: otlp')
    running.wait(lambda: len(found(url)) == 11, "all series in prometheus", 40)
    values = {one["metric"]["__name__"]: one["value"][1] for one in http_call.get(url + "/api/v1/query", {"query": SERIES}).json()["data"]["result"]}
    assert values["game_kills_total"] == "7" and values["game_players"] == "2.5" and values["up"] == "1"
    assert values["game_wait_seconds_count"] == "5" and values["game_lag_seconds_sum"] == "1.5"


def test_what_is_said_is_what_the_protocol_has(agent):
    requests = []

    def take(_method, _path, headers, body):
        requests.append((headers, body))
        # The first answer is lost after the push was taken.
        return (503 if len(requests) == 1 else 200), {"Content-Type": "application/x-protobuf"}, b""

    receiver = Answering(take)
    running = agent(f'url: "http://{receiver.address}/v1/metrics", protocol: otlp, backoff_max: 100ms, sender: host-9')
    running.wait(lambda: len(requests) >= 3, "requests")
    headers, body = requests[1]
    assert headers["Content-Type"] == "application/x-protobuf" and headers["Content-Encoding"] == "gzip"
    assert "X-Prometheus-Remote-Write-Version" not in headers
    assert headers["X-Tickscope-Sender"] == "host-9"
    assert headers["X-Tickscope-Delivery"] == requests[0][0]["X-Tickscope-Delivery"] != requests[2][0]["X-Tickscope-Delivery"]
    message = ExportMetricsServiceRequest.FromString(gzip.decompress(body))
    (resource,) = message.resource_metrics
    attributes = {attribute.key: attribute.value.string_value for attribute in resource.resource.attributes}
    assert attributes["service.name"] == "game" and attributes["service.instance.id"].startswith("127.0.0.1:")
    metrics = {metric.name: metric for metric in resource.scope_metrics[0].metrics}
    kills = metrics["game_kills_total"].sum
    assert kills.is_monotonic and kills.aggregation_temporality == 2 and kills.data_points[0].as_double == 7
    (exemplar,) = kills.data_points[0].exemplars
    assert exemplar.trace_id.hex() == TRACE and exemplar.span_id.hex() == SPAN and exemplar.as_double == 2
    wait = metrics["game_wait_seconds"].histogram.data_points[0]
    assert metrics["game_wait_seconds"].unit == "seconds"
    assert (list(wait.explicit_bounds), list(wait.bucket_counts), wait.count, wait.sum) == ([0.5, 1.0], [2, 1, 2], 5, 4.5)
    lag = metrics["game_lag_seconds"].summary.data_points[0]
    assert (lag.count, lag.sum, [(q.quantile, q.value) for q in lag.quantile_values]) == (4, 1.5, [(0.5, 0.25)])
    receiver.shutdown()


def test_a_push_that_comes_again_is_written_once(serve):
    server = serve()
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="once")
    metric.gauge.data_points.add(time_unix_nano=time.time_ns(), as_double=1)
    headers = {"Content-Type": "application/x-protobuf", "X-Tickscope-Sender": "host-1", "X-Tickscope-Delivery": "9f.1"}

    def push():
        return http_call.call("POST", server.url + "/api/v1/otlp/v1/metrics", body=request.SerializeToString(), headers=headers)

    first, second = push(), push()
    assert (first.status, second.status) == (200, 200)
    assert "x-tickscope-duplicate" not in {name.lower() for name in first.headers}
    assert "x-tickscope-duplicate" in {name.lower() for name in second.headers}
    headers["X-Tickscope-Delivery"] = "no number"
    assert push().status == 400
