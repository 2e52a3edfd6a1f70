"""The live tail on the real binary with a fleet that writes: what clients hold is what a range query answers, at one
evaluation a step for all of them; slow, returning and storming clients; a server that is killed and comes back.
"""

from __future__ import annotations

import time

import pytest

import http_call
from event_stream import Follower, range_query, read_until
from remote_write import Series

CONFIG = """
live: {delay: 300ms, look_back: 10s, heartbeat: 1s, retry: 200ms, buffer_bytes_max: 64KiB, behind_max: 3s}
"""


@pytest.fixture
def fleet(tickscope, start):
    def start_fleet(url: str, servers: int = 3):
        return start(
            [tickscope, "fleet", "--to", url, "--servers", servers, "--cadence", "1s", "--progress", "0s"], name="fleet"
        )

    return start_fleet


QUERIES = [
    {"id": "ticks", "query": "sum by (region)(rate(game_ticks_total[5s]))", "range": "20s", "step": "1s"},
    {"id": "players", "query": "game_players", "range": "30s", "step": 2},
    {"id": "scalar", "query": "42", "range": "10s", "step": "1s"},
]


def check_holds(server, follower: Follower, queries: list[dict]) -> None:
    """All but the last two steps, which samples may still be changing."""
    for query in queries:
        step = float(str(query["step"]).rstrip("s"))
        length = float(query["range"].rstrip("s"))
        end = follower.to[query["id"]] - 2 * step
        begin = follower.to[query["id"]] - length
        want = range_query(server, query["query"], begin, end, step)
        got = {
            name: kept
            for name, points in follower.values(query["id"], begin).items()
            if (kept := {at: value for at, value in points.items() if at <= end})
        }
        assert got == want, query["id"]


def test_holds_what_a_range_query_answers_and_resumes(serve, fleet):
    server = serve(config=CONFIG)
    fleet(server.url)
    follower = Follower(server.address, QUERIES)
    read_until([follower], lambda: follower.events.get("points", 0) > 15, "fifteen steps")
    assert follower.events["snapshot"] == 3
    read_until([follower], lambda: follower.held["ticks"], "series that appear while it follows")
    check_holds(server, follower, QUERIES)
    follower.close()

    time.sleep(2)  # What passes while it is away.
    again = Follower(server.address, QUERIES, follower.last_id)
    again.continue_from(follower)
    read_until([again], lambda: again.events.get("points", 0) > 10, "what it missed, and more")
    assert again.events.get("snapshot", 0) == 0
    assert server.metric("tickscope_live_resumes_total") == 3
    check_holds(server, again, QUERIES)
    again.close()


def test_200_subscribers_are_one_evaluation_a_step(serve, fleet):
    server = serve(config=CONFIG)
    fleet(server.url)
    followers = [Follower(server.address, QUERIES[:1]) for _ in range(200)]
    read_until(followers, lambda: all(f.events.get("points", 0) >= 5 for f in followers), "five steps for each")
    evaluations = server.metric("tickscope_live_evaluations_total")
    steps = server.metric("tickscope_live_steps_total")
    sent = server.metric("tickscope_live_events_total")
    assert server.metric("tickscope_live_topics") == 1
    assert server.metric("tickscope_live_connections") == 200
    assert evaluations <= steps + 1
    assert sent >= 200 * 5
    for follower in followers:
        follower.close()
    server.child.wait_for(lambda: server.metric("tickscope_live_connections") == 0, "all to be gone")
    stopped_at = server.metric("tickscope_live_evaluations_total")
    time.sleep(2)
    assert server.metric("tickscope_live_evaluations_total") <= stopped_at + 1, "nobody asks, nothing is evaluated"


def test_who_does_not_read_is_bounded_and_then_ended(serve, fleet):
    server = serve(config=CONFIG)
    fleet(server.url, servers=20)
    everything = [{"id": "a", "query": '{__name__=~"game_.*"}', "range": "5s", "step": "1s"}]
    deaf = Follower(server.address, everything, receive_buffer=4096)
    reads = Follower(server.address, QUERIES[:1])
    read_until([reads], lambda: server.metric("tickscope_live_ended_total") > 0, "the deaf one to be ended", 60)
    assert 'reason="slow"} 1' in server.get("/metrics").text
    before = reads.events["points"]
    read_until([reads], lambda: reads.events["points"] > before + 2, "others to go on")
    deaf.close()


def test_late_samples_are_sent_again(serve):
    server = serve(config=CONFIG)
    now_ms = int(time.time()) * 1000
    write = lambda at_ms, value: server.write("rw1", [Series({"__name__": "late", "k": "v"}, [(at_ms, value)])])
    assert write(now_ms - 8000, 1.0).status == 204
    follower = Follower(server.address, [{"id": "q", "query": "sum(late)", "range": "20s", "step": "1s"}])
    read_until([follower], lambda: follower.events.get("points", 0) >= 1, "the first step")
    at = now_ms / 1000 - 3
    assert follower.values("q", 0)[""][at] == "1"
    assert write(now_ms - 4000, 7.0).status == 204
    read_until([follower], lambda: follower.values("q", 0)[""].get(at) == "7", "the correction")
    assert server.metric("tickscope_live_corrections_total") > 0
    assert follower.events["snapshot"] == 1
    follower.close()


def test_a_storm_of_500_and_a_killed_server(serve, fleet, tmp_path):
    server = serve(config=CONFIG)
    fleet(server.url)
    followers = [Follower(server.address, QUERIES) for _ in range(500)]
    read_until(followers, lambda: all(f.events.get("points", 0) >= 3 for f in followers), "three steps for each", 60)
    assert all(f.retry_ms >= 200 for f in followers)
    assert len({f.retry_ms for f in followers}) > 50, "spread by chance"
    server.child.kill()
    read_until(followers, lambda: all(f.ended for f in followers), "all to notice")

    again = serve(data=server.data, config=CONFIG)
    returned = [Follower(again.address, QUERIES, f.last_id) for f in followers]
    read_until(returned, lambda: all(f.events.get("snapshot", 0) == 3 for f in returned), "a window for each", 60)
    # Each window was written once a step at most, whoever asked for it.
    made = again.metric("tickscope_live_snapshots_made_total")
    assert made <= again.metric("tickscope_live_steps_total") + 3
    assert again.metric("tickscope_live_topics") == 3
    # The end of a server that is asked to end is told.
    again.child.stop()
    read_until(returned, lambda: all(f.ended for f in returned), "the end")
    assert sum(f.events.get("bye", 0) for f in returned) == 500


@pytest.mark.parametrize(
    ("params", "status", "message"),
    [
        ([], 400, "query: want at least one"),
        ([("query", "sum(")], 400, "query 0: 1:5: parse error"),
        ([("query", "up[5m]")], 400, "expression type"),
        ([("query", "up @ end()")], 400, "@ end() depends on the whole range"),
        ([("query", "up"), ("step", "1ms")], 400, "step: got 1ms, want at least 1s"),
        ([("query", "up"), ("range", "1y"), ("step", "1s")], 400, "want at most 11000"),
        ([("query", "up")] * 65, 400, "want at most 64"),
    ],
)
def test_refusals(serve, params, status, message):
    server = serve()
    answer = http_call.get(server.url + "/api/v1/stream", params)
    assert answer.status == status
    assert answer.json()["status"] == "error"
    assert message in answer.json()["error"]


def test_tenants_are_apart(serve):
    server = serve(config=CONFIG)
    now_ms = int(time.time()) * 1000
    server.write("rw1", [Series({"__name__": "mine"}, [(now_ms, 1.0)])])
    query = [{"id": "q", "query": "mine", "range": "10s", "step": "1s"}]
    mine = Follower(server.address, query)
    others = Follower(server.address, query, tenant="other")
    read_until([mine, others], lambda: mine.held.get("q") and others.events.get("points", 0) > 2, "a few steps")
    assert not others.held["q"]
    wrong = Follower(server.address, query, tenant="a b")
    read_until([wrong], lambda: wrong.status != 0, "a refusal")
    assert wrong.status == 400
    for follower in (mine, others, wrong):
        follower.close()


def test_query_follow_prints_points(serve, fleet, tickscope, run):
    server = serve(config=CONFIG)
    fleet(server.url)
    done = run([tickscope, "query", "follow", "count(game_players)", "--step", "1s", "--steps", 3, "--to", server.url])
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) >= 3
    assert done.stdout.splitlines()[-1].split()[1:] == ["{}", "12"]
    wrong = run([tickscope, "query", "follow", "sum(", "--to", server.url])
    assert wrong.returncode == 1
    assert "parse error" in wrong.stderr
