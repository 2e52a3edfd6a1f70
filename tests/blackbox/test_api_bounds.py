"""Queries that ask for too much, and clients that go away: a clear answer, bounded time and memory, and the server stays."""

from __future__ import annotations

import socket
import urllib.parse

import pytest

import http_call
from child import wait_until

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
