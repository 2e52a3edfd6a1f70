"""`tickscope query` and promtool ask a running server; both are read as a person or a script would read them."""

from __future__ import annotations

import csv
import io
import json
import time

import pytest

import remote_write
from child import free_port, wait_until

SELECTOR = 'joins_total{region="eu"}'


@pytest.fixture
def start_s() -> int:
    return int(time.time()) // 60 * 60 - 600


@pytest.fixture
def server(serve, start_s):
    server = serve()
    series = [
        remote_write.Series(
            {"__name__": "joins_total", "region": region, "server": f"{region}-1"},
            [((start_s + 15 * i) * 1000, float(step * i)) for i in range(9)],
        )
        for region, step in (("eu", 3), ("na", 5))
    ]
    assert server.write("rw2", series).status == 204
    wait_until(lambda: len(server.query("joins_total", start_s + 60)) == 2, "both series to be visible")
    return server


@pytest.fixture
def query(tickscope, run, server):
    def ask(*arguments: str, expect: int = 0) -> str:
        done = run([tickscope, "query", *arguments, "--to", server.url])
        assert done.returncode == expect, done.stderr
        return done.stdout if expect == 0 else done.stderr

    return ask


def test_instant_tables_and_json(query, start_s):
    lines = query("instant", SELECTOR, "--time", str(start_s + 60)).splitlines()
    assert lines[0].split() == ["SERIES", "VALUE", "TIME"]
    assert lines[1].startswith('joins_total{region="eu", server="eu-1"}  12 ')
    assert query("instant", "1 + 1") == "2\n"
    data = json.loads(query("instant", "sum(joins_total)", "--time", str(start_s + 60), "--format", "json"))
    assert data == {"resultType": "vector", "result": [{"metric": {}, "value": [start_s + 60, "32"]}]}


def test_range_as_csv(query, start_s):
    text = query(
        "range", "joins_total", "--start", str(start_s), "--end", str(start_s + 60), "--step", "30s", "--format", "csv"
    )
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["region"], row["value"]) for row in rows] == [
        ("eu", "0"), ("eu", "6"), ("eu", "12"), ("na", "0"), ("na", "10"), ("na", "20"),
    ]  # fmt: skip
    assert set(rows[0]) == {"__name__", "region", "server", "time", "value"}


def test_range_as_plot(query, start_s):
    text = query("range", "joins_total", "--start", str(start_s), "--end", str(start_s + 60), "--format", "plot")
    lines = text.splitlines()
    assert lines[0].endswith("b") and lines[0].split()[0] == "20"
    assert '  a  joins_total{region="eu", server="eu-1"}  0 .. 12, last 12' in lines
    assert '  b  joins_total{region="na", server="na-1"}  0 .. 20, last 20' in lines


def test_series_and_labels(query):
    assert query("series", "--match", "joins_total").splitlines() == [
        'joins_total{region="eu", server="eu-1"}',
        'joins_total{region="na", server="na-1"}',
    ]
    assert query("labels", "--match", "joins_total").splitlines() == ["__name__", "region", "server"]
    assert query("labels", "region", "--start", "now-1h").splitlines() == ["eu", "na"]


def test_failures_say_why(query, tickscope, run):
    assert "bad_data" in query("instant", "foo(", expect=1)
    assert "1:5: parse error: unclosed left parenthesis" in query("instant", "foo(", expect=1)
    assert "--step" in query("range", "up", "--step", "often", expect=1)
    assert 'unknown format: got "xml"' in query("instant", "up", "--format", "xml", expect=1)
    assert run([tickscope, "query", "instant"]).returncode == 2
    assert run([tickscope, "query"]).returncode == 2
    nobody = run([tickscope, "query", "instant", "1", "--to", f"http://127.0.0.1:{free_port()}"])
    assert nobody.returncode == 1
    assert "cannot connect" in nobody.stderr


def test_promtool_reads_us(peer, run, server, start_s):
    promtool = peer("promtool")

    def ask(*arguments: str) -> list[str]:
        done = run([promtool, "query", *arguments])
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    at = str(start_s + 60)
    assert ask("instant", server.url, SELECTOR, f"--time={at}") == [
        f'joins_total{{region="eu", server="eu-1"}} => 12 @[{at}]'
    ]
    ranged = ask("range", server.url, SELECTOR, f"--start={start_s}", f"--end={at}", "--step=30s")
    assert ranged[0] == 'joins_total{region="eu", server="eu-1"} =>'
    assert [line.split()[0] for line in ranged[1:]] == ["0", "6", "12"]
    span = (f"--start={start_s}", f"--end={at}")
    assert sorted(ask("series", server.url, "--match=joins_total", *span)) == [
        '{__name__="joins_total", region="eu", server="eu-1"}',
        '{__name__="joins_total", region="na", server="na-1"}',
    ]
    assert ask("labels", server.url, "region") == ["eu", "na"]
