"""Samples in and out: the real binary against promtool and Prometheus in both directions, and what it refuses."""

from __future__ import annotations

import json
import pathlib
import struct
import subprocess
import time

import duckdb
import pyarrow
import pyarrow.parquet
import pytest

import http_call
from child import free_port, wait_until
from remote_write import STALE_NAN_BITS, Series, field_bytes, field_double, field_varint, headers, message_rw1, snappy

HOUR_S = 3600
# A whole hour some hours ago: blocks of two hours, none of a day.
START_S = (int(time.time()) // HOUR_S - 8) * HOUR_S


def openmetrics(path: pathlib.Path, series: int = 3, steps: int = 400, step_s: int = 30) -> set[str]:
    """Writes a file in the form our export has, and returns its sample lines. Series by series, as promtool dumps."""
    lines = []
    for s in range(series):
        for i in range(steps):
            value = i * 0.25 + s if i % 50 else f"{i}"
            lines.append(f'queue_depth{{queue="q{s}",room="a\\"b\\\\c"}} {float(value):g} {START_S + i * step_s}.000')
        lines.append(f'wait_seconds_bucket{{le="+Inf",queue="q{s}"}} {s + 1} {START_S}.000')
    path.write_text("\n".join(lines) + "\n# EOF\n")
    return set(lines)


def exported(run, tickscope, *source: str, extra: tuple[str, ...] = ()) -> set[str]:
    span = ("--start", str(START_S - HOUR_S), "--end", str(START_S + 7 * HOUR_S))
    done = run([tickscope, "export", *source, *span, *extra])
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("# EOF\n")
    return {line for line in done.stdout.splitlines() if not line.startswith("#")}


def dumped(run, promtool, directory: pathlib.Path) -> dict[str, list[tuple[int, str]]]:
    """What promtool dumps: {labels} value time."""
    done = run([promtool, "tsdb", "dump", directory])
    assert done.returncode == 0, done.stderr
    series: dict[str, list[tuple[int, str]]] = {}
    for line in done.stdout.splitlines():
        labels, value, time_ms = line.rsplit(" ", 2)
        series.setdefault(labels, []).append((int(time_ms), value))
    return series


def test_blocks_of_promtool_are_read(run, tickscope, peer, tmp_path):
    lines = openmetrics(tmp_path / "in.om")
    made = run([peer("promtool"), "tsdb", "create-blocks-from", "openmetrics", tmp_path / "in.om", tmp_path / "blocks"])
    assert made.returncode == 0, made.stderr
    done = run([tickscope, "import", "prometheus", tmp_path / "blocks", "--data", tmp_path / "data"])
    assert done.returncode == 0, done.stderr
    assert f"{len(lines)} samples" in done.stdout
    assert exported(run, tickscope, "--data", str(tmp_path / "data")) == lines


def test_blocks_of_ours_are_read_by_promtool(run, tickscope, peer, tmp_path):
    promtool = peer("promtool")
    lines = openmetrics(tmp_path / "in.om")
    done = run([tickscope, "import", "openmetrics", tmp_path / "in.om", "--data", tmp_path / "data"])
    assert done.returncode == 0, done.stderr
    out = tmp_path / "blocks"
    span = ("--start", str(START_S - HOUR_S), "--end", str(START_S + 7 * HOUR_S))
    done = run([tickscope, "export", "--data", tmp_path / "data", *span, "--format", "prometheus", "--output", out])
    assert done.returncode == 0, done.stderr
    (out / "wal").mkdir()  # This promtool looks for one.
    series = dumped(run, promtool, out)
    assert sum(len(samples) for samples in series.values()) == len(lines)
    queue = series['{__name__="queue_depth", queue="q1", room="a\\"b\\\\c"}']
    assert queue[:2] == [(START_S * 1000, "0"), ((START_S + 30) * 1000, "1.25")]
    assert len(queue) == 400 and queue == sorted(queue)
    for command in ("list", "analyze"):
        done = run([promtool, "tsdb", command, out])
        assert done.returncode == 0, done.stderr
    # And back again, the same.
    done = run([tickscope, "import", "prometheus", out, "--data", tmp_path / "again"])
    assert done.returncode == 0, done.stderr
    assert exported(run, tickscope, "--data", str(tmp_path / "again")) == lines


def test_import_into_a_running_server(serve, run, tickscope, tmp_path):
    lines = openmetrics(tmp_path / "in.om")
    server = serve("--admin-api")
    done = run([tickscope, "import", "openmetrics", tmp_path / "in.om", "--server", server.url, "--work", tmp_path])
    assert done.returncode == 0, done.stderr
    assert exported(run, tickscope, "--server", server.url) == lines
    assert not list(tmp_path.glob("tickscope-import-*")), "what was made on the way is gone"
    # The same again changes nothing that a query sees.
    done = run([tickscope, "import", "openmetrics", tmp_path / "in.om", "--server", server.url, "--data", server.data])
    assert done.returncode == 0, done.stderr
    assert exported(run, tickscope, "--server", server.url) == lines
    assert list((server.data / "import").rglob("*.block")) == []
    # Another tenant sees nothing of it.
    assert exported(run, tickscope, "--server", server.url, "--tenant", "other") == set()
    server.child.kill()
    again = serve("--admin-api")
    assert exported(run, tickscope, "--server", again.url) == lines, "and after a crash it is all there"


def test_an_import_is_held_to_the_guard(serve, run, tickscope, tmp_path):
    good = openmetrics(tmp_path / "good.om", steps=3)
    text = (tmp_path / "good.om").read_text()
    (tmp_path / "bad.om").write_text(f'm{{who="jane.doe@example.com"}} 1 {START_S}.000\nm{{who="1"}} 1 {START_S}.000\n' + text)
    server = serve("--admin-api", config="guard: {mode: enforce}\n")

    def bring(name: str):
        return run([tickscope, "import", "openmetrics", tmp_path / name, "--server", server.url, "--work", tmp_path])

    done = bring("bad.om")
    assert done.returncode == 1
    assert "the guard refuses 1 of " in done.stderr and "pii" in done.stderr and "jane" not in done.stderr
    assert exported(run, tickscope, "--server", server.url) == set(), "nothing of it is there"
    assert [one["series"] for one in server.get("/api/v1/guard/rejects").json()["data"]["rejects"]] == [1]
    assert bring("good.om").returncode == 0
    assert exported(run, tickscope, "--server", server.url) == good


def test_a_server_without_the_admin_api_says_how_to_get_it(serve, run, tickscope, tmp_path):
    openmetrics(tmp_path / "in.om", steps=2)
    server = serve()
    done = run([tickscope, "import", "openmetrics", tmp_path / "in.om", "--server", server.url, "--work", tmp_path])
    assert done.returncode == 1 and "--admin-api" in done.stderr
    done = run([tickscope, "import", "openmetrics", tmp_path / "in.om", "--data", server.data])
    assert done.returncode == 1 and "a server runs on this directory" in done.stderr
    assert http_call.call("POST", server.url + "/api/v1/admin/tsdb/snapshot").status == 403


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("up 1 1700000000\nup{ 2 1700000010\n# EOF\n", "line 2"),
        ("up 1 1700000000\nup 2\n# EOF\n", "line 2"),
        ("up 1 1700000000\nup 2 17000", "line 2"),
        ("up 1 1700000000\n", "# EOF"),
        ("up 1 1700000000\nup x 1700000010\n# EOF\n", "line 2"),
    ],
    ids=["bad series", "no time", "cut in a line", "cut between lines", "bad value"],
)
def test_bad_text_is_refused_as_a_whole(run, tickscope, tmp_path, text, names):
    path = tmp_path / "bad.om"
    path.write_text(text)
    done = run([tickscope, "import", "openmetrics", path, "--data", tmp_path / "data"])
    assert done.returncode == 1
    assert "bad.om" in done.stderr and names in done.stderr
    assert list(tmp_path.rglob("*.block")) == []


def test_bad_lines_are_skipped_when_asked_for(run, tickscope, tmp_path):
    path = tmp_path / "bad.om"
    path.write_text(f"up 1 {START_S}\nup{{ 2\nup 3 {START_S + 60}\nup 4\n# EOF\n")
    done = run([tickscope, "import", "openmetrics", "--skip-bad", path, "--data", tmp_path / "data"])
    assert done.returncode == 0, done.stderr
    assert "2 samples" in done.stdout and "2 skipped" in done.stdout
    assert exported(run, tickscope, "--data", str(tmp_path / "data")) == {f"up 1 {START_S}.000", f"up 3 {START_S + 60}.000"}


def test_a_dry_run_counts_and_changes_nothing(run, tickscope, tmp_path):
    lines = openmetrics(tmp_path / "in.om")
    done = run([tickscope, "import", "openmetrics", tmp_path / "in.om", "--dry-run", "--data", tmp_path / "data"])
    assert done.returncode == 0, done.stderr
    assert f"dry run: {len(lines)} samples" in done.stdout
    assert not (tmp_path / "data").exists()


def test_damaged_blocks_are_refused_as_a_whole(run, tickscope, peer, tmp_path):
    openmetrics(tmp_path / "in.om")
    made = run([peer("promtool"), "tsdb", "create-blocks-from", "openmetrics", tmp_path / "in.om", tmp_path / "blocks"])
    assert made.returncode == 0, made.stderr
    chunks = sorted((tmp_path / "blocks").glob("*/chunks/000001"))[-1]
    whole = chunks.read_bytes()
    for size in (0, 7, 8, len(whole) // 2, len(whole) - 1):
        chunks.write_bytes(whole[:size])
        done = run([tickscope, "import", "prometheus", tmp_path / "blocks", "--data", tmp_path / "data"])
        assert done.returncode == 1 and str(chunks) in done.stderr, done.stderr
        assert list((tmp_path / "data").rglob("*.block")) == []


def test_the_first_sample_of_a_conflict_stays(run, tickscope, tmp_path):
    (tmp_path / "a.om").write_text(f"up 1 {START_S}\n# EOF\n")
    (tmp_path / "b.om").write_text(f"up 2 {START_S}\nup 3 {START_S + 15}\n# EOF\n")
    for name in ("a.om", "b.om"):
        done = run([tickscope, "import", "openmetrics", tmp_path / name, "--data", tmp_path / "data"])
        assert done.returncode == 0, done.stderr
    assert exported(run, tickscope, "--data", str(tmp_path / "data")) == {f"up 1 {START_S}.000", f"up 3 {START_S + 15}.000"}


def test_text_formats(serve, run, tickscope):
    server = serve()
    at_ms = (START_S + 6 * HOUR_S) * 1000
    series = [
        Series({"__name__": "odd", "a": 'x"y,z'}, [(at_ms, 0.1), (at_ms + 1000, STALE_NAN_BITS), (at_ms + 2000, float("inf"))]),
    ]
    assert server.write("rw1", series).status == 204
    wait_until(lambda: server.query("odd", at_ms / 1000) != [], "the samples", 10)
    span = ("--start", str(at_ms // 1000 - 60), "--end", str(at_ms // 1000 + 60))
    out = {
        name: run([tickscope, "export", "--server", server.url, "--match", "odd", "--format", name, *span])
        for name in ("openmetrics", "csv", "jsonl")
    }
    for done in out.values():
        assert done.returncode == 0, done.stderr
    seconds = at_ms // 1000
    assert out["openmetrics"].stdout.splitlines() == [
        f'odd{{a="x\\"y,z"}} 0.1 {seconds}.000',
        f'odd{{a="x\\"y,z"}} +Inf {seconds + 2}.000',
        "# EOF",
    ]
    assert "1 left out" in out["openmetrics"].stderr
    assert out["csv"].stdout.splitlines() == [
        "time_ms,value,series",
        f'{at_ms},0.1,"odd{{a=""x\\""y,z""}}"',
        f'{at_ms + 1000},StaleNaN,"odd{{a=""x\\""y,z""}}"',
        f'{at_ms + 2000},+Inf,"odd{{a=""x\\""y,z""}}"',
    ]
    assert [json.loads(line) for line in out["jsonl"].stdout.splitlines()] == [
        {
            "metric": {"__name__": "odd", "a": 'x"y,z'},
            "values": [0.1, "StaleNaN", "+Inf"],
            "timestamps": [at_ms, at_ms + 1000, at_ms + 2000],
        }
    ]


def test_parquet_is_what_jsonl_says(run, tickscope, tmp_path):
    """More rows than a row group, of all series of a simulated server, as pyarrow and DuckDB read them."""
    data = tmp_path / "data"
    span = ("--start", str(START_S), "--end", str(START_S + 7200))
    done = run([tickscope, "import", "fleet", "--servers", "1", "--start", str(START_S), "--duration", "2h", "--data", data])
    assert done.returncode == 0, done.stderr
    file = tmp_path / "out.parquet"
    done = run([tickscope, "export", "--data", data, *span, "--format", "parquet", "--output", file])
    assert done.returncode == 0 and "216000 samples exported, 0 left out" in done.stderr, done.stderr
    table = pyarrow.parquet.read_table(file)
    assert pyarrow.parquet.ParquetFile(file).metadata.num_row_groups == 2
    lines = run([tickscope, "export", "--data", data, *span, "--format", "jsonl"]).stdout.splitlines()
    expected = []
    for one in map(json.loads, lines):
        labels = one["metric"]
        name = labels.pop("__name__")
        expected += [(name, sorted(labels.items()), t, v) for t, v in zip(one["timestamps"], one["values"])]
    columns = [table[name].to_pylist() for name in ("metric", "labels", "value")]
    times = table["ts"].cast(pyarrow.int64()).to_pylist()
    assert [(m, sorted(l), t, v) for m, l, v, t in zip(*columns, times)] == expected
    asked = "SELECT metric, labels['server'], count(*)::INT, sum(value) FROM read_parquet(?) WHERE kind = 'float' GROUP BY ALL ORDER BY ALL"
    by_metric: dict = {}
    for name, labels, _, value in expected:
        count, total = by_metric.get((name, dict(labels)["server"]), (0, 0.0))
        by_metric[name, dict(labels)["server"]] = (count + 1, total + value)
    rows = duckdb.execute(asked, [str(file)]).fetchall()
    assert [(m, s, n) for m, s, n, _ in rows] == [(*key, count) for key, (count, _) in sorted(by_metric.items())]
    assert [total for *_, total in rows] == pytest.approx([total for _, (_, total) in sorted(by_metric.items())], rel=1e-9)


def test_parquet_keeps_what_is_odd(serve, run, tickscope, tmp_path):
    server = serve()
    at_ms = (START_S + 6 * HOUR_S) * 1000
    series = [Series({"__name__": "odd", "a": 'x"y'}, [(at_ms, 0.1), (at_ms + 1000, STALE_NAN_BITS), (at_ms + 2000, float("inf"))])]
    assert server.write("rw1", series).status == 204
    answer = server.write_raw(snappy(histogram_request("wait", [at_ms, at_ms + 1000])), headers("rw1"))
    assert answer.status == 204, answer.text
    wait_until(lambda: server.query("wait", at_ms / 1000) != [] and server.query("odd", at_ms / 1000) != [], "the samples", 10)
    file = tmp_path / "odd.parquet"
    span = ("--start", str(at_ms // 1000 - 60), "--end", str(at_ms // 1000 + 60))
    export = [tickscope, "export", "--server", server.url, "--match", '{__name__=~"odd|wait"}', "--format", "parquet", *span, "--output", file]
    done = run(export)
    assert done.returncode == 0, done.stderr
    rows = pyarrow.parquet.read_table(file).to_pylist()
    assert [(r["metric"], r["kind"], r["labels"]) for r in rows] == [("odd", k, [("a", 'x"y')]) for k in ("float", "stale", "float")] + [
        ("wait", "native", [])] * 2
    assert [rows[0]["value"], rows[2]["value"], rows[3]["value"]] == [0.1, float("inf"), None]
    values = pyarrow.parquet.read_table(file)["value"].combine_chunks()
    assert struct.unpack("<Q", values.buffers()[1][8:16].to_pybytes())[0] == STALE_NAN_BITS
    last = rows[4]
    assert (last["hist_count"], last["hist_sum"], last["native_schema"]) == (10, 5.0, 3)
    assert (last["native_zero_threshold"], last["native_zero_count"]) == (2.0**-128, 2)
    assert (last["native_positive_index"], last["native_positive_count"]) == ([1, 2], [2.0, 6.0])
    assert (last["native_negative_index"], last["native_bounds"], rows[0]["native_positive_index"]) == ([], None, None)
    assert run(export).returncode == 1, "an output that is there is not overwritten"


def histogram_request(name: str, times_ms: list[int]) -> bytes:
    """A remote-write 1.0 request of one native histogram series that grows."""
    body = field_bytes(1, field_bytes(1, b"__name__") + field_bytes(2, name.encode()))
    for i, time_ms in enumerate(times_ms):
        spans = field_varint(1, 2) + field_varint(2, 2)  # Offset 1 as zigzag, two buckets.
        histogram = (
            field_varint(1, 5 * (i + 1))
            + field_double(3, 2.5 * (i + 1))
            + field_varint(4, 6)  # Schema 3 as zigzag.
            + field_double(5, 2.0**-128)
            + field_varint(6, i + 1)
            + field_bytes(11, spans)
            + field_bytes(12, bytes([2 * (i + 1), 4 * (i + 1)]))  # Deltas i + 1 and 2 * (i + 1), as zigzag.
            + field_varint(15, time_ms)
        )
        body += field_bytes(4, histogram)
    return field_bytes(1, body)


def histograms_of(url: str, name: str, at_s: float) -> list:
    answer = http_call.get(url + "/api/v1/query", {"query": f"{name}[1h]", "time": at_s}).json()
    return [one["histograms"] for one in answer["data"]["result"]]


def test_native_histograms_to_prometheus_and_back(serve, start, run, tickscope, peer, tmp_path):
    server = serve("--admin-api")
    times_ms = [(START_S + 6 * HOUR_S + i * 15) * 1000 for i in range(10)]
    answer = server.write_raw(snappy(histogram_request("native", times_ms)), headers("rw1"))
    assert answer.status == 204, answer.text
    at_s = times_ms[-1] / 1000
    wait_until(lambda: histograms_of(server.url, "native", at_s) != [], "the histograms", 10)
    ours = histograms_of(server.url, "native", at_s)

    data = tmp_path / "prometheus"
    span = ("--start", str(START_S), "--end", str(int(at_s) + 60))
    done = run([tickscope, "export", "--server", server.url, *span, "--format", "prometheus", "--output", data])
    assert done.returncode == 0, done.stderr
    port = free_port()
    config = tmp_path / "prometheus.yml"
    config.write_text("global: {scrape_interval: 1h}\n")
    prometheus = start(
        [
            peer("prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={data}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--enable-feature=native-histograms",
            "--web.enable-remote-write-receiver",
            "--web.enable-admin-api",
        ],
        name="prometheus",
    )
    url = f"http://127.0.0.1:{port}"
    prometheus.wait_http(url + "/-/ready", 60)
    theirs = histograms_of(url, "native", at_s)
    assert len(theirs) == 1 and len(theirs[0]) == len(times_ms)
    assert theirs == ours

    # Chunks that Prometheus wrote itself: written to its head, then in a snapshot's block.
    fresh_ms = [int(time.time() * 1000) - 60_000 + i * 1000 for i in range(30)]
    sent = http_call.call(
        "POST", url + "/api/v1/write", body=snappy(histogram_request("fresh", fresh_ms)), headers=headers("rw1")
    )
    assert sent.status in (200, 204), sent.text
    floats = message_rw1([Series({"__name__": "floats"}, [(t, STALE_NAN_BITS if i == 7 else i * 0.1) for i, t in enumerate(fresh_ms)])])
    sent = http_call.call("POST", url + "/api/v1/write", body=snappy(floats), headers=headers("rw1"))
    assert sent.status in (200, 204), sent.text
    taken = http_call.call("POST", url + "/api/v1/admin/tsdb/snapshot").json()
    snapshot = data / "snapshots" / taken["data"]["name"]
    done = run([tickscope, "import", "prometheus", snapshot, "--server", server.url, "--work", tmp_path])
    assert done.returncode == 0, done.stderr
    fresh_s = fresh_ms[-1] / 1000
    assert histograms_of(server.url, "fresh", fresh_s) == histograms_of(url, "fresh", fresh_s) != []
    got = server.samples("floats", "1h", fresh_s)["__name__=floats"]
    assert [value for _, value in got] == [repr(i * 0.1).removesuffix(".0") for i in range(30) if i != 7]


def test_remote_read_both_ways(serve, start, run, tickscope, peer, tmp_path):
    server = serve("--admin-api")
    at_ms = (START_S + 6 * HOUR_S) * 1000
    series = [Series({"__name__": "old", "n": str(n)}, [(at_ms + i * 1000, i * n * 0.5) for i in range(200)]) for n in range(3)]
    assert server.write("rw1", series).status == 204
    port = free_port()
    config = tmp_path / "prometheus.yml"
    config.write_text(f"global: {{scrape_interval: 1h}}\nremote_read: [{{url: '{server.url}/api/v1/read', read_recent: true}}]\n")
    prometheus = start(
        [
            peer("prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={tmp_path / 'prometheus'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        name="prometheus",
    )
    url = f"http://127.0.0.1:{port}"
    prometheus.wait_http(url + "/-/ready", 60)
    at_s = at_ms / 1000 + 199
    wait_until(lambda: len(server.query("old", at_s)) == 3, "the samples", 10)
    asked = {"query": "sum by (n) (increase(old[3m]))", "time": at_s}
    theirs = http_call.get(url + "/api/v1/query", asked).json()["data"]["result"]
    assert theirs == http_call.get(server.url + "/api/v1/query", asked).json()["data"]["result"] and len(theirs) == 3

    # And from it, through its own remote read, into a new directory.
    data = tmp_path / "second"
    done = run(
        [
            tickscope, "import", "remote", url + "/api/v1/read", "--match", '{__name__="old"}',
            "--start", str(START_S), "--end", str(int(at_s) + 60), "--data", data,
        ]
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "600 samples" in done.stdout
    assert exported(run, tickscope, "--data", str(data)) == exported(run, tickscope, "--server", server.url, extra=("--match", "old"))


def test_remote_read_refusals(serve):
    server = serve()
    for body in (b"", b"rubbish", snappy(b"\x0a\x02\x08"), snappy(field_bytes(1, b""))):
        answer = http_call.call("POST", server.url + "/api/v1/read", body=body)
        assert answer.status == 400 and answer.text, (body, answer.status)


def test_a_fleet_is_filled_in_afterwards(run, tickscope, tmp_path):
    command = [tickscope, "import", "fleet", "--servers", 2, "--duration", "26h", "--cadence", "60s", "--data", tmp_path / "data"]
    done = run([*command, "--start", str(START_S - 96 * HOUR_S)])
    assert done.returncode == 0, done.stderr
    assert f"{2 * 300 * 26 * 60} samples" in done.stdout
    listed = run([tickscope, "block", "verify", tmp_path / "data/store"])
    assert listed.returncode == 0, listed.stdout


def test_stdin(tickscope, tmp_path):
    lines = openmetrics(tmp_path / "in.om", steps=5)
    with (tmp_path / "in.om").open() as piped:
        done = subprocess.run(
            [tickscope, "import", "openmetrics", "-", "--data", tmp_path / "data"],
            stdin=piped, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"{len(lines)} samples" in done.stdout


def test_double_bits_survive_blocks(serve, run, tickscope, tmp_path):
    """Payloads of NaN, signs of zero and markers go through Prometheus blocks unchanged."""
    server = serve()
    at_ms = (START_S + 6 * HOUR_S) * 1000
    bits = [STALE_NAN_BITS, 0x7FF8000000000001, 0x7FF123456789ABCD, 1 << 63, 0, struct.unpack("<Q", struct.pack("<d", 0.1))[0]]
    assert server.write("rw1", [Series({"__name__": "bits"}, [(at_ms + i, b) for i, b in enumerate(bits)])]).status == 204
    span = ("--start", str(at_ms // 1000 - 60), "--end", str(at_ms // 1000 + 60), "--match", "bits")

    def jsonl(*source) -> str:
        done = run([tickscope, "export", *source, *span, "--format", "jsonl"])
        assert done.returncode == 0, done.stderr
        return done.stdout

    wait_until(lambda: jsonl("--server", server.url) != "", "the samples", 10)
    done = run([tickscope, "export", "--server", server.url, *span, "--format", "prometheus", "--output", tmp_path / "blocks"])
    assert done.returncode == 0, done.stderr
    done = run([tickscope, "import", "prometheus", tmp_path / "blocks", "--data", tmp_path / "second"])
    assert done.returncode == 0, done.stderr
    assert jsonl("--data", tmp_path / "second") == jsonl("--server", server.url)
