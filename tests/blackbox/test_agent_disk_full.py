"""The disk under an agent's spools is full for real: a tmpfs of 8 MiB in a mount namespace of the agent's own. Samples outlast lines of errors and
those outlast the rest, what is gone is counted to the line, nothing that was kept is lost, and when there is room again all goes on as before."""

from __future__ import annotations

import http.server
import os
import pathlib
import random
import shutil
import signal
import subprocess
import threading

import pytest

import http_call
from child import free_port
from loki_receiver import LokiReceiver

SERIES = 300
CONFIG = """\
listen: 127.0.0.1:{listen}
global: {{scrape_interval: 500ms, scrape_timeout: 400ms}}
scrape_configs: [{{job_name: game, static_configs: [{{targets: ["{target}"]}}]}}]
remote_write:
  - url: {server}/api/v1/write
    timeout: 1s
    backoff_max: 300ms
    spool: {{directory: {disk}/metrics, bytes_max: 64MiB, segment_bytes: 64KiB, commit_interval: 200ms}}
logs:
  push: {{url: "{loki}", batch_wait: 100ms, batch_bytes_max: 128KiB, backoff_max: 300ms}}
  spool: {{directory: {disk}/logs, bytes_max: 64MiB, segment_bytes: 256KiB, error_bytes: 2MiB}}
  files: [{{paths: ["{logs}/*.log"]}}]
"""


def can_mount() -> bool:
    if os.geteuid() != 0 or not shutil.which("unshare"):
        return False
    tried = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False)
    return tried.returncode == 0


pytestmark = pytest.mark.skipif(not can_mount(), reason="needs root and `unshare -m` with tmpfs")


class Target(http.server.BaseHTTPRequestHandler):
    """The number of the answer, and series that do not compress."""

    def do_GET(self) -> None:
        self.server.answers += 1
        lines = [f"# TYPE answers counter\nanswers {self.server.answers}"]
        lines += [f"noise_{number} {self.server.random.random()}" for number in range(SERIES)]
        body = ("\n".join(lines) + "\n").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments) -> None:
        pass


class Site:
    def __init__(self, start, tickscope, tmp_path, server):
        self.disk = tmp_path / "disk"
        self.logs = tmp_path / "logs"
        for folder in (self.disk, self.logs):
            folder.mkdir()
        self.server, self.loki = server, LokiReceiver()
        self.target = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Target)
        self.target.answers, self.target.random = 0, random.Random(3)
        threading.Thread(target=self.target.serve_forever, daemon=True).start()
        self.listen = free_port()
        config = tmp_path / "agent.yaml"
        config.write_text(
            CONFIG.format(
                listen=self.listen, target=f"127.0.0.1:{self.target.server_port}", server=server.url, loki=self.loki.url, disk=self.disk, logs=self.logs
            )
        )
        run = f"mount -t tmpfs -o size=8m tmpfs {self.disk} && exec {tickscope} agent --config {config}"
        self.child = start(["unshare", "-m", "sh", "-c", run], name="agent")
        self.child.wait_http(f"http://127.0.0.1:{self.listen}/-/ready")
        # As the agent sees it.
        self.inside = pathlib.Path(f"/proc/{self.child.pid}/root{self.disk}")

    def away(self, is_away: bool) -> None:
        self.loki.status = 503 if is_away else 204
        self.server.child.process.send_signal(signal.SIGSTOP if is_away else signal.SIGCONT)

    def metric(self, name: str, *labels: str) -> int:
        lines = http_call.get(f"http://127.0.0.1:{self.listen}/metrics").text.splitlines()
        of_name = (line for line in lines if line.startswith((name + " ", name + "{")))
        return int(sum(float(line.rpartition(" ")[2]) for line in of_name if all(label in line for label in labels)))

    def lost(self, of_class: str) -> int:
        return self.metric("tickscope_spool_lost_items_total", f'class="{of_class}"')

    def answers_stored(self) -> set[int]:
        result = self.server.get("/api/v1/query", {"query": "answers[30m]"}).json()["data"]["result"]
        return {int(float(value)) for _, value in result[0]["values"]} if result else set()

    def write_lines(self, level: str, first: int, count: int, width: int) -> None:
        noise = random.Random(first)
        letters = str.maketrans("0123456789", "ghijklmnop")  # Digits might be somebody's number.
        with open(self.logs / "game.log", "a") as file:
            for number in range(first, first + count):
                file.write(f"level={level} {noise.randbytes(width).hex().translate(letters)} number {number}\n")

    def numbers(self, level: str) -> list[int]:
        return sorted(int(line.rpartition("number ")[2]) for line in self.loki.lines() if line.startswith(f"level={level} "))


    def close(self) -> None:
        self.away(False)
        self.target.shutdown()
        self.loki.close()


@pytest.fixture
def site(start, tickscope, tmp_path, serve):
    made = Site(start, tickscope, tmp_path, serve())
    yield made
    made.close()


def test_samples_and_errors_outlast_the_rest_and_what_is_gone_is_counted(site):
    site.child.wait_for(lambda: len(site.answers_stored()) > 0, "samples before the outage")
    site.away(True)
    site.write_lines("error", 0, 500, 40)
    # 12 MB that do not compress: more than the disk has.
    site.write_lines("info", 0, 24_000, 250)
    site.child.wait_for(lambda: site.lost("logs") > 2_000, "lines of info that make room", 60)
    site.write_lines("error", 500, 500, 40)
    # The spool of samples has nothing to let go: what it needs is let go by that of logs.
    site.child.wait_for(lambda: site.metric("tickscope_spool_lost_items_total", 'class="logs"', 'reason="gave_way"') > 0, "lines that make room for samples", 60)
    usage = os.statvfs(site.inside)
    assert usage.f_bavail * usage.f_frsize < 512 * 1024, "it is full"
    site.away(False)
    site.child.wait_for(lambda: len(site.numbers("info")) + site.lost("logs") >= 24_000, "all of info, here or counted", 60)
    site.child.wait_for(lambda: len(site.numbers("error")) == 1_000, "all errors", 30)
    assert site.numbers("error") == list(range(1_000)), "no error is lost or twice"
    info = site.numbers("info")
    assert len(info) == len(set(info)) and len(info) + site.lost("logs") == 24_000, "to the line"
    assert site.lost("log_errors") == 0

    # And it goes on: lines and samples of now come through.
    site.write_lines("info", 24_000, 10, 20)
    site.child.wait_for(lambda: 24_009 in site.numbers("info"), "lines of now")
    now = site.target.answers
    site.child.wait_for(lambda: any(number > now for number in site.answers_stored()), "samples of now")
    # Every scrape is stored: there was always something worth less.
    stored = site.answers_stored()
    assert set(range(1, max(stored) + 1)) - stored == set()
    assert site.lost("metrics") + site.metric("tickscope_agent_dropped_samples_total", 'reason="queue_full"') == 0
    assert site.child.stop() == 0


def test_samples_wait_on_a_disk_that_others_filled(site):
    site.child.wait_for(lambda: len(site.answers_stored()) > 0, "samples before the outage")
    with open(site.inside / "somebody_elses", "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 65536)
        except OSError:
            pass
    site.away(True)
    site.write_lines("info", 0, 3_000, 250)
    before = site.target.answers
    site.child.wait_for(lambda: site.target.answers > before + 10, "scrapes on a full disk", 30)
    assert site.child.alive
    (site.inside / "somebody_elses").unlink()
    site.away(False)
    site.child.wait_for(lambda: len(site.numbers("info")) == 3_000, "lines that waited in their file", 40)
    assert site.numbers("info") == list(range(3_000))
    assert site.lost("logs") == 0, "what waited is not lost"
    now = site.target.answers
    site.child.wait_for(lambda: any(number > now for number in site.answers_stored()), "samples of now")
    assert site.child.stop() == 0


def test_a_record_that_is_damaged_costs_itself(site):
    site.child.wait_for(lambda: len(site.answers_stored()) > 0, "samples before the outage")
    site.away(True)
    site.write_lines("info", 0, 2_000, 250)
    site.child.wait_for(lambda: site.metric("tickscope_spool_waiting_bytes", 'class="logs"') > 400_000, "records on the disk")
    segments = sorted(path for path in (site.inside / "logs" / "logs").iterdir() if path.stat().st_size > 100_000)
    with open(segments[-1], "r+b") as file:
        file.seek(60_000)
        file.write(b"\xa5" * 16)
    site.away(False)
    site.child.wait_for(lambda: site.metric("tickscope_spool_waiting_bytes", 'class="logs"') == 0, "the rest", 40)
    site.child.wait_for(lambda: len(site.numbers("info")) > 0, "lines")
    arrived = site.numbers("info")
    assert len(arrived) == len(set(arrived)) and 0 < 2_000 - len(arrived) < 600, "one record's lines"
    assert site.metric("tickscope_spool_damages", 'class="logs"') >= 1
    site.write_lines("info", 2_000, 1, 20)
    site.child.wait_for(lambda: 2_000 in site.numbers("info"), "lines of now")
    assert site.child.stop() == 0
