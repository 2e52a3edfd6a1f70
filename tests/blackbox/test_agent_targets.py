"""Which targets the agent scrapes and what becomes of their labels: relabelling beside a real Prometheus with the same rules, and
targets that files, a kubelet and an instance metadata service tell of."""

from __future__ import annotations

import http.server
import json
import re
import signal
import threading
import time

import pytest

import http_call
from child import free_port, wait_until
from peer_version import prometheus_version

BODY = """\
# TYPE requests_total counter
requests_total{code="200",path="/a",tmp_id="1",instance="own"} 10
requests_total{code="500",path="/a",tmp_id="2"} 3
requests_total{code="200",path="/b",tmp_id="3"} 5
# TYPE noise gauge
noise{n="1"} 1
noise{n="2"} 2
# TYPE once gauge
once{variant="x"} 7
once{variant="y"} 8
# TYPE size_bytes histogram
size_bytes_bucket{le="1"} 1
size_bytes_bucket{le="+Inf"} 2
size_bytes_sum 3
size_bytes_count 2
"""

# Prometheus and the agent read the same.
SCRAPE = """\
  - job_name: shop
    metrics_path: /wrong
    params: {{a: [one, two], b: [x]}}
    static_configs:
      - {{targets: ['{one}'], labels: {{zone: A, __tmp_keep: 'yes', role: web}}}}
      - {{targets: ['{two}'], labels: {{zone: B, __tmp_keep: 'no', role: web}}}}
    relabel_configs:
      - {{source_labels: [__tmp_keep], regex: 'yes', action: keep}}
      - {{target_label: __metrics_path__, replacement: /metrics}}
      - {{target_label: __param_a, replacement: first}}
      - {{target_label: __param_c, replacement: new}}
      - {{source_labels: [__address__], regex: '(.+):(\\d+)', target_label: port, replacement: 'p$2'}}
      - {{source_labels: [zone], target_label: zone, action: lowercase}}
      - {{source_labels: [zone, role], separator: '-', target_label: cell}}
      - {{source_labels: [__address__], modulus: 1000, target_label: shard, action: hashmod}}
      - {{source_labels: [__scrape_interval__], target_label: every}}
    metric_relabel_configs:
      - {{source_labels: [__name__], regex: noise, action: drop}}
      - {{regex: 'tmp_.*', action: labeldrop}}
      - {{source_labels: [code], regex: '(.)..', target_label: class, replacement: '${{1}}xx'}}
      - {{source_labels: [__name__, path], regex: 'requests_total;/(.*)', target_label: __name__, replacement: 'requests_${{1}}_total'}}
      - {{regex: 'exported_(.*)', replacement: 'was_$1', action: labelmap}}
      - {{regex: 'exported_.*', action: labeldrop}}
      - {{source_labels: [le], regex: '\\+Inf', target_label: last, replacement: 'yes'}}
"""


class Web:
    """Answers GET and PUT by path; asked for is what was."""

    def __init__(self, answers: dict[str, object]):
        self.answers = answers
        self.asked: list[tuple[str, dict[str, str]]] = []
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                web.asked.append((f"{self.command} {self.path}", dict(self.headers)))
                answer = web.answers.get(f"{self.command} {self.path.partition('?')[0]}")
                if callable(answer):
                    answer = answer(self.headers)
                status, text = answer if isinstance(answer, tuple) else (200, answer) if answer is not None else (404, "")
                self.send_response(status)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            do_PUT = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def web():
    made: list[Web] = []

    def make(answers: dict[str, object]) -> Web:
        made.append(Web(answers))
        return made[-1]

    yield make
    for one in made:
        one.server.shutdown()


@pytest.fixture
def agent(start, tickscope, tmp_path, serve):
    """Starts a server, and an agent with these scrape configs that writes to it; returns both."""

    def start_agent(scrapes: str, more: str = ""):
        server, listen = serve(), free_port()
        config = tmp_path / "agent.yaml"
        config.write_text(
            f"listen: 127.0.0.1:{listen}\nglobal: {{scrape_interval: 1s, scrape_timeout: 900ms}}\n{more}"
            f"scrape_configs:\n{scrapes}remote_write: [{{url: {server.url}/api/v1/write}}]\n"
        )
        child = start([tickscope, "agent", "--config", config], name="agent")
        child.wait_http(f"http://127.0.0.1:{listen}/-/ready")
        child.own_url = f"http://127.0.0.1:{listen}"
        child.config = config
        return server, child

    return start_agent


def series(result: list[dict]) -> set[tuple]:
    """Labels and value; not of what takes its own time, or another's."""
    own = {"scrape_duration_seconds", "scrape_series_added", "scrape_samples_post_metric_relabeling"}
    return {
        (tuple(sorted(one["metric"].items())), one["value"][1]) for one in result if one["metric"]["__name__"] not in own
    }


def test_relabelling_is_that_of_prometheus(agent, start, peer, web, run, tmp_path):
    prometheus = peer("prometheus")
    if prometheus_version(run, prometheus) < (3, 0):
        pytest.skip("bounds of buckets are written as they come before Prometheus 3")
    pages = web({"GET /metrics": BODY})
    scrapes = SCRAPE.format(one=pages.address, two="127.0.0.1:1")
    config = tmp_path / "prometheus.yml"
    config.write_text(f"global: {{scrape_interval: 1s, scrape_timeout: 900ms}}\nscrape_configs:\n{scrapes}")
    port = free_port()
    child = start([prometheus, f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'p'}", f"--web.listen-address=127.0.0.1:{port}"])
    child.wait_http(f"http://127.0.0.1:{port}/-/ready", 60)
    server, _ = agent(scrapes)

    def theirs() -> set[tuple]:
        answer = http_call.get(f"http://127.0.0.1:{port}/api/v1/query", {"query": '{job="shop"}'}).json()
        return series(answer["data"]["result"])

    def ours() -> set[tuple]:
        return series(server.query('{job="shop"}'))

    wait_until(lambda: len(theirs()) >= 9, "what prometheus has", 30)
    wait_until(lambda: ours() == theirs(), "the same series of both", 20)
    kept = next(dict(labels) for labels, _ in ours() if dict(labels)["__name__"] == "requests_a_total")
    assert (kept["cell"], kept["every"]) == ("a-web", "1s") and re.fullmatch(r"\d{1,3}", kept["shard"])
    assert {one for one, _ in pages.asked} == {"GET /metrics?a=first&a=two&b=x&c=new"}
    counts = {one["metric"]["__name__"]: one["value"][1] for one in server.query('{__name__=~"scrape_samples.*",job="shop"}')}
    assert counts == {"scrape_samples_scraped": "11", "scrape_samples_post_metric_relabeling": "9"}


def test_series_that_become_one_are_one(agent, web):
    pages = web({"GET /metrics": BODY})
    server, child = agent(
        f"  - job_name: a\n    static_configs: [{{targets: ['{pages.address}']}}]\n"
        "    metric_relabel_configs: [{regex: variant, action: labeldrop}, {source_labels: [__name__], regex: 'once|up', action: keep}]\n"
    )
    wait_until(lambda: [one["value"][1] for one in server.query("once")] == ["7"], "the first of the two", 20)
    # The one that was taken goes, the other stays: there is no gap, and no marker between.
    pages.answers["GET /metrics"] = BODY.replace('once{variant="x"} 7\n', "")
    wait_until(lambda: [one["value"][1] for one in server.query("once")] == ["8"], "the other", 20)
    dropped = 'tickscope_agent_dropped_samples_total{reason="duplicate"}'
    lines = http_call.get(child.own_url + "/metrics").text.splitlines()
    assert any(line.startswith(dropped) and float(line.rpartition(" ")[2]) > 0 for line in lines), "repeats are counted"
    pages.answers["GET /metrics"] = BODY.replace("once{", "twice{")
    wait_until(lambda: server.query("once") == [], "the marker when both are gone", 20)


def test_files_of_targets_come_and_go(agent, web, tmp_path):
    pages = web({"GET /metrics": BODY})
    targets = tmp_path / "targets"
    targets.mkdir()
    (targets / "one.yaml").write_text(f"- targets: ['{pages.address}']\n  labels: {{zone: a}}\n")
    server, child = agent(
        f"  - job_name: f\n    file_sd_configs: [{{files: ['{targets}/*.yaml', '{targets}/t?o.json'], refresh_interval: 1s}}]\n"
        "    relabel_configs: [{source_labels: [__meta_filepath], regex: '.*/(.*)', target_label: file}]\n"
    )

    def up() -> dict[str, str]:
        return {one["metric"]["file"]: one["metric"].get("zone", "") for one in server.query('up{job="f"} == 1')}

    wait_until(lambda: up() == {"one.yaml": "a"}, "the first file", 20)
    (targets / "two.json").write_text(json.dumps([{"targets": [pages.address], "labels": {"zone": "b"}}]))
    (targets / "other.json").write_text("[")
    wait_until(lambda: up() == {"one.yaml": "a", "two.json": "b"}, "the second", 20)
    # A file at which somebody is writing says what it said before.
    (targets / "one.yaml").write_text("- targets: [")
    wait_until(lambda: "what it said before stays" in child.log_text() and "one.yaml:" in child.log_text(), "the word about it", 20)
    assert up() == {"one.yaml": "a", "two.json": "b"}
    (targets / "one.yaml").unlink()
    wait_until(lambda: up() == {"two.json": "b"}, "markers for the first", 20)
    child.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "configuration reloaded" in child.log_text(), "the reload", 10)
    assert up() == {"two.json": "b"}


def test_pods_of_a_kubelet(agent, web, tmp_path):
    pages = web({"GET /metrics": BODY})
    host, _, port = pages.address.partition(":")
    token = tmp_path / "token"
    token.write_text("secret-token\n")

    def pods(headers) -> tuple[int, str]:
        if headers["Authorization"] != "Bearer secret-token":
            return 401, "no"
        pod = {
            "metadata": {"name": "game-1", "namespace": "prod", "labels": {"app.kubernetes.io/name": "game"}, "annotations": {"scrape": "true"},
                         "ownerReferences": [{"kind": "Fleet", "name": "eu", "controller": True}]},
            "spec": {"nodeName": "n1", "containers": [
                {"name": "server", "image": "game:1", "ports": [{"name": "metrics", "containerPort": int(port), "protocol": "TCP"},
                                                                 {"name": "game", "containerPort": 7777, "protocol": "UDP"}]},
                {"name": "side", "image": "side:1"}]},
            "status": {"podIP": host, "phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
        }  # fmt: skip
        return 200, json.dumps({"kind": "PodList", "items": [pod, {"metadata": {"name": "waits"}, "status": {"phase": "Pending"}}]})

    kubelet = web({"GET /pods": pods})
    server, child = agent(
        f"  - job_name: k\n    kubelet_sd_configs: [{{url: 'http://{kubelet.address}/pods', bearer_token_file: {token}, refresh_interval: 1s}}]\n"
        "    relabel_configs:\n"
        "      - {source_labels: [__meta_kubernetes_pod_annotation_scrape, __meta_kubernetes_pod_container_port_name], regex: 'true;metrics', action: keep}\n"
        "      - {regex: '__meta_kubernetes_pod_(name|phase|ready|container_name|controller_kind|label_app.*)', action: labelmap}\n"
        "      - {source_labels: [__meta_kubernetes_namespace], target_label: namespace}\n"
    )
    wait_until(lambda: len(server.query('up{job="k"}')) == 1, "the pod", 20)
    labels = server.query('up{job="k"}')[0]["metric"]
    del labels["__name__"], labels["instance"], labels["job"]
    assert labels == {
        "container_name": "server", "controller_kind": "Fleet", "label_app_kubernetes_io_name": "game", "name": "game-1",
        "namespace": "prod", "phase": "Running", "ready": "true",
    }  # fmt: skip
    # Without an answer what was found stays; the token is in no word about it.
    kubelet.answers["GET /pods"] = (500, "no")
    wait_until(lambda: "targets cannot be looked up" in child.log_text(), "the word about it", 20)
    time.sleep(1.5)
    assert [one["value"][1] for one in server.query('up{job="k"}')] == ["1"]
    assert "secret-token" not in child.log_text()


def test_what_an_instance_knows_of_itself(agent, web):
    pages = web({"GET /metrics": BODY})
    document = {"instanceId": "i-0abc", "instanceType": "c7g.large", "region": "eu-west-1", "availabilityZone": "eu-west-1b", "accountId": "1"}

    def only_with_token(text: str):
        return lambda headers: (200, text) if headers.get("X-aws-ec2-metadata-token") == "t0ken" else (401, "")

    def grant(headers) -> tuple[int, str]:
        return (200, "t0ken") if headers.get("X-aws-ec2-metadata-token-ttl-seconds") else (400, "")

    imds = web({
        "PUT /latest/api/token": grant,
        "GET /latest/dynamic/instance-identity/document": only_with_token(json.dumps(document)),
        "GET /latest/meta-data/tags/instance": only_with_token("Name\nfleet:color"),
        "GET /latest/meta-data/tags/instance/Name": only_with_token("game-7"),
        "GET /latest/meta-data/tags/instance/fleet%3Acolor": only_with_token("blue"),
    })  # fmt: skip
    server, _ = agent(
        f"  - job_name: e\n    static_configs: [{{targets: ['{pages.address}']}}]\n"
        "    relabel_configs: [{regex: '__meta_ec2_(instance_id|availability_zone|tag_.*)', action: labelmap}]\n",
        f"host_metadata: {{ec2: true, ec2_url: 'http://{imds.address}'}}\n",
    )
    wait_until(lambda: len(server.query('up{job="e"}')) == 1, "the target", 20)
    labels = server.query('up{job="e"}')[0]["metric"]
    assert {name: labels[name] for name in ("instance_id", "availability_zone", "tag_Name", "tag_fleet_color")} == {
        "instance_id": "i-0abc", "availability_zone": "eu-west-1b", "tag_Name": "game-7", "tag_fleet_color": "blue",
    }  # fmt: skip


def test_no_metadata_service_is_no_reason_to_stand_still(agent, web):
    pages = web({"GET /metrics": BODY})
    server, child = agent(
        f"  - job_name: e\n    static_configs: [{{targets: ['{pages.address}']}}]\n",
        f"host_metadata: {{ec2: true, ec2_url: 'http://127.0.0.1:{free_port()}'}}\n",
    )
    wait_until(lambda: len(server.query('up{job="e"} == 1')) == 1, "the target", 20)
    assert "EC2 instance metadata" in child.log_text()


def test_mistakes_are_told_with_their_place(tickscope, run, tmp_path):
    config = tmp_path / "agent.yaml"
    config.write_text(
        "remote_write: [{url: 'http://127.0.0.1:1/'}]\nscrape_configs:\n  - job_name: a\n"
        "    relabel_configs:\n      - {regex: '(', action: keep}\n      - {action: hashmod, target_label: t}\n"
        "    metric_relabel_configs:\n      - {action: rename}\n"
        "    file_sd_configs: [{files: [targets.yaml, /a/*/b.yaml, /a/b.txt]}]\n"
    )
    done = run([tickscope, "agent", "--config", config, "--check"])
    assert done.returncode == 1
    for text in ("agent.yaml:5:", "does not compile", "agent.yaml:6:", "modulus above 0", "agent.yaml:8:", "absolute paths", "last part of a path", ".yaml, .yml or .json"):
        assert text in done.stderr, (text, done.stderr)
    config.write_text(
        "remote_write: [{url: 'http://127.0.0.1:1/'}]\nscrape_configs:\n  - job_name: a\n    static_configs: [{targets: ['h:1']}]\n"
        "    relabel_configs: [{source_labels: [a, b], separator: '', regex: 'x(.*)', target_label: c, replacement: ''}, {regex: d, action: labeldrop}]\n"
    )
    shown = run([tickscope, "agent", "--config", config, "--check"])
    assert shown.returncode == 0, shown.stderr
    config.write_text(shown.stdout)
    assert run([tickscope, "agent", "--config", config, "--check"]).stdout == shown.stdout, "what is shown reads back to the same"


def test_an_agent_shows_what_it_does(agent, web):
    pages = web({"GET /metrics": BODY})
    gone = f"127.0.0.1:{free_port()}"
    server, child = agent(
        f"  - job_name: a\n    params: {{key: [s3cret]}}\n    static_configs: [{{targets: ['{pages.address}', '{gone}'], labels: {{who: '<b>'}}}}]\n"
    )

    def status() -> dict[str, dict]:
        answer = http_call.get(child.own_url + "/api/v1/agent/status").json()
        assert [one["url"] for one in answer["receivers"]] == [server.url + "/api/v1/write"]
        return {one["target"]: one for one in answer["targets"]}

    up, down = f"http://{pages.address}/metrics", f"http://{gone}/metrics"
    wait_until(lambda: {one["health"] for one in status().values()} == {"up", "down"}, "a read of both", 20)
    told = status()
    assert (told[up]["samples"], told[up]["series"], told[up]["lastError"]) == (11, 11, "")
    assert told[down]["samples"] == 0 and "refused" in told[down]["lastError"]
    page = http_call.get(child.own_url + "/")
    assert page.status == 200 and up in page.text and down in page.text and "&lt;b&gt;" in page.text and "<b>" not in page.text
    assert "s3cret" not in page.text and "s3cret" not in json.dumps(told)
    # Each target's markers are a push, which tells of the targets there are.
    assert child.stop() == 0


def test_a_dry_run_sends_nothing(tickscope, run, web, tmp_path):
    pages = web({"GET /metrics": BODY, "POST /api/v1/write": "no"})
    config = tmp_path / "agent.yaml"
    targets = f"['{pages.address}']"
    text = (
        "scrape_configs:\n  - job_name: a\n    static_configs: [{targets: TARGETS, labels: {zone: z}}]\n"
        "    metric_relabel_configs: [{source_labels: [__name__], regex: 'noise|size.*', action: drop}]\n"
        "guard: {mode: enforce}\n"
        f"remote_write: [{{url: 'http://{pages.address}/api/v1/write', spool: {{directory: {tmp_path}/spool}}}}]\n"
    )
    config.write_text(text.replace("TARGETS", targets))
    done = run([tickscope, "agent", "--config", config, "--dry-run"])
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert any(line.startswith('once{instance="') and 'zone="z"' in line and line.split()[-2] == "7" for line in lines), lines
    assert not any(line.startswith(("noise", "size")) for line in lines)
    assert "1 targets, 0 down; 10 samples would be sent to 1 receivers" in done.stderr
    assert {asked.split()[0] for asked, _ in pages.asked} == {"GET"} and not (tmp_path / "spool").exists()
    config.write_text(text.replace("TARGETS", f"['127.0.0.1:{free_port()}']"))
    done = run([tickscope, "agent", "--config", config, "--dry-run"])
    assert done.returncode == 1 and "down:" in done.stderr
