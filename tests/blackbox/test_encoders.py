"""The tests' own encoders, held against bytes worked out by hand from the formats' descriptions."""

import remote_write
from remote_write import Series


def test_varint():
    assert remote_write.varint(0) == b"\x00"
    assert remote_write.varint(300) == b"\xac\x02"
    assert remote_write.varint(-1) == b"\xff" * 9 + b"\x01"


def test_snappy_literals():
    assert remote_write.snappy(b"") == b"\x00"
    assert remote_write.snappy(b"abc") == b"\x03\x08abc"
    assert remote_write.snappy(b"x" * 70) == b"\x46\xf4\x45\x00" + b"x" * 70


def test_rw1_message():
    assert remote_write.message_rw1([Series({"a": "b"}, [(1, 1.0)])]).hex() == (
        "0a15"  # timeseries, 21 bytes
        "0a06" "0a0161" "120162"  # label a=b
        "120b" "09000000000000f03f" "1001"  # sample 1.0 at 1 ms
    )


def test_rw2_message():
    assert remote_write.message_rw2([Series({"a": "b"}, [(1, 1.0)])]).hex() == (
        "2200" "220161" "220162"  # symbols "", a, b
        "2a11"  # timeseries, 17 bytes
        "0a020102"  # refs 1, 2
        "120b" "09000000000000f03f" "1001"
    )
