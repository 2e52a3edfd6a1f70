"""An agent of a test, with a key file and what it says about itself."""

from __future__ import annotations

import http_call
from child import free_port


def write_keys(tmp_path):
    keys = tmp_path / "keys"
    keys.write_text("* k1 0 " + "5a" * 32 + "\n")
    keys.chmod(0o600)
    return keys


class RunningAgent:
    """`config` is YAML text without `listen`."""

    def __init__(self, start, tickscope, tmp_path, config: str):
        self.listen = free_port()
        path = tmp_path / "agent.yaml"
        path.write_text(f"listen: 127.0.0.1:{self.listen}\n{config}")
        self._start, self._command = start, [tickscope, "agent", "--config", path]
        self.start()

    def start(self) -> None:
        self.child = self._start(self._command, name="agent")
        self.child.wait_http(f"http://127.0.0.1:{self.listen}/-/ready")

    def metric(self, name: str) -> float:
        lines = http_call.get(f"http://127.0.0.1:{self.listen}/metrics").text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((name + " ", name + "{")))

    def wait(self, condition, what: str, timeout_s: float = 30.0) -> None:
        self.child.wait_for(condition, what, timeout_s)
