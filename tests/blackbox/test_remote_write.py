"""Remote write 1.0 and 2.0: what is accepted is read back exactly, and what is refused is refused as specified.

The refusals are a table: name, headers, body, status, and words the message must contain, so that a sender's owner
finds the mistake. After each refusal the server still writes and reads, and nothing of the refused request is there.
"""

from __future__ import annotations

import math
import struct
import time

import pytest

import remote_write
from child import wait_until
from remote_write import Series, field_bytes, field_varint, headers, message, snappy, snappy_bomb

PROTOCOLS = ("rw1", "rw2")


def now_ms() -> int:
    return int(time.time() * 1000)


def visible(server, selector: str) -> None:
    wait_until(lambda: bool(server.query(selector)), f"{selector} to be visible", 10)


def rw_headers(protocol: str, **changes: str | None) -> dict[str, str]:
    """The protocol's headers with some replaced, or removed when None; `Content_Type` stands for Content-Type."""
    fields = headers(protocol)
    for name, value in changes.items():
        name = name.replace("_", "-")
        fields.pop(name, None)
        if value is not None:
            fields[name] = value
    return fields


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_is_written_is_read_back_exactly(serve, protocol):
    server = serve()
    at = now_ms() - 60_000
    values = [0.0, -0.0, 1.5, 1e300, 5e-324, math.inf, -math.inf, 9007199254740993.0, 0.1]
    samples = [(at + i * 1000, value) for i, value in enumerate(values)]
    answer = server.write(protocol, [Series({"__name__": "exact", "zone": "ä"}, samples)])
    assert (answer.status, answer.body) == (204, b"")
    if protocol == "rw2":
        assert answer.headers["x-prometheus-remote-write-samples-written"] == str(len(samples))
        assert answer.headers["x-prometheus-remote-write-histograms-written"] == "0"
        assert answer.headers["x-prometheus-remote-write-exemplars-written"] == "0"
    visible(server, "exact[2m]")
    read = server.samples("exact", "2m", time.time())
    assert list(read) == ["__name__=exact,zone=ä"]
    bits = lambda value: struct.pack("<d", float(value))  # noqa: E731  so that -0.0 and 0.0 differ
    assert [(round(t * 1000), bits(v)) for t, v in read["__name__=exact,zone=ä"]] == [(t, bits(v)) for t, v in samples]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nan_is_a_value_and_a_stale_marker_ends_a_series(serve, protocol):
    server = serve()
    at = now_ms() - 30_000
    assert server.write(protocol, [Series({"__name__": "odd"}, [(at, math.nan)])]).status == 204
    visible(server, "odd")
    assert server.query("odd")[0]["value"][1] == "NaN"
    marker = Series({"__name__": "odd"}, [(at + 1000, remote_write.STALE_NAN_BITS)])
    assert server.write(protocol, [marker]).status == 204
    wait_until(lambda: server.query("odd") == [], "the stale marker to end the series")
    assert server.query("count_over_time(odd[2m])")[0]["value"][1] == "1"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_request_sent_again_changes_nothing(serve, protocol):
    server = serve()
    at = now_ms() - 10_000
    series = [Series({"__name__": "again", "n": str(n)}, [(at, n), (at + 1000, n + 1)]) for n in range(50)]
    for _ in range(3):
        assert server.write(protocol, series).status == 204
    visible(server, 'again{n="49"}[1m]')
    read = server.samples("again", "1m", time.time())
    assert len(read) == 50
    assert all(len(samples) == 2 for samples in read.values())


def test_an_empty_request_is_fine(serve):
    server = serve()
    for protocol in PROTOCOLS:
        assert server.write(protocol, []).status == 204


GOOD = [Series({"__name__": "good"}, [(1_700_000_000_000, 1.0)])]


def one(labels, samples=((1_700_000_000_000, 1.0),)):
    return [Series(labels, list(samples))]


# name, protocol, header changes, body, status, words in the answer
REFUSED = [
    ("gzip instead of snappy", "rw1", {"Content_Encoding": "gzip"}, None, 415, ["gzip", "snappy"]),
    ("deflate instead of snappy", "rw2", {"Content_Encoding": "deflate"}, None, 415, ["deflate", "snappy"]),
    ("JSON", "rw1", {"Content_Type": "application/json"}, None, 415, ["application/json"]),
    ("a picture", "rw1", {"Content_Type": "image/png"}, None, 415, ["image/png"]),
    ("unknown message", "rw1", {"Content_Type": "application/x-protobuf;proto=other.Request"}, None, 415, ["other.Request"]),
    ("snappy cut short", "rw1", {}, snappy(message("rw1", GOOD))[:-3], 400, ["snappy"]),
    ("no snappy at all", "rw2", {}, b"\xff\xff\xff\xff\xff\xff", 400, ["snappy"]),
    ("empty body", "rw1", {}, b"", 400, ["snappy"]),
    ("snappy with a copy before its start", "rw1", {}, b"\x08\x00a\xfe\xff\xff", 400, ["snappy"]),
    ("message cut short", "rw1", {}, snappy(message("rw1", GOOD)[:-3]), 400, []),
    ("message cut short", "rw2", {}, snappy(message("rw2", GOOD)[:-3]), 400, []),
    ("length past the end", "rw1", {}, snappy(b"\x0a\xff\xff\xff\xff\x0f"), 400, []),
    ("reserved wire type", "rw1", {}, snappy(b"\x0f\x01"), 400, []),
    ("no metric name", "rw1", {}, snappy(message("rw1", one({"zone": "a"}))), 400, ["name"]),
    ("no metric name", "rw2", {}, snappy(message("rw2", one({"zone": "a"}))), 400, ["name"]),
    ("no labels", "rw1", {}, snappy(message("rw1", one({}))), 400, []),
    ("label twice", "rw1", {}, snappy(message("rw1", one([("__name__", "x"), ("a", "1"), ("a", "2")]))), 400, ["a"]),
    ("label twice", "rw2", {}, snappy(message("rw2", one([("__name__", "x"), ("a", "1"), ("a", "2")]))), 400, ["a"]),
    ("name is not UTF-8", "rw1", {}, snappy(message("rw1", one([(b"__name__", b"\xff\xfe")]))), 400, ["UTF-8"]),
    ("value is not UTF-8", "rw2", {}, snappy(message("rw2", one([("__name__", "x"), ("a", b"\xc3\x28")]))), 400, ["UTF-8"]),
    ("empty label name", "rw1", {}, snappy(message("rw1", one([("", "v"), ("__name__", "x")]))), 400, []),
    (
        "symbol reference past the table", "rw2", {},
        snappy(field_bytes(4, b"") + field_bytes(5, field_bytes(1, b"\x01\x63"))), 400, ["symbol"],
    ),
    (
        "odd number of references", "rw2", {},
        snappy(field_bytes(4, b"") + field_bytes(4, b"__name__") + field_bytes(5, field_bytes(1, b"\x01"))), 400, [],
    ),
    (
        "first symbol is not empty", "rw2", {},
        snappy(field_bytes(4, b"x") + field_bytes(5, field_bytes(1, b"\x00\x00"))), 400, ["symbol"],
    ),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case[1]}-{case[0].replace(' ', '-')}")
def test_refuses(shared_server, case):
    name, protocol, changes, body, status, words = case
    if body is None:
        body = snappy(message(protocol, GOOD))
    answer = shared_server.write_raw(body, rw_headers(protocol, **changes))
    assert answer.status == status, answer.text
    assert answer.text.strip(), "a refusal says why"
    assert len(answer.text) < 4096
    for word in words:
        assert word.lower() in answer.text.lower()
    assert shared_server.query("good", 1_700_000_000) == [], "nothing of a refused request is written"


@pytest.fixture(scope="module")
def shared_server(tickscope, tmp_path_factory):
    """One server for the whole table: a refusal must not harm the next request anyway."""
    import conftest
    from child import Child, free_port

    folder = tmp_path_factory.mktemp("shared")
    port = free_port()
    child = Child(
        [tickscope, "serve", "--data", str(folder / "data"), "--listen", f"127.0.0.1:{port}"], folder / "serve.log"
    )
    server = conftest.Server(child, f"http://127.0.0.1:{port}", folder / "data")
    try:
        child.wait_http(server.url + "/-/ready")
        yield server
        fine = server.write("rw2", one({"__name__": "after_all"}, [(now_ms(), 1.0)]))
        assert fine.status == 204, fine.text
        visible(server, "after_all")
    finally:
        child.close()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_good_part_of_a_bad_request_is_written(serve, protocol):
    """400 says that something was refused; the rest is there, so a sender loses no more than it must."""
    server = serve()
    at = now_ms() - 5000
    series = [
        Series({"__name__": "fine"}, [(at, 1.0)]),
        Series([("__name__", "broken"), ("a", "1"), ("a", "2")], [(at, 1.0)]),
    ]
    answer = server.write(protocol, series)
    assert answer.status == 400, answer.text
    assert "series 1" in answer.text and '"a"' in answer.text
    if protocol == "rw2":
        assert answer.headers["x-prometheus-remote-write-samples-written"] == "1"
    visible(server, "fine")
    assert server.query("broken") == []


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", ["far past", "far future", "a year ahead"])
def test_times_no_clock_shows_are_refused(shared_server, protocol, name):
    time_ms = {"far past": -(1 << 62), "far future": 1 << 62, "a year ahead": now_ms() + 365 * 86_400_000}[name]
    answer = shared_server.write(protocol, one({"__name__": "when"}, [(time_ms, 1.0)]))
    assert answer.status == 400, answer.text
    assert "series 0" in answer.text


def test_a_bomb_is_refused_before_it_grows(serve):
    """A block that says it holds 1 GiB, one that does not tell the truth, and a thousand smaller ones."""
    server = serve()
    before = server.child.rss_bytes_max()
    for size in (1 << 30, (1 << 32) - 1):
        answer = server.write_raw(remote_write.varint(size) + b"\x00\x00", headers("rw1"))
        assert answer.status in (400, 413), answer.text
    bomb = snappy_bomb(512 << 20)
    assert len(bomb) < 32 << 20, "small enough to be let in as a body"
    assert server.write_raw(bomb, headers("rw1")).status in (400, 413)
    for _ in range(50):
        server.write_raw(snappy_bomb(8 << 20), headers("rw2"))
    assert server.child.rss_bytes_max() - before < 256 << 20
    assert server.write("rw2", one({"__name__": "alive"}, [(now_ms(), 1.0)])).status == 204


def test_many_small_fields_do_not_inflate(serve):
    """2 bytes of message a label or sample must not cost 100 of memory each."""
    server = serve()
    before = server.child.rss_bytes_max()
    empty_labels = field_bytes(1, field_bytes(1, b"") * 4_000_000)
    assert server.write_raw(snappy(empty_labels), headers("rw1")).status in (400, 413)
    many_symbols = field_bytes(4, b"") * 4_000_000
    assert server.write_raw(snappy(many_symbols), headers("rw2")).status == 413
    empty_series = field_bytes(1, b"") * 4_000_000
    assert server.write_raw(snappy(empty_series), headers("rw1")).status == 413
    empty_histograms = field_bytes(1, field_bytes(4, b"") * 4_000_000)
    assert server.write_raw(snappy(empty_histograms), headers("rw1")).status == 413
    empty_samples = field_bytes(1, field_bytes(2, b"") * 10_000_000)
    assert server.write_raw(snappy(empty_samples), headers("rw1")).status == 413
    unknown_fields = field_varint(99, 1) * 2_000_000
    assert server.write_raw(snappy(unknown_fields), headers("rw1")).status in (204, 400)
    assert server.child.rss_bytes_max() - before < 512 << 20


def test_zstd_bodies(serve):
    """As VictoriaMetrics' agents send them; what unpacks to too much is not unpacked."""
    pyarrow = pytest.importorskip("pyarrow")
    server = serve()
    codec = pyarrow.Codec("zstd")
    now = time.time()
    for protocol, value in (("rw1", 3), ("rw2", 4)):
        message = remote_write.message(protocol, [Series({"__name__": protocol}, [(int(now * 1000), float(value))])])
        headers = remote_write.headers(protocol) | {"Content-Encoding": "zstd"}
        assert server.write_raw(codec.compress(message, asbytes=True), headers).status == 204
        wait_until(lambda protocol=protocol: server.query(protocol, now), "the sample")
        assert server.query(protocol, now)[0]["value"][1] == str(value)
        bomb = codec.compress(b"\0" * (256 << 20), asbytes=True)
        assert server.write_raw(bomb, headers).status == 413
        assert server.write_raw(codec.compress(message, asbytes=True)[:-3], headers).status == 400
