"""Exemplars: taken in by remote write, found by query_exemplars as a real Prometheus finds them, and bounded."""

from __future__ import annotations

import math
import time

import pytest

import http_call
import remote_write
from child import free_port, wait_until
from remote_write import Exemplar, Series

RW2_WRITTEN = "x-prometheus-remote-write-exemplars-written"


def bucket(le: str) -> dict[str, str]:
    return {"__name__": "tick_seconds_bucket", "le": le, "server": "a"}


def with_samples(series: list[Series], time_ms: int) -> list[Series]:
    """Each with a sample: to Prometheus, a series of 2.0 without one is a mistake."""
    return [Series(one.labels, one.samples or [(time_ms + i, 1.0)], one.exemplars) for i, one in enumerate(series)]


def written(start_ms: int) -> list[list[Series]]:
    """Requests, in order."""

    def at(seconds: float) -> int:
        return start_ms + int(seconds * 1000)

    return [
        [
            Series(bucket("0.1"), [(at(0), 1.0)], [Exemplar({"trace_id": "abc", "span_id": "1"}, 0.05, at(0))]),
            Series(bucket("+Inf"), [(at(0), 2.0)], [Exemplar({}, 3.0, at(-0.5))]),
            Series({"__name__": "ticks_total", "server": "a"}, [(at(0), 2.0)]),
        ],
        # As Prometheus sends them: exemplars in series of their own. Two at one time, in order and not in order.
        [
            Series(bucket("0.1"), [], [Exemplar({"trace_id": "ü<&>"}, 0.07, at(10.25))]),
            Series(bucket("0.1"), [], [Exemplar({"trace_id": "two"}, 0.08, at(10.25))]),
            Series(bucket("+Inf"), [], [Exemplar({"trace_id": "inf"}, math.inf, at(11))]),
            Series({"__name__": "ticks_total", "server": "a"}, [], [Exemplar({"trace_id": "x" * 120}, 1e-9, at(12))]),
        ],
        # Copies, late ones, and labels that are too long: passed over, and the request is good.
        [
            Series(bucket("0.1"), [], [Exemplar({"trace_id": "two"}, 0.08, at(10.25))]),
            Series(bucket("0.1"), [], [Exemplar({"trace_id": "late"}, 0.01, at(5))]),
            Series(bucket("0.1"), [], [Exemplar({"trace_id": "less"}, 0.02, at(10.25))]),
            Series(bucket("+Inf"), [], [Exemplar({"trace_id": "y" * 121}, 1.0, at(20))]),
            Series(bucket("+Inf"), [], [Exemplar([("a", "1"), ("a", "2")], 1.0, at(20))]),
            Series({"__name__": "ticks_total", "server": "a"}, [(at(15), 3.0)], []),
        ],
    ]


REQUESTS = [
    {"query": "tick_seconds_bucket"},
    {"query": 'tick_seconds_bucket{le="0.1"}'},
    {"query": "rate(ticks_total[5m]) + on () histogram_quantile(0.9, sum by (le) (tick_seconds_bucket))"},
    {"query": '{server="a"}'},
    {"query": '{server="b"}'},
    {"query": "tick_seconds_bucket", "start": 10, "end": 10.25},
    {"query": "tick_seconds_bucket", "start": 10.251, "end": 100},
    {"query": "tick_seconds_bucket", "start": 11, "end": 5},
    {"query": "1"},
    {"query": "time() + 2"},
    {"query": "sum("},
    {"query": ""},
    {},
    {"query": "ticks_total", "start": "x"},
]


def ask(base: str, request: dict, start_s: int, method: str) -> tuple[int, dict]:
    params = {
        name: str(start_s + value) if isinstance(value, (int, float)) else value for name, value in request.items()
    }
    call = http_call.get if method == "GET" else http_call.post_form
    answer = call(base + "/api/v1/query_exemplars", params)
    return answer.status, answer.json() if answer.text.startswith("{") else {"text": answer.text}


@pytest.mark.parametrize("protocol", ["rw1", "rw2"])
def test_answers_are_those_of_prometheus(serve, start, peer, tmp_path, protocol):
    (tmp_path / "prometheus.yml").write_text("global: {}\n")
    address = f"127.0.0.1:{free_port()}"
    child = start(
        [
            peer("prometheus"), f"--config.file={tmp_path / 'prometheus.yml'}",
            f"--storage.tsdb.path={tmp_path / 'prometheus'}", f"--web.listen-address={address}",
            "--web.enable-remote-write-receiver", "--enable-feature=exemplar-storage",
        ],
        name="prometheus",
    )  # fmt: skip
    reference = f"http://{address}"
    child.wait_http(reference + "/-/ready")
    if http_call.get(reference + "/api/v1/status/buildinfo").json()["data"]["version"].startswith("2."):
        pytest.skip("needs Prometheus 3: tools/install_peers.sh --current")
    server = serve()
    start_s = int(time.time()) - 120
    for n, series in enumerate(written(start_s * 1000)):
        if protocol == "rw2":
            series = with_samples(series, start_s * 1000 + 10_000 + n * 1000)
        body = remote_write.snappy(remote_write.message(protocol, series))
        for base in (server.url, reference):
            answer = http_call.call(
                "POST", base + "/api/v1/write", body=body, headers=remote_write.headers(protocol)
            )
            # Of 2.0, Prometheus tells the sender of exemplars that come late; ours counts them and takes the request.
            assert answer.status == 204 or "out of order exemplar" in answer.text, (base, answer.text)
    wait_until(lambda: server.query("ticks_total", start_s + 15)[0]["value"][1] == "3", "the last request")
    differences = []
    for method in ("GET", "POST"):
        for request in REQUESTS:
            ours, theirs = (ask(base, request, start_s, method) for base in (server.url, reference))
            if ours != theirs:
                differences.append(f"{method} {request}\n  tickscope  {ours}\n  prometheus {theirs}")
    assert not differences, "\n".join(differences)
    all_of_them = server.get("/api/v1/query_exemplars", {"query": '{server="a"}'}).json()["data"]
    assert sum(len(one["exemplars"]) for one in all_of_them) == 6


def test_what_was_written_is_counted(serve):
    server = serve()
    start_ms = int(time.time() * 1000) - 120_000
    counts = [server.write("rw2", series).headers[RW2_WRITTEN] for series in written(start_ms)]
    # The last request's two with bad labels are not written; what is late or a copy is found by the store.
    assert counts == ["2", "4", "3"]
    wait_until(lambda: server.metric("tickscope_store_exemplars") == 6, "the exemplars")
    assert server.metric("tickscope_ingest_dropped_exemplars_total") == 2
    wait_until(lambda: server.metric("tickscope_store_exemplars_out_of_order_total") == 2, "the late ones")


def test_exemplars_of_the_future_are_left_out(serve):
    server = serve()
    now_ms = int(time.time() * 1000)
    far = Exemplar({"trace_id": "far"}, 1.0, now_ms + 3_600_000)
    near = Exemplar({"trace_id": "near"}, 1.0, now_ms)
    answer = server.write("rw2", [Series({"__name__": "m"}, [(now_ms, 1.0)], [near, far])])
    assert (answer.status, answer.headers[RW2_WRITTEN]) == (204, "1")


def test_a_restart_has_what_the_stream_has(serve):
    server = serve()
    start_ms = int(time.time() * 1000) - 120_000
    for series in written(start_ms):
        assert server.write("rw1", series).status == 204
    wait_until(lambda: server.metric("tickscope_store_exemplars") == 6, "the exemplars")
    before = server.get("/api/v1/query_exemplars", {"query": '{server="a"}'}).json()
    server.child.kill()
    again = serve(data=server.data)
    assert again.get("/api/v1/query_exemplars", {"query": '{server="a"}'}).json() == before


def test_the_oldest_make_room_and_one_series_takes_its_share(serve):
    server = serve(config="store: {exemplars_max: 50, exemplars_per_series_max: 20}\n")
    start_ms = int(time.time() * 1000) - 600_000
    for i in range(10):
        exemplars = [Exemplar({"trace_id": str(i * 10 + k)}, 1.0, start_ms + i * 10_000 + k) for k in range(10)]
        series = [Series({"__name__": "m", "s": s}, [(start_ms + i * 10_000, 1.0)], exemplars) for s in "abc"]
        assert server.write("rw2", series).status == 204
    wait_until(lambda: server.metric("tickscope_store_exemplars_added_total") == 300, "all of them")
    found = server.get("/api/v1/query_exemplars", {"query": "m"}).json()["data"]
    lengths = {one["seriesLabels"]["s"]: len(one["exemplars"]) for one in found}
    assert sum(lengths.values()) == 50 and max(lengths.values()) <= 20
    assert all(one["exemplars"][-1]["labels"]["trace_id"] == "99" for one in found)
