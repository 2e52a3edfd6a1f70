"""Remote write requests with everything a sample can be: floats, native histograms, start timestamps.

The black-box tests' remote_write.py writes floats only; this adds the rest, by hand as well, in both protocol
versions. A 1.0 request cannot carry start timestamps: they are left out.
"""

from __future__ import annotations

import dataclasses
import struct

from remote_write import STALE_NAN_BITS, field_bytes, field_double, field_varint, headers, snappy, varint

RESET_HINTS = {"unknown": 0, "reset": 1, "not_reset": 2, "gauge": 3}


@dataclasses.dataclass
class Histogram:
    """A float histogram: absolute bucket counts, one span a side unless `spans` say otherwise."""

    schema: int = 0
    sum: float | int = 0.0  # An int stands for the float's bits.
    count: float = 0.0
    zero_count: float = 0.0
    zero_threshold: float = 0.0
    offset: int = 0
    buckets: list[float] = dataclasses.field(default_factory=list)
    negative_offset: int = 0
    negative_buckets: list[float] = dataclasses.field(default_factory=list)
    custom_values: list[float] = dataclasses.field(default_factory=list)
    hint: str = "unknown"

    def counted(self) -> Histogram:
        """The same with the count that the buckets add up to, which a receiver insists on."""
        total = self.zero_count + sum(self.buckets) + sum(self.negative_buckets)
        return dataclasses.replace(self, count=float(total))


STALE = Histogram(sum=STALE_NAN_BITS)
Value = float | int | Histogram


@dataclasses.dataclass
class Series:
    labels: dict[str, str]
    samples: list[tuple[int, Value]]  # Milliseconds; an int value stands for the float's bits.
    starts: list[int] | None = None  # One a sample, milliseconds, 0 for unset.


def _zigzag(value: int) -> int:
    return (value << 1) ^ (value >> 63)


def _doubles(values: list[float]) -> bytes:
    return b"".join(struct.pack("<d", value) for value in values)


def _span(offset: int, length: int) -> bytes:
    return field_varint(1, _zigzag(offset)) + field_varint(2, length)


def _histogram(histogram: Histogram, time_ms: int, start_ms: int) -> bytes:
    """The fields of both protocols' Histogram, which have the same numbers but for the start."""
    out = field_double(2, histogram.count) + field_double(3, histogram.sum)
    out += field_varint(4, _zigzag(histogram.schema)) + field_double(5, histogram.zero_threshold)
    out += field_double(7, histogram.zero_count)
    if histogram.negative_buckets:
        out += field_bytes(8, _span(histogram.negative_offset, len(histogram.negative_buckets)))
        out += field_bytes(10, _doubles(histogram.negative_buckets))
    if histogram.buckets:
        out += field_bytes(11, _span(histogram.offset, len(histogram.buckets)))
        out += field_bytes(13, _doubles(histogram.buckets))
    out += field_varint(14, RESET_HINTS[histogram.hint]) + field_varint(15, time_ms)
    if histogram.custom_values:
        out += field_bytes(16, _doubles(histogram.custom_values))
    if start_ms:
        out += field_varint(17, start_ms)
    return out


def _samples(one: Series, sample_field: int, histogram_field: int, with_starts: bool) -> bytes:
    out = b""
    for i, (time_ms, value) in enumerate(one.samples):
        start_ms = one.starts[i] if one.starts and with_starts else 0
        if isinstance(value, Histogram):
            out += field_bytes(histogram_field, _histogram(value, time_ms, start_ms))
        else:
            body = field_double(1, value) + field_varint(2, time_ms)
            out += field_bytes(sample_field, body + (field_varint(3, start_ms) if start_ms else b""))
    return out


def _of_one_kind(series: list[Series]) -> list[Series]:
    """A receiver takes a series' floats before its histograms: where one follows the other, it is sent in pieces."""
    out: list[Series] = []
    for one in series:
        kind = None
        for i, sample in enumerate(one.samples):
            if isinstance(sample[1], Histogram) != kind:
                kind = isinstance(sample[1], Histogram)
                out.append(Series(one.labels, [], [] if one.starts else None))
            out[-1].samples.append(sample)
            if one.starts:
                out[-1].starts.append(one.starts[i])
    return out


def _message_rw1(series: list[Series]) -> bytes:
    out = b""
    for one in _of_one_kind(series):
        body = b""
        for name, value in sorted(one.labels.items()):
            body += field_bytes(1, field_bytes(1, name.encode()) + field_bytes(2, value.encode()))
        out += field_bytes(1, body + _samples(one, 2, 4, with_starts=False))
    return out


def _message_rw2(series: list[Series]) -> bytes:
    symbols: dict[str, int] = {"": 0}
    body = b""
    for one in _of_one_kind(series):
        refs = b"".join(
            varint(symbols.setdefault(text, len(symbols))) for pair in sorted(one.labels.items()) for text in pair
        )
        body += field_bytes(5, field_bytes(1, refs) + _samples(one, 2, 3, with_starts=True))
    return b"".join(field_bytes(4, symbol.encode()) for symbol in symbols) + body


def request(protocol: str, series: list[Series]) -> tuple[bytes, dict[str, str]]:
    """Body and headers of one request of "rw1" or "rw2"."""
    message = {"rw1": _message_rw1, "rw2": _message_rw2}[protocol](series)
    return snappy(message), headers(protocol)


def in_time_order(series: list[Series], slice_ms: int) -> list[list[Series]]:
    """Cut into slices of time, earliest first: a receiver refuses what is older than what it has."""
    slices: dict[int, list[Series]] = {}
    for one in series:
        cut: dict[int, Series] = {}
        for i, (time_ms, value) in enumerate(one.samples):
            part = cut.setdefault(time_ms // slice_ms, Series(one.labels, [], [] if one.starts else None))
            part.samples.append((time_ms, value))
            if one.starts:
                part.starts.append(one.starts[i])
        for key, part in cut.items():
            slices.setdefault(key, []).append(part)
    return [slices[key] for key in sorted(slices)]
