"""What a core dump of a process that others send lines and labels to gives away."""

from __future__ import annotations

import os
import pathlib
import resource
import signal
import time

import pytest

from child import free_port, wait_until
from remote_write import Series

LABEL = "canary-4f9c2d71e8-of-a-label"
SCRAPED = "canary-85b0e3a6d2-of-a-target"


@pytest.fixture
def cores(tmp_path):
    """A directory in which processes that run there leave their cores."""
    pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if "/" in pattern or pattern.startswith("|"):
        pytest.skip(f"core dumps go elsewhere here: {pattern}")
    if resource.getrlimit(resource.RLIMIT_CORE)[1] != resource.RLIM_INFINITY:
        pytest.skip("core dumps are limited here")
    directory = tmp_path / "cores"
    directory.mkdir()
    return directory


def core_of(child, cores: pathlib.Path) -> bytes:
    os.kill(child.process.pid, signal.SIGABRT)
    child.process.wait(60)
    found = list(cores.iterdir())
    assert len(found) == 1, found
    return found[0].read_bytes()


def dump_all():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@pytest.mark.parametrize("whole", [False, True])
def test_of_the_server(serve, cores, whole):
    server = serve(config=f"core_dump_memory: {str(whole).lower()}\n", cwd=cores, preexec_fn=dump_all)
    assert server.write("rw1", [Series({"__name__": "m", "who": LABEL}, [(int(time.time() * 1000), 1.0)])]).status == 204
    wait_until(lambda: len(server.query("m")) == 1, "the series", 10)
    core = core_of(server.child, cores)
    assert core.startswith(b"\x7fELF")
    # With all of its memory the label is there: so this would be seen.
    assert (LABEL.encode() in core) == whole


@pytest.mark.parametrize("whole", [False, True])
def test_of_the_agent(serve, start, tickscope, tmp_path, cores, whole):
    # The server scrapes nothing: it is a target.
    server = serve()
    assert server.write("rw1", [Series({"__name__": "m", "who": SCRAPED}, [(int(time.time() * 1000), 1.0)])]).status == 204
    config, port = tmp_path / "agent.yaml", free_port()
    config.write_text(
        f"listen: 127.0.0.1:{port}\ncore_dump_memory: {str(whole).lower()}\nglobal: {{scrape_interval: 500ms, scrape_timeout: 400ms}}\n"
        f"scrape_configs:\n  - job_name: a\n    metrics_path: /federate\n    params: {{'match[]': [m]}}\n"
        f"    static_configs: [{{targets: ['{server.url.removeprefix('http://')}']}}]\n"
        f"remote_write: [{{url: {server.url}/api/v1/write}}]\n"
    )
    agent = start([tickscope, "agent", "--config", config], name="agent", cwd=cores, preexec_fn=dump_all)
    wait_until(lambda: len(server.query('m{job="a"}')) == 1, "what was scraped", 20)
    assert (SCRAPED.encode() in core_of(agent, cores)) == whole
