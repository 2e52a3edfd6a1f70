"""kill -9 under load: whatever the server acknowledged is there afterwards, once, with its value.

A fleet writes without pause; the server is killed when it has acknowledged some more and is started again on the same
address and data; the fleet sends each unanswered request again until it is acknowledged. In the end every
acknowledged sample is read back through the API. The kills come at moments that differ from run to run: the seed says
how much is to be acknowledged before each, and is printed.
"""

from __future__ import annotations

import json
import pathlib
import random
import subprocess

import pytest

from child import Child, free_port

RETRY_FOR = "60s"


class KilledServer:
    """`tickscope serve` that always comes back on the same address with the same data."""

    def __init__(self, start, command: list[str], url: str):
        self._start = start
        self._command = command
        self.url = url
        self.child = self._started()

    def _started(self) -> Child:
        child = self._start(self._command, name="serve")
        child.wait_http(self.url + "/-/ready", 60)
        return child

    def kill_and_restart(self) -> None:
        self.child.kill()
        self.child = self._started()


@pytest.fixture
def server(tickscope, start, tmp_path) -> KilledServer:
    address = f"127.0.0.1:{free_port()}"
    command = [tickscope, "serve", "--data", str(tmp_path / "data"), "--listen", address]
    return KilledServer(start, command, f"http://{address}")


def acknowledged_lines(ledger: pathlib.Path) -> int:
    return ledger.read_text().count("\nack ") if ledger.exists() else 0


def verify(tickscope, run, url: str, ledger: pathlib.Path) -> dict:
    done = run(
        [tickscope, "fleet", "verify", "--to", url, "--ledger", ledger, "--json", "--progress", "0s"], timeout_s=300
    )
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def kill_under_load(tickscope, server, start, run, tmp_path, *, kills, protocol, servers, cadence):
    seed = random.SystemRandom().randrange(1_000_000)
    print(f"seed {seed}")
    chance = random.Random(seed)
    ledger = tmp_path / "fleet.ledger"
    fleet_command = [tickscope, "fleet", "--to", server.url, "--ledger", ledger, "--protocol", protocol]
    fleet_command += ["--servers", servers, "--cadence", cadence, "--connections", 4, "--retry-for", RETRY_FOR]
    fleet = start(fleet_command, name="fleet")
    for kill in range(kills):
        goal = acknowledged_lines(ledger) + chance.randrange(5, 60)
        fleet.wait_for(lambda: acknowledged_lines(ledger) >= goal, f"{goal} acknowledgements before kill {kill + 1}", 60)
        server.kill_and_restart()
    goal = acknowledged_lines(ledger) + 20
    fleet.wait_for(lambda: acknowledged_lines(ledger) >= goal, "acknowledgements after the last kill", 60)
    assert fleet.stop(60) == 0, fleet.log_tail()
    assert "refused               0 samples" in fleet.log_text()

    report = verify(tickscope, run, server.url, ledger)
    assert (report["missing"], report["doubled"], report["altered"]) == (0, 0, 0), report
    assert report["present"] == report["acknowledged"] > 0
    # And again after a restart in good order: what is true of the memory must be true of the disk.
    assert server.child.stop(60) == 0
    server.kill_and_restart()
    report = verify(tickscope, run, server.url, ledger)
    assert (report["missing"], report["doubled"], report["altered"]) == (0, 0, 0), report
    assert report["present"] == report["acknowledged"]


@pytest.mark.parametrize("protocol", ["rw1", "rw2"])
def test_two_kills_lose_nothing(tickscope, server, start, run, tmp_path, protocol):
    kill_under_load(
        tickscope, server, start, run, tmp_path, kills=2, protocol=protocol, servers=20, cadence="500ms"
    )


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("protocol", ["rw1", "rw2"])
def test_ten_kills_lose_nothing(tickscope, server, start, run, tmp_path, protocol):
    kill_under_load(
        tickscope, server, start, run, tmp_path, kills=10, protocol=protocol, servers=100, cadence="1s"
    )


def test_verify_finds_what_was_never_stored(tickscope, server, start, run, tmp_path):
    """The check itself: samples acknowledged by one server are not found in another."""
    ledger = tmp_path / "fleet.ledger"
    fleet = [tickscope, "fleet", "--to", server.url, "--servers", 2, "--duration", "30s", "--speed", "max"]
    assert run([*fleet, "--ledger", ledger]).returncode == 0
    server.child.kill()
    port = free_port()
    other = [tickscope, "serve", "--data", tmp_path / "empty", "--listen", f"127.0.0.1:{port}"]
    start(other, name="other").wait_http(f"http://127.0.0.1:{port}/-/ready", 30)
    command = [tickscope, "fleet", "verify", "--to", f"http://127.0.0.1:{port}", "--ledger", ledger, "--settle", "0s"]
    done: subprocess.CompletedProcess = run(command)
    assert done.returncode == 1
    assert done.stdout.startswith("missing=1800 doubled=0 altered=0")
    assert "missing: whole scrape" in done.stdout
