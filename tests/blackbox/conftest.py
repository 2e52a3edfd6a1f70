"""Black-box tests: the real binary, over its real interfaces, next to real peers.

Fixtures
  tickscope   path of the binary ($TICKSCOPE_BIN, else build/release/bin/tickscope)
  start       starts any command as a Child that ends with the test: start(["prog", "arg"], name="prog")
  serve       starts `tickscope serve` on a free port with a data directory of its own and waits until it is ready:
              server = serve(); server.write("rw2", [...]); server.query("up"); server.child.kill()
  secure      starts one over TLS that asks who comes, with certificates of the fixture `authority` (secure_server.py):
              server = secure("optional"); server.call("GET", "/metrics", "operator")
  peer        finds a real peer: peer("prometheus") is a path, or the test is skipped saying how to install it

Every wait has a deadline, and pytest-timeout bounds a test as a whole. Nothing listens but on loopback.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

import http_call
import remote_write
from certificates import Authority
from child import Child, free_port
from secure_server import CONFIG, Secure

ROOT = pathlib.Path(__file__).resolve().parents[2]

# How each peer is installed, said when it is missing.
PEERS = {
    "prometheus": "tools/install_peers.sh (Debian package prometheus)",
    "promtool": "tools/install_peers.sh (Debian package prometheus)",
    "prometheus-node-exporter": "tools/install_peers.sh (Debian package prometheus-node-exporter)",
    "victoria-metrics": "tools/install_peers.sh --current (go install)",
    "curl": "apt-get install curl",
    "rsyslogd": "apt-get install rsyslog",
    "strace": "apt-get install strace",
}


@dataclasses.dataclass
class Server:
    """A running `tickscope serve`."""

    child: Child
    url: str
    data: pathlib.Path

    @property
    def address(self) -> str:
        return self.url.removeprefix("http://")

    def get(self, path: str, params=None, **options) -> http_call.Answer:
        return http_call.get(self.url + path, params, **options)

    def write_raw(self, body: bytes, headers: dict[str, str], **options) -> http_call.Answer:
        """POSTs bytes as they are to the remote-write endpoint."""
        return http_call.call("POST", self.url + "/api/v1/write", body=body, headers=headers, **options)

    def write(self, protocol: str, series: list[remote_write.Series], **options) -> http_call.Answer:
        """Sends one well-formed request of "rw1" or "rw2"."""
        body = remote_write.snappy(remote_write.message(protocol, series))
        return self.write_raw(body, remote_write.headers(protocol), **options)

    def query(self, expression: str, time_s: float | None = None) -> list[dict]:
        """Result of an instant query that must succeed."""
        params = {"query": expression}
        if time_s is not None:
            params["time"] = f"{time_s:.3f}"
        answer = self.get("/api/v1/query", params)
        assert answer.status == 200, answer.text
        return answer.json()["data"]["result"]

    def samples(self, selector: str, range_text: str, time_s: float) -> dict[str, list[tuple[float, str]]]:
        """Raw samples in (time - range, time]: label set as text -> [(seconds, value)]."""
        result = self.query(f"{selector}[{range_text}]", time_s)
        return {
            ",".join(f"{k}={v}" for k, v in sorted(one["metric"].items())): [(t, v) for t, v in one["values"]]
            for one in result
        }

    def metric(self, name: str) -> float:
        """Sum of one of the server's own metrics over its label sets; 0 when it is not there."""
        total = 0.0
        for line in self.get("/metrics").text.splitlines():
            if line.startswith((name + " ", name + "{")):
                total += float(line.rpartition(" ")[2])
        return total


@pytest.fixture(scope="session")
def tickscope() -> str:
    path = pathlib.Path(os.environ.get("TICKSCOPE_BIN", ROOT / "build/release/bin/tickscope"))
    if not path.is_file():
        pytest.exit(f"no binary at {path}: run ./dev build", returncode=2)
    return str(path)


@pytest.fixture
def start(tmp_path):
    children: list[Child] = []

    def start_child(command: list, name: str = "", **options) -> Child:
        label = name or pathlib.Path(str(command[0])).name
        child = Child(command, tmp_path / f"{len(children)}-{label}.log", **options)
        children.append(child)
        return child

    yield start_child
    for child in reversed(children):
        child.close()


@pytest.fixture
def serve(tickscope, start, tmp_path):
    def start_server(
        *arguments: str,
        data: pathlib.Path | None = None,
        config: str | None = None,
        wrapper: list[str] | None = None,
        ready_timeout_s: float = 30.0,
        port: int | None = None,
        **options,
    ) -> Server:
        """`config` is YAML text; `port` a free one when left out; `wrapper` goes before the command (for example strace and its options)."""
        data = data or tmp_path / "data"
        port = port or free_port()
        command = [*(wrapper or []), tickscope, "serve", "--data", str(data), "--listen", f"127.0.0.1:{port}"]
        if config is not None:
            path = tmp_path / "tickscope.yaml"
            path.write_text(config)
            command += ["--config", str(path)]
        child = start([*command, *arguments], name="serve", **options)
        server = Server(child, f"http://127.0.0.1:{port}", data)
        child.wait_http(server.url + "/-/ready", ready_timeout_s)
        return server

    return start_server


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "pki", "ca")


@pytest.fixture
def secure(start, tickscope, tmp_path, authority):
    folder = authority.folder
    authority.issue("server", ["IP:127.0.0.1", "DNS:gateway"])
    authority.issue("agent", ["URI:spiffe://game.example/eu/agent/host-17"])
    authority.issue("operator", ["URI:spiffe://game.example/operator/ann"])
    digest = hashlib.sha256(b"secret-of-prom").hexdigest()
    (folder / "tokens").write_text(f"# Prometheus\n{digest} tenant=us sender=prom-1 scopes=write,read\n")

    def start_server(wants: str = "required", more: str = "", header_timeout: str = "2s") -> Secure:
        """`wants` is client_certificates; `more` further YAML."""
        port = free_port()
        config = tmp_path / "serve.yaml"
        config.write_text(CONFIG.format(folder=folder, wants=wants, more=more, header_timeout=header_timeout))
        data = tmp_path / "data"
        child = start(
            [tickscope, "serve", "--config", config, "--data", data, "--listen", f"127.0.0.1:{port}"], name="serve"
        )
        server = Secure(child, port, folder, data)

        def is_ready() -> bool:
            try:
                return server.call("GET", "/-/ready", "operator").status == 200
            except OSError:
                return False

        child.wait_for(is_ready, "the server")
        return server

    return start_server


@pytest.fixture
def world(start, tickscope, tmp_path):
    """Starts the SDK's example game server, its page in tmp_path/pages; returns it and what its line "ready" says."""
    binary = pathlib.Path(tickscope).parent / "sdk_echo_world"
    if not binary.exists():
        pytest.skip(f"{binary} is not built")

    def start_world(*arguments: str):
        pages = tmp_path / "pages"
        pages.mkdir(exist_ok=True)
        child = start([binary, "--page", pages, *arguments], name="world")
        child.wait_for(lambda: "ready " in child.log_text(), "the world")
        return child, dict(re.findall(r"(\w+)=(\S+)", child.log_text().splitlines()[0]))

    return start_world


def page_values(run, tickscope, page: str | pathlib.Path) -> dict[str, float]:
    """What `tickscope page show` says of a page, by series."""
    shown = run([tickscope, "page", "show", page])
    assert shown.returncode == 0, shown.stderr
    line = re.compile(r"^(?P<series>[a-z_:]+(?:\{[^}]*\})?) (?P<value>\S+)$", re.MULTILINE)
    return {match["series"]: float(match["value"]) for match in line.finditer(shown.stdout)}


@pytest.fixture(scope="session")
def peer():
    """Peers are looked for in $TICKSCOPE_PEERS (a folder), .cache/peers, then PATH; the first is the newest."""
    folders = [os.environ.get("TICKSCOPE_PEERS", ""), str(ROOT / ".cache/peers"), os.environ.get("PATH", "")]
    search = os.pathsep.join(folder for folder in folders if folder)

    def find(name: str) -> str:
        path = shutil.which(name, path=search)
        if path is None:
            pytest.skip(f"{name} is not installed: {PEERS[name]}")
        return path

    return find


@pytest.fixture
def run():
    """Runs a command to its end, at most a minute: run([...]).stdout."""

    def run_command(command: list, timeout_s: float = 120.0, **options) -> subprocess.CompletedProcess:
        return subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=timeout_s,
            check=False,
            **options,
        )

    return run_command


def pytest_configure(config):
    sys.dont_write_bytecode = True
