"""Pushes that come again are taken once: after lost answers, kills of the gateway, and from the agent's spool through all of it."""

from __future__ import annotations

import http.client
import http.server
import json
import threading
import time

import http_call
import remote_write
from certificates import fleet_keys
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


class DroppingProxy:
    """Passes pushes on to a gateway, and drops every other answer."""

    def __init__(self, server) -> None:
        self.gateway_port = int(server.url.rpartition(":")[2])
        self.dropped = 0
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    answer = http_call.call(
                        "POST", f"http://127.0.0.1:{proxy.gateway_port}{self.path}", body=body, headers=dict(self.headers)
                    )
                except (OSError, http.client.HTTPException):
                    self.connection.close()
                    return
                self.server.count += 1
                if self.server.count % 2:
                    proxy.dropped += 1
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

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
        self.http.count = 0
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()


def test_an_answer_that_is_lost_doubles_nothing(serve, start, tickscope, tmp_path, target):  # noqa: F811
    server = serve()
    proxy = DroppingProxy(server)
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
  - url: {proxy.url}/api/v1/write
    backoff_max: 100ms
    spool: {{directory: {tmp_path / "spool"}, bytes_max: 64MiB, commit_interval: 100ms}}
"""
    )
    agent = start([tickscope, "agent", "--config", config], name="agent")
    try:
        wait_until(lambda: len(sample_values(server, "answers")) >= 12, "samples in the store", 60)
    finally:
        agent.stop()
        proxy.close()
    assert proxy.dropped >= 6
    assert server.metric("tickscope_ingest_duplicate_pushes_total") >= proxy.dropped - 1
    values = sample_values(server, "answers")
    assert values == list(range(values[0], values[0] + len(values)))
    # Durable samples are those of the agent's pushes, each once: the probe writes besides, so series are counted by the store.
    counted = server.query("count_over_time(answers[10m])")[0]["value"][1]
    assert int(counted) == len(values)


LOGS_EPOCH = "00000000000000b2"


def push_lines(server, number: int, *lines: str, sender: str = "host-1", tenant: str = "eu", path: str = "/loki/api/v1/push"):
    now = time.time_ns()
    body = {"streams": [{"stream": {"app": "game"}, "values": [[str(now + i), line] for i, line in enumerate(lines)]}]}
    if path != "/loki/api/v1/push":
        records = [{"timeUnixNano": str(now + i), "body": {"stringValue": line}} for i, line in enumerate(lines)]
        body = {"resourceLogs": [{"resource": {}, "scopeLogs": [{"scope": {}, "logRecords": records}]}]}
    headers = {
        "Content-Type": "application/json",
        "X-Scope-OrgID": tenant,
        "X-Tickscope-Sender": sender,
        "X-Tickscope-Delivery": f"{LOGS_EPOCH}.{number}",
    }
    return http_call.call("POST", server.url + path, body=json.dumps(body).encode(), headers=headers)


def log_bodies(server, tenant: str = "eu") -> list[str]:
    """All lines on the stream, in their order."""
    answer = server.get("/api/v1/stream/tail", {"format": "json", "kind": "logs", "from": "0", "limit": "10000"}, headers={"X-Scope-OrgID": tenant})
    assert answer.status == 200, answer.text
    return [json.loads(line)["body"] for line in answer.text.splitlines()]


def is_known(answer, status: int = 204) -> bool:
    assert answer.status == status, answer.text
    return answer.headers.get("x-tickscope-duplicate") == "1"


def test_lines_that_come_again_are_taken_once(serve):
    server = serve()
    assert not is_known(push_lines(server, 1, "a", "b"))
    assert is_known(push_lines(server, 1, "a", "b"))
    assert not is_known(push_lines(server, 3, "d"))
    assert not is_known(push_lines(server, 2, "c"))
    assert not is_known(push_lines(server, 1, "a", sender="host-2"))
    assert not is_known(push_lines(server, 1, "a", tenant="us"))
    # The same by OTLP.
    assert not is_known(push_lines(server, 4, "e", path="/api/v1/otlp/v1/logs"), 200)
    assert is_known(push_lines(server, 4, "e", path="/api/v1/otlp/v1/logs"), 200)
    # What was refused in part is there in part: the rest is not written again.
    assert push_lines(server, 5, "f", "x" * (300 << 10)).status == 400
    assert is_known(push_lines(server, 5, "f", "x" * (300 << 10)))
    # What was refused whole is not there, and is refused again.
    for _ in range(2):
        assert push_lines(server, 6, "x" * (300 << 10)).status == 400
    assert log_bodies(server) == ["a", "b", "d", "c", "a", "e", "f"]
    assert server.metric("tickscope_signal_duplicate_pushes_total") == 3
    headers = {"Content-Type": "application/json", "X-Tickscope-Sender": "a", "X-Tickscope-Delivery": "x"}
    assert http_call.call("POST", server.url + "/loki/api/v1/push", body=b"{}", headers=headers).status == 400


def test_a_gateway_that_was_killed_knows_which_lines_it_had(serve):
    """Also when segments have gone by in which nobody pushed lines."""
    port = free_port()
    config = "stream: {segment_bytes_max: 1MiB}\nfreshness_probe: false\n"
    server = serve(port=port, config=config)
    sent = []
    number = 0
    for turn in range(4):
        killer = None
        for i in range(30):
            number += 1
            if i == 20:
                # While lines are on their way.
                killer = threading.Thread(target=server.child.kill)
                killer.start()
            try:
                answer = push_lines(server, number, f"line {number}")
                assert answer.status in (204, 503)
            except (OSError, http.client.HTTPException):
                answer = None
            sent.append(f"line {number}")
            if i >= 20:
                break
        killer.join()
        server = serve(port=port, data=server.data, config=config)
        # The last one may be there or not; the ones before are.
        assert push_lines(server, number, f"line {number}").status == 204
        for again in (1, number - 1):
            assert is_known(push_lines(server, again, f"line {again}")), again
        # Segments of others, some three.
        if turn == 1:
            for at in range(16):
                now = int(time.time() * 1000)
                series = [remote_write.Series({"__name__": "filler", "x": f"{at}-{i}-" + "y" * 200}, samples=[(now, 1.0)]) for i in range(1000)]
                assert server.write("rw2", series).status == 204
    assert log_bodies(server) == sent


def test_lines_of_an_agent_are_there_once(serve, start, tickscope, tmp_path):
    """Answers are lost, the gateway is killed: every line of the file is on the stream, once, in its order."""
    port = free_port()
    server = serve(port=port)
    proxy = DroppingProxy(server)
    logs = tmp_path / "logs"
    logs.mkdir()
    config = tmp_path / "agent.yaml"
    config.write_text(
        f"""\
listen: 127.0.0.1:{free_port()}
logs:
  push: {{url: "{proxy.url}/loki/api/v1/push", batch_wait: 50ms, backoff_max: 100ms, headers: {{X-Scope-OrgID: eu}}}}
  spool: {{directory: {tmp_path / "spool"}, bytes_max: 64MiB}}
  files: [{{paths: ["{logs}/*.log"], labels: {{app: game}}}}]
"""
    )
    agent = start([tickscope, "agent", "--config", config], name="agent")
    lines = [f"line {i}" for i in range(60)]
    try:
        with (logs / "game.log").open("a") as file:
            for i, line in enumerate(lines):
                file.write(line + "\n")
                file.flush()
                # Several pushes: the next line when this one is there.
                if i % 10 == 9:
                    wait_until(lambda line=line: line in log_bodies(server), line, 60)
                if i == 29:
                    server.child.kill()
                    server = serve(port=port, data=server.data)
        wait_until(lambda: lines[-1] in log_bodies(server), "the last line", 60)
    finally:
        agent.stop()
        proxy.close()
    assert log_bodies(server) == lines
    assert proxy.dropped >= 3


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
    key, public = fleet_keys(tmp_path)
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
