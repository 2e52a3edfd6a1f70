"""tickscope block on the files a server leaves."""

from __future__ import annotations

import pathlib
import time

import remote_write
from child import wait_until

CONFIG = "store: {seal_interval: 1s, block_range: 10s, block_delay: 0s}\n"


def blocks_of(serve, tmp_path) -> list[pathlib.Path]:
    server = serve(config=CONFIG, data=tmp_path / "data")
    began = int(time.time()) - 3600
    for step in range(20):
        series = [
            remote_write.Series({"__name__": "depth", "queue": f"q{q}\\\"\n"}, [((began + step * 10) * 1000, step * 0.25 + q)])
            for q in range(3)
        ]
        series += [
            remote_write.Series({"__name__": "wait_bucket", "le": le}, [((began + step * 10) * 1000, float(step * weight))])
            for le, weight in (("1", 1), ("10", 3), ("+Inf", 4))
        ]
        assert server.write("rw1", series).status == 204
    folder = tmp_path / "data/store/default"
    wait_until(lambda: sum(1 for _ in folder.glob("*.block")) >= 1, "a block", 30)
    wait_until(lambda: server.metric("tickscope_store_block_samples_total") >= 120, "all samples in blocks", 30)
    assert server.child.stop() == 0
    return sorted(folder.glob("*.block"))


def test_list_show_verify_dump(serve, run, tickscope, tmp_path):
    blocks = blocks_of(serve, tmp_path)
    listed = run([tickscope, "block", "list", tmp_path / "data/store"])
    assert listed.returncode == 0, listed.stderr
    for block in blocks:
        assert str(block) in listed.stdout
    shown = run([tickscope, "block", "show", blocks[0]])
    assert shown.returncode == 0 and "postings" in shown.stdout and "tenant      default" in shown.stdout
    verified = run([tickscope, "block", "verify", tmp_path / "data/store"])
    assert verified.returncode == 0 and "all sound" in verified.stdout

    lines: list[str] = []
    for block in blocks:
        dumped = run([tickscope, "block", "dump", block])
        assert dumped.returncode == 0 and dumped.stdout.endswith("# EOF\n")
        lines += [line for line in dumped.stdout.splitlines() if line != "# EOF"]
    assert len(lines) == 120
    name, value, at = lines[0].rsplit(" ", 2)
    assert name == 'depth{queue="q0\\\\\\"\\n"}' and float(value) == 0 and float(at) > 1e9
    only = run([tickscope, "block", "dump", blocks[0], "--match", "le=+Inf"])
    assert only.stdout.count("wait_bucket") == only.stdout.count('le="+Inf"') > 0


def test_damage_is_named(serve, run, tickscope, tmp_path):
    block = blocks_of(serve, tmp_path)[0]
    content = bytearray(block.read_bytes())
    content[20] ^= 0x20
    block.write_bytes(content)
    verified = run([tickscope, "block", "verify", block])
    assert verified.returncode == 1
    assert "damaged" in verified.stdout and str(block) in verified.stdout and "offset" in verified.stdout
    # The server goes on with the rest and puts the file aside when a query meets it.
    server = serve(config=CONFIG, data=tmp_path / "data")
    server.query("sum(count_over_time(depth[3h]))", time.time())
    wait_until(lambda: block.with_name(block.name + ".quarantined").exists(), "the quarantine", 20)
    assert server.metric("tickscope_store_quarantined_files_total") == 1
    assert block.name in server.child.log_text()


def test_promtool_makes_blocks_of_a_dump(serve, run, tickscope, peer, tmp_path):
    promtool = peer("promtool")
    samples = 0
    for number, block in enumerate(blocks_of(serve, tmp_path)):
        dumped = run([tickscope, "block", "dump", block])
        text = tmp_path / f"{number}.om"
        text.write_text(dumped.stdout)
        made = run([promtool, "tsdb", "create-blocks-from", "openmetrics", text, tmp_path / "prometheus"])
        assert made.returncode == 0, made.stdout + made.stderr
        samples += len(dumped.stdout.splitlines()) - 1
    assert samples == 120
    listed = run([promtool, "tsdb", "list", tmp_path / "prometheus"])
    assert listed.returncode == 0, listed.stderr
    counts = [line.split() for line in listed.stdout.splitlines()[1:]]
    assert sum(int(columns[4]) for columns in counts) == samples, listed.stdout
