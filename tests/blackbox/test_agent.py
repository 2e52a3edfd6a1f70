"""tickscope agent between real programs: it scrapes a real node_exporter and writes to a real Prometheus."""

from __future__ import annotations

import http.server
import signal
import threading
import urllib.parse

import pytest

import http_call
from child import free_port

AGENT = """\
listen: 127.0.0.1:{listen}
shutdown_timeout: 5s
global:
  scrape_interval: 1s
  scrape_timeout: 900ms
  external_labels: {{region: eu}}
scrape_configs:
  - job_name: node
    static_configs:
      - targets: [{target}]
        labels: {{zone: a}}
remote_write:
  - url: {url}
    protocol: {protocol}
    backoff_max: 500ms
"""


class Receiver:
    """A real Prometheus that takes remote writes."""

    def __init__(self, start, prometheus, tmp_path, port: int | None = None):
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        config = tmp_path / "prometheus.yml"
        config.write_text("global: {scrape_interval: 1h}\n")
        self.child = start(
            [
                prometheus,
                f"--config.file={config}",
                f"--storage.tsdb.path={tmp_path / 'prometheus'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--web.enable-remote-write-receiver",
            ],
            name="prometheus",
        )
        self.child.wait_http(self.url + "/-/ready", 30)

    def query(self, expression: str) -> list[dict]:
        answer = http_call.get(self.url + "/api/v1/query", {"query": expression})
        assert answer.status == 200, answer.text
        return answer.json()["data"]["result"]

    def value(self, expression: str) -> float | None:
        result = self.query(expression)
        return float(result[0]["value"][1]) if result else None


@pytest.fixture
def node_exporter(start, peer):
    address = f"127.0.0.1:{free_port()}"
    child = start([peer("prometheus-node-exporter"), f"--web.listen-address={address}"], name="node_exporter")
    child.wait_http(f"http://{address}/metrics")
    return address


@pytest.fixture
def agent(start, tickscope, tmp_path):
    def start_agent(target: str, url: str, protocol: str = "rw2"):
        listen = free_port()
        config = tmp_path / "agent.yaml"
        config.write_text(AGENT.format(listen=listen, target=target, url=url, protocol=protocol))
        child = start([tickscope, "agent", "--config", config], name="agent")
        child.wait_http(f"http://127.0.0.1:{listen}/-/ready")
        child.own_url = f"http://127.0.0.1:{listen}"
        child.config = config
        return child

    return start_agent


def own_metric(child, name: str) -> float:
    total = 0.0
    for line in http_call.get(child.own_url + "/metrics").text.splitlines():
        if line.startswith((name + " ", name + "{")):
            total += float(line.rpartition(" ")[2])
    return total


@pytest.mark.parametrize("protocol", ["rw2", "rw1"])
def test_node_exporter_into_prometheus(agent, node_exporter, start, peer, tmp_path, protocol):
    receiver = Receiver(start, peer("prometheus"), tmp_path)
    child = agent(node_exporter, receiver.url + "/api/v1/write", protocol)
    child.wait_for(lambda: (receiver.value("count_over_time(up[1m])") or 0) >= 3, "three scrapes in prometheus", 30)

    up = receiver.query('up{job="node"}')[0]
    assert up["metric"] == {
        "__name__": "up", "job": "node", "instance": node_exporter, "zone": "a", "region": "eu",
    }
    assert up["value"][1] == "1"
    scraped = receiver.value("scrape_samples_scraped")
    assert scraped > 300
    # All it scraped is there, and the five series about the scrape itself.
    assert receiver.value('count({job="node"})') == scraped + 5
    assert receiver.value("scrape_samples_post_metric_relabeling") == scraped
    # The exporter's own word, value for value, where it does not change.
    body = http_call.get(f"http://{node_exporter}/metrics").text
    expected = next(line for line in body.splitlines() if line.startswith("node_memory_MemTotal_bytes ")).split()[1]
    assert receiver.value("node_memory_MemTotal_bytes") == float(expected)
    # Sample times keep an even step.
    times = [t for t, _ in receiver.query("up[1m]")[0]["values"]]
    assert len(times) >= 3
    assert all(abs(b - a - 1) < 0.25 for a, b in zip(times, times[1:], strict=False)), times
    assert own_metric(child, "tickscope_agent_dropped_samples_total") == 0

    child.process.send_signal(signal.SIGTERM)
    assert child.process.wait(10) == 0
    # Markers: at once no query takes the series for alive.
    assert receiver.query('{job="node"}') == []


def test_receiver_away_and_back(agent, node_exporter, start, peer, tmp_path):
    prometheus = peer("prometheus")
    receiver = Receiver(start, prometheus, tmp_path)
    child = agent(node_exporter, receiver.url + "/api/v1/write")
    child.wait_for(lambda: receiver.value("up") == 1, "the first sample", 30)
    receiver.child.kill()
    before = own_metric(child, 'tickscope_agent_scrapes_total{outcome="ok"}')
    child.wait_for(
        lambda: own_metric(child, 'tickscope_agent_scrapes_total{outcome="ok"}') >= before + 4, "scrapes meanwhile", 30
    )
    assert own_metric(child, "tickscope_agent_queue_samples") > 0
    receiver = Receiver(start, prometheus, tmp_path, receiver.port)
    child.wait_for(lambda: own_metric(child, "tickscope_agent_queue_samples") == 0, "an empty queue", 30)
    times = [t for t, _ in receiver.query("up[5m]")[0]["values"]]
    gaps = [b - a for a, b in zip(times, times[1:], strict=False)]
    assert max(gaps) < 1.25, gaps


def test_target_goes_down_and_config_reloads(agent, node_exporter, start, peer, tmp_path):
    receiver = Receiver(start, peer("prometheus"), tmp_path)
    child = agent(node_exporter, receiver.url + "/api/v1/write")
    child.wait_for(lambda: receiver.value("node_load1") is not None, "node_load1", 30)

    # A broken file is refused and changes nothing.
    good = child.config.read_text()
    child.config.write_text(good.replace("scrape_configs", "scrape_confs"))
    child.process.send_signal(signal.SIGHUP)
    child.wait_for(lambda: "configuration not reloaded" in child.log_text(), "the refusal in the log")
    assert 'did you mean' in child.log_text()
    assert own_metric(child, "tickscope_agent_targets") == 1

    # The target is replaced by one that nobody serves.
    child.config.write_text(good.replace(node_exporter, f"127.0.0.1:{free_port()}"))
    child.process.send_signal(signal.SIGHUP)
    child.wait_for(lambda: receiver.value("up") == 0, "up = 0 of the new target", 30)
    assert receiver.query("node_load1") == []
    assert receiver.query(f'up{{instance="{node_exporter}"}}') == []


class HistogramTarget(http.server.BaseHTTPRequestHandler):
    """OpenMetrics with an exemplar; answers 200 whatever is asked."""

    BODY = (
        '# TYPE tick_seconds histogram\n'
        'tick_seconds_bucket{le="0.1"} 8 # {trace_id="abc"} 0.067\n'
        'tick_seconds_bucket{le="+Inf"} 9\n'
        'tick_seconds_count 9\n'
        'tick_seconds_sum 1.5\n'
        '# EOF\n'
    )

    def do_GET(self):  # noqa: N802, the name http.server asks for
        body = self.BODY.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_exemplars_reach_prometheus(agent, start, peer, tmp_path):
    target = http.server.ThreadingHTTPServer(("127.0.0.1", 0), HistogramTarget)
    threading.Thread(target=target.serve_forever, daemon=True).start()
    try:
        port = free_port()
        config = tmp_path / "exemplars.yml"
        config.write_text("global: {scrape_interval: 1h}\n")
        receiver = start(
            [
                peer("prometheus"),
                f"--config.file={config}",
                f"--storage.tsdb.path={tmp_path / 'exemplars'}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--web.enable-remote-write-receiver",
                "--enable-feature=exemplar-storage",
            ],
            name="prometheus",
        )
        url = f"http://127.0.0.1:{port}"
        receiver.wait_http(url + "/-/ready", 30)
        child = agent(f"127.0.0.1:{target.server_address[1]}", url + "/api/v1/write")

        def exemplars() -> list[dict]:
            query = urllib.parse.urlencode({"query": "tick_seconds_bucket", "start": "0", "end": "99999999999"})
            return http_call.get(f"{url}/api/v1/query_exemplars?{query}").json()["data"]

        child.wait_for(lambda: exemplars() != [], "an exemplar in prometheus", 30)
        found = exemplars()[0]
        assert found["seriesLabels"]["le"] == "0.1"
        assert found["exemplars"][0]["labels"] == {"trace_id": "abc"}
        assert float(found["exemplars"][0]["value"]) == 0.067
    finally:
        target.shutdown()


def test_check_prints_every_default(run, tickscope, tmp_path):
    config = tmp_path / "agent.yaml"
    config.write_text(AGENT.format(listen=0, target="h:1", url="http://h:9280/api/v1/write", protocol="rw2"))
    shown = run([tickscope, "agent", "--config", config, "--check"])
    assert shown.returncode == 0, shown.stderr
    assert "queue_bytes_max: 16MiB" in shown.stdout
    again = tmp_path / "shown.yaml"
    again.write_text(shown.stdout)
    assert run([tickscope, "agent", "--config", again, "--check"]).stdout == shown.stdout

    config.write_text("scrape_configs: 5\n")
    bad = run([tickscope, "agent", "--config", config, "--check"])
    assert bad.returncode == 1
    assert "agent.yaml:1:17: scrape_configs: expected a list" in bad.stderr
    assert run([tickscope, "agent"]).returncode == 2
