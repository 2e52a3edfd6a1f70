"""Targets behind TLS with certificates of a test CA made by openssl, targets that misbehave, a kubelet over https, and receivers with rules of
their own."""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
import time

import pytest

import http_call
from certificates import Authority

from running_agent import RunningAgent

METRICS = b"# TYPE one gauge\none 1\n"


class Target:
    """Answers each connection with `answer(request, connection)`; over TLS with a certificate."""

    def __init__(self, answer, issued=None, client_ca=None):
        self.asked: list[str] = []
        self.answer = answer
        self.context = None
        if issued is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(issued.certificate, issued.key)
            if client_ca is not None:
                self.context.verify_mode = ssl.CERT_REQUIRED
                self.context.load_verify_locations(client_ca)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection):
        try:
            if self.context is not None:
                connection = self.context.wrap_socket(connection, server_side=True)
            request = b""
            while b"\r\n\r\n" not in request:
                if not (more := connection.recv(4096)):
                    return
                request += more
            self.asked.append(request.decode())
            self.answer(request, connection)
        except OSError:
            pass
        finally:
            connection.close()

    def close(self):
        self.listener.close()


def good(_request, connection):
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(METRICS), METRICS)
    )


def redirects(_request, connection):
    connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/metrics\r\nContent-Length: 0\r\n\r\n")


def hangs(_request, _connection):
    time.sleep(20)


def drips(_request, connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000000\r\n\r\n")
    for _ in range(200):
        connection.sendall(b"#")
        time.sleep(0.1)


def says_more(_request, connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\none 1\n")


def says_far_more(_request, connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9999999999999\r\n\r\none 1\n")


def is_no_http(_request, connection):
    connection.sendall(b"220 smtp ready\r\n\r\n")


@pytest.fixture
def targets():
    made: list[Target] = []

    def make(*arguments, **named) -> Target:
        made.append(Target(*arguments, **named))
        return made[-1]

    yield make
    for one in made:
        one.close()


def agent_of(start, tickscope, tmp_path, server, scrapes: dict[str, tuple[Target, str]], more: str = "") -> RunningAgent:
    """A scrape config each: name to target and settings."""
    text = f"global: {{scrape_interval: 500ms, scrape_timeout: 400ms}}\n{more}scrape_configs:\n"
    for name, (target, settings) in scrapes.items():
        text += f"  - {{job_name: {name}, static_configs: [{{targets: ['{target.address}']}}], {settings}}}\n"
    if "remote_write" not in more:
        text += f"remote_write: [{{url: {server.url}/api/v1/write}}]\n"
    return RunningAgent(start, tickscope, tmp_path, text)


def states(agent: RunningAgent) -> dict[str, tuple[str, str]]:
    found = http_call.get(f"http://127.0.0.1:{agent.listen}/api/v1/agent/status").json()["targets"]
    return {one["labels"]["job"]: (one["health"], one["lastError"]) for one in found}


def failures(agent: RunningAgent) -> dict[str, float]:
    text = http_call.get(f"http://127.0.0.1:{agent.listen}/metrics").text
    return {reason: float(count) for reason, count in re.findall(r'tickscope_agent_scrape_failures_total\{reason="(\w+)"\} (\d+)', text)}


def test_certificates(start, tickscope, tmp_path, serve, targets):
    ours, other = Authority(tmp_path / "ours", "ours"), Authority(tmp_path / "other", "other")
    here = ["IP:127.0.0.1"]
    client = ours.issue("client", ["URI:spiffe://game/agent"])
    (tmp_path / "token").write_text("abc\n")
    (tmp_path / "password").write_text("secret\n")
    tls = f"scheme: https, tls_config: {{ca_file: {ours.certificate}"
    issued = ours.issue("good", here)
    with_token = targets(good, issued)
    agent = agent_of(
        start, tickscope, tmp_path, serve(),
        {
            "good": (targets(good, issued), tls + "}"),
            "token": (with_token, tls + f"}}, authorization: {{credentials_file: {tmp_path / 'token'}}}"),
            "mutual": (targets(good, issued, ours.certificate), f"{tls}, cert_file: {client.certificate}, key_file: {client.key}}}"),
            "named": (targets(good, ours.issue("named", ["DNS:kubelet"])), tls + ", server_name: kubelet}"),
            "skipped": (targets(good, other.issue("skipped", ["DNS:x"], days=-1)), "scheme: https, tls_config: {insecure_skip_verify: true}"),
            "basic": ((plain := targets(good)), f"basic_auth: {{username: a, password_file: {tmp_path / 'password'}}}"),
            "expired": (targets(good, ours.issue("expired", here, days=-1)), tls + "}"),
            "wrong_name": (targets(good, ours.issue("wrong", ["DNS:elsewhere", "IP:127.0.0.2"])), tls + "}"),
            "unknown_ca": (targets(good, other.issue("unknown", here)), tls + "}"),
            "no_tls": (targets(good), tls + "}"),
            "no_file": (targets(good, issued), f"scheme: https, tls_config: {{ca_file: {tmp_path / 'later.pem'}}}"),
        },
    )  # fmt: skip
    up = {"good", "token", "mutual", "named", "skipped", "basic"}
    agent.wait(lambda: len(states(agent)) == 11 and all(h != "unknown" for h, _ in states(agent).values()), "all were read")
    agent.wait(lambda: all(states(agent)[name][0] == "up" for name in up), "the good ones are up")
    got = states(agent)
    assert {name for name, (health, _) in got.items() if health == "up"} == up, got
    for name, error in {
        "expired": "certificate has expired", "wrong_name": "IP address mismatch", "unknown_ca": "unable to get local issuer certificate",
        "no_file": "later.pem",
    }.items():  # fmt: skip
        assert error in got[name][1], got[name]
    # A scrape that is refused is counted again at the next: no number of them is certain by now.
    agent.wait(lambda: (counted := failures(agent)).get("certificate", 0) >= 4 and counted.get("credentials", 0) >= 1, "refusals are counted")
    assert "Authorization: Bearer abc" in with_token.asked[-1]
    assert "Authorization: Basic YTpzZWNyZXQ=" in plain.asked[-1]
    # What was missing is taken up when it is there.
    (tmp_path / "later.pem").write_text(ours.certificate.read_text())
    agent.wait(lambda: states(agent)["no_file"][0] == "up", "the file that came")


def test_targets_that_misbehave(start, tickscope, tmp_path, serve, targets):
    agent = agent_of(
        start, tickscope, tmp_path, serve(),
        {one.__name__: (targets(one), "body_size_limit: 1MiB") for one in (good, redirects, hangs, drips, says_more, says_far_more, is_no_http)},
    )  # fmt: skip
    agent.wait(lambda: all(h != "unknown" for h, _ in states(agent).values()), "all were read")
    agent.wait(lambda: failures(agent)["timeout"] >= 2, "what hangs and what drips is given up")
    got = states(agent)
    assert {name for name, (health, _) in got.items() if health == "up"} == {"good"}
    for name, error in {"redirects": "302", "hangs": "too long", "drips": "too long", "says_more": "cut short", "says_far_more": "large"}.items():
        assert error in got[name][1], got[name]
    counted = failures(agent)
    assert counted["status"] >= 1 and counted["limit"] >= 1 and counted["malformed"] >= 2


def test_a_kubelet_over_https(start, tickscope, tmp_path, serve, targets):
    ours = Authority(tmp_path / "ours", "ours")
    issued = ours.issue("kubelet", ["IP:127.0.0.1"])
    pod = targets(good)
    port = int(pod.address.split(":")[1])
    pods = json.dumps(
        {
            "items": [
                {
                    "metadata": {"name": "game-1", "namespace": "eu", "uid": "u"},
                    "spec": {"containers": [{"name": "c", "image": "i", "ports": [{"containerPort": port, "name": "metrics", "protocol": "TCP"}]}]},
                    "status": {"podIP": "127.0.0.1", "phase": "Running"},
                }
            ]
        }
    ).encode()

    def answer(request, connection):
        status = b"200 OK" if b"Authorization: Bearer abc\r\n" in request else b"401 Unauthorized"
        connection.sendall(
            b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (status, len(pods), pods)
        )

    kubelet = targets(answer, issued)
    (tmp_path / "token").write_text("abc\n")
    server = serve()
    agent = RunningAgent(
        start, tickscope, tmp_path,
        "global: {scrape_interval: 500ms, scrape_timeout: 400ms}\nscrape_configs:\n  - job_name: pods\n    kubelet_sd_configs:\n"
        f"      - {{url: 'https://{kubelet.address}/pods', bearer_token_file: {tmp_path / 'token'}, tls_config: {{ca_file: {ours.certificate}}}}}\n"
        f"    relabel_configs: [{{source_labels: [__meta_kubernetes_pod_name], target_label: pod}}]\n"
        f"remote_write: [{{url: {server.url}/api/v1/write}}]\n",
    )  # fmt: skip
    agent.wait(lambda: states(agent).get("pods", ("",))[0] == "up", "the pod is up")
    agent.wait(lambda: http_call.get(f"{server.url}/api/v1/query", {"query": 'one{pod="game-1"}'}).json()["data"]["result"], "its series")


def test_rules_of_a_receiver(start, tickscope, tmp_path, serve, targets):
    everything, little = serve(), serve(data=tmp_path / "little")
    agent = agent_of(
        start, tickscope, tmp_path, everything, {"game": (targets(good), "")},
        more=f"remote_write:\n  - url: {everything.url}/api/v1/write\n"
        f"  - url: {little.url}/api/v1/write\n    spool: {{directory: {tmp_path / 'spool'}}}\n    write_relabel_configs:\n"
        "      - {source_labels: [__name__], regex: one, action: keep}\n      - {target_label: cell, replacement: eu}\n",
    )  # fmt: skip

    def names(server):
        data = http_call.get(f"{server.url}/api/v1/series", {"match[]": '{job="game"}'}).json()["data"]
        return {(one["__name__"], one.get("cell", "")) for one in data}

    agent.wait(lambda: ("one", "eu") in names(little) and ("one", "") in names(everything), "both receivers have it")
    assert names(little) == {("one", "eu")}
    assert ("up", "") in names(everything)
    assert agent.metric("tickscope_agent_write_relabel_dropped_samples_total") > 0
