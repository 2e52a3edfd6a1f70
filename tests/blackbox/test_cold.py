"""The cold tier against what reads it: a fleet's samples go through a server into blocks, are published, and twenty
questions are asked of PromQL (over the raw samples) and of the files, by pyarrow (which finds the Hive partitions by
itself, as Spark does), by DuckDB of PyPI over a glob, by `tickscope sql` and by the server's API. All must agree to 1e-9.

Windows are five minutes, open at their start and closed at their end, as PromQL's ranges, so aligned questions are
exact: there is no tolerance for boundaries. `anchored` is increase without extrapolation.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime
import io
import json
import math
import pathlib
import time

import pytest

import remote_write
from child import wait_until

duckdb = pytest.importorskip("duckdb", reason="pip install -r tools/requirements.txt")
pa = pytest.importorskip("pyarrow", reason="pip install -r tools/requirements.txt")
import pyarrow.dataset  # noqa: E402
import pyarrow.orc  # noqa: E402
import pyarrow.parquet  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
DAY_S = 86_400
# What is sent is a day old, so it becomes blocks at the next multiple of block_range: many small ones.
CONFIG = """
store: {seal_interval: 1s, block_range: BLOCK_RANGE, block_delay: 0s}
query: {experimental_functions: true}
ingest: {past_max: 30d}
"""
# Yesterday, so that neither the clock of the test nor a limit on old samples is in the way.
START = int(time.time()) // DAY_S * DAY_S - DAY_S
DAY = datetime.datetime.fromtimestamp(START, datetime.UTC).strftime("%Y-%m-%d")
AT = START + 3600  # One window: (AT - 5 m, AT].

# Run by moto's own Python: makes the table in a Glue in memory and prints what Glue kept of it.
GLUE = """
import json, sys, boto3, moto
table = json.loads(sys.argv[1])
with moto.mock_aws():
    glue = boto3.client("glue", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
    glue.create_database(DatabaseInput={"Name": "games"})
    glue.create_table(DatabaseName="games", TableInput=table)
    kept = glue.get_table(DatabaseName="games", Name="metrics")["Table"]
    print(json.dumps({key: kept[key] for key in table}))
"""


def publish(run, tickscope, data, *arguments):
    done = run([tickscope, "cold", "publish", "--data", data, *arguments])
    assert done.returncode == 0, done.stderr
    return done.stdout


def parts(data: pathlib.Path, ending="parquet") -> list[pathlib.Path]:
    return sorted((data / "objects/metrics/cold/v1").glob(f"tenant=*/**/*.{ending}"))


@dataclasses.dataclass
class Question:
    """`sql` is over a table `metrics`; its columns are the labels of a PromQL series, then the value."""

    name: str
    promql: str
    sql: str
    time_s: int = AT


def at(column_sql: str, metric: str, by: str = "", where: str = "", from_s: int = AT - 300, to_s: int = AT) -> str:
    """Rows of a metric whose windows end in (from, to]."""
    group = f"{by}, " if by else ""
    return (
        f"SELECT {group}{column_sql} FROM metrics WHERE metric = '{metric}' AND kind = 'float'"
        f" AND ts > make_timestamp({from_s}000000) AND ts <= make_timestamp({to_s}000000){where}"
        + (f" GROUP BY {by}" if by else "")
    )


def classic(select: str, metric: str, tail: str, from_s: int = AT - 300, to_s: int = AT) -> str:
    return (
        f"SELECT {select} FROM (SELECT * , unnest(bucket_le_text) AS le, unnest(bucket_last) AS b_last,"
        f" unnest(bucket_increase) AS b_increase FROM metrics WHERE metric = '{metric}' AND kind = 'classic'"
        f" AND ts > make_timestamp({from_s}000000) AND ts <= make_timestamp({to_s}000000)) {tail}"
    )


def whole(select: str, metric: str, from_s: int = AT - 300, to_s: int = AT) -> str:
    return (
        f"SELECT {select} FROM metrics WHERE metric = '{metric}' AND kind = 'classic'"
        f" AND ts > make_timestamp({from_s}000000) AND ts <= make_timestamp({to_s}000000)"
    )


def questions(gauge: str, counter: str, histogram: str) -> list[Question]:
    h = START
    g, c, b = gauge, counter, histogram
    return [
        Question("last by region", f"sum by (region) (last_over_time({g}[5m]))", at("sum(last)", g, "region")),
        Question("largest by map", f"max by (map) (max_over_time({g}[5m]))", at("max(max)", g, "map")),
        Question("smallest", f"min(min_over_time({g}[5m]))", at("min(min)", g)),
        Question("sum by mode", f"sum by (mode) (sum_over_time({g}[5m]))", at("sum(sum)", g, "mode")),
        Question("samples", f"sum(count_over_time({g}[5m]))", at("sum(count)", g)),
        Question("mean of means", f"avg by (region) (avg_over_time({g}[5m]))", at("avg(sum / count)", g, "region")),
        Question("sum of an hour", f"sum(sum_over_time({g}[1h]))", at("sum(sum)", g, from_s=h)),
        Question("largest of two hours", f"max(max_over_time({g}[2h]))", at("max(max)", g, from_s=h, to_s=h + 7200), h + 7200),
        Question("first of a window", f"sum by (zone) (first_over_time({g}[5m]))", at("sum(first)", g, "zone")),
        Question("series", f"count(count_over_time({g}[1h]))", at("count(DISTINCT series_id)", g, from_s=h)),
        Question("one region", f"sum(last_over_time({g}{{region='eu'}}[5m]))", at("sum(last)", g, where=" AND region = 'eu'")),
        Question("by a label of the map", f"sum by (platform) (last_over_time({g}[5m]))", at("sum(last)", g, "labels['platform']")),
        Question("growth of a window", f"sum(increase({c}[5m] anchored))", at("sum(increase)", c)),
        Question("growth of an hour by region", f"sum by (region) (increase({c}[1h] anchored))", at("sum(increase)", c, "region", from_s=h + 3600, to_s=h + 7200), h + 7200),
        Question("counter's last by server", f"sum by (server) (last_over_time({c}[5m]))", at("sum(last)", c, "server")),
        Question("mean over an hour", f"sum(sum_over_time({c}[1h])) / sum(count_over_time({c}[1h]))", at("sum(sum) / sum(count)", c, from_s=h)),
        Question("buckets", f"sum by (le) (last_over_time({b}_bucket[5m]))", classic("le, sum(b_last)", b, "GROUP BY le")),
        Question("growth of buckets in an hour", f"sum by (le) (increase({b}_bucket[1h] anchored))", classic("le, sum(b_increase)", b, "GROUP BY le", h + 3600, h + 7200), h + 7200),
        Question("sum of a histogram", f"sum by (region) (last_over_time({b}_sum[5m]))", whole("region, sum(hist_sum_last)", b) + " GROUP BY region"),
        Question("observations of a window", f"sum(increase({b}_count[5m] anchored))", whole("sum(hist_count_increase)", b)),
    ]


def from_promql(server, question: Question) -> dict[tuple, float]:
    answer = {}
    for one in server.query(question.promql, question.time_s):
        assert len(one["metric"]) <= 1, question.promql
        answer[tuple(one["metric"].values())] = float(one["value"][1])
    return answer


def from_rows(rows) -> dict[tuple, float]:
    return {tuple(str(key) for key in row[:-1]): float(row[-1]) for row in rows if row[-1] is not None}


def assert_same(name: str, want: dict[tuple, float], got: dict[tuple, float]) -> None:
    assert want.keys() == got.keys(), name
    for key, value in want.items():
        assert math.isclose(value, got[key], rel_tol=1e-9, abs_tol=1e-12), f"{name} {key}: PromQL {value}, files {got[key]}"


def metrics_of(server) -> tuple[str, str, str]:
    """A gauge, a counter that servers reset when they restart, and a classic histogram of the fleet's."""
    counter = "game_joins_total"
    assert float(server.query(f"sum(resets({counter}[1h]))", START + 7200)[0]["value"][1]) > 0
    histograms = server.query("topk(1, count by (__name__) ({__name__=~'game_.+_bucket', le='+Inf'}))", AT)
    return "game_players", counter, histograms[0]["metric"]["__name__"].removesuffix("_bucket")


def fleet_data(serve, run, tickscope, data):
    server = serve(config=CONFIG.replace("BLOCK_RANGE", "1m"), data=data)
    sent = run([tickscope, "fleet", "--to", server.url, "--servers", 6, "--speed", "max", "--start", START, "--duration", "130m", "--points-per-request", 30, "--progress", "0s"], timeout_s=240)
    assert sent.returncode == 0, sent.stderr
    wait_until(lambda: server.metric("tickscope_store_block_samples_total") >= 130 * 6 * 1800, "all samples in blocks", 120)
    return server


@pytest.mark.timeout(600)
def test_readers_agree_with_promql(serve, run, tickscope, tmp_path):
    data = tmp_path / "data"
    server = fleet_data(serve, run, tickscope, data)
    told = publish(run, tickscope, data, "--day", DAY)
    assert f"default {DAY} published: revision 1" in told
    files = [str(path) for path in parts(data)]
    assert len(files) == 81, "a file a family of the fleet"
    verified = run([tickscope, "cold", "verify", "--data", data])
    assert verified.returncode == 0 and "0 damaged" in verified.stdout, verified.stdout

    root = data / "objects/metrics/cold/v1"
    by_glob = duckdb.connect()
    by_glob.execute(
        f"CREATE VIEW metrics AS SELECT * FROM read_parquet('{root}/tenant=*/metric=*/dt=*/*.parquet', hive_partitioning=true)"
    )
    # pyarrow passes over _manifests, as Spark and Athena do, and takes tenant, metric and dt from the paths.
    dataset = pa.dataset.dataset(str(root), partitioning="hive")
    assert {"tenant", "metric", "dt", "labels", "bucket_last"} <= set(dataset.schema.names)

    asked = questions(*metrics_of(server))
    assert len(asked) == 20
    for question in asked:
        want = from_promql(server, question)
        assert want, question.promql
        assert_same(f"{question.name}: duckdb", want, from_rows(by_glob.execute(question.sql).fetchall()))

        metric = question.sql.split("metric = '")[1].split("'")[0]
        by_arrow = duckdb.connect()
        by_arrow.register("metrics", dataset.to_table(filter=pa.dataset.field("metric") == metric))
        assert_same(f"{question.name}: pyarrow", want, from_rows(by_arrow.execute(question.sql).fetchall()))

        local = run([tickscope, "sql", "--data", data, "--format", "csv", "--metric", metric, question.sql])
        assert local.returncode == 0, local.stderr
        rows = list(csv.reader(io.StringIO(local.stdout)))[1:]
        assert_same(f"{question.name}: tickscope sql", want, from_rows(rows))

        remote = run([tickscope, "sql", "--to", server.url, "--format", "json", "--metric", metric, question.sql])
        assert remote.returncode == 0, remote.stderr
        assert_same(f"{question.name}: the API", want, from_rows(json.loads(remote.stdout)["rows"]))

    # Pure pyarrow, without any SQL engine.
    table = dataset.to_table(filter=(pa.dataset.field("metric") == "game_players") & (pa.dataset.field("ts") == datetime.datetime.fromtimestamp(AT, datetime.UTC).replace(tzinfo=None)))
    grouped = table.group_by("region").aggregate([("last", "sum")]).to_pydict()
    assert_same("pyarrow group_by", from_promql(server, asked[0]), {(r,): v for r, v in zip(grouped["region"], grouped["last_sum"])})


def small_data(serve, data):
    """Three series over an hour and a bit, in a block."""
    server = serve(config=CONFIG.replace("BLOCK_RANGE", "10s"), data=data)
    for step in range(80):
        time_ms = (START + step * 60) * 1000
        series = [
            remote_write.Series({"__name__": "depth", "queue": "q\"1", "region": "eu"}, [(time_ms, step * 0.25)]),
            remote_write.Series({"__name__": "rule:joins:rate", "region": "na"}, [(time_ms, float(step))]),
        ]
        series += [
            remote_write.Series({"__name__": "wait_bucket", "le": le}, [(time_ms, float(step * weight))])
            for le, weight in (("0.5", 1), ("1.0", 3), ("+Inf", 4))
        ]
        assert server.write("rw1", series).status == 204
    wait_until(lambda: server.metric("tickscope_store_block_samples_total") >= 80 * 5, "all samples in blocks", 60)
    return server


def test_orc_is_read_by_others(serve, run, tickscope, tmp_path):
    data = tmp_path / "data"
    small_data(serve, data)
    publish(run, tickscope, data, "--all", "--format", "orc")
    files = {path.parent.parent.name: path for path in parts(data, "orc")}
    table = pa.orc.ORCFile(str(files["metric=depth"])).read().to_pydict()
    assert table["count"][:2] == [5, 5] and table["region"][0] == "eu"
    assert dict(table["labels"][0]) == {"queue": "q\"1", "region": "eu"}
    assert table["last"][0] == 5 * 0.25
    waits = pa.orc.ORCFile(str(files["metric=wait"])).read().to_pydict()
    assert waits["bucket_le"][0] == [0.5, 1.0, math.inf] and waits["bucket_last"][0] == [5.0, 15.0, 20.0]
    verified = run([tickscope, "cold", "verify", "--data", data])
    assert verified.returncode == 0, verified.stdout
    refused = run([tickscope, "sql", "--data", data, "SELECT 1"])
    assert refused.returncode == 1 and "--format parquet" in refused.stderr


def test_partitions_are_decoded_by_others(serve, run, tickscope, tmp_path):
    data = tmp_path / "data"
    small_data(serve, data)
    publish(run, tickscope, data, "--all")
    root = data / "objects/metrics/cold/v1"
    dataset = pa.dataset.dataset(str(root), partitioning="hive")
    # The server's own probe is there too when it was up for long enough.
    found = set(dataset.to_table(columns=["metric"])["metric"].to_pylist()) - {"tickscope_probe_time_seconds"}
    assert found == {"depth", "rule:joins:rate", "wait"}
    distinct = "SELECT DISTINCT metric FROM metrics WHERE metric <> 'tickscope_probe_time_seconds' ORDER BY 1"
    asked = run([tickscope, "sql", "--data", data, "--format", "csv", distinct])
    assert asked.stdout.split() == ["metric", "depth", "rule:joins:rate", "wait"]


def test_publish_again_changes_nothing(serve, run, tickscope, tmp_path):
    data = tmp_path / "data"
    small_data(serve, data)
    publish(run, tickscope, data, "--all")
    before = {path: path.read_bytes() for path in (data / "objects").rglob("*") if path.is_file()}
    assert "unchanged" in publish(run, tickscope, data, "--all")
    # As after a crash between the parts and the manifest.
    for manifest in (data / "objects").rglob("rev-*.json"):
        manifest.unlink()
    assert "(0 written)" in publish(run, tickscope, data, "--all")
    after = {path for path in (data / "objects").rglob("part-*") if path.is_file()}
    assert after == {path for path in before if path.name.startswith("part-")}
    assert "revision 1" in publish(run, tickscope, data, "--all")


def test_damage_is_named(serve, run, tickscope, tmp_path):
    data = tmp_path / "data"
    small_data(serve, data)
    publish(run, tickscope, data, "--all")
    victim = parts(data)[0]
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    verified = run([tickscope, "cold", "verify", "--data", data])
    assert verified.returncode == 1
    assert victim.name in verified.stdout and "1 damaged" in verified.stdout and "checksum" in verified.stdout
    assert "publish its days again" in verified.stderr
    victim.unlink()
    assert "(1 written)" in publish(run, tickscope, data, "--all")
    assert run([tickscope, "cold", "verify", "--data", data]).returncode == 0


def test_mistakes_tell_the_next_step(run, tickscope, tmp_path):
    for arguments, status, words in (
        (["publish", "--data", tmp_path], 2, "--day YYYY-MM-DD or --all"),
        (["publish", "--data", tmp_path, "--day", "2024-02-30"], 1, "no store to publish from"),
        (["publish", "--data", tmp_path, "--all", "--format", "csv"], 1, "want parquet or orc"),
        (["ls", "--store", "gs://bucket"], 1, "want a path, file:///PATH or s3://"),
        (["ddl", "--for", "hive"], 1, "want athena or glue"),
        (["ddl", "--promote", "region,tenant"], 1, "partition column"),
    ):
        done = run([tickscope, "cold", *arguments])
        assert done.returncode == status, arguments
        assert words in done.stdout + done.stderr, arguments


def test_glue_definition(run, tickscope):
    ddl = run([tickscope, "cold", "ddl", "--location", "s3://bucket/p", "--database", "games"])
    assert ddl.returncode == 0
    assert "CREATE EXTERNAL TABLE IF NOT EXISTS `games`.`metrics`" in ddl.stdout
    made = run([tickscope, "cold", "ddl", "--location", "s3://bucket/p", "--for", "glue"])
    table = json.loads(made.stdout)
    names = [column["Name"] for column in table["StorageDescriptor"]["Columns"]]
    assert len(names) == len(set(names)) and {"ts", "labels", "bucket_last", "region"} <= set(names)
    for name in names:
        assert f"`{name}` " in ddl.stdout
    python = ROOT / ".cache/components/moto/bin/python"
    if not python.exists():
        pytest.skip("no Glue to check against: tools/install_components.sh --all (moto)")
    kept = run([python, "-c", GLUE, made.stdout])
    assert kept.returncode == 0, kept.stderr
    assert json.loads(kept.stdout) == table
