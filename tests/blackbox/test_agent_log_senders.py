"""Logs that others send to the agent: syslog by UDP and TCP, a real rsyslog, and Fluentd's Forward protocol written with a real msgpack."""

from __future__ import annotations

import gzip
import socket
import struct
import time

import msgpack
import pytest

from child import free_port
from loki_receiver import LokiReceiver
from running_agent import RunningAgent, write_keys

CONFIG = """\
logs:
  push: {{url: "{url}", batch_wait: 100ms, backoff_max: 300ms}}
  spool: {{directory: {spool}}}
  tokens: {{keys: "{keys}"}}
  syslog:
    - {{udp: "127.0.0.1:{syslog}", tcp: "127.0.0.1:{syslog}", labels: {{job: syslog}}, connection_limit: 4}}
  fluent:
    - {{listen: "127.0.0.1:{fluent}", labels: {{job: fluent}}, message_bytes_max: 1MiB, connection_limit: 4}}
"""


@pytest.fixture
def receiver():
    made = LokiReceiver()
    yield made
    made.close()


class Agent(RunningAgent):
    def __init__(self, start, tickscope, tmp_path, receiver):
        self.syslog, self.fluent = free_port(), free_port()
        self.config = CONFIG.format(
            url=receiver.url, spool=tmp_path / "spool", keys=write_keys(tmp_path), syslog=self.syslog, fluent=self.fluent
        )
        super().__init__(start, tickscope, tmp_path, self.config)


@pytest.fixture
def agent(start, tickscope, tmp_path, receiver):
    return Agent(start, tickscope, tmp_path, receiver)


def connect(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=20)
    made.settimeout(20)
    return made


def event_time(seconds: int, nanos: int) -> msgpack.ExtType:
    return msgpack.ExtType(0, struct.pack(">II", seconds, nanos))


def test_syslog_by_datagram_and_by_connection(agent, receiver):
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.sendto(b"<11>1 2026-11-26T15:00:00Z host game 42 ID - mail to jane@example.com", ("127.0.0.1", agent.syslog))
    with connect(agent.syslog) as stream:
        stream.sendall(b"<13>Oct 11 22:14:15 host su[7]: a line\n12 <14>co\nunted" + b"70000 " + b"x" * 70_000 + b"<15>last\n")
        agent.wait(lambda: len(receiver.entries) == 4, "four entries")
    entries = {entry.line.split(" ")[0].split("\n")[0]: entry for entry in receiver.all()}
    assert entries["mail"].labels == '{job="syslog",level="error"}'
    assert "jane" not in entries["mail"].line and " eml_k1_" in entries["mail"].line
    assert entries["mail"].metadata == (("host", "host"), ("app", "game"), ("pid", "42"), ("msgid", "ID"))
    assert entries["a"].line == "a line" and dict(entries["a"].metadata)["app"] == "su"
    assert entries["co"].line == "co\nunted"
    assert entries["last"].labels == '{job="syslog",level="debug"}'
    assert agent.metric('tickscope_log_refused_total{input="syslog",reason="too_large"}') == 1


def test_a_reload_keeps_connections_and_gives_them_the_labels_of_now(agent, receiver):
    def labels_of(line: str) -> str:
        agent.wait(lambda: line in receiver.lines(), line)
        (entry,) = (one for one in receiver.all() if one.line == line)
        return entry.labels

    other = free_port()
    with connect(agent.syslog) as syslog, connect(agent.fluent) as fluent:
        syslog.sendall(b"<14>1 - - - - - - syslog one\n")
        fluent.sendall(msgpack.packb(["tag", 1_800_000_000, {"log": "fluent one"}]))
        assert labels_of("syslog one") == '{job="syslog",level="info"}'
        assert labels_of("fluent one") == '{job="fluent",level="unknown"}'
        changed = agent.config.replace("job: syslog", "job: other, zone: a").replace("job: fluent", "job: else")
        agent.reload(changed + f'    - {{listen: "127.0.0.1:{other}"}}\n')
        syslog.sendall(b"<14>1 - - - - - - syslog two\n")
        fluent.sendall(msgpack.packb(["tag", 1_800_000_000, {"log": "fluent two"}]))
        assert labels_of("syslog two") == '{job="other",level="info",zone="a"}'
        assert labels_of("fluent two") == '{job="else",level="unknown"}'
        with connect(other) as fresh:
            fresh.sendall(msgpack.packb(["tag", 1_800_000_000, {"log": "a new one"}]))
            assert labels_of("a new one") == '{level="unknown"}'
        agent.reload(changed)
        with pytest.raises(OSError):
            connect(other)
        syslog.sendall(b"<14>1 - - - - - - syslog three\n")
        assert labels_of("syslog three") == '{job="other",level="info",zone="a"}'
    assert receiver.repeated == 0


def test_a_real_rsyslog(agent, receiver, peer, start, tmp_path):
    source = tmp_path / "source.log"
    source.write_text("")
    config = tmp_path / "rsyslog.conf"
    config.write_text(
        f"""
global(workDirectory="{tmp_path}")
module(load="imfile" mode="polling" pollingInterval="1")
input(type="imfile" File="{source}" Tag="game:" Severity="error" Facility="local0")
action(type="omfwd" target="127.0.0.1" port="{agent.syslog}" protocol="tcp" TCP_Framing="octet-counted"
       template="RSYSLOG_SyslogProtocol23Format")
action(type="omfwd" target="127.0.0.1" port="{agent.syslog}" protocol="udp" template="RSYSLOG_ForwardFormat")
"""
    )
    start([peer("rsyslogd"), "-n", "-f", config, "-i", tmp_path / "rsyslog.pid"], name="rsyslogd")
    with open(source, "a") as file:
        for number in range(200):
            file.write(f"number {number}\n")
    agent.wait(lambda: len(receiver.entries) >= 400, "what rsyslog sent twice", 40)
    lines = sorted(line.strip() for line in receiver.lines() if "number" in line)
    assert lines == sorted(f"number {number}" for number in range(200) for _ in range(2))
    assert {entry.labels for entry in receiver.all() if "number" in entry.line} == {'{job="syslog",level="error"}'}


def test_fluent_in_every_mode(agent, receiver):
    entry = [event_time(1_800_000_000, 7), {"log": "packed"}]
    with connect(agent.fluent) as stream:
        stream.sendall(msgpack.packb(["app.one", 1_800_000_000, {"log": "message"}]))
        stream.sendall(msgpack.packb(["app.two", [[event_time(1_800_000_000, 7), {"level": "error", "a": [1, None, 2.5]}]]]))
        stream.sendall(msgpack.packb(["app.three", msgpack.packb(entry) * 1, {"chunk": "c3", "size": 1}]))
        packed = gzip.compress(b"".join(msgpack.packb([event_time(1_800_000_000, n), {"log": f"zip {n}"}]) for n in range(1_000)))
        stream.sendall(msgpack.packb(["app.four", packed, {"chunk": "c4", "compressed": "gzip"}]))
        unpacker = msgpack.Unpacker()
        acknowledged = []
        while len(acknowledged) < 2:
            unpacker.feed(stream.recv(4096))
            acknowledged += [answer["ack"] for answer in unpacker]
    assert acknowledged == ["c3", "c4"]
    agent.wait(lambda: len(receiver.entries) == 1_003, "all entries")
    entries = {entry.line: entry for entry in receiver.all()}
    assert entries["message"].metadata == (("tag", "app.one"),)
    assert entries["message"].time_ns == 1_800_000_000 * 10**9
    assert entries['{"level":"error","a":[1,null,2.5]}'].labels == '{job="fluent",level="error"}'
    assert entries["zip 999"].time_ns == 1_800_000_000 * 10**9 + 999


def test_what_was_acknowledged_outlives_a_kill(agent, receiver):
    receiver.status = 503
    acknowledged = 0
    for number in range(5):
        with connect(agent.fluent) as stream:
            stream.sendall(msgpack.packb(["app", [[0, {"log": f"number {number}"}]], {"chunk": f"c{number}"}]))
            if stream.recv(4096):
                acknowledged += 1
                agent.child.kill()
                agent.start()
    assert acknowledged == 5
    receiver.status = 204
    agent.wait(lambda: len(receiver.entries) == 5, "all that was acknowledged")


def test_hostile_senders(agent, receiver):
    for tag in ("../../etc/passwd", "a\nb", "a\0b", ""):
        with connect(agent.fluent) as stream:
            stream.sendall(msgpack.packb([tag, [[0, {"log": "x"}]], {"chunk": "c"}]))
            assert msgpack.unpackb(stream.recv(4096)) == {"ack": "c"}
    assert agent.metric('tickscope_log_refused_total{input="fluent",reason="bad_tag"}') == 4
    bomb = gzip.compress(b"\x00" * (64 << 20))
    for bytes_sent in (
        b"\xdd\xff\xff\xff\xff",
        b"\x93\xa3app\x01" + b"\x81\xa1k" * 1_000 + b"\x01",
        msgpack.packb(["app", bomb, {"compressed": "gzip"}]),
        b"\x92\xa3app\xc6\x7f\xff\xff\xff" + b"x" * (2 << 20),
        b"\xc1",
    ):
        with connect(agent.fluent) as stream:
            try:
                stream.sendall(bytes_sent)
                assert stream.recv(4096) == b""
            except ConnectionError:
                pass
    too_large = agent.metric('tickscope_log_refused_total{input="fluent",reason="too_large"}')
    malformed = agent.metric('tickscope_log_refused_total{input="fluent",reason="malformed"}')
    assert too_large + malformed >= 5
    held = [connect(agent.fluent) for _ in range(4)]
    time.sleep(0.5)
    with connect(agent.fluent) as one_too_many:
        assert one_too_many.recv(10) == b""
    assert agent.metric("tickscope_log_refused_connections_total") >= 1
    for stream in held:
        stream.close()
    with connect(agent.fluent) as stream:
        time.sleep(0.5)
    with connect(agent.fluent) as stream:
        stream.sendall(msgpack.packb(["app", 0, {"log": "still here"}]))
        agent.wait(lambda: "still here" in receiver.lines(), "an honest line")
    assert receiver.lines() == ["still here"]
