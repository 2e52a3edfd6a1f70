"""Queries that ask for too much, and clients that go away: a clear answer, bounded time and memory, and the server stays."""

from __future__ import annotations

import socket
import time
import urllib.parse

import pytest

import http_call
from child import wait_until
from remote_write import Series

# Minutes of work, were it not ended: eleven thousand medians of a day of seconds each.
SLOW = "quantile_over_time(0.5, vector(time())[1d:1s])"


def slow_request(host: str) -> bytes:
    params = urllib.parse.urlencode({"query": SLOW, "start": 0, "end": 10_999, "step": 1})
    return f"GET /api/v1/query_range?{params} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


def test_a_query_ends_with_its_client(serve):
    """Counted as canceled: without that it would time out, and be counted so."""
    server = serve()
    canceled = 'tickscope_api_requests_total{endpoint="query_range",result="canceled"}'
    address = server.address.rsplit(":", 1)
    for number in range(1, 4):
        with socket.create_connection((address[0], int(address[1])), timeout=10) as client:
            client.sendall(slow_request(server.address))
            # Until a worker has it: what is asked next is answered by the other.
            wait_until(lambda: server.query("1")[1] == "1", "an answer beside it")
        wait_until(lambda: server.metric(canceled) == number, f"{number} canceled queries")


def test_a_client_that_waits_gets_its_answer(serve):
    server = serve()
    with socket.create_connection(tuple(server.address.rsplit(":", 1)), timeout=30) as client:
        client.sendall(b"GET /api/v1/query?query=1 HTTP/1.1\r\nHost: x\r\n\r\nGET /api/v1/query?query=2 HTTP/1.1\r\nHost: x\r\n\r\n")
        received = b""
        while received.count(b'"status":"success"') < 2:
            piece = client.recv(65536)
            assert piece, received
            received += piece
    assert b'"1"]' in received and b'"2"]' in received


@pytest.mark.parametrize(
    "name, expression, part",
    [
        ("nested parentheses", "(" * 100_000 + "1" + ")" * 100_000, "nested deeper than 500 levels"),
        ("nested signs", "-" * 1_000_000 + "1", "nested deeper than 500 levels"),
        ("nested calls", "abs(" * 20_000 + "x", "nested deeper than 500 levels"),
        ("a long chain", "1" + "+1" * 500_000, "nested deeper than 500 levels"),
        ("a name", "a" * 1_000_000 + " b", "unexpected identifier"),
        ("a string that never ends", '"' + "a" * 1_000_000, "unterminated quoted string"),
        ("nonsense", "}" * 1_000_000, "1:1: parse error: unexpected"),
    ],
)
def test_a_megabyte_of_expression(serve, name, expression, part):
    server = serve()
    answer = http_call.post_form(server.url + "/api/v1/query", {"query": expression})
    assert answer.status == 400, answer.text[:300]
    error = answer.json()
    assert error["errorType"] == "bad_data"
    assert part in error["error"], error["error"][:300]
    assert len(error["error"]) < 4096


def test_memory_of_a_query_is_bounded(serve):
    server = serve(config="query: {memory_max: 8MiB}\n")
    big = server.get(
        "/api/v1/query_range", {"query": "count_over_time(vector(1)[100d:1s])", "start": 0, "end": 10, "step": 1}
    )
    assert big.status == 422
    assert big.json()["errorType"] == "execution"
    assert "memory_max=8388608" in big.json()["error"]
    assert server.query("1")[1] == "1"


def test_too_many_points(serve):
    server = serve()
    answer = server.get("/api/v1/query_range", {"query": "1", "start": 0, "end": 11_001, "step": 1})
    assert (answer.status, answer.json()["errorType"]) == (400, "bad_data")
    assert "11,000 points" in answer.json()["error"]


def test_a_processor_is_idle_once_its_client_has_gone(serve, record_property):
    """Written down: how long from the end of the connection until the query counts as canceled. It is some milliseconds."""
    server = serve()
    canceled = 'tickscope_api_requests_total{endpoint="query_range",result="canceled"}'
    with socket.create_connection(tuple(server.address.rsplit(":", 1)), timeout=10) as client:
        client.sendall(slow_request(server.address))
        before = server.metric("process_cpu_seconds_total")
        wait_until(lambda: server.metric("process_cpu_seconds_total") > before + 0.3, "a busy processor")
    gone = time.monotonic()
    wait_until(lambda: server.metric(canceled) == 1, "the canceled query")
    record_property("seconds_until_canceled", time.monotonic() - gone)
    # A query that went on would use the processor as much as time passes, and the two seconds below are many of its turns.
    before = server.metric("process_cpu_seconds_total")
    end = time.monotonic() + 2
    wait_until(lambda: time.monotonic() > end, "two seconds")
    assert server.metric("process_cpu_seconds_total") - before < 1.5


@pytest.mark.parametrize(
    "path, params, part",
    [
        ("query", {"query": "x[10000000000y]"}, "duration out of range"),
        ("query", {"query": "x[5m:1e-9]"}, ""),
        ("query", {"query": "x offset 1e300"}, ""),
        ("query", {"query": "x @ 1e300"}, ""),
        ("query", {"query": "1", "time": "1e300"}, "time"),
        ("query", {"query": "x", "timeout": "-1s"}, ""),
        ("query_range", {"query": "1", "start": 0, "end": 1, "step": "1e-9"}, ""),
        ("query_range", {"query": "1", "start": 0, "end": 1, "step": "NaN"}, "step"),
        ("query_range", {"query": "1", "start": "-1e300", "end": "1e300", "step": 1}, ""),
        ("query_range", {"query": "1", "start": 5, "end": 1, "step": 1}, "end timestamp must not be before start time"),
        ("series", {"match[]": "(" * 100_000 + "x"}, ""),
        ("series", {"match[]": "x{" + ",".join(f'l{i}="v"' for i in range(100_000)) + "}", "limit": "-1"}, ""),
        ("labels", {"match[]": "x{"}, ""),
        ("labels", {"limit": "1e9"}, ""),
        ("query_exemplars", {"query": "(" * 100_000}, "nested deeper than 500 levels"),
        ("format_query", {"query": "-" * 100_000 + "1"}, "nested deeper than 500 levels"),
        ("parse_query", {"query": "{" * 100_000}, ""),
        ("query", {"query": 'x{a=~"' + "(a{1000}){1000}" + '"}'}, ""),
    ],
)
def test_absurd_requests_are_refused(serve, path, params, part):
    server = serve()
    answer = http_call.post_form(f"{server.url}/api/v1/{path}", params)
    assert answer.status in (400, 422), (answer.status, answer.text[:300])
    error = answer.json()
    assert part in error["error"] and 0 < len(error["error"]) < 4096, error["error"][:300]
    assert server.query("1")[1] == "1"


def test_lists_over_everything_are_bounded(serve):
    """Labels and their values need memory as queries do, and have the same bound."""
    server = serve(config="query: {memory_max: 1MiB}\n")
    now_ms = int(time.time() * 1000)
    for part in range(4):
        series = [
            Series({"__name__": "m", "id": f"{part}-{i}-" + "x" * 100}, [(now_ms, 1.0)]) for i in range(2000)
        ]
        assert server.write("rw2", series).status == 204
    wait_until(lambda: len(server.query('m{id=~"3-1999-.*"}')) == 1, "all series")
    refused = server.get("/api/v1/label/id/values")
    assert (refused.status, refused.json()["errorType"]) == (422, "execution"), refused.text[:300]
    assert "match[]" in refused.json()["error"] and "memory_max=1048576" in refused.json()["error"]
    # What is not sized before it is made counts as well: postings, label sets, the text of the answer.
    for path in ("series?match[]=m", "query?query=m", "federate?match[]=m"):
        refused = server.get(f"/api/v1/{path}" if "federate" not in path else f"/{path}")
        assert refused.status in (422, 503) and "memory_max=1048576" in refused.text, (path, refused.status, refused.text[:300])
    answer = server.get("/api/v1/label/id/values", {"match[]": 'm{id=~"0-1.*"}'})
    assert answer.status == 200 and len(answer.json()["data"]) == 1111
    assert server.get("/api/v1/labels").json()["data"] == ["__name__", "id"]


def test_a_list_past_the_answer_bound_is_an_error(serve):
    server = serve(config="query: {response_bytes_max: 64KiB}\n")
    now_ms = int(time.time() * 1000)
    series = [Series({"__name__": "m", "id": f"{i}-" + "x" * 100}, [(now_ms, 1.0)]) for i in range(2000)]
    assert server.write("rw2", series).status == 204
    wait_until(lambda: len(server.query('m{id=~"1999-.*"}')) == 1, "all series")
    for path in ("series?match[]=m", "label/id/values", "query?query=m"):
        answer = server.get(f"/api/v1/{path}")
        assert answer.status == 422 and "answer exceeds 65536 bytes" in answer.text, (path, answer.text[:200])
    assert server.get("/api/v1/series?match[]=m&limit=10").status == 200
