"""Which version of a peer a test meets."""

from __future__ import annotations


def prometheus_version(run, path: str) -> tuple[int, int]:
    """Major and minor of a Prometheus; `run` is the fixture."""
    done = run([path, "--version"])
    text = (done.stdout + done.stderr).split("version ", 1)[1].split(" ", 1)[0]
    # `go install` leaves the version out; tools/install_peers.sh --current builds the current one that way.
    if "." not in text:
        return 3, 0
    major, minor = text.split(".")[:2]
    return int(major), int(minor)
