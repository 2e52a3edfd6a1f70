"""Remote write 1.0 and 2.0 requests built by hand, so that tests share no code with what they test.

Protobuf fields are written one by one; snappy is the block format with literals only, which every reader takes.
"""

from __future__ import annotations

import dataclasses
import struct

STALE_NAN_BITS = 0x7FF0000000000002
RW1_CONTENT_TYPE = "application/x-protobuf"
RW2_CONTENT_TYPE = "application/x-protobuf;proto=io.prometheus.write.v2.Request"

Labels = dict[str, str] | list[tuple[str, str]]
# Milliseconds since the epoch, value. An int value stands for the float's bits. 2.0 takes a third: the start timestamp.
Sample = tuple[int, float] | tuple[int, float, int]


@dataclasses.dataclass
class Exemplar:
    labels: Labels
    value: float
    time_ms: int


@dataclasses.dataclass
class Series:
    labels: Labels  # A list keeps order and duplicates, for requests that must be refused.
    samples: list[Sample]
    exemplars: list[Exemplar] = dataclasses.field(default_factory=list)


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field_varint(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)


def field_bytes(number: int, value: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(value)) + value


def field_double(number: int, value: float | int) -> bytes:
    bits = struct.pack("<Q", value) if isinstance(value, int) else struct.pack("<d", value)
    return varint(number << 3 | 1) + bits


def snappy(data: bytes) -> bytes:
    """One snappy block: the length, then literals of at most 64 KiB."""
    out = bytearray(varint(len(data)))
    for at in range(0, len(data), 1 << 16):
        piece = data[at : at + (1 << 16)]
        if len(piece) <= 60:
            out.append((len(piece) - 1) << 2)
        else:
            out += bytes([61 << 2]) + struct.pack("<H", len(piece) - 1)
        out += piece
    return bytes(out)


def snappy_bomb(size: int) -> bytes:
    """A small block that grows to `size` zero bytes: one literal, then copies of 64 bytes at offset 1."""
    copies, rest = divmod(size - 1, 64)
    out = varint(size) + b"\x00\x00" + bytes([63 << 2 | 2, 1, 0]) * copies
    if rest:
        out += bytes([(rest - 1) << 2 | 2, 1, 0])
    return out


def _pairs(labels: Labels) -> list[tuple[str, str]]:
    return sorted(labels.items()) if isinstance(labels, dict) else labels


def _encode(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def message_rw1(series: list[Series]) -> bytes:
    """prometheus.WriteRequest: timeseries = 1 { labels = 1 { name = 1, value = 2 }, samples = 2 { value = 1, ts = 2 } }."""
    out = b""
    for one in series:
        body = b""
        for name, value in _pairs(one.labels):
            body += field_bytes(1, field_bytes(1, _encode(name)) + field_bytes(2, _encode(value)))
        for time_ms, value, *_ in one.samples:
            body += field_bytes(2, field_double(1, value) + field_varint(2, time_ms))
        for exemplar in one.exemplars:
            encoded = b""
            for name, value in _pairs(exemplar.labels):
                encoded += field_bytes(1, field_bytes(1, _encode(name)) + field_bytes(2, _encode(value)))
            body += field_bytes(3, encoded + field_double(2, exemplar.value) + field_varint(3, exemplar.time_ms))
        out += field_bytes(1, body)
    return out


def message_rw2(series: list[Series]) -> bytes:
    """io.prometheus.write.v2.Request: symbols = 4, timeseries = 5 { labels_refs = 1, samples = 2 { .. } }.

    A sample is { value = 1, timestamp = 2, start_timestamp = 3 }.
    """
    symbols: dict[bytes, int] = {b"": 0}

    def refs(labels: Labels) -> bytes:
        texts = [text for pair in _pairs(labels) for text in pair]
        return b"".join(varint(symbols.setdefault(_encode(text), len(symbols))) for text in texts)

    body = b""
    for one in series:
        encoded = field_bytes(1, refs(one.labels))
        for time_ms, value, *start in one.samples:
            sample = field_double(1, value) + field_varint(2, time_ms)
            encoded += field_bytes(2, sample + (field_varint(3, start[0]) if start else b""))
        for exemplar in one.exemplars:
            labels = field_bytes(1, refs(exemplar.labels))
            encoded += field_bytes(4, labels + field_double(2, exemplar.value) + field_varint(3, exemplar.time_ms))
        body += field_bytes(5, encoded)
    return b"".join(field_bytes(4, symbol) for symbol in symbols) + body


def headers(protocol: str) -> dict[str, str]:
    """What a well-behaved sender of "rw1" or "rw2" says about its body."""
    content_type, version = {"rw1": (RW1_CONTENT_TYPE, "0.1.0"), "rw2": (RW2_CONTENT_TYPE, "2.0.0")}[protocol]
    return {
        "Content-Type": content_type,
        "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": version,
        "User-Agent": "tickscope-blackbox/1",
    }


def message(protocol: str, series: list[Series]) -> bytes:
    return {"rw1": message_rw1, "rw2": message_rw2}[protocol](series)
