"""Kills and errors at every write, sync, rename, unlink and truncate of a fixed workload, on the real binary.

strace makes the N-th call of a kind fail or kills the process there; then the server is started again, killed once more
while it recovers, started again, and everything acknowledged must be there once, with its value, and nothing that was
never sent. CI takes a few points of each kind; `./dev check crash-sweep` takes all.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import signal
import time

import pytest

import remote_write

# Segments every second and blocks of ten seconds, so that a few seconds go through everything the store does.
CONFIG = """
store:
  seal_interval: 1s
  block_range: 10s
  block_delay: 0s
"""
WRITES = 24
PAUSE_S = 0.1

WRITE_CALLS = "write,writev,pwrite64,pwritev,pwritev2"
SYNC_CALLS = "fsync,fdatasync"
NAME_CALLS = "rename,renameat,renameat2,unlink,unlinkat,ftruncate,mkdir"

# (what happens, to which calls, at which of them in CI)
POINTS = [
    ("signal=KILL", SYNC_CALLS, (9, 23, 40, 61)),
    ("signal=KILL", NAME_CALLS, (4, 7, 11, 16)),
    ("signal=KILL", WRITE_CALLS, (30, 77)),
    ("error=EIO", SYNC_CALLS, (14, 33)),
    ("error=EIO", NAME_CALLS, (5, 9)),
    ("error=ENOSPC", "pwritev2,pwritev,writev,pwrite64", (12, 40)),
]
STRIDE = int(os.environ.get("CRASH_SWEEP_STRIDE", "0"))
LAST = {SYNC_CALLS: 90, NAME_CALLS: 30, WRITE_CALLS: 250}


def cases():
    for what, calls, some in POINTS:
        numbers = range(3, LAST.get(calls, 120), STRIDE) if STRIDE else some
        for number in numbers:
            yield pytest.param(what, calls, number, id=f"{what}-{calls.split(',')[0]}-{number}")


def series_of(at_ms: int, number: int) -> list[remote_write.Series]:
    return [
        remote_write.Series({"__name__": f"sweep_{i}", "server": f"s{number % 3}"}, [(at_ms, float(number * 10 + i))])
        for i in range(5)
    ]


def stored(server) -> dict[tuple[str, str], list[tuple[float, str]]]:
    result = server.query('{__name__=~"sweep_.+"}[1h]', time.time() + 5)
    return {
        (one["metric"]["__name__"], one["metric"]["server"]): [(round(t, 3), v) for t, v in one["values"]] for one in result
    }


def check(server, sent: dict, acknowledged: set) -> None:
    found = stored(server)
    for (name, label), samples in found.items():
        times = [t for t, _ in samples]
        assert len(times) == len(set(times)), f"{name} {label} holds a time twice"
        for t, value in samples:
            assert (name, label, t) in sent, f"{name} {label} at {t} was never sent"
            assert float(value) == sent[name, label, t], f"{name} {label} at {t} has another value"
    have = {(name, label, t) for (name, label), samples in found.items() for t, _ in samples}
    missing = acknowledged - have
    assert not missing, f"{len(missing)} acknowledged samples are gone: {sorted(missing)[:5]}"


@pytest.mark.parametrize(("what", "calls", "number"), list(cases()))
def test_crash_at(serve, peer, tmp_path, what, calls, number):
    data = tmp_path / "data"
    strace = [peer("strace"), "-f", "-q", "-o", "/dev/null", "-e", f"trace={calls}"]
    sent: dict = {}
    acknowledged: set = set()

    def run(wrapper: list[str]) -> None:
        try:
            server = serve(data=data, config=CONFIG, wrapper=wrapper)
        except AssertionError:
            return  # It did not get as far as being ready.
        for i in range(WRITES):
            at_ms = int(time.time() * 1000)
            batch = series_of(at_ms, i)
            for one in batch:
                for t, value in one.samples:
                    sent[one.labels["__name__"], one.labels["server"], round(t / 1000, 3)] = value
            try:
                status = server.write("rw1", batch, timeout_s=5).status
            except OSError:
                break
            if status == 204:
                acknowledged.update(
                    (one.labels["__name__"], one.labels["server"], round(t / 1000, 3)) for one in batch for t, _ in one.samples
                )
            time.sleep(PAUSE_S)
        if server.child.alive:
            # strace is the child, the server is its child, which may just have come to its injected end.
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                for pid in pathlib.Path(f"/proc/{server.child.pid}/task/{server.child.pid}/children").read_text().split():
                    os.kill(int(pid), signal.SIGKILL)
            server.child.wait_exit()

    run([*strace, "-e", f"inject={calls}:{what}:when={number}"])
    # A second crash, while the first one is recovered from or soon after.
    run([*strace, "-e", f"inject={calls}:signal=KILL:when={2 + number % 7}"])
    server = serve(data=data, config=CONFIG)
    check(server, sent, acknowledged)
    server.child.kill()
    check(serve(data=data, config=CONFIG), sent, acknowledged)
