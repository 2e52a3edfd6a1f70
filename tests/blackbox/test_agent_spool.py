"""An agent with a spool: its receiver is away, it is killed again and again, and nothing it scraped is missing afterwards."""

from __future__ import annotations

import http.server
import threading
import time

import pytest

import http_call
from child import free_port

CONFIG = """\
listen: 127.0.0.1:{listen}
global: {{scrape_interval: 1s, scrape_timeout: 900ms}}
scrape_configs:
  - job_name: game
    static_configs:
      - targets: [{target}]
remote_write:
  - url: {url}
    backoff_max: 300ms
    spool: {{directory: {spool}, bytes_max: 64MiB, commit_interval: 200ms}}
"""


class CountingTarget(http.server.BaseHTTPRequestHandler):
    """Each answer has the next number: what is missing later shows by it."""

    def do_GET(self) -> None:
        self.server.answers += 1
        body = f"# TYPE answers counter\nanswers {self.server.answers}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments) -> None:
        pass


@pytest.fixture
def target():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), CountingTarget)
    server.answers = 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def sample_values(server, name: str) -> list[int]:
    answer = http_call.get(f"{server.url}/api/v1/query", {"query": f"{name}[10m]"})
    result = answer.json()["data"]["result"]
    return [int(float(value)) for _, value in result[0]["values"]] if result else []


def test_outage_and_kills_lose_nothing(serve, start, tickscope, tmp_path, target):
    server = serve()
    config = tmp_path / "agent.yaml"
    listen = free_port()
    config.write_text(
        CONFIG.format(
            listen=listen, target=f"127.0.0.1:{target.server_port}", url=f"{server.url}/api/v1/write", spool=tmp_path / "spool"
        )
    )

    def start_agent():
        child = start([tickscope, "agent", "--config", config], name="agent")
        child.wait_http(f"http://127.0.0.1:{listen}/-/ready")
        return child

    def own_metric(name: str) -> float:
        lines = http_call.get(f"http://127.0.0.1:{listen}/metrics").text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((name + " ", name + "{")))

    agent = start_agent()
    agent.wait_for(lambda: len(sample_values(server, "answers")) >= 2, "samples in the store")
    port = server.url.rpartition(":")[2]
    server.child.kill()
    lost_in_flight = 0
    for _ in range(3):
        before = target.answers
        agent.wait_for(lambda seen=before: target.answers >= seen + 3, "scrapes while the receiver is away")
        # An answer that the agent has not written yet dies with it: one a kill at most, the target being asked once a second.
        time.sleep(0.3)
        agent.kill()
        lost_in_flight += 1
        agent = start_agent()
    assert own_metric("tickscope_spool_waiting_bytes") > 0
    server = serve(port=int(port))
    agent.wait_for(lambda: own_metric("tickscope_spool_waiting_bytes") == 0, "an empty spool", 60)
    agent.wait_for(lambda: sample_values(server, "answers")[-1] >= target.answers - 1, "the newest sample")

    values = sample_values(server, "answers")
    assert values == sorted(set(values)), "a sample came twice with another value, or out of order"
    missing = set(range(1, values[-1] + 1)) - set(values)
    assert len(missing) <= lost_in_flight, f"missing {sorted(missing)} of {values[-1]}"
    assert own_metric("tickscope_spool_lost_items_total") == 0
    assert own_metric("tickscope_agent_dropped_samples_total") == 0
