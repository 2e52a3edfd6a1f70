"""TLS and identities at the real server, with Python's ssl and `openssl s_client` as clients and a CA made by openssl."""

from __future__ import annotations

import hashlib
import http.client
import os
import signal
import socket
import ssl
import time

import pytest

from certificates import Authority
from child import free_port, wait_until


def test_who_a_certificate_is_decides_the_tenant(secure, authority):
    server = secure()
    for name, names in {
        "two": ["URI:spiffe://game.example/eu/agent/a", "URI:spiffe://game.example/us/agent/a"],
        "none": ["DNS:host-17"],
        "domain": ["URI:spiffe://Game.example/eu/agent/a"],
        "elsewhere": ["URI:spiffe://game.example.evil/eu/agent/a"],
        "norule": ["URI:spiffe://game.example/eu/robot/a"],
        "dots": ["URI:spiffe://game.example/eu/../agent/a"],
    }.items():
        authority.issue(name, names)
    assert server.write("agent", "mine").status == 204
    assert server.write("agent", "named", {"X-Scope-OrgID": "eu"}).status == 204
    refused = {
        "two": "several URI names",
        "none": "no URI name",
        "domain": "bad trust domain",
        "elsewhere": "another trust domain",
        "norule": "no rule",
        "dots": "bad path",
    }
    for client, why in refused.items():
        answer = server.write(client, "refused")
        assert (answer.status, why in answer.text) == (403, True), (client, answer.text)
    other = server.write("agent", "refused", {"X-Scope-OrgID": "us"})
    assert other.status == 403 and "names another tenant" in other.text
    may_not = server.call("GET", "/api/v1/query?query=mine", "agent")
    assert may_not.status == 403 and "scope read" in may_not.text
    found = server.call("GET", "/api/v1/query?query=%7B__name__%3D~%22mine%7Cnamed%7Crefused%22%7D", "operator").json()
    assert sorted(one["metric"]["__name__"] for one in found["data"]["result"]) == ["mine", "named"]
    for reason, count in {"several_uris": 1, "no_uri": 1, "bad_id": 2, "trust_domain": 1, "no_rule": 1, "other_tenant": 1}.items():
        assert server.metric("tickscope_access_requests_total", f'result="{reason}"') == count, reason


def test_certificates_that_are_not_good_are_refused_by_an_alert(secure, authority, tmp_path):
    server = secure()
    authority.issue("expired", ["URI:spiffe://game.example/eu/agent/old"], days=-1)
    stranger = Authority(tmp_path / "other", "other-ca").issue("stranger", ["URI:spiffe://game.example/eu/agent/x"])
    for suffix, path in (("pem", stranger.certificate), ("key", stranger.key)):
        (authority.folder / f"stranger.{suffix}").write_bytes(path.read_bytes())
    for client, alert, result in (
        ("expired", "certificate expired", "expired"),
        ("stranger", "unknown ca", "unknown_ca"),
        (None, "certificate required", "no_certificate"),
    ):
        with pytest.raises(ssl.SSLError) as refused:
            server.write(client, "refused")
        assert alert in str(refused.value).lower(), client
        assert server.handshakes(result) == 1, client


def test_tokens_and_those_who_have_none(secure):
    server = secure("optional")
    assert server.write(None, "nobody").status == 401
    assert server.write(None, "wrong", {"Authorization": "Bearer guess"}).status == 401
    token = {"Authorization": "Bearer secret-of-prom"}
    assert server.write(None, "prom", token).status == 204
    assert server.write(None, "prom", {**token, "X-Scope-OrgID": "eu"}).status == 403
    found = server.call("GET", "/api/v1/query?query=prom", headers=token).json()["data"]["result"]
    assert len(found) == 1
    assert server.call("GET", "/api/v1/query?query=prom", "operator").json()["data"]["result"] == []
    # Another file: the old token is nobody's.
    digest = hashlib.sha256(b"another").hexdigest()
    (server.folder / "tokens").write_text(f"{digest} tenant=us sender=prom-1 scopes=write\n")
    wait_until(lambda: server.write(None, "prom", token).status == 401, "the new tokens")
    assert server.write(None, "prom", {"Authorization": "Bearer another"}).status == 204
    # One that is no such file changes nothing.
    (server.folder / "tokens").write_text("nonsense\n")
    server.child.signal(signal.SIGHUP)
    server.child.wait_for(lambda: "stay as they were" in server.child.log_text(), "the refusal")
    assert server.write(None, "prom", {"Authorization": "Bearer another"}).status == 204


def test_certificates_are_taken_up_while_connections_live(secure, authority, tmp_path):
    server = secure()
    kept = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=10, context=server.context("operator"))
    kept.request("GET", "/-/healthy")
    kept.getresponse().read()
    other = Authority(tmp_path / "pki2", "ca2")
    renewed = other.issue("server", ["IP:127.0.0.1"])
    (authority.folder / "ca2.pem").write_bytes(other.certificate.read_bytes())
    # The key first: between the two writes they do not fit, which changes nothing.
    (authority.folder / "server.key").write_bytes(renewed.key.read_bytes())
    (authority.folder / "server.pem").write_bytes(renewed.certificate.read_bytes())

    def is_new() -> bool:
        try:
            return server.call("GET", "/-/healthy", context=server.context("operator", "ca2")).status == 200
        except ssl.SSLError:
            return False

    wait_until(is_new, "the new certificate")
    with pytest.raises(ssl.SSLError):
        server.call("GET", "/-/healthy", "operator")
    kept.request("GET", "/-/healthy")
    assert kept.getresponse().read() is not None
    kept.close()


def test_old_versions_plain_text_and_silence(secure):
    server = secure()
    old = server.context("operator")
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        server.call("GET", "/-/healthy", context=old)
    twelve = server.context("operator")
    twelve.maximum_version = ssl.TLSVersion.TLSv1_2
    assert server.call("GET", "/-/healthy", context=twelve).status == 200
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert not plain.recv(1024).startswith(b"HTTP/")
    assert server.handshakes("protocol") == 1
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as silent:
        assert silent.recv(1024) == b"", "ended by header_timeout"


def test_sessions_are_resumed(secure, run):
    server = secure()
    folder = server.folder
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-CAfile", folder / "ca.pem", "-cert",
               folder / "operator.pem", "-key", folder / "operator.key", "-tls1_2", "-reconnect", "-verify_return_error"]  # fmt: skip
    shown = run(command, timeout_s=30)
    assert shown.stdout.count("Reused, TLSv1.2") == 5, shown.stdout[-2000:]
    assert server.handshakes("resumed") == 5


AGENT = """\
listen: 127.0.0.1:{listen}
global: {{scrape_interval: 500ms, scrape_timeout: 400ms}}
scrape_configs:
  - job_name: self
    static_configs:
      - targets: ["127.0.0.1:{listen}"]
remote_write:
  - url: https://127.0.0.1:{port}/api/v1/write
    backoff_max: 300ms
    tls_config:
      ca_file: {folder}/ca.pem
      cert_file: {folder}/{client}.pem
      key_file: {folder}/{client}.key
      check_interval: 200ms
    spool: {{directory: {spool}, bytes_max: 64MiB, commit_interval: 200ms}}
"""


def test_an_agent_waits_for_its_certificate_to_be_renewed(secure, authority, start, tickscope, tmp_path):
    server = secure()
    authority.issue("host", ["URI:spiffe://game.example/eu/agent/host-1"], days=-1)
    listen = free_port()
    config = tmp_path / "agent.yaml"
    config.write_text(AGENT.format(listen=listen, port=server.port, folder=server.folder, client="host", spool=tmp_path / "spool"))
    agent = start([tickscope, "agent", "--config", config], name="agent")
    agent.wait_http(f"http://127.0.0.1:{listen}/-/ready")
    wait_until(lambda: server.handshakes("expired") >= 1, "the refusal")

    def first_ms() -> float | None:
        result = server.call("GET", "/api/v1/query?query=up%5B10m%5D", "operator").json()["data"]["result"]
        return result[0]["values"][0][0] if result else None

    assert first_ms() is None
    time_renewed = time.time()
    issued = authority.issue("renewed", ["URI:spiffe://game.example/eu/agent/host-1"])
    os.replace(issued.key, server.folder / "host.key")
    os.replace(issued.certificate, server.folder / "host.pem")
    wait_until(lambda: first_ms() is not None, "what was scraped before", 40)
    assert first_ms() < time_renewed, "it waited, and nothing of it is lost"
    agents = server.call("GET", "/api/v1/fleet/agents", "operator").json()["data"]["agents"]
    assert [(one["tenant"], one["sender"]) for one in agents] == [("eu", "host-1")]
