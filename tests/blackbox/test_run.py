"""./dev run's second half: everything comes up, says where it is, and ends with nothing left behind."""

from __future__ import annotations

import os
import pathlib
import re
import signal
import sys

import pytest

import http_call
from child import free_port
from conftest import ROOT


@pytest.fixture
def start_run(tickscope, peer, start, tmp_path):
    peer("prometheus-node-exporter")

    def start_one(*arguments: str):
        address = f"127.0.0.1:{free_port()}"
        command = [sys.executable, str(ROOT / "tools/run.py"), "--listen", address, "--data", str(tmp_path / "data")]
        environment = {**os.environ, "TICKSCOPE_BIN": tickscope, "PYTHONDONTWRITEBYTECODE": "1"}
        child = start([*command, "--servers", "3", "--cadence", "1s", *arguments], name="run", env=environment)
        return child, f"http://{address}"

    return start_one


def processes_of(child) -> list[int]:
    """Its children now."""
    return [int(pid) for pid in pathlib.Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()]


def test_it_ends_by_itself(start_run):
    child, url = start_run("--for", "2s")
    assert child.wait_exit(90) == 0, child.log_text()
    assert "Tickscope is running: 3 simulated game servers and this machine" in child.log_text()
    # Each thing to try names the server that runs.
    assert len(re.findall(re.escape(url), child.log_text())) >= 6


def test_sigterm_leaves_nothing_behind(start_run):
    child, url = start_run()
    child.wait_for(lambda: "Tickscope is running" in child.log_text(), "everything to be up", 90)
    result = http_call.get(url + "/api/v1/query", {"query": "count(game_players)"}).json()["data"]["result"]
    assert float(result[0]["value"][1]) > 0
    started = processes_of(child)
    assert len(started) == 4
    child.signal(signal.SIGTERM)
    assert child.wait_exit(60) == 0
    assert [pid for pid in started if pathlib.Path(f"/proc/{pid}").exists()] == []


def test_a_server_that_cannot_start_is_shown(start_run, tmp_path):
    (tmp_path / "data").write_text("not a directory")
    child, _ = start_run()
    assert child.wait_exit(60) == 1
    assert "serve ended with" in child.log_text()
    assert str(tmp_path / "data") in child.log_text()
