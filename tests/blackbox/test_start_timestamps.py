"""Start timestamps of remote write 2.0: kept sample by sample through kill -9 and into blocks, and seen by PromQL."""

from __future__ import annotations

import time

import pytest

import remote_write
from child import wait_until

BLOCKS = "store: {seal_interval: 1s, block_range: 10s, block_delay: 0s}\n"
USE = "query: {use_start_timestamps: true}\n"


def starts(server, series: str, times_ms: list[int]) -> dict[int, int]:
    """What start_timestamp() says at each sample's time, in milliseconds; 0 is unset."""
    found = {}
    for at_ms in times_ms:
        result = server.query(f"start_timestamp({series})", at_ms / 1000)
        assert len(result) == 1, f"{series} at {at_ms}: {result}"
        found[at_ms] = round(float(result[0]["value"][1]) * 1000)
    return found


def test_kept_through_kills_and_blocks(serve, tmp_path):
    data = tmp_path / "data"
    server = serve(data=data, config=USE)
    began = (int(time.time()) - 300) * 1000
    first, second = began - 5_000, began + 41_500
    # Two restarts a series would not show by its values; a series that stops telling; one that never does.
    want: dict[str, dict[int, int]] = {"restarts": {}, "stops": {}, "silent": {}}
    for step in range(10):
        at = began + step * 10_000
        want["restarts"][at] = first if step < 5 else second
        want["stops"][at] = first if step < 7 else 0
        want["silent"][at] = 0
        batch = [
            remote_write.Series({"__name__": name, "server": "a"}, [(at, float(step * 10), start[at])])
            for name, start in want.items()
        ]
        assert server.write("rw2", batch).status == 204
    # Late ones between them, each with a start that is nobody else's; one by 1.0, which has no starts.
    for offset, protocol, start in ((13_000, "rw2", first + 1), (55_000, "rw2", second - 1), (66_000, "rw1", 0)):
        at = began + offset
        want["restarts"][at] = start
        late = remote_write.Series({"__name__": "restarts", "server": "a"}, [(at, 1.0, start)])
        assert server.write(protocol, [late]).status == 204
    # The first start of a sample stays.
    again = remote_write.Series({"__name__": "restarts", "server": "a"}, [(began + 90_000, 90.0, first + 7)])
    assert server.write("rw2", [again]).status == 204

    def check(when: str) -> None:
        for name, by_time in want.items():
            wait_until(lambda: server.query(f"count_over_time({name}[10m])", time.time()), f"{name} {when}", 20)
            assert starts(server, name, sorted(by_time)) == by_time, f"{name} {when}"

    wait_until(lambda: server.query("count_over_time(restarts[10m]) == 13", time.time()), "all samples", 20)
    check("as sent")
    server.child.kill()
    server = serve(data=data, config=USE + BLOCKS)
    check("after kill -9, from the log")
    # More samples move the clock of the records on, so that what is there goes to segments and blocks.
    total = sum(len(by_time) for by_time in want.values())

    def push() -> bool:
        at = int(time.time() * 1000)
        assert server.write("rw1", [remote_write.Series({"__name__": "tick"}, [(at, 1.0)])]).status == 204
        return server.metric("tickscope_store_block_samples_total") >= total

    wait_until(push, "everything in blocks", 60)
    check("from blocks")
    server.child.kill()
    server = serve(data=data, config=USE + BLOCKS)
    check("after a second kill -9")
    shown = list((data / "store/default").glob("*.block"))
    assert shown, "there are blocks"


@pytest.mark.parametrize(("config", "rate"), [("", "1"), (USE, "3")])
def test_rates_see_restarts_when_told_to(serve, config, rate):
    server = serve(config=config)
    at = (int(time.time()) - 60) * 1000
    # The counter began anew at +11 s and had already passed its old value at +20 s.
    samples = [(at, 10.0, at - 1000), (at + 10_000, 20.0, at - 1000), (at + 20_000, 30.0, at + 11_000)]
    assert server.write("rw2", [remote_write.Series({"__name__": "c"}, samples)]).status == 204
    wait_until(lambda: server.query("count_over_time(c[1m]) == 3", at / 1000 + 20), "the samples", 20)
    assert server.query("irate(c[1m])", at / 1000 + 20)[0]["value"][1] == rate
