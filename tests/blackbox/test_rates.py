"""What a tenant may send a second, pairs of Prometheus of which one is taken, and requests that an agent signs for AWS."""

from __future__ import annotations

import http.server
import threading
import time

import remote_write
from child import free_port, wait_until


def write(server, name: str, count: int = 1, labels: dict | None = None, protocol: str = "rw2", tenant: str | None = None, value: float = 1.0):
    now = int(time.time() * 1000)
    series = [
        remote_write.Series({"__name__": name, "n": str(i), **(labels or {})}, samples=[(now, value)]) for i in range(count)
    ]
    headers = remote_write.headers(protocol)
    if tenant:
        headers["X-Scope-OrgID"] = tenant
    return server.write_raw(remote_write.snappy(remote_write.message(protocol, series)), headers)


def test_a_tenant_over_its_rate_is_told_to_wait(serve):
    server = serve(config="ingest: {samples_per_second: 50, burst_seconds: 2, tenants: {eu: {samples_per_second: 0}}}\nfreshness_probe: false\n")
    assert write(server, "m", 200).status == 204
    refused = write(server, "m", 1)
    assert refused.status == 429, "the bucket is empty"
    assert "samples_per_second=50" in refused.text and int(refused.headers["retry-after"]) >= 1
    assert write(server, "m", 500, tenant="eu").status == 204, "it has no limit"
    wait_until(lambda: write(server, "m", 1).status == 204, "the bucket to fill")
    assert server.metric("tickscope_ingest_rate_limited_requests_total") >= 1


def test_bytes_are_those_after_decompression(serve):
    server = serve(config="ingest: {bytes_per_second: 1KiB, burst_seconds: 1}\nfreshness_probe: false\n")
    assert write(server, "m" * 200, 100).status == 204, "20 kB that compress well"
    assert write(server, "m", 1).status == 429


def test_of_a_pair_one_is_taken_and_then_the_other(serve):
    server = serve(config="ingest: {ha_replicas: true, ha_failover: 2s}\n")
    pair = {replica: {"cluster": "team-1", "__replica__": replica} for replica in ("a", "b")}
    assert write(server, "m", labels=pair["a"], value=1.0).status == 204
    other = write(server, "m", labels=pair["b"], value=2.0)
    assert other.status == 202
    assert other.headers["x-prometheus-remote-write-samples-written"] == "1", "nothing is missing"
    assert write(server, "m", labels=pair["b"], protocol="rw1", value=2.0).status == 202
    assert write(server, "alone", labels={"cluster": "team-1"}).status == 204
    wait_until(lambda: len(server.query("m")) == 1, "the sample")
    assert server.query("m")[0]["metric"] == {"__name__": "m", "n": "0", "cluster": "team-1"}
    assert server.query("m")[0]["value"][1] == "1"
    # The first is silent: its place is taken, and the series goes on.
    wait_until(lambda: write(server, "m", labels=pair["b"], value=3.0).status == 204, "the failover", 10)
    assert write(server, "m", labels=pair["a"], value=4.0).status == 202
    wait_until(lambda: server.query("m")[0]["value"][1] == "3", "the other's sample")
    assert len(server.query("m")) == 1
    assert server.metric("tickscope_ingest_other_replica_requests_total") >= 3


class Recorder(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append(dict(self.headers))
        self.send_response(204)
        self.send_header("X-Prometheus-Remote-Write-Samples-Written", "1000000")
        self.end_headers()

    def do_GET(self) -> None:
        body = b"up_value 1\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments) -> None:
        pass


def test_an_agent_signs_what_it_sends_to_aws(start, tickscope, tmp_path):
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    receiver.seen = []
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    (tmp_path / "secret").write_text("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\n")
    config = tmp_path / "agent.yaml"
    config.write_text(
        f"""\
listen: 127.0.0.1:{free_port()}
global: {{scrape_interval: 300ms, scrape_timeout: 250ms}}
scrape_configs:
  - job_name: game
    static_configs:
      - targets: ["127.0.0.1:{receiver.server_port}"]
remote_write:
  - url: http://127.0.0.1:{receiver.server_port}/workspaces/ws-1/api/v1/remote_write
    sigv4: {{region: eu-central-1, access_key: AKIDEXAMPLE, secret_key_file: {tmp_path / "secret"}}}
"""
    )
    start([tickscope, "agent", "--config", config], name="agent")
    try:
        wait_until(lambda: receiver.seen, "a push")
    finally:
        receiver.shutdown()
        receiver.server_close()
    headers = receiver.seen[0]
    day = headers["X-Amz-Date"][:8]
    assert headers["Authorization"].startswith(
        f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{day}/eu-central-1/aps/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature="
    )
    assert "wJalr" not in str(headers)
