"""Log records by HTTP, in the forms of Fluent Bit and Fluentd: acknowledged when they are on the disk; and the whole way, from the agent to our
own server and out of `tickscope stream tail`."""

from __future__ import annotations

import gzip
import json
import socket
import subprocess

import msgpack
import pytest

import http_call
from child import free_port
from loki_receiver import LokiReceiver
from running_agent import RunningAgent, write_keys


@pytest.fixture
def receiver():
    made = LokiReceiver()
    yield made
    made.close()


@pytest.fixture
def agent(start, tickscope, tmp_path, receiver):
    def make(url: str = "", more: str = ""):
        port = free_port()
        one = RunningAgent(
            start, tickscope, tmp_path,
            f"logs:\n  push: {{url: {url or receiver.url}, batch_wait: 100ms, backoff_max: 300ms}}\n"
            f"  spool: {{directory: {tmp_path / 'spool'}}}\n  tokens: {{keys: {write_keys(tmp_path)}}}\n"
            f'  http: [{{listen: "127.0.0.1:{port}", labels: {{job: web}}, body_bytes_max: 64KiB, connection_limit: 8}}]\n{more}',
        )  # fmt: skip
        one.port, one.logs = port, f"http://127.0.0.1:{port}/fluent"
        return one

    return make


def post(url: str, body: bytes, kind: str, **headers):
    return http_call.call("POST", url, body=body, headers={"Content-Type": kind, **headers})


def test_a_reload_changes_labels_and_addresses(agent, receiver, tmp_path):
    one = agent()
    config = (tmp_path / "agent.yaml").read_text().partition("\n")[2]
    assert post(one.logs, b"before\n", "text/plain").status == 200
    one.reload(config.replace("job: web", "job: other").replace("64KiB", "128KiB"))
    assert "logs.http[0].body_bytes_max" in one.child.log_text(), "what needs a restart is told"
    assert post(one.logs, b"after\n", "text/plain").status == 200
    one.wait(lambda: len(receiver.entries) == 2, "both lines")
    assert {entry.line: entry.labels for entry in receiver.all()} == {
        "before": '{job="web",level="unknown"}',
        "after": '{job="other",level="unknown"}',
    }
    moved = free_port()
    one.reload(config.replace(str(one.port), str(moved)))
    assert post(f"http://127.0.0.1:{moved}/", b"moved\n", "text/plain").status == 200
    with pytest.raises(OSError):
        post(one.logs, b"gone\n", "text/plain")


def test_every_form(agent, receiver):
    one = agent()
    forms = [
        (lambda records: json.dumps(records).encode(), "application/json", {"Fluent-Tag": "game.a"}),
        (lambda records: "\n".join(map(json.dumps, records)).encode(), "application/x-ndjson", {}),
        (lambda records: gzip.compress(json.dumps(records).encode()), "application/json; charset=utf-8", {"Content-Encoding": "gzip"}),
        (lambda records: b"".join(msgpack.packb([r["date"], {"log": r["log"]}]) for r in records), "application/msgpack", {}),
        (lambda records: b"level=error plain\nsecond\n", "text/plain", {}),
    ]
    for number, (write, kind, headers) in enumerate(forms, 1):
        records = [{"date": 1700000000.5, "log": f"first {number}"}, {"date": 1700000001.0, "log": f"second {number}", "mail": "jane@example.com"}]
        answer = post(one.logs, write(records), kind, **headers)
        assert answer.status == 200, answer.text
        one.wait(lambda n=number: len(receiver.entries) == 2 * n, f"{2 * number} entries")
    entries = receiver.all()
    assert not any("jane" in entry.line for entry in entries)
    assert any("eml_k1_" in entry.line for entry in entries)
    assert {entry.labels for entry in entries} == {'{job="web",level="unknown"}', '{job="web",level="error"}'}
    assert sum(entry.metadata == (("tag", "game.a"),) for entry in entries) == 2
    lines = http_call.get(f"http://127.0.0.1:{one.listen}/metrics").text
    assert 'tickscope_log_lines_total{input="http"} 10' in lines


def test_what_is_refused(agent, receiver):
    one = agent()
    assert post(one.logs, b"x", "text/html").status == 415
    assert post(one.logs, b"[", "application/json").status == 400
    assert post(one.logs, b"{}", "application/json", **{"Content-Encoding": "br"}).status == 415
    assert post(one.logs, b"junk", "application/json", **{"Content-Encoding": "gzip"}).status == 400
    assert post(one.logs, b"x" * 70_000, "text/plain").status == 413
    assert post(one.logs, gzip.compress(b" " * 10_000_000), "text/plain", **{"Content-Encoding": "gzip"}).status == 413
    assert post(one.logs, b"x", "text/plain", **{"Fluent-Tag": "../../etc"}).status == 400
    assert http_call.call("GET", one.logs).status == 405
    assert post(one.logs, b"well", "text/plain").status == 200
    one.wait(lambda: receiver.lines() == ["well"], "the good line alone")


def test_acknowledged_is_on_the_disk(agent, receiver):
    # Nobody takes them; the agent is killed as soon as it has said yes.
    one = agent(url=f"http://127.0.0.1:{free_port()}/loki/api/v1/push")
    for number in range(5):
        assert post(one.logs, f"line {number}".encode(), "text/plain").status == 200
    one.child.kill()
    path = one._command[-1]
    path.write_text(path.read_text().replace(path.read_text().split("push: {url: ")[1].split(",")[0], receiver.url))
    one.start()
    one.wait(lambda: len(receiver.entries) == 5, "what was acknowledged")
    assert sorted(receiver.lines()) == [f"line {number}" for number in range(5)]


def test_a_body_that_drips_and_one_that_lies_about_its_length(agent, receiver):
    one = agent()
    port = int(one.logs.split(":")[2].split("/")[0])
    with socket.create_connection(("127.0.0.1", port), timeout=30) as drip:
        drip.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\nhalf")
        drip.shutdown(socket.SHUT_WR)
        drip.settimeout(30)
        assert b"200" not in drip.recv(1000)[:20]
    assert post(one.logs, b"well", "text/plain").status == 200
    one.wait(lambda: receiver.lines() == ["well"], "nothing of half a body")


def test_the_whole_way_to_stream_tail(agent, serve, tickscope, tmp_path):
    server = serve()
    log = tmp_path / "game.log"
    syslog = free_port()
    one = agent(
        url=f"{server.url}/loki/api/v1/push",
        more=f'  files: [{{paths: ["{log}"], labels: {{job: file}}}}]\n  syslog: [{{tcp: "127.0.0.1:{syslog}", labels: {{job: syslog}}}}]\n',
    )
    log.write_text("level=error mail to jane@example.com\nplain\n")
    with socket.create_connection(("127.0.0.1", syslog), timeout=10) as sender:
        sender.sendall(b"<11>1 2026-11-26T15:00:00Z host game 42 ID - by syslog\n")
    assert post(one.logs, b'[{"log":"by http"}]', "application/json", **{"Fluent-Tag": "t"}).status == 200

    def tailed() -> str:
        done = subprocess.run(
            [tickscope, "stream", "tail", "--to", server.url, "--kind", "logs"],
            capture_output=True, text=True, timeout=30, check=True,
        )  # fmt: skip
        return done.stdout

    one.wait(lambda: tailed().count("\n") >= 4, "four lines")
    text = tailed()
    assert "by http" in text and "by syslog" in text and "plain" in text
    assert "jane" not in text and "eml_k1_" in text
    assert text.count("\n") == 4
