"""The agent's log files, in the real binary: every line once through rotation under load, kills and an outage; nothing private leaves it."""

from __future__ import annotations

import os
import random
import ssl
import threading
import time

import pytest

from certificates import Authority
from loki_receiver import LokiReceiver
from running_agent import RunningAgent, write_keys

CONFIG = """\
global: {{external_labels: {{region: eu}}}}
logs:
  push: {{url: "{url}", batch_wait: 100ms, backoff_max: 300ms, headers: {{X-Scope-OrgID: eu}}}}
  spool: {{directory: {spool}, bytes_max: 64MiB}}
  tokens: {{keys: "{keys}"}}
  files:
    - paths: ["{logs}/*.log"]
      labels: {{app: game}}
      idle_wait: 2s
      {more}
"""


@pytest.fixture
def receiver():
    made = LokiReceiver()
    yield made
    made.close()


class LogAgent(RunningAgent):
    def __init__(self, start, tickscope, tmp_path, receiver, more: str = "", with_keys: bool = True):
        self.logs = tmp_path / "logs"
        self.logs.mkdir(exist_ok=True)
        keys = write_keys(tmp_path) if with_keys else ""
        self.config = CONFIG.format(url=receiver.url, spool=tmp_path / "spool", logs=self.logs, keys=keys, more=more)
        super().__init__(start, tickscope, tmp_path, self.config)


@pytest.fixture
def agent(start, tickscope, tmp_path, receiver):
    return lambda **options: LogAgent(start, tickscope, tmp_path, receiver, **options)


def numbers(receiver: LokiReceiver) -> list[int]:
    return sorted(int(line.rpartition("number ")[2]) for line in receiver.lines() if "number " in line)


def test_lines_arrive_with_labels_and_without_private_data(agent, receiver):
    running = agent(more="add_filename: true")
    with open(running.logs / "game.log", "wb") as file:
        file.write(b"level=info msg=\"player joined\"\n")
        file.write(b"2026-11-26 ERROR mail to jane@example.com from 203.0.113.7 failed\n")
        file.write(b"bytes \xff\x00 that are no text in a line\n\x01\x80\x81\x82\x83\n\n")
        file.write(b"x" * 100_000 + b"\n")
    running.wait(lambda: len(receiver.entries) == 4, "four entries")
    by_line = {entry.line[:12]: entry for entry in receiver.all()}
    joined = by_line["level=info m"]
    assert joined.labels == '{app="game",level="info",region="eu"}'
    assert joined.metadata == (("filename", "game.log"),)
    assert abs(joined.time_ns / 1e9 - time.time()) < 60
    failed = by_line["2026-11-26 E"]
    assert failed.labels == '{app="game",level="error",region="eu"}'
    assert "jane" not in failed.line and "203.0.113.7" not in failed.line
    assert " eml_k1_" in failed.line and " ip_k1_" in failed.line
    assert by_line["bytes \ufffd\ufffd tha"]
    assert by_line["x" * 12].line == "x" * 65536
    assert receiver.headers[0]["X-Scope-OrgID"] == "eu"
    assert running.metric("tickscope_log_refused_total") == 2
    assert running.metric("tickscope_log_cut_lines_total") == 1
    assert running.child.stop() == 0


def test_without_keys_lines_with_private_data_stay(agent, receiver):
    running = agent(with_keys=False)
    (running.logs / "game.log").write_text("mail jane@example.com\nnothing private\n")
    running.wait(lambda: receiver.lines() == ["nothing private"], "the line")
    assert running.metric('tickscope_log_refused_total{input="file",reason="private"}') == 1


def test_traces_are_one_entry(agent, receiver):
    running = agent(more='multiline: {start: "^[0-9]"}')
    (running.logs / "game.log").write_text("1 boom\n  at a\n  at b\n2 fine\n")
    running.wait(lambda: sorted(receiver.lines()) == ["1 boom\n  at a\n  at b", "2 fine"], "two entries")


def rotate_by_rename(logs, count: int, file):
    file.close()
    os.rename(logs / "game.log", logs / f"game.log.{count}")
    return open(logs / "game.log", "a")


def rotate_by_copy(logs, count: int, file):
    file.flush()
    # As logrotate does; the writer does not write meanwhile, for what it wrote between the two calls nobody could save.
    (logs / f"game.log.{count}").write_bytes((logs / "game.log").read_bytes())
    os.truncate(logs / "game.log", 0)
    return file


@pytest.mark.parametrize("rotate", [rotate_by_rename, rotate_by_copy])
def test_rotation_under_load_with_kills_and_an_outage(agent, receiver, rotate):
    running = agent()
    seeded = random.Random(7)
    written = 0
    stop = threading.Event()
    last_size = 0

    def write() -> None:
        nonlocal written, last_size
        count = 0
        file = open(running.logs / "game.log", "a")
        since = time.monotonic()
        while not stop.is_set():
            for _ in range(seeded.randrange(1, 300)):
                file.write(f"level={seeded.choice(['info', 'error'])} some words of a usual length, number {written}\n")
                written += 1
            file.flush()
            if time.monotonic() - since > 2.5:
                file = rotate(running.logs, count, file)
                count += 1
                since = time.monotonic()
            time.sleep(0.01)
        file.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for round_number in range(6):
            receiver.status = 503 if round_number in (1, 2) else 204
            time.sleep(seeded.uniform(0.5, 1.2))
            running.child.kill()
            running.start()
            time.sleep(0.8)
    finally:
        stop.set()
        writer.join()
    receiver.status = 204
    running.wait(lambda: len(set(numbers(receiver))) == written, f"{written} lines", 60)
    assert numbers(receiver) == list(range(written)), "a line was read twice"
    assert running.metric("tickscope_spool_lost_items_total") == 0
    assert running.child.stop() == 0


def test_an_outage_is_waited_out_and_errors_come_first(agent, receiver):
    receiver.status = 503
    running = agent()
    with open(running.logs / "game.log", "a") as file:
        for number in range(2_000):
            file.write(f"level={'error' if number % 100 == 99 else 'info'} number {number}\n")
    running.wait(lambda: running.metric("tickscope_log_lines_total") == 2_000, "lines in the spool")
    with open(running.logs / "game.log", "a") as file:
        file.write("level=error late number 2000\n")
    running.wait(lambda: running.metric("tickscope_log_lines_total") == 2_001, "the late one")
    running.wait(lambda: receiver.requests >= 3, "attempts")
    # A stop does not lose what was not delivered.
    assert running.child.stop() == 0
    receiver.status = 204
    running.start()
    running.wait(lambda: len(receiver.entries) == 2_001, "all of it")
    assert numbers(receiver) == list(range(2_001))
    order = [entry.line for entry in receiver.all()]
    assert order.index("level=error late number 2000") < order.index("level=info number 0")


def test_a_reload_changes_labels_and_rules_and_reads_no_line_twice(agent, receiver):
    running = agent()
    stop = threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        with open(running.logs / "game.log", "a") as file:
            while not stop.is_set():
                for _ in range(50):
                    file.write(f"level=info some words, number {written}\n")
                    written += 1
                file.flush()
                time.sleep(0.01)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for region, app, more in [("us", "game", ""), ("us", "arena", "line_bytes_max: 1KiB"), ("eu", "arena", 'exclude: ["*.gz"]')]:
            before = len(receiver.entries)
            config = running.config.replace("region: eu", f"region: {region}").replace("app: game", f"app: {app}")
            running.reload(config.replace("idle_wait: 2s", f"idle_wait: 2s\n      {more}"))
            labels = f'{{app="{app}",level="info",region="{region}"}}'
            running.wait(lambda: any(entry.labels == labels for entry in receiver.all()[before:]), f"lines with {labels}")  # noqa: B023
        # Taken out and put back, with lines meanwhile.
        running.reload(running.config.replace("*.log", "*.other"))
        at_least = written + 500
        running.wait(lambda: written > at_least, "lines that nobody reads")
        running.reload(running.config)
    finally:
        stop.set()
        writer.join()
    running.wait(lambda: len(set(numbers(receiver))) == written, f"{written} lines", 60)
    assert numbers(receiver) == list(range(written)), "a line was read twice"
    assert running.metric("tickscope_spool_lost_items_total") == 0
    assert running.child.stop() == 0


def test_what_a_reload_does_not_change_is_told_and_what_is_wrong_changes_nothing(agent, receiver):
    running = agent()
    running.reload(running.config.replace("bytes_max: 64MiB", "bytes_max: 128MiB") + "scrape_workers: 3\n")
    assert "logs.spool.bytes_max" in running.child.log_text() and "scrape_workers" in running.child.log_text()
    running.reload("logs:\n  push: {url: ''}\nremote_write: [{url: 'http://127.0.0.1:1/'}]\n")
    assert "logs.push.url" in running.child.log_text()
    running.reload(running.config.replace("/keys", "/missing"), result="failed")
    assert "missing" in running.child.log_text()
    (running.logs / "game.log").write_text("still here, of jane@example.com\n")
    running.wait(lambda: len(receiver.entries) == 1, "the line")
    assert " eml_k1_" in receiver.lines()[0], "with the keys of before"


def test_a_configuration_says_what_is_wrong_with_it(run, tickscope, tmp_path):
    config = tmp_path / "agent.yaml"
    config.write_text(
        "logs:\n  push: {url: http://127.0.0.1:1/loki/api/v1/push}\n  files:\n"
        "    - paths: [var/log/x, /var/*/x.log]\n      multiline: {start: '('}\n"
    )
    checked = run([tickscope, "agent", "--config", config, "--check"])
    assert checked.returncode == 1
    for said in ("absolute path", "does not compile", "where logs wait"):
        assert said in checked.stderr
    config.write_text(
        f"logs:\n  push: {{url: http://127.0.0.1:1/loki/api/v1/push}}\n  spool: {{directory: {tmp_path}/spool}}\n"
        f"  tokens: {{keys: {tmp_path}/missing}}\n"
    )
    checked = run([tickscope, "agent", "--config", config, "--check"])
    assert checked.returncode == 1 and "missing" in checked.stderr


SECURE = """\
logs:
  push:
    url: "{first}"
    batch_wait: 100ms
    backoff_max: 300ms
    sender: host-7
    bearer_token_file: {folder}/token
    failover_urls: ["{second}"]
    failover_failures: 2
    failover_after: 500ms
    failback_after: 10m
    tls_config: {{ca_file: {folder}/ca.pem, cert_file: {folder}/host.pem, key_file: {folder}/host.key, check_interval: 200ms}}
  spool: {{directory: {spool}, bytes_max: 64MiB}}
  files: [{{paths: ["{logs}/*.log"]}}]
"""


def test_logs_go_over_mutual_tls_to_the_gateway_that_is_there(start, tickscope, tmp_path):
    folder = tmp_path / "certificates"
    authority = Authority(folder, "ca")
    served = authority.issue("server", ["IP:127.0.0.1"])
    authority.issue("host", ["URI:spiffe://game.example/eu/agent/host-7"], days=-1)
    (folder / "token").write_text("first-token\n")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(served.certificate, served.key)
    context.load_verify_locations(authority.certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    first, second = LokiReceiver(context), LokiReceiver(context)
    logs = tmp_path / "logs"
    logs.mkdir()
    config = SECURE.format(first=first.url, second=second.url, folder=folder, spool=tmp_path / "spool", logs=logs)
    running = RunningAgent(start, tickscope, tmp_path, config)
    with open(logs / "game.log", "a") as file:
        file.write("number 0\n")
        file.flush()
        running.wait(lambda: running.metric('tickscope_log_requests_total{result="retried"}') >= 2, "refusals of a certificate that expired")
        assert not first.entries and not second.entries
        renewed = authority.issue("renewed", ["URI:spiffe://game.example/eu/agent/host-7"])
        (folder / "token").write_text("second-token\n")
        os.replace(renewed.key, folder / "host.key")
        os.replace(renewed.certificate, folder / "host.pem")
        running.wait(lambda: len(first.entries) + len(second.entries) == 1, "the line, by the certificate of now")
        taken, other = (first, second) if first.entries else (second, first)
        assert taken.headers[-1]["X-Tickscope-Sender"] == "host-7"
        assert taken.headers[-1]["X-Tickscope-Delivery"]
        running.wait(lambda: file.write("more\n") and file.flush() is None and taken.headers[-1]["Authorization"] == "Bearer second-token", "the new token")
        if taken is first:
            first.status = 503
        else:
            # It left the first while the certificate was bad: the second is left in its turn.
            second.status = 503
        file.write("number 1\n")
        file.flush()
        running.wait(lambda: any(line == "number 1" for line in other.lines()), "the line, at the other gateway")
    assert numbers(first) + numbers(second) in ([0, 1], [1, 0])
    assert running.child.stop() == 0
    first.close()
    second.close()


ZSTD = """\
logs:
  push: {{url: "{url}/loki/api/v1/push", batch_wait: 100ms, compression: zstd}}
  spool: {{directory: {spool}, bytes_max: 64MiB}}
  files: [{{paths: ["{logs}/*.log"], labels: {{app: game}}}}]
"""


def test_zstd_goes_to_a_gateway_that_takes_it_and_snappy_to_one_that_does_not(start, tickscope, tmp_path, serve):
    server = serve()
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "game.log").write_text("".join(f"level=info some words of a usual length, number {number}\n" for number in range(1000)))
    running = RunningAgent(start, tickscope, tmp_path, ZSTD.format(url=server.url, spool=tmp_path / "spool", logs=logs))
    running.wait(lambda: running.metric("tickscope_log_sent_lines_total") == 1000, "all lines sent")
    assert running.metric('tickscope_log_requests_total{result="refused"}') == 0
    records = server.get("/api/v1/stream/tail", {"format": "json", "kind": "logs", "limit": "2000"}).text.splitlines()
    assert sum("number 999" in record for record in records) == 1
    assert running.child.stop() == 0
    assert "using snappy" not in running.child.log_tail()

    old = LokiReceiver()  # Whatever the header says, it reads snappy.
    other = tmp_path / "other"
    other.mkdir()
    running = RunningAgent(start, tickscope, other, ZSTD.format(url=old.url.removesuffix("/loki/api/v1/push"), spool=other / "spool", logs=logs))
    running.wait(lambda: len(old.entries) == 1000, "all lines, in snappy")
    assert all(headers["Content-Encoding"] == "snappy" for headers in old.headers)
    assert running.child.stop() == 0
    old.close()
