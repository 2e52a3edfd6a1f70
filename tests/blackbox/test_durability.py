"""What was acknowledged stays: over kill -9, a stop, a full disk and a failing disk."""

from __future__ import annotations

import os
import subprocess
import threading
import time

import pytest

from child import wait_until
from remote_write import Series


def now_ms() -> int:
    return int(time.time() * 1000)


def one(name: str, at_ms: int, value: float = 1.0, **labels: str) -> list[Series]:
    return [Series({"__name__": name, **labels}, [(at_ms, value)])]


def count(server, selector: str) -> int:
    return sum(len(samples) for samples in server.samples(selector, "10m", time.time()).values())


def write_until_stopped(server, name: str, stop: threading.Event, acknowledged: list[int]) -> None:
    """Sends one sample a request, each with its own time, and notes those that were acknowledged."""
    at = now_ms() - 300_000
    while not stop.is_set():
        try:
            status = server.write("rw2", one(name, at), timeout_s=10).status
        except OSError:
            return
        if status == 204:
            acknowledged.append(at)
        at += 1


def test_kill_loses_nothing_that_was_acknowledged(serve, tmp_path):
    data = tmp_path / "data"
    server = serve(data=data)
    expected = 0
    for round_number in range(3):
        stop = threading.Event()
        acknowledged: list[int] = []
        writer = threading.Thread(target=write_until_stopped, args=(server, f"round_{round_number}", stop, acknowledged))
        writer.start()
        wait_until(lambda: len(acknowledged) > 50, "fifty acknowledged writes", 30)
        server.child.kill()
        stop.set()
        writer.join(20)
        server = serve(data=data)
        read = server.samples(f"round_{round_number}", "10m", time.time())
        times = {round(t * 1000) for t, _ in read[f"__name__=round_{round_number}"]}
        assert set(acknowledged) <= times, "every acknowledged sample is there"
        # One request may have been under way: durable, but not answered.
        assert len(times) <= len(acknowledged) + 1
        expected += len(times)
    assert count(server, '{__name__=~"round_.*"}') == expected


def test_sigterm_drains_and_keeps_all(serve, tmp_path):
    data = tmp_path / "data"
    server = serve(data=data)
    at = now_ms() - 60_000
    for i in range(20):
        assert server.write("rw1", one("kept", at + i, i)).status == 204
    assert server.child.stop() == 0
    server = serve(data=data)
    assert count(server, "kept") == 20


def test_sigterm_answers_requests_under_way(serve):
    server = serve()
    stop = threading.Event()
    acknowledged: list[int] = []
    writers = [
        threading.Thread(target=write_until_stopped, args=(server, f"writer_{n}", stop, acknowledged)) for n in range(4)
    ]
    for writer in writers:
        writer.start()
    wait_until(lambda: len(acknowledged) > 20, "writes under way")
    assert server.child.stop(30) == 0
    stop.set()
    for writer in writers:
        writer.join(20)


def test_one_directory_has_one_owner(serve, tickscope, start, tmp_path):
    data = tmp_path / "data"
    serve(data=data)
    second = start([tickscope, "serve", "--data", str(data), "--listen", "127.0.0.1:0"], name="second")
    assert second.wait_exit() == 1
    assert str(data) in second.log_text()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 96 MiB of its own."""
    mount = tmp_path / "disk"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", str(mount)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small file system needs root")
    yield mount
    subprocess.run(["umount", "--lazy", str(mount)], check=True)


def test_full_disk_refuses_with_503_and_loses_nothing(serve, small_disk):
    server = serve(data=small_disk / "data")
    at = now_ms() - 60_000
    assert server.write("rw2", one("before", at)).status == 204
    filler = small_disk / "filler"
    descriptor = os.open(filler, os.O_CREAT | os.O_WRONLY)
    try:
        while os.write(descriptor, b"\0" * (1 << 20)):
            pass
    except OSError:
        pass
    finally:
        os.close(descriptor)
    refused = server.write("rw2", one("during", at))
    assert refused.status == 503, refused.text
    assert "disk" in refused.text or "space" in refused.text
    assert server.get("/-/healthy").status == 200
    wait_until(lambda: count(server, "before") == 1, "what was there before to be read")
    assert count(server, "during") == 0

    filler.unlink()
    wait_until(lambda: server.write("rw2", one("after", at)).status == 204, "writes to be taken again", 30)
    wait_until(lambda: count(server, "after") == 1, "the new sample")
    server.child.kill()
    server = serve(data=small_disk / "data")
    assert [count(server, name) for name in ("before", "during", "after")] == [1, 0, 1]


def test_a_failed_sync_is_never_acknowledged(serve, peer, tmp_path):
    """After fsync fails nobody knows what the disk holds: 503, and the process ends so that a start recovers."""
    data = tmp_path / "data"
    strace = [peer("strace"), "-f", "-q", "-o", "/dev/null", "-e", "trace=fdatasync,fsync"]
    server = serve(data=data, wrapper=[*strace, "-e", "inject=fdatasync,fsync:error=EIO:when=40+"])
    at = now_ms() - 60_000
    acknowledged = 0
    status = 204
    while status == 204 and acknowledged < 1000:
        try:
            status = server.write("rw2", one("synced", at + acknowledged)).status
        except OSError:
            status = 0  # It ended before it could answer.
        acknowledged += status == 204
    assert status in (503, 0)
    assert server.child.wait_exit() == 1
    assert "sync" in server.child.log_text()
    server = serve(data=data)
    assert acknowledged <= count(server, "synced") <= acknowledged + 1
