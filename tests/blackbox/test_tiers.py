"""History in an object store, on the real binary: blocks move to a directory or to SeaweedFS, the machine lets go of them, queries
see every sample all the while, deletes take some away, and a bucket that is not there holds nothing up."""

from __future__ import annotations

import json
import os
import time

import pyarrow.parquet
import pytest

import http_call
from child import wait_until
from components import s3_servers
from components.s3_servers import ADMIN

# Blocks wait until all of the past is in, so that windows are cut at once.
FILLING = "store: {seal_interval: 1h, block_delay: 36500d}\n"
MOVING = """
store: {{seal_interval: 5s}}
objects: {{url: "{url}"}}
tiers: {{interval: 1s, hot: 1h, grace: 1s, settle: 1s{keep}}}
admin_api: true
"""
HOURS = 30


def environment() -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    return clean | {"AWS_ACCESS_KEY_ID": ADMIN[0], "AWS_SECRET_ACCESS_KEY": ADMIN[1], "AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture
def filled(serve, run, tickscope, tmp_path):
    """A data directory with 30 hours of a small fleet, up to three hours ago, and the ledger of what was acknowledged."""
    server = serve(config=FILLING)
    # All of it within one interval of seals, which end at multiples of it: the part of a first one would become blocks at once, and
    # the rest with the next window, in two hours.
    wait_until(lambda: time.time() % 5 < 0.5, "the beginning of an interval", 10, 0.01)
    ledger = tmp_path / "ledger"
    began = (int(time.time()) // 7200 - 1) * 7200 - HOURS * 3600
    sent = run(
        [tickscope, "fleet", "--servers", "2", "--cadence", "60s", "--points-per-request", "60", "--connections", "1", "--start", str(began)]
        + ["--duration", f"{HOURS}h", "--speed", "max", "--to", server.url, "--ledger", ledger, "--progress", "0s"]
    )
    assert sent.returncode == 0, sent.stderr
    assert server.child.stop() == 0
    return began, ledger


def tiers_of(server) -> dict:
    return json.loads(server.get("/api/v1/status/tiers").text)["data"]


def blocks(server, tier: str) -> int:
    return next(t["blocks"] for t in tiers_of(server)["tiers"] if t["tier"] == tier)


def verify(run, tickscope, server, ledger) -> None:
    verified = run([tickscope, "fleet", "verify", "--ledger", ledger, "--to", server.url, "--progress", "0s"])
    assert verified.returncode == 0, verified.stdout + verified.stderr


def wait_for_history(server) -> None:
    """Until everything that may leave has left, and days are merged."""

    def done() -> bool:
        status = tiers_of(server)
        return blocks(server, "raw") >= 1 and blocks(server, "hot") <= 1 and status["blocks_to_upload"] == 0 and status["merges_pending"] == 0

    wait_until(lambda: blocks(server, "raw") >= 2, "blocks in the object store", 60)
    wait_until(done, "blocks to leave the machine", 60)


def move_and_verify(serve, run, tickscope, tmp_path, filled, url: str) -> None:
    began, ledger = filled
    server = serve(config=MOVING.format(url=url, keep=""), env=environment())
    wait_for_history(server)
    # Files go once the manifest without them is durable, a moment after their blocks.
    wait_until(lambda: len(list((tmp_path / "data/store/default").glob("*.block"))) <= 1, "the files of blocks that left to go")
    verify(run, tickscope, server, ledger)
    shown = run([tickscope, "tiers", "--to", server.url])
    assert shown.returncode == 0 and "to upload     0 blocks" in shown.stdout
    # A kill at any moment, and what is left is what was there.
    server.child.kill()
    again = serve(config=MOVING.format(url=url, keep=""), env=environment())
    verify(run, tickscope, again, ledger)
    labels = again.get("/api/v1/label/region/values", {"start": began, "end": began + HOURS * 3600}).json()
    assert labels["data"] and "__rollup__" not in again.get("/api/v1/labels").json()["data"]
    assert again.child.stop() == 0


def test_a_directory(serve, run, tickscope, tmp_path, filled):
    move_and_verify(serve, run, tickscope, tmp_path, filled, str(tmp_path / "elsewhere"))


def test_seaweedfs(serve, run, tickscope, tmp_path, filled, start):
    url, child = s3_servers.start_seaweedfs(start, tmp_path)
    move_and_verify(serve, run, tickscope, tmp_path, filled, f"s3://metrics/eu?endpoint={url}")
    child.kill()


def test_old_samples_are_windows(serve, run, tickscope, tmp_path, filled):
    began, _ = filled
    keep = ", keep: {raw: 1h, 1m: 180d, 5m: 400d}"
    server = serve(config=MOVING.format(url=tmp_path / "elsewhere", keep=""))
    wait_for_history(server)
    at = began + 20 * 3600
    query = "sum(increase(game_ticks_total[1h]))"
    raw = float(server.query(query, at)[0]["value"][1])
    assert server.child.stop() == 0
    server = serve(config=MOVING.format(url=tmp_path / "elsewhere", keep=keep))
    wait_until(lambda: blocks(server, "raw") == 0, "raw blocks to go", 60)
    windows = float(server.query(query, at)[0]["value"][1])
    assert raw > 0 and windows == pytest.approx(raw, rel=0.02)


def test_the_coldest_tier_is_parquet(serve, run, tickscope, tmp_path, filled):
    began, _ = filled
    store = str(tmp_path / "elsewhere")
    server = serve(config=MOVING.format(url=store, keep=""))
    wait_for_history(server)
    # An hour in which no game server starts anew: of a window with a reset Parquet's last values tell what came after it.
    hours = [began + hour * 3600 for hour in range(12, 26)]
    at = next(hour for hour in hours if server.query("sum(resets(game_ticks_total[2h]))", hour)[0]["value"][1] == "0")
    queries = ["sum(increase(game_ticks_total[1h]))", "count(game_tick_duration_seconds_bucket)"]
    raw = [float(server.query(query, at)[0]["value"][1]) for query in queries]
    assert server.child.stop() == 0
    published = run([tickscope, "cold", "publish", "--data", tmp_path / "data", "--store", store, "--all"], timeout_s=120)
    assert published.returncode == 0, published.stderr
    # The fleet's samples end hours ago, so nothing finer is left of it.
    server = serve(config=MOVING.format(url=store, keep=", keep: {raw: 1h, 1m: 1h, 5m: 1h}"))
    wait_until(lambda: blocks(server, "raw") + blocks(server, "1m") + blocks(server, "5m") == 0, "blocks to go", 60)
    cold = [float(server.query(query, at)[0]["value"][1]) for query in queries]
    assert raw[0] > 0 and cold[0] == pytest.approx(raw[0], rel=0.02)
    assert cold[1] == raw[1]
    names = server.get("/api/v1/label/__name__/values", {"start": began, "end": began + HOURS * 3600}).json()["data"]
    assert "game_tick_duration_seconds_bucket" in names
    cost = run([tickscope, "cost", "--data", tmp_path / "data", "--store", store, "--by", "tier"])
    assert cost.returncode == 0 and "cold" in cost.stdout


def test_deletes(serve, run, tickscope, tmp_path, filled):
    began, _ = filled
    server = serve(config=MOVING.format(url=tmp_path / "elsewhere", keep=""))
    wait_for_history(server)
    span = ["--start", str(began + 3600), "--end", str(began + 2 * 3600)]
    at = {"time": began + 5400}
    count = 'count({__name__=~"game_.*"})'
    before = server.get("/api/v1/query", {"query": count, **at}).json()["data"]["result"]
    assert before
    delete = [tickscope, "delete", "--to", server.url, "--match", '{__name__=~"game_.*"}', *span]
    counted = run([*delete, "--dry-run"])
    assert counted.returncode == 0 and " samples of " in counted.stdout and not counted.stdout.startswith("0 ")
    assert server.get("/api/v1/query", {"query": count, **at}).json()["data"]["result"] == before
    assert run(delete).returncode == 0
    at_once = {"query": "count_over_time(game_players[20m])", "time": began + 5400}
    assert server.get("/api/v1/query", at_once).json()["data"]["result"] == []
    audit = [json.loads(line) for line in (tmp_path / "data/audit.log").read_text().splitlines()]
    assert audit[-1]["action"] == "delete_series" and audit[-1]["tenant"] == "default"
    # Still gone after a restart, and without the admin API nobody deletes.
    server.child.kill()
    server = serve(config=MOVING.format(url=tmp_path / "elsewhere", keep="").replace("admin_api: true", ""))
    assert server.get("/api/v1/query", at_once).json()["data"]["result"] == []
    refused = http_call.call("POST", server.url + "/api/v1/admin/tsdb/delete_series?match[]=up")
    assert refused.status == 403 and "admin_api" in refused.text


def cold_objects(store) -> list[str]:
    return sorted(str(path.relative_to(store)) for path in store.glob("metrics/cold/v1/tenant=*/**/*.parquet"))


def cold_rows(store, server: str) -> dict[str, int]:
    """Rows of a game server by day, of every file that lies there, as pyarrow sees them; none while one is swept away."""
    rows: dict[str, int] = {}
    for name in cold_objects(store):
        if "tenant=default" not in name:
            continue
        try:
            table = pyarrow.parquet.ParquetFile(store / name).read(columns=["server"])
        except FileNotFoundError:
            return {}
        day = name.partition("/dt=")[2].partition("/")[0]
        rows[day] = rows.get(day, 0) + table["server"].to_pylist().count(server)
    return rows


@pytest.mark.timeout(300)
def test_days_are_published_and_deletes_reach_them(serve, run, tickscope, tmp_path, filled):
    began, _ = filled
    store = tmp_path / "elsewhere"
    config = (
        "store: {seal_interval: 5s}\n"
        f'objects: {{url: "{store}"}}\n'
        "tiers: {interval: 1s, hot: 1h, grace: 1s, settle: 1s}\n"
        "cold: {publish_every: 1s, grace: 0s}\n"
        "admin_api: true\n"
    )
    server = serve(config=config)
    wait_for_history(server)
    # Days that are over, and no other. A sample of midnight is of the window, and of the day, that ends there.
    last = int(time.time()) // 86400 * 86400
    first_whole = (began - 1) // 86400 * 86400
    days = [time.strftime("%Y-%m-%d", time.gmtime(t)) for t in range(first_whole, min(last, began + HOURS * 3600), 86400)]
    wait_until(lambda: server.metric("tickscope_cold_published_days_total") >= len(days), "the days to be published", 60)
    wait_until(lambda: sorted(cold_rows(store, "")) == days, f"{days}", 30, 1)
    assert server.metric("tickscope_cold_publish_lag_seconds") == 0 and server.metric("tickscope_cold_failures_total") == 0
    verified = run([tickscope, "cold", "verify", "--data", tmp_path / "data", "--store", store])
    assert verified.returncode == 0 and " 0 damaged" in verified.stdout, verified.stdout
    ls = run([tickscope, "cold", "ls", "--data", tmp_path / "data", "--store", store, "--tenant", "default"]).stdout

    # One game server, for ever.
    names = {name for name in server.get("/api/v1/label/server/values", {"start": began, "end": began + 3600}).json()["data"]}
    gone = sorted(names)[0]
    assert cold_rows(store, gone)[days[0]] > 0
    delete = [tickscope, "delete", "--to", server.url, "--match", f'{{server="{gone}"}}', "--start", began - 1, "--end", began + HOURS * 3600]
    assert run(delete).returncode == 0
    wait_until(lambda: set(cold_rows(store, gone).values()) == {0}, "the files to be without it", 60, 1)
    other = sorted(names)[1]
    assert all(rows > 0 for rows in cold_rows(store, other).values())
    asked = run([tickscope, "sql", "--data", tmp_path / "data", "--store", store, "--format", "csv", "SELECT server, count(*) FROM metrics GROUP BY 1"])
    assert asked.returncode == 0 and other in asked.stdout and gone not in asked.stdout, asked.stdout + asked.stderr
    assert server.metric("tickscope_cold_rewritten_days_total") >= len(days)
    assert ls != run([tickscope, "cold", "ls", "--data", tmp_path / "data", "--store", store, "--tenant", "default"]).stdout
    # A kill, and what is published stays as it is; a publish by hand agrees.
    server.child.kill()
    server = serve(config=config)
    by_hand = run([tickscope, "cold", "publish", "--data", tmp_path / "data", "--store", store, "--tenant", "default", "--all"], timeout_s=120)
    assert by_hand.returncode == 0, by_hand.stderr
    assert set(cold_rows(store, gone).values()) == {0}
    assert run([tickscope, "cold", "verify", "--data", tmp_path / "data", "--store", store]).returncode == 0


def test_a_bucket_that_is_away_holds_nothing_up(serve, run, tickscope, tmp_path, filled):
    _, ledger = filled
    nowhere = "s3://metrics?endpoint=http://127.0.0.1:9&region=us-east-1"
    config = MOVING.format(url=nowhere, keep="").replace("{url:", "{retry_deadline: 1s, url:")
    server = serve(config=config, env=environment())
    wait_until(lambda: tiers_of(server)["last_error"] != "", "the error to be told", 60)
    verify(run, tickscope, server, ledger)
    assert ADMIN[1] not in tiers_of(server)["last_error"] + server.child.log.read_text()
    assert server.child.stop() == 0
