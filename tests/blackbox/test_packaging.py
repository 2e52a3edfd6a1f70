"""The Debian package: what is in it runs from where it is put, and its units are tight."""

from __future__ import annotations

import pathlib
import re
import shutil
import subprocess

import pytest

import http_call
from child import free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def package(tickscope, tmp_path_factory):
    """The package's control fields, and a directory with its files."""
    if shutil.which("dpkg-shlibdeps") is None:
        pytest.skip("dpkg-dev is not installed")
    if pathlib.Path(tickscope).resolve() != (ROOT / "build/release/bin/tickscope").resolve():
        pytest.skip("packages are made of build/release")
    out = tmp_path_factory.mktemp("packages")
    made = subprocess.run([ROOT / "tools/package.sh", "--without-columnar", out], capture_output=True, text=True, timeout=300, check=False)
    assert made.returncode == 0, made.stderr
    (deb,) = out.glob("tickscope_*.deb")
    assert made.stdout.split() == [str(deb)]
    fields = subprocess.run(["dpkg-deb", "-f", deb], capture_output=True, text=True, check=True).stdout
    subprocess.run(["dpkg-deb", "-x", deb, out / "root"], check=True)
    subprocess.run(["dpkg-deb", "-e", deb, out / "control"], check=True)
    return dict(re.findall(r"^(\w[\w-]*): (.*)$", fields, re.M)), out / "root", out / "control"


def test_it_needs_what_the_binary_links(package):
    fields, root, control = package
    assert fields["Package"] == "tickscope" and "libc6 (>=" in fields["Depends"] and "libre2" in fields["Depends"]
    kept = (control / "conffiles").read_text().split()
    assert sorted(kept) == sorted(f"/{path.relative_to(root)}" for path in (root / "etc").rglob("*") if path.is_file())
    for script in ("postinst", "prerm", "postrm"):
        assert (control / script).stat().st_mode & 0o111
    owned = subprocess.run(["md5sum", "--check", "--quiet", control / "md5sums"], cwd=root, capture_output=True, text=True, check=False)
    assert owned.returncode == 0, owned.stdout


def test_what_it_ships_runs(package, start, tmp_path):
    _, root, _ = package
    binary = root / "usr/bin/tickscope"
    assert subprocess.run([binary, "version"], capture_output=True, text=True, check=True).stdout.startswith("tickscope ")
    assert subprocess.run([binary, "config", "check", "--config", root / "etc/tickscope/tickscope.yaml"], check=False).returncode == 0
    checked = subprocess.run([binary, "agent", "--check", "--config", root / "etc/tickscope/agent.yaml"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0 and "/var/lib/tickscope-agent/spool" in checked.stdout, checked.stderr
    port = free_port()
    child = start([binary, "serve", "--data", tmp_path / "data", "--listen", f"127.0.0.1:{port}", "--config", root / "etc/tickscope/tickscope.yaml"])
    child.wait_http(f"http://127.0.0.1:{port}/-/ready", 30)
    assert http_call.get(f"http://127.0.0.1:{port}/api/v1/query", {"query": "1"}).status == 200
    # Its agent, with nothing changed but where it is: this machine's own metrics arrive, and what the agent says of itself.
    config, listen = tmp_path / "agent.yaml", free_port()
    shipped = (root / "etc/tickscope/agent.yaml").read_text()
    for there, here in {"/var/lib/tickscope-agent": tmp_path, "127.0.0.1:9280": f"127.0.0.1:{port}", "127.0.0.1:9281": f"127.0.0.1:{listen}"}.items():
        assert there in shipped
        shipped = shipped.replace(there, str(here))
    config.write_text(f"listen: 127.0.0.1:{listen}\nglobal: {{scrape_interval: 1s}}\n{shipped}")
    agent = start([binary, "agent", "--config", config])

    def arrived(metric: str) -> bool:
        return http_call.get(f"http://127.0.0.1:{port}/api/v1/query", {"query": metric}).json()["data"]["result"] != []

    agent.wait_for(lambda: arrived("node_cpu_seconds_total") and arrived("node_memory_MemAvailable_bytes"), "the host's metrics", 60)
    agent.wait_for(lambda: arrived('tickscope_agent_targets{job="agent"}') or arrived('up{job="agent"} == 1'), "the agent's own", 60)
    schema = root / "usr/share/tickscope/schema/game.yaml"
    assert subprocess.run([binary, "lint", "schema", schema], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("unit", ["tickscope", "tickscope-agent"])
def test_units_are_tight(package, unit):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    _, root, _ = package
    path = root / "usr/lib/systemd/system" / f"{unit}.service"
    told = subprocess.run(["systemd-analyze", "security", "--offline=true", path], capture_output=True, text=True, check=False)
    if "Overall exposure level" not in told.stdout:
        pytest.skip(f"systemd-analyze cannot look at files here: {told.stderr.strip()}")
    assert float(re.search(r"Overall exposure level for \S+: ([\d.]+)", told.stdout)[1]) <= 2.0, told.stdout
    text = path.read_text()
    # What the unit starts is what the package has, in a form that the binary takes.
    for command in re.findall(r"^Exec\w+=(/usr/bin/tickscope .*)$", text, re.M):
        assert (root / "usr/bin/tickscope").exists() and "/etc/tickscope/" in command
