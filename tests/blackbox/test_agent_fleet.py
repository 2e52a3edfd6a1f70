"""What the gateway tells the whole fleet to use, in the real binaries: the version of the schema and the epoch of the tokenizer's key are taken up
from the host's files once they are told, and not before; what is not there is said, and what was in force stays."""

from __future__ import annotations

import json
import signal
import time

import pytest

import http_call
from certificates import fleet_keys
from child import free_port, wait_until
from loki_receiver import LokiReceiver
from running_agent import RunningAgent

SCHEMA = """\
schema: game
version: "{version}"
target_labels:
  job: {{values: [self], help: What it is.}}
  instance: {{pattern: ".*", budget: 10, help: Which one.}}
metrics:
  - {{name: {name}, type: gauge, help: Bytes., owner: core, class: ops}}
"""
DAY_S = 86_400


@pytest.fixture
def keys(tmp_path):
    return fleet_keys(tmp_path)


class Fleet:
    """A gateway, and an agent that reads itself and a log file."""

    def __init__(self, serve, start, run, tickscope, tmp_path, keys):
        self._serve, self._run, self._tickscope = serve, run, tickscope
        self._private, public = keys
        self.port = free_port()
        self.server = None
        self.tell("")
        self.loki = LokiReceiver()
        self.schema, self.tokens, self.log = tmp_path / "schema.yaml", tmp_path / "tokens", tmp_path / "game.log"
        self.write_schema("1.0", "process_open_fds")
        self.epoch = int(time.time()) // (3650 * DAY_S)  # Ten years each: none ends while this runs.
        self.write_tokens(0)
        self.agent = RunningAgent(
            start,
            tickscope,
            tmp_path,
            f"""\
fleet: {{public_key_file: {public}, fetch_jitter: 50ms}}
guard: {{schema: {self.schema}, mode: enforce}}
global: {{scrape_interval: 300ms, scrape_timeout: 200ms}}
scrape_configs: [{{job_name: self, static_configs: [{{targets: ["127.0.0.1:LISTEN"]}}]}}]
remote_write: [{{url: "{self.server.url}/api/v1/write", sender: host-9, backoff_max: 100ms}}]
logs:
  push: {{url: "{self.loki.url}", batch_wait: 100ms}}
  spool: {{directory: {tmp_path / "spool"}, bytes_max: 64MiB}}
  tokens: {{keys: {self.tokens}, epoch_days: 3650}}
  files: [{{paths: ["{self.log}"]}}]
""",
        )
        self._lines = 0

    def tell(self, settings: str) -> None:
        """Starts the gateway, or another in its place, which tells the fleet that."""
        if self.server is not None:
            assert self.server.child.stop() == 0
        self.server = self._serve(port=self.port, config=f"fleet: {{signing_key_file: {self._private}{settings}}}\n")

    def write_schema(self, version: str, name: str) -> None:
        self.schema.write_text(SCHEMA.format(version=version, name=name))

    def write_tokens(self, *epochs: int) -> None:
        self.tokens.write_text("".join(f"* k{number} {epoch} {number:02x}{'5a' * 31}\n" for number, epoch in enumerate(epochs)))
        self.tokens.chmod(0o600)

    def inventory(self) -> dict:
        shown = self._run([self._tickscope, "inventory", "--to", self.server.url])
        assert shown.returncode == 0, shown.stderr
        agents = json.loads(shown.stdout)["data"]["agents"]
        return agents[0] if agents else {}

    def status(self) -> dict:
        return http_call.get(f"http://127.0.0.1:{self.agent.listen}/api/v1/agent/status").json()["fleet"]

    def stored(self, name: str) -> bool:
        return bool(self.server.get("/api/v1/query", {"query": name}).json()["data"]["result"])

    def token(self) -> str:
        """The key's id and the epoch in the token of a line of now."""
        self._lines += 1
        with open(self.log, "a") as file:
            file.write(f"line {self._lines} of jane@example.com\n")
        wait_until(lambda: len(self.loki.entries) == self._lines, "the line")
        (line,) = (one for one in self.loki.lines() if one.startswith(f"line {self._lines} of "))
        _, key, epoch, _ = line.rpartition(" ")[2].split("_")
        return f"{key} {epoch}"

    def behind(self, what: str) -> bool:
        return self.agent.metric(f'tickscope_agent_fleet_behind{{what="{what}"}}') == 1


@pytest.fixture
def fleet(serve, start, run, tickscope, tmp_path, keys):
    made = Fleet(serve, start, run, tickscope, tmp_path, keys)
    yield made
    made.loki.close()


def test_the_schema_is_taken_up_when_it_is_told(fleet):
    wait_until(lambda: fleet.inventory().get("schema_version") == "1.0", "the agent in the inventory")
    wait_until(lambda: fleet.stored("process_open_fds"), "what the schema names")
    # The file is there before anybody is told: nothing changes.
    fleet.write_schema("1.1", "process_resident_memory_bytes")
    fleet.tell(', schema_version: "1.1"')
    wait_until(lambda: fleet.inventory().get("schema_version") == "1.1", "the new version in the inventory")
    wait_until(lambda: fleet.stored("process_resident_memory_bytes"), "what it names")
    assert fleet.status()["schema"] == {"told": "1.1", "inForce": "1.1", "behind": False, "error": ""}
    # Told before the file is there: what was in force stays, and that is said.
    fleet.tell(', schema_version: "2.0"')
    wait_until(lambda: fleet.behind("schema"), "that it is not there")
    assert fleet.status()["schema"] == {"told": "2.0", "inForce": "1.1", "behind": True, "error": ""}
    wait_until(lambda: fleet.inventory().get("schema_version") == "1.1", "the old version in the inventory")
    assert "is not in this host's files" in fleet.agent.child.log_text()
    fleet.schema.write_text("schema: [")
    fleet.agent.child.signal(signal.SIGHUP)
    fleet.agent.wait(lambda: "configuration not reloaded" in fleet.agent.child.log_text(), "the refusal")
    assert fleet.status()["schema"]["inForce"] == "1.1"
    # A reload brings it as well.
    fleet.write_schema("2.0", "process_open_fds")
    fleet.agent.child.signal(signal.SIGHUP)
    wait_until(lambda: not fleet.behind("schema"), "the version of the reload")
    wait_until(lambda: fleet.inventory().get("schema_version") == "2.0", "it in the inventory")


def test_the_key_is_taken_up_when_it_is_told(fleet):
    now, coming = fleet.epoch, fleet.epoch + 1
    assert fleet.token() == f"k0 {now}"
    fleet.tell(f", key_epoch: {coming}")
    wait_until(lambda: fleet.behind("keys"), "that the key is not there")
    assert fleet.status()["keys"]["told"] == str(coming)
    assert fleet.token() == f"k0 {now}", "the old one stays"
    fleet.write_tokens(0, coming)
    # Sooner than it would look by itself.
    fleet.agent.child.signal(signal.SIGHUP)
    wait_until(lambda: not fleet.behind("keys"), "the key")
    assert fleet.token() == f"k1 {coming}", "before the clock comes to it"
    wait_until(lambda: fleet.inventory().get("key_epoch") == coming, "it in the inventory")
    assert fleet.agent.metric('tickscope_log_refused_total{input="file",reason="private"}') == 0
