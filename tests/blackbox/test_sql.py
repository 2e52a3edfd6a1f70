"""tickscope sql and POST /api/v1/sql on published days: tenants, formats, mistakes, limits; tickscope cost beside them."""

from __future__ import annotations

import json
import time

import http_call
import remote_write
from child import wait_until

DAY_S = 86_400
START = int(time.time()) // DAY_S * DAY_S - DAY_S
CONFIG = """
store: {seal_interval: 1s, block_range: 10s, block_delay: 0s}
ingest: {past_max: 30d}
sql: {timeout: 5s, rows_max: 50, memory_bytes_max: 64MiB}
"""


def published(serve, run, tickscope, data):
    """Two tenants with a metric each of the same name."""
    server = serve(config=CONFIG, data=data)
    for tenant, value in (("red", 1.0), ("blue", 100.0)):
        for step in range(80):
            series = [
                remote_write.Series(
                    {"__name__": "depth", "region": region, "owner": tenant}, [((START + step * 60) * 1000, value + step)]
                )
                for region in ("eu", "na")
            ]
            body = remote_write.snappy(remote_write.message("rw1", series))
            headers = {**remote_write.headers("rw1"), "X-Scope-OrgID": tenant}
            assert server.write_raw(body, headers).status == 204
    wait_until(lambda: server.metric("tickscope_store_block_samples_total") >= 2 * 2 * 80, "all samples in blocks", 60)
    done = run([tickscope, "cold", "publish", "--data", data, "--all"])
    assert done.returncode == 0, done.stderr
    return server


def ask(server, body, tenant="red") -> http_call.Answer:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "X-Scope-OrgID": tenant}
    return http_call.call("POST", server.url + "/api/v1/sql", body=payload, headers=headers)


def test_each_tenant_sees_its_own(serve, run, tickscope, tmp_path):
    data = tmp_path / "data"
    server = published(serve, run, tickscope, data)
    query = "SELECT tenant, region, count(*) AS n, min(first) AS least FROM metrics GROUP BY ALL ORDER BY ALL"
    for tenant, least in (("red", 1.0), ("blue", 100.0)):
        answer = ask(server, {"sql": query}, tenant)
        assert answer.status == 200, answer.text
        result = answer.json()["data"]
        assert [column["name"] for column in result["columns"]] == ["tenant", "region", "n", "least"]
        assert [row[:2] for row in result["rows"]] == [[tenant, "eu"], [tenant, "na"]]
        assert {row[3] for row in result["rows"]} == {least}
    assert ask(server, {"sql": "SELECT count(*) FROM metrics"}, "nobody").json()["data"]["rows"] == [[0]]
    # Another tenant's files are there, and out of reach.
    foreign = next((data / "objects/metrics/cold/v1/tenant=blue").rglob("*.parquet"))
    refused = ask(server, {"sql": f"SELECT * FROM read_parquet('{foreign}')"})
    assert refused.status == 403 and refused.json()["errorType"] == "forbidden", refused.text
    local = run([tickscope, "sql", "--data", data, "--tenant", "blue", "--format", "csv", "SELECT min(last) FROM metrics"])
    remote = run([tickscope, "sql", "--to", server.url, "--tenant", "blue", "--format", "csv", "SELECT min(last) FROM metrics"])
    assert local.returncode == 0 and local.stdout == remote.stdout
    table = run([tickscope, "sql", "--data", data, "--tenant", "red", "DESCRIBE metrics"])
    assert table.returncode == 0 and "bucket_le_text" in table.stdout and table.stdout.endswith("rows)\n")


def test_mistakes_and_limits(serve, run, tickscope, tmp_path):
    data = tmp_path / "data"
    server = published(serve, run, tickscope, data)
    for body, status, words in (
        (b"SELECT 1", 400, "not a JSON object"),
        ({"sql": "SELECT 1", "limt": 3}, 400, 'unknown key \\"limt\\"'),
        ({"sql": "SELECT\n  nothing FROM metrics"}, 400, "line 2, column 3"),
        ({"sql": "DROP VIEW metrics"}, 403, "only statements that read"),
        ({"sql": "SELECT 1; SELECT 2"}, 403, "want one"),
        ({"sql": "SELECT * FROM read_text('/etc/passwd')"}, 403, "disabled"),
        ({"sql": "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = 3"}, 503, "timed out"),
        ({"sql": "SELECT count(DISTINCT i::VARCHAR || 'xxxxxxxxxxxxxxxxxxxxxxxx') FROM range(30000000) t(i)"}, 422, ""),
    ):
        answer = ask(server, body)
        assert answer.status == status, (body, answer.text)
        assert words in answer.text, (body, answer.text)
    cut = ask(server, {"sql": "SELECT * FROM range(1000)"}).json()["data"]
    assert cut["truncated"] is True and len(cut["rows"]) == 50
    assert server.get("/api/v1/sql").status == 405
    assert server.metric("tickscope_sql_queries_total") >= 9
    failed = run([tickscope, "sql", "--data", data, "SELEC 1"])
    assert failed.returncode == 1 and "line 1, column 1" in failed.stderr
    usage = run([tickscope, "sql", "--help"])
    assert usage.returncode == 0 and "DESCRIBE metrics" in usage.stdout


def test_cost(serve, run, tickscope, tmp_path):
    data = tmp_path / "data"
    published(serve, run, tickscope, data)
    prices = tmp_path / "prices.yaml"
    prices.write_text("tiers: {local: {per_gb_month: 1000}, cold: {per_gb_month: 10}}\nowners: {depth: teams}\n")
    done = run([tickscope, "cost", "--data", data, "--prices", prices, "--format", "json"])
    assert done.returncode == 0 and done.stderr == "", done.stderr
    # The probe's own tenant has blocks, too.
    rows = [row for row in json.loads(done.stdout)["rows"] if row["tenant"] in ("red", "blue")]
    assert {(row["tenant"], row["tier"], row["owner"], row["metric"]) for row in rows} == {
        ("red", "local", "red", "depth"),
        ("blue", "local", "blue", "depth"),
        ("red", "cold", "teams", "depth"),
        ("blue", "cold", "teams", "depth"),
    }
    cold = sum(path.stat().st_size for path in (data / "objects/metrics/cold/v1/tenant=red").rglob("*.parquet"))
    local = sum(path.stat().st_size for path in (data / "store/red").glob("*.block"))
    by = {(row["tenant"], row["tier"]): row for row in rows}
    assert by["red", "cold"]["bytes"] == cold and by["red", "local"]["bytes"] == local
    assert abs(by["red", "local"]["per_month"] - local * 1e-6) < 1e-12
    total = run([tickscope, "cost", "--data", data, "--by", "tier", "--format", "csv"])
    assert total.returncode == 0 and "no price of tier local: give --prices FILE" in total.stderr
    assert len(total.stdout.split()) == 3
    wrong = run([tickscope, "cost", "--data", data, "--by", "team"])
    assert wrong.returncode == 1 and "want tenant, tier, owner, metric" in wrong.stderr
