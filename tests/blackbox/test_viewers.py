"""Viewers against the real servers: Tickscope in both modes, and a real Prometheus, which knows nothing of us."""

from __future__ import annotations

import json
import pathlib

import pytest

from child import free_port
from conftest import ROOT

DASHBOARDS = ROOT / "dashboards"


@pytest.fixture
def viewers(tickscope, run):
    return lambda *arguments: run([tickscope, "viewers", *arguments, "--progress", "0s"])


@pytest.fixture
def prometheus(peer, start, tmp_path) -> str:
    program = peer("prometheus")
    address = f"127.0.0.1:{free_port()}"
    config = tmp_path / "prometheus.yml"
    config.write_text("global: {scrape_interval: 1h}\n")
    child = start([
        program, f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'prometheus'}",
        f"--web.listen-address={address}", "--web.enable-remote-write-receiver",
    ])  # fmt: skip
    child.wait_http(f"http://{address}/-/ready", 60)
    return f"http://{address}"


def fill(tickscope, run, url: str) -> None:
    done = run([tickscope, "fleet", "--to", url, "--servers", 3, "--start", "now-10m", "--duration", "10m",
                "--points-per-request", 15, "--progress", "0s"])  # fmt: skip
    assert done.returncode == 0, done.stderr


def report_of(done) -> dict:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def check_grafana(report: dict, viewers: int) -> None:
    assert report["errors"] == {}, report["last_error"]
    assert report["opening"]["answers"] == viewers * 3
    assert report["refreshes_due"] >= viewers * 2
    assert report["refreshes_done"] > viewers
    # Nine panels of twelve look back 12 h.
    short, week = report["queries"]["<=12h"], report["queries"]["<=7d"]
    assert short["answers"] > 2 * week["answers"] > 0
    assert 0 < short["p50_ms"] <= short["p95_ms"] <= short["p99_ms"] <= short["max_ms"] * 1.04


@pytest.mark.parametrize("dashboard", sorted(path.name for path in DASHBOARDS.glob("*.json")))
def test_every_dashboard_works_here(serve, tickscope, run, viewers, dashboard):
    server = serve()
    fill(tickscope, run, server.url)
    done = viewers("--to", server.url, "--count", 4, "--refresh", "1s", "--for", "5s", "--json",
                   "--dashboards", DASHBOARDS / dashboard)  # fmt: skip
    report = report_of(done)
    check_grafana(report, 4)
    # Panels show something: answers of empty series would be about 60 bytes.
    assert report["answer_bytes"] > 100 * sum(one["answers"] for one in report["queries"].values())


def test_against_prometheus(prometheus, tickscope, run, viewers):
    fill(tickscope, run, prometheus)
    done = viewers("--to", prometheus, "--count", 4, "--refresh", "2s", "--for", "7s", "--json", "--dashboards", DASHBOARDS)
    check_grafana(report_of(done), 4)


def test_page_mode_follows_the_live_tail(serve, tickscope, run, start, viewers):
    server = serve(config="live: {retry: 200ms}\n")
    fill(tickscope, run, server.url)
    start([tickscope, "fleet", "--to", server.url, "--servers", 3, "--progress", "0s"], name="fleet")
    done = viewers("--to", server.url, "--mode", "page", "--count", 20, "--refresh", "1s", "--for", "25s", "--json",
                   "--dashboards", DASHBOARDS / "players.json")  # fmt: skip
    report = report_of(done)
    assert report["errors"] == {}, report["last_error"]
    assert report["connects"] == 20
    assert report["snapshots"] == 20 * 12
    assert report["first_views"]["<=12h"]["answers"] == report["first_views"]["<=7d"]["answers"] == 20
    # Twelve queries are twelve topics, whoever follows.
    assert server.metric("tickscope_live_topics") == 12


def test_a_server_that_is_away_is_counted(viewers, tickscope):
    url = f"http://127.0.0.1:{free_port()}"
    done = viewers("--to", url, "--count", 2, "--refresh", "500ms", "--for", "2s", "--dashboards", DASHBOARDS)
    assert done.returncode == 1
    assert "unavailable" in done.stdout
    assert "no answer came" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--dashboards", "/nonexistent"], 1, "nonexistent"),
        (["--count", "0"], 2, "--count"),
        (["--mode", "kiosk"], 2, "--mode"),
        (["--refresh", "soon"], 2, "--refresh"),
        (["--refresh", "1ms"], 2, "--refresh: got 1ms, want at least 100ms"),
        (["--to", "ftp://x"], 1, "--to"),
    ],
)
def test_wrong_usage_is_named(viewers, arguments, code, message):
    given = [] if "--dashboards" in arguments else ["--dashboards", DASHBOARDS]
    done = viewers("--for", "1s", *given, *arguments)
    assert done.returncode == code
    assert message in done.stderr


def test_a_bad_dashboard_is_named(viewers, tmp_path: pathlib.Path):
    (tmp_path / "bad.json").write_text('{"panels": [{"title": "x"}]}')
    done = viewers("--for", "1s", "--dashboards", tmp_path)
    assert done.returncode == 2
    assert "bad.json: panel 0: queries: want a list of texts" in done.stderr
