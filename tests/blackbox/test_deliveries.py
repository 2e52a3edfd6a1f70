"""Pushes that come again are taken once: after lost answers, kills of the gateway, and from the agent's spool through all of it."""

from __future__ import annotations

import json
import subprocess
import threading
import time

import http_call
import remote_write
from child import free_port, wait_until
from test_agent_spool import sample_values, target  # noqa: F401  (a fixture)

EPOCH = "00000000000000a1"


def push(server, number: int, sender: str = "host-1", tenant: str | None = None, value: float = 1.0):
    series = [remote_write.Series({"__name__": "pushes"}, samples=[(1_000 * number + int(time.time()) * 1000 - 500_000, value)])]
    headers = {**remote_write.headers("rw2"), "X-Tickscope-Sender": sender, "X-Tickscope-Delivery": f"{EPOCH}.{number}"}
    if tenant:
        headers["X-Scope-OrgID"] = tenant
    return server.write_raw(remote_write.snappy(remote_write.message("rw2", series)), headers)


def is_duplicate(answer) -> bool:
    assert answer.status == 204, answer.text
    assert answer.headers["x-prometheus-remote-write-samples-written"] == "1"
    return answer.headers.get("x-tickscope-duplicate") == "1"


def test_a_push_that_comes_again_is_answered_and_not_written(serve):
    server = serve()
    assert not is_duplicate(push(server, 1))
    before = server.metric("tickscope_ingest_samples_total")
    # Another value under the same number: what counts is which push it is.
    assert is_duplicate(push(server, 1, value=2.0))
    assert not is_duplicate(push(server, 1, sender="host-2"))
    assert not is_duplicate(push(server, 1, tenant="eu"))
    assert not is_duplicate(push(server, 3))
    assert not is_duplicate(push(server, 2))
    assert is_duplicate(push(server, 3))
    assert server.metric("tickscope_ingest_duplicate_pushes_total") == 2
    assert before >= 1
    for bad in ("1", "x.1", "0.1", f"{EPOCH}.-1", f"{EPOCH}.99999999999999999999"):
        headers = {**remote_write.headers("rw2"), "X-Tickscope-Sender": "a", "X-Tickscope-Delivery": bad}
        assert server.write_raw(remote_write.snappy(b""), headers).status == 400, bad
    headers = {**remote_write.headers("rw2"), "X-Tickscope-Sender": "../a b", "X-Tickscope-Delivery": f"{EPOCH}.9"}
    assert server.write_raw(remote_write.snappy(b""), headers).status == 400


def test_a_gateway_that_was_killed_knows_what_it_had(serve):
    port = free_port()
    # Small segments: what was before the last epochs is known by what they begin with.
    config = "stream: {segment_bytes_max: 1MiB}\nstore: {seal_interval: 1s}\n"
    server = serve(port=port, config=config)
    written = []
    number = 0
    for _ in range(3):
        for _ in range(40):
            number += 1
            assert not is_duplicate(push(server, number))
            written.append(number)
        server.child.kill()
        server = serve(port=port, config=config)
        for again in (written[0], written[len(written) // 2], written[-1]):
            assert is_duplicate(push(server, again)), again


def test_an_answer_that_is_lost_doubles_nothing(serve, start, tickscope, tmp_path, target):  # noqa: F811
    """Between agent and gateway is one who passes pushes on, and drops every other answer."""
    server = serve()
    proxy_port = free_port()
    gateway_port = int(server.url.rpartition(":")[2])
    dropped = [0]
    import http.server

    class DroppingProxy(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = http_call.call("POST", f"http://127.0.0.1:{gateway_port}{self.path}", body=body, headers=dict(self.headers))
            self.server.count += 1
            if self.server.count % 2:
                dropped[0] += 1
                self.connection.close()
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name not in ("content-length", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments) -> None:
            pass

    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", proxy_port), DroppingProxy)
    proxy.count = 0
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    listen = free_port()
    config = tmp_path / "agent.yaml"
    config.write_text(
        f"""\
listen: 127.0.0.1:{listen}
global: {{scrape_interval: 300ms, scrape_timeout: 250ms}}
scrape_configs:
  - job_name: game
    static_configs:
      - targets: ["127.0.0.1:{target.server_port}"]
remote_write:
  - url: http://127.0.0.1:{proxy_port}/api/v1/write
    backoff_max: 100ms
    spool: {{directory: {tmp_path / "spool"}, bytes_max: 64MiB, commit_interval: 100ms}}
"""
    )
    agent = start([tickscope, "agent", "--config", config], name="agent")
    try:
        wait_until(lambda: len(sample_values(server, "answers")) >= 12, "samples in the store", 60)
    finally:
        agent.stop()
        proxy.shutdown()
        proxy.server_close()
    assert dropped[0] >= 6
    assert server.metric("tickscope_ingest_duplicate_pushes_total") >= dropped[0] - 1
    values = sample_values(server, "answers")
    assert values == list(range(values[0], values[0] + len(values)))
    # Durable samples are those of the agent's pushes, each once: the probe writes besides, so series are counted by the store.
    counted = server.query("count_over_time(answers[10m])")[0]["value"][1]
    assert int(counted) == len(values)


def test_agents_go_to_the_next_gateway_and_come_back(serve, start, tickscope, tmp_path, target):  # noqa: F811
    first_port = free_port()
    first = serve(port=first_port, data=tmp_path / "first")
    second = serve(data=tmp_path / "second")
    listen = free_port()
    config = tmp_path / "agent.yaml"
    config.write_text(
        f"""\
listen: 127.0.0.1:{listen}
global: {{scrape_interval: 300ms, scrape_timeout: 250ms}}
scrape_configs:
  - job_name: game
    static_configs:
      - targets: ["127.0.0.1:{target.server_port}"]
remote_write:
  - url: {first.url}/api/v1/write
    failover_urls: ["{second.url}/api/v1/write"]
    failover_failures: 2
    failover_after: 200ms
    failback_after: 500ms
    backoff_max: 100ms
    spool: {{directory: {tmp_path / "spool"}, bytes_max: 64MiB, commit_interval: 100ms}}
"""
    )
    start([tickscope, "agent", "--config", config], name="agent")
    wait_until(lambda: len(sample_values(first, "answers")) >= 3, "samples at the first")
    assert sample_values(second, "answers") == []
    first.child.kill()
    wait_until(lambda: len(sample_values(second, "answers")) >= 3, "samples at the second")
    first = serve(port=first_port, data=tmp_path / "first")
    seen = sample_values(first, "answers")[-1]
    wait_until(lambda: sample_values(first, "answers")[-1] > seen, "the way back")
    both = sample_values(first, "answers") + sample_values(second, "answers")
    assert set(range(min(both), max(both) + 1)) == set(both), "nothing is missing"


def test_the_fleet_is_switched_and_listed(serve, start, run, tickscope, tmp_path, target):  # noqa: F811
    key, public = tmp_path / "fleet.key", tmp_path / "fleet.pub"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True, capture_output=True)
    port = free_port()
    serve_config = f"fleet: {{signing_key_file: {key}, cadence_min: 100ms}}\n"
    server = serve(port=port, config=serve_config)
    listen = free_port()
    config = tmp_path / "agent.yaml"
    config.write_text(
        f"""\
listen: 127.0.0.1:{listen}
fleet: {{public_key_file: {public}, fetch_jitter: 100ms, cadence_min: 100ms}}
global: {{scrape_interval: 2s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: game
    static_configs:
      - targets: ["127.0.0.1:{target.server_port}"]
remote_write:
  - url: {server.url}/api/v1/write
    sender: host-9
    backoff_max: 100ms
"""
    )
    start([tickscope, "agent", "--config", config], name="agent")

    def inventory() -> dict:
        shown = run([tickscope, "inventory", "--to", server.url])
        assert shown.returncode == 0, shown.stderr
        agents = json.loads(shown.stdout)["data"]["agents"]
        return agents[0] if agents else {}

    wait_until(lambda: inventory().get("cadence_seconds") == 2, "the agent in the inventory")
    assert inventory()["sender"] == "host-9"
    begun = run([tickscope, "incident", "on", "--ttl", "8s", "--cadence", "200ms", "--to", server.url])
    assert begun.returncode == 0, begun.stderr
    generation = json.loads(begun.stdout)["data"]["generation"]
    wait_until(lambda: inventory()["cadence_seconds"] == 0.2, "the quicker cadence", 10)
    assert inventory()["generation"] == generation
    # The gateway forgets nothing over a kill, and the agent goes back without it.
    server.child.kill()
    before = target.answers
    wait_until(lambda: target.answers >= before + 10, "quick scrapes", 10)
    server = serve(port=port, config=serve_config)
    status = json.loads(run([tickscope, "incident", "status", "--to", server.url]).stdout)["data"]
    assert status["generation"] == generation
    wait_until(lambda: inventory().get("cadence_seconds") == 2, "the way back", 20)
    refused = run([tickscope, "incident", "on", "--ttl", "9999h", "--to", server.url])
    assert refused.returncode == 1 and "ttl" in refused.stderr
