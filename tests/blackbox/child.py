"""A child process with its output in a file, waits that end, and an end that is certain."""

from __future__ import annotations

import os
import pathlib
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable

import http_call

# Below those that the system gives to connections, so that none of them takes one before its server does; each of several
# processes that run tests side by side has a range of its own.
_PORTS_FROM, _PORTS_A_WORKER, _WORKERS = 10_000, 5_000, 4
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
_ports = iter(random.sample(range(_PORTS_FROM + _worker * _PORTS_A_WORKER, _PORTS_FROM + (_worker + 1) * _PORTS_A_WORKER), _PORTS_A_WORKER))


def free_port() -> int:
    """A loopback port that was free a moment ago and was not given out before in this run."""
    for port in _ports:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = 20.0, step_s: float = 0.05) -> None:
    """Returns once the condition holds; fails the test saying what was waited for."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_s:g} s for {what}")
        time.sleep(step_s)


class Child:
    """Started at once; stop() or kill() it, or let the fixture do so."""

    def __init__(self, command: list[str], log: pathlib.Path, **options):
        self.command = [str(word) for word in command]
        self.log = log
        self._log_file = log.open("ab")
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=self._log_file, stderr=subprocess.STDOUT, **options
        )

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def log_text(self) -> str:
        return self.log.read_text(errors="replace")

    def log_tail(self, lines: int = 30) -> str:
        return "\n".join(self.log_text().splitlines()[-lines:])

    def wait_for(self, condition: Callable[[], bool], what: str, timeout_s: float = 20.0) -> None:
        """As wait_until, but ends at once when the process does."""

        def holds() -> bool:
            if not self.alive:
                raise AssertionError(
                    f"{self.command[0]} exited with {self.process.returncode} while waiting for {what}:\n{self.log_tail()}"
                )
            return condition()

        try:
            wait_until(holds, what, timeout_s)
        except AssertionError as failed:
            raise AssertionError(f"{failed}\n{self.log_tail()}") from None

    def wait_http(self, url: str, timeout_s: float = 20.0) -> None:
        """Until a GET of the URL answers 200."""

        def answers() -> bool:
            try:
                return http_call.get(url, timeout_s=2).status == 200
            except OSError:
                return False

        self.wait_for(answers, f"200 from {url}", timeout_s)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait_exit(self, timeout_s: float = 20.0) -> int:
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.command[0]} still runs after {timeout_s:g} s:\n{self.log_tail()}") from None

    def stop(self, timeout_s: float = 20.0) -> int:
        """SIGTERM, then its exit code."""
        if self.alive:
            self.signal(signal.SIGTERM)
        return self.wait_exit(timeout_s)

    def kill(self) -> None:
        """SIGKILL: nothing gets a chance to be tidy."""
        if self.alive:
            self.process.kill()
        self.process.wait(10)

    def close(self) -> None:
        """Ends the process whatever state it is in."""
        if self.alive:
            self.signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        self._log_file.close()

    def rss_bytes(self) -> int:
        """Resident memory now."""
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError(f"no VmRSS for pid {self.pid}")

    def rss_bytes_max(self) -> int:
        """Most resident memory so far."""
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise AssertionError(f"no VmHWM for pid {self.pid}")
