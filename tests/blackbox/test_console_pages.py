"""The console's pages and what they ask first: addresses, caching, policies; answers held to docs/openapi/console.yaml."""

from __future__ import annotations

import gzip
import http.client
import pathlib
import time

import pytest

import openapi

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = openapi.load(ROOT / "docs/openapi/console.yaml")
CHECK = openapi.Validator(DOCUMENT)
SCRIPT = "console.log('made up');\n" * 200


def fits(path: str, answer, method: str = "get") -> dict:
    """The answer's JSON, which must be as the description says."""
    schema = CHECK.response_schema(path, method, answer.status)
    assert CHECK.errors(answer.json(), schema) == []
    return answer.json()


@pytest.fixture
def dist(tmp_path) -> pathlib.Path:
    """Pages as a build makes them, but made up."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><script type=module src=/assets/app-1a2b.js></script>")
    (folder / "assets/app-1a2b.js").write_text(SCRIPT)
    return folder


@pytest.fixture
def pages(serve, dist):
    return serve(config=f"console:\n  pages_dir: {dist}\n")


def test_addresses_of_the_program_and_files(pages):
    for path in ("/", "/explore?query=up", "/d/fleet", "/cardinality", "/status", "/view/abc"):
        answer = pages.get(path)
        assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8"), path
        assert "app-1a2b.js" in answer.text
    script = pages.get("/assets/app-1a2b.js")
    assert script.text == SCRIPT
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert pages.get("/assets/app-0000.js").status == 404
    assert pages.get("/-/healthy").text == "Tickscope is healthy.\n"
    assert pages.get("/metrics").text.startswith("# HELP")


def test_caching_packing_and_head(pages):
    first = pages.get("/")
    assert pages.get("/explore", headers={"If-None-Match": first.headers["etag"]}).status == 304
    connection = http.client.HTTPConnection(pages.address, timeout=10)
    connection.request("GET", "/assets/app-1a2b.js", headers={"Accept-Encoding": "gzip"})
    packed = connection.getresponse()
    assert packed.getheader("Content-Encoding") == "gzip"
    assert gzip.decompress(packed.read()).decode() == SCRIPT
    connection.request("HEAD", "/assets/app-1a2b.js")
    head = connection.getresponse()
    assert (head.status, head.read(), head.getheader("Content-Length")) == (200, b"", str(len(SCRIPT)))
    connection.close()


def test_policies(pages):
    headers = pages.get("/").headers
    policy = headers["content-security-policy"]
    assert "script-src 'self';" in policy and "frame-ancestors 'none'" in policy and "unsafe-eval" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_unknown_paths_of_the_api_stay_json(pages):
    answer = pages.get("/api/v1/nothing/of/it")
    assert answer.status == 404
    assert answer.json()["errorType"] == "not_found"


def test_without_pages_the_server_says_how_to_get_them(serve, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    page = serve(config="console:\n  enabled: false\n").get("/")
    assert page.status == 200 and "/api/v1/query" in page.text


def test_pages_need_no_login_and_nothing_else_is_without_one(serve, dist, tmp_path):
    tokens = tmp_path / "tokens"
    tokens.write_text("")
    server = serve(config=f"console:\n  pages_dir: {dist}\naccess:\n  required: true\n  tokens_file: {tokens}\n")
    assert server.get("/").status == 200
    assert server.get("/assets/app-1a2b.js").status == 200
    for path in ("/api/v1/console/config", "/api/v1/query?query=up", "/federate", "/api/v1/schema/slis", "/api/v1/dashboards"):
        assert server.get(path).status == 401, path


def test_config(serve):
    before = time.time() * 1000
    server = serve()
    config = fits("/api/v1/console/config", server.get("/api/v1/console/config", headers={"X-Scope-OrgID": "eu"}))["data"]
    assert config["tenant"] == "eu"
    assert before < config["now"] < time.time() * 1000 + 1000
    assert config["schema"] == {"name": "game", "version": "1.0"}
    assert config["query_limits"]["points_max"] == 11_000
    assert not config["readOnly"]


def test_schema(serve, tmp_path):
    server = serve()
    metrics = fits("/api/v1/schema/metrics", server.get("/api/v1/schema/metrics"))["data"]
    by_name = {metric["name"]: metric for metric in metrics["metrics"]}
    assert by_name["game_tick_duration_seconds"]["buckets"][0] == 0.001
    assert by_name["game_disconnects_total"]["owner"] == "netcode"
    assert "buckets" not in by_name["game_ticks_total"]
    regions = next(label for label in metrics["target_labels"] if label["name"] == "region")
    assert regions["values"] == ["na", "eu", "apac"]

    slis = fits("/api/v1/schema/slis", server.get("/api/v1/schema/slis"))["data"]
    assert [sli["name"] for sli in slis] == [
        "join_success", "tick_over_budget", "action_ack_p95", "disconnects", "matchmaking_wait_p95", "impaired_share", "players",
    ]  # fmt: skip
    for sli in slis:
        for matchers, by in (("", ""), ('region="eu"', "region,mode")):
            query = sli["expr"].replace("$filter", matchers).replace("$by", by).replace("$window", "5m")
            assert server.get("/api/v1/query", {"query": query}).status == 200, query


def test_a_schema_of_ones_own(serve, tmp_path):
    schema = tmp_path / "own.yaml"
    schema.write_text(
        'schema: own\nversion: "2.3"\ndefaults: {owner: me}\nmetrics:\n  - {name: a_total, type: counter, help: What there was.}\n'
    )
    server = serve(config=f"console:\n  schema: {schema}\n")
    assert server.get("/api/v1/console/config").json()["data"]["schema"] == {"name": "own", "version": "2.3"}
    assert [m["name"] for m in server.get("/api/v1/schema/metrics").json()["data"]["metrics"]] == ["a_total"]
    assert server.get("/api/v1/schema/slis").json()["data"] == []


def test_a_schema_that_is_wrong_is_told_at_the_start(start, tickscope, tmp_path):
    schema = tmp_path / "bad.yaml"
    schema.write_text("schema: x\n")
    config = tmp_path / "c.yaml"
    config.write_text(f"console:\n  schema: {schema}\n")
    child = start([tickscope, "serve", "--data", tmp_path / "d", "--listen", "127.0.0.1:0", "--config", config])
    assert child.wait_exit() == 1
    assert "bad.yaml:1:1: version: required" in child.log_text() or "version" in child.log_text()
