"""An agent of a test, with a key file and what it says about itself."""

from __future__ import annotations

import signal

import http_call
from child import free_port


def write_keys(tmp_path):
    keys = tmp_path / "keys"
    keys.write_text("* k1 0 " + "5a" * 32 + "\n")
    keys.chmod(0o600)
    return keys


class RunningAgent:
    """`config` is YAML text without `listen`; LISTEN in it stands for the port."""

    def __init__(self, start, tickscope, tmp_path, config: str):
        self.listen = free_port()
        self._path = tmp_path / "agent.yaml"
        self.write_config(config)
        self._start, self._command = start, [tickscope, "agent", "--config", self._path]
        self.start()

    def write_config(self, config: str) -> None:
        self._path.write_text(f"listen: 127.0.0.1:{self.listen}\n{config.replace('LISTEN', str(self.listen))}")

    def reload(self, config: str, result: str = "ok") -> None:
        """Has it take up another configuration, and waits until it has, or, with `result` "failed", has refused it."""
        name = f'tickscope_agent_config_reloads_total{{outcome="{result}"}}'
        before = self.metric(name)
        self.write_config(config)
        self.child.signal(signal.SIGHUP)
        self.wait(lambda: self.metric(name) == before + 1, f"a reload that is {result}")

    def start(self) -> None:
        self.child = self._start(self._command, name="agent")
        self.child.wait_http(f"http://127.0.0.1:{self.listen}/-/ready")

    def metric(self, name: str) -> float:
        lines = http_call.get(f"http://127.0.0.1:{self.listen}/metrics").text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((name + " ", name + "{")))

    def wait(self, condition, what: str, timeout_s: float = 30.0) -> None:
        self.child.wait_for(condition, what, timeout_s)
