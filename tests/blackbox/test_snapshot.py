"""Snapshots of the real server under load, and restoring them elsewhere."""

from __future__ import annotations

import json
import pathlib

import pytest

import http_call
from child import wait_until

CONFIG = """
admin_api: true
store: {seal_interval: 1s}
"""


def newest(server) -> pathlib.Path:
    answer = http_call.call("POST", server.url + "/api/v1/admin/tsdb/snapshot")
    assert answer.status == 200, answer.text
    return server.data / "snapshots" / answer.json()["data"]["name"]


def test_drill_what_was_acknowledged_before_is_there_after(serve, start, run, tickscope, tmp_path):
    server = serve(config=CONFIG)
    ledger = tmp_path / "fleet.ledger"
    fleet = start(
        [tickscope, "fleet", "--to", server.url, "--ledger", ledger, "--servers", 10, "--cadence", "1s", "--progress", "0"],
        name="fleet",
    )
    wait_until(lambda: server.metric("tickscope_store_segments_total") >= 3, "some segments", 60)
    fleet.stop()
    before = tmp_path / "before.ledger"
    before.write_bytes(ledger.read_bytes())
    # Load goes on while the snapshot is taken.
    more = start(
        [tickscope, "fleet", "--to", server.url, "--servers", 10, "--cadence", "1s", "--tenant", "other", "--progress", "0"],
        name="more",
    )
    wait_until(lambda: server.metric("tickscope_store_segments_total") >= 5, "more segments", 60)
    snapshot = newest(server)
    server.child.kill()
    more.close()

    done = run([tickscope, "restore", "--from", snapshot, "--verify-only"])
    assert done.returncode == 0, done.stderr
    restored = tmp_path / "restored"
    done = run([tickscope, "restore", "--from", snapshot, "--data", restored])
    assert done.returncode == 0, done.stderr
    again = serve(data=restored)
    done = run([tickscope, "fleet", "verify", "--to", again.url, "--ledger", before, "--json"])
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["missing"] == 0 and report["acknowledged"] > 3000
    # The snapshot is as it was: what the restored server wrote went elsewhere.
    done = run([tickscope, "restore", "--from", snapshot, "--verify-only"])
    assert done.returncode == 0, done.stderr


@pytest.fixture
def snapshot(serve, start, run, tickscope, tmp_path):
    server = serve(config=CONFIG)
    done = run([tickscope, "fleet", "--to", server.url, "--servers", 2, "--speed", "max", "--duration", "2m", "--start", "now-3m"])
    assert done.returncode == 0, done.stderr
    assert server.child.stop() == 0
    to = tmp_path / "snapshot"
    done = run([tickscope, "snapshot", "--data", server.data, "--to", to])
    assert done.returncode == 0, done.stderr
    return to


def test_damage_is_found_and_nothing_restored(snapshot, run, tickscope, tmp_path):
    files = [path for path in snapshot.rglob("*") if path.is_file()]
    assert any(path.suffix == ".log" for path in files)
    for path in files:
        whole = path.read_bytes()
        if len(whole) < 2:
            continue
        path.unlink()  # Not through the hard link.
        for name, content in (
            ("cut", whole[:-1]),
            ("flipped", whole[: len(whole) // 2] + bytes([whole[len(whole) // 2] ^ 1]) + whole[len(whole) // 2 + 1 :]),
            ("missing", None),
        ):
            if content is not None:
                path.write_bytes(content)
            elif path.exists():
                path.unlink()
            done = run([tickscope, "restore", "--from", snapshot, "--data", tmp_path / "restored"])
            assert done.returncode == 1, (name, path)
            assert path.name in done.stderr, (name, path, done.stderr)
            assert not (tmp_path / "restored").exists()
        path.write_bytes(whole)
    done = run([tickscope, "restore", "--from", snapshot, "--data", tmp_path / "restored"])
    assert done.returncode == 0, done.stderr


def test_only_an_empty_target_is_taken(snapshot, run, tickscope, tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    (target / "mine").write_text("x")
    done = run([tickscope, "restore", "--from", snapshot, "--data", target])
    assert done.returncode == 1 and "not empty" in done.stderr
    assert [path.name for path in target.iterdir()] == ["mine"]
    done = run([tickscope, "restore", "--from", target, "--verify-only"])
    assert done.returncode == 1 and "SNAPSHOT" in done.stderr
    done = run([tickscope, "snapshot", "--data", tmp_path / "data", "--to", snapshot])
    assert done.returncode == 1 and "not empty" in done.stderr


def test_a_running_server_is_asked_not_read(serve, run, tickscope, tmp_path):
    server = serve("--admin-api")
    done = run([tickscope, "snapshot", "--data", server.data, "--to", tmp_path / "to"])
    assert done.returncode == 1 and "a server runs on this directory" in done.stderr
    done = run([tickscope, "snapshot", "--server", server.url])
    assert done.returncode == 0, done.stderr
    assert list((server.data / "snapshots").iterdir())
