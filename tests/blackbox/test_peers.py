"""Real peers on both sides: Prometheus writes to us, promtool and curl read from us, our agent scrapes node_exporter."""

from __future__ import annotations

import json
import time

import pytest

import http_call
from child import free_port, wait_until
from peer_version import prometheus_version
from remote_write import Series

PROMETHEUS_CONFIG = """
global: {{scrape_interval: 1s, external_labels: {{sender: prometheus}}}}
scrape_configs:
  - job_name: self
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
remote_write:
  - url: {url}/api/v1/write
    {protocol}
    queue_config: {{batch_send_deadline: 500ms}}
    metadata_config: {{send: true, send_interval: 1s}}
"""


def now_ms() -> int:
    return int(time.time() * 1000)


@pytest.mark.parametrize("protocol", ["rw1", "rw2"])
@pytest.mark.parametrize("mode", ["server", "agent"])
def test_prometheus_writes_to_us(serve, start, peer, run, tmp_path, protocol, mode):
    prometheus = peer("prometheus")
    version = prometheus_version(run, prometheus)
    if protocol == "rw2" and version < (3, 0):
        pytest.skip("this Prometheus does not speak remote write 2.0: tools/install_peers.sh --current")
    server = serve()
    port = free_port()
    message = "protobuf_message: io.prometheus.write.v2.Request" if protocol == "rw2" else ""
    config = tmp_path / "prometheus.yml"
    config.write_text(PROMETHEUS_CONFIG.format(port=port, url=server.url, protocol=message))
    command = [prometheus, f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}"]
    if mode == "server":
        command.append(f"--storage.tsdb.path={tmp_path / 'prometheus'}")
    elif version < (3, 0):
        command += ["--enable-feature=agent", f"--storage.agent.path={tmp_path / 'prometheus'}"]
    else:
        command += ["--agent", f"--storage.agent.path={tmp_path / 'prometheus'}"]
    child = start(command, name="prometheus")
    child.wait_http(f"http://127.0.0.1:{port}/-/ready", 30)

    selector = '{sender="prometheus"}'
    child.wait_for(lambda: bool(server.query(f"up{selector} == 1")), "up to arrive", 30)
    wait_until(
        lambda: (result := server.query(f"count({selector})")) and float(result[0]["value"][1]) > 100, "its series", 30
    )
    # What Prometheus says it could not deliver: nothing.
    own = http_call.get(f"http://127.0.0.1:{port}/metrics").text
    failed = [
        line
        for line in own.splitlines()
        if line.startswith(("prometheus_remote_storage_samples_failed_total", "prometheus_remote_storage_samples_dropped_total"))
        and float(line.rpartition(" ")[2]) > 0
    ]
    assert failed == []
    if mode == "server":
        same_on_both(server, port)


def same_on_both(server, port: int) -> None:
    """Some seconds of a counter, read from Prometheus and from us: the same times and values."""
    expression = "prometheus_tsdb_head_samples_appended_total[10s]"
    wait_until(lambda: any(len(one["values"]) >= 5 for one in server.query(expression)), "five scrapes", 30)
    at = time.time() - 2
    theirs = http_call.get(f"http://127.0.0.1:{port}/api/v1/query", {"query": expression, "time": f"{at:.3f}"}).json()

    def values(result: list[dict]) -> dict:
        return {
            tuple(sorted((k, v) for k, v in one["metric"].items() if k != "sender")): one["values"] for one in result
        }

    expected = values(theirs["data"]["result"])
    assert expected
    wait_until(lambda: values(server.query(expression, at)) == expected, "both to tell the same", 10)


@pytest.fixture
def ten_minutes(serve):
    """A server with ten minutes of two series, a sample each ten seconds."""
    server = serve()
    end = now_ms() // 10_000 * 10_000
    series = [
        Series(
            {"__name__": "requests_total", "region": region},
            [(end - 600_000 + i * 10_000, float(i * step)) for i in range(61)],
        )
        for region, step in (("eu", 1), ("na", 2))
    ]
    assert server.write("rw2", series).status == 204
    wait_until(lambda: len(server.query("requests_total", end / 1000)) == 2, "both series")
    return server, end // 1000


def test_promtool_reads_from_us(ten_minutes, peer, run):
    server, end = ten_minutes
    promtool = peer("promtool")

    done = run([promtool, "query", "instant", "--time", str(end), "-o", "json", server.url, "sum(requests_total)"])
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["value"][1] == "180"

    window = [f"--start={end - 60}", f"--end={end}", "--step=30s"]
    done = run([promtool, "query", "range", *window, "-o", "json", server.url, "rate(requests_total[1m])"])
    assert done.returncode == 0, done.stderr
    rates = {one["metric"]["region"]: [value for _, value in one["values"]] for one in json.loads(done.stdout)}
    assert rates == {"eu": ["0.1", "0.1", "0.1"], "na": ["0.2", "0.2", "0.2"]}

    done = run([promtool, "query", "series", "--match", "requests_total", server.url])
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split("\n")[:2]) == ['{__name__="requests_total", region="eu"}', '{__name__="requests_total", region="na"}']

    done = run([promtool, "query", "labels", server.url, "region"])
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["eu", "na"]

    done = run([promtool, "query", "instant", server.url, "sum("])
    assert done.returncode != 0
    assert "parse error" in done.stdout + done.stderr


def test_curl_reads_from_us(ten_minutes, peer, run):
    server, end = ten_minutes
    curl = [peer("curl"), "--silent", "--show-error", "--max-time", "20"]
    query = ["--data-urlencode", "query=requests_total", "--data-urlencode", f"time={end}"]
    plain = run([*curl, "--get", *query, f"{server.url}/api/v1/query"])
    assert plain.returncode == 0, plain.stderr
    posted = run([*curl, *query, f"{server.url}/api/v1/query"])
    zipped = run([*curl, "--compressed", "--get", *query, f"{server.url}/api/v1/query"])
    assert json.loads(plain.stdout) == json.loads(posted.stdout) == json.loads(zipped.stdout)
    assert [one["value"] for one in json.loads(plain.stdout)["data"]["result"]] == [[end, "60"], [end, "120"]]


AGENT_CONFIG = """
listen: 127.0.0.1:{port}
global:
  scrape_interval: 1s
  scrape_timeout: 1s
  external_labels: {{region: eu}}
scrape_configs:
  - job_name: node
    static_configs:
      - targets: [127.0.0.1:{target}]
remote_write:
  - url: {url}/api/v1/write
"""


def test_our_agent_scrapes_node_exporter(serve, start, peer, tickscope, tmp_path):
    server = serve()
    target = free_port()
    exporter = start([peer("prometheus-node-exporter"), f"--web.listen-address=127.0.0.1:{target}"])
    exporter.wait_http(f"http://127.0.0.1:{target}/metrics")
    config = tmp_path / "agent.yaml"
    config.write_text(AGENT_CONFIG.format(port=free_port(), target=target, url=server.url))
    agent = start([tickscope, "agent", "--config", str(config)], name="agent")

    up = f'up{{job="node",instance="127.0.0.1:{target}",region="eu"}}'
    agent.wait_for(lambda: [one["value"][1] for one in server.query(up)] == ["1"], "up to be 1", 30)
    assert float(server.query("node_memory_MemTotal_bytes")[0]["value"][1]) > 1e8
    scraped = float(server.query("scrape_samples_scraped")[0]["value"][1])
    assert scraped > 300
    assert float(server.query('count({job="node",__name__!~"up|scrape_.*"})')[0]["value"][1]) == scraped

    exporter.stop()
    agent.wait_for(lambda: [one["value"][1] for one in server.query(up)] == ["0"], "up to be 0", 30)
    wait_until(lambda: server.query("node_load1") == [], "staleness markers to end its series")
    assert agent.stop() == 0
