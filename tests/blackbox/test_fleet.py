"""The fleet against a real Prometheus, which knows nothing of us: what it accepts, keeps and gives back is the measure
of our requests and of our verification. Then the ways a fleet can be misused.
"""

from __future__ import annotations

import json
import pathlib

import pytest

import http_call
from child import free_port


@pytest.fixture
def prometheus(peer, start, tmp_path) -> str:
    program = peer("prometheus")
    address = f"127.0.0.1:{free_port()}"
    config = tmp_path / "prometheus.yml"
    config.write_text("global: {scrape_interval: 1h}\n")
    child = start(
        [
            program,
            f"--config.file={config}",
            f"--storage.tsdb.path={tmp_path / 'prometheus'}",
            f"--web.listen-address={address}",
            "--web.enable-remote-write-receiver",
        ]
    )
    child.wait_http(f"http://{address}/-/ready", 60)
    return f"http://{address}"


@pytest.fixture
def fleet(tickscope, run):
    return lambda *arguments: run([tickscope, "fleet", *arguments, "--progress", "0s"])


def test_prometheus_keeps_what_it_acknowledged(fleet, prometheus, tmp_path):
    ledger = tmp_path / "fleet.ledger"
    common = ("--to", prometheus, "--ledger", ledger)
    # Back-fill with several points a request, then on from there with one.
    past = fleet(*common, "--servers", 12, "--start", "now-20m", "--duration", "10m", "--points-per-request", 7, "--json")
    assert past.returncode == 0, past.stderr
    assert json.loads(past.stdout)["samples_acknowledged"] == 12 * 300 * 60
    paced = fleet(*common, "--servers", 12, "--cadence", "500ms", "--duration", "2s", "--json")
    assert paced.returncode == 0, paced.stderr
    assert json.loads(paced.stdout)["latency_since_due_ms"]["max"] > 0
    # In real time servers run the SDK, of themselves.
    assert [" sdk_servers=12" in line for line in ledger.read_text().splitlines() if line.startswith("run ")] == [False, True]

    done = fleet("verify", *common, "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0, report
    assert (report["missing"], report["doubled"], report["altered"]) == (0, 0, 0)
    assert report["present"] == report["acknowledged"] == 12 * 300 * 64

    series = http_call.get(prometheus + "/api/v1/query", {"query": "count(last_over_time({server!=''}[30m]))"}).json()
    assert series["data"]["result"][0]["value"][1] == str(12 * 300)


def test_servers_that_run_the_sdk_send_what_the_model_says(fleet, prometheus, tmp_path):
    """Ten servers through the SDK's hot path, its page and the agent's reader; two beside them that are not. Three quarters of
    an hour, in which some restart: verify recomputes all, to the bit."""
    ledger = tmp_path / "fleet.ledger"
    common = ("--to", prometheus, "--ledger", ledger)
    sdk = ("--sdk", 10, "--sdk-pages", tmp_path, "--servers-per-request", 4, "--connections", 2)
    done = fleet(*common, *sdk, "--servers", 12, "--start", "now-50m", "--duration", "45m", "--cadence", "20s",
                 "--points-per-request", 5, "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert " sdk_servers=10\n" in ledger.read_text()
    assert list(tmp_path.glob("*.tspage*")) == []
    done = fleet("verify", *common, "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0, report
    assert report["present"] == report["acknowledged"] == 12 * 300 * 135
    # Were the ledger to say that nine did, the tenth's sums of observations would not be theirs.
    ledger.write_text(ledger.read_text().replace("sdk_servers=10", "sdk_servers=9"))
    done = fleet("verify", *common, "--settle", "0s", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["altered"] > 0


def test_without_a_place_for_the_page_no_server_runs_the_sdk(fleet, tmp_path):
    common = ("--to", "http://127.0.0.1:1", "--retry-for", "0s", "--servers", 12, "--duration", "100ms", "--sdk-pages", tmp_path / "nowhere")
    assert "no server runs the SDK" in (unasked := fleet(*common).stderr) and "nowhere" in unasked
    assert "no server runs the SDK" not in (asked := fleet(*common, "--sdk", 12).stderr) and "nowhere" in asked


def test_another_seed_is_altered(fleet, prometheus, tmp_path):
    ledger = tmp_path / "fleet.ledger"
    done = fleet("--to", prometheus, "--ledger", ledger, "--servers", 2, "--speed", "max", "--duration", "1m")
    assert done.returncode == 0, done.stderr
    text = ledger.read_text()
    assert "run seed=1 " in text
    ledger.write_text(text.replace("run seed=1 ", "run seed=2 "))
    done = fleet("verify", "--to", prometheus, "--ledger", ledger, "--json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["altered"] > 1000
    assert (report["missing"], report["doubled"]) == (0, 0)
    assert report["causes"] == {"altered: value": report["altered"]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--servers", "0"], "servers out of range: got 0, want 1 to 100000"),
        (["--cadence", "soon"], "--cadence"),
        (["--cadence", "1ms"], "cadence in ms out of range: got 1, want 100 to 3600000"),
        (["--protocol", "rw3"], '--protocol: want rw1 or rw2, got "rw3"'),
        (["--speed", "max"], "--duration: needed"),
        (["--speed", "-1", "--duration", "1m"], "--speed: want max or a number above 0"),
        (["--to", "ftp://example"], "--to"),
        (["--connections", "0"], "--connections: got 0, want 1 to 256"),
        (["--start", "yesterday", "--duration", "1m"], "--start"),
        (["--no-such-flag"], "--no-such-flag"),
    ],
)
def test_wrong_usage_is_named(fleet, arguments, message):
    done = fleet(*arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_a_receiver_that_is_not_there_is_given_up(fleet):
    url = f"http://127.0.0.1:{free_port()}"
    done = fleet("--to", url, "--servers", 1, "--speed", "max", "--duration", "10s", "--retry-for", "200ms")
    assert done.returncode == 1
    assert "no acknowledgement of group 0 tick 0" in done.stderr
    assert "unavailable" in done.stderr


def test_verify_names_a_damaged_ledger(fleet, tmp_path):
    missing = fleet("verify", "--ledger", tmp_path / "absent")
    assert missing.returncode == 1
    damaged: pathlib.Path = tmp_path / "damaged"
    damaged.write_text("tickscope fleet ledger 1\nack 0 0 1\n")
    done = fleet("verify", "--ledger", damaged)
    assert done.returncode == 1
    assert "ledger line 2: ack before any run" in done.stderr
