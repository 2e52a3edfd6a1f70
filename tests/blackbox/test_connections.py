"""Clients that do not behave: huge, slow, silent, half-closed, gone. Each is bounded and none disturbs the others."""

from __future__ import annotations

import socket
import time

from remote_write import Series, headers, message, snappy


def connect(server) -> socket.socket:
    host, port = server.address.split(":")
    return socket.create_connection((host, int(port)), timeout=60)


def head(server, length: int, extra: str = "") -> bytes:
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers("rw1").items())
    return f"POST /api/v1/write HTTP/1.1\r\nHost: {server.address}\r\n{fields}Content-Length: {length}\r\n{extra}\r\n".encode()


def read_answer(connection: socket.socket) -> bytes:
    """All bytes until the server closes or sends a whole answer without a body."""
    data = b""
    while True:
        piece = connection.recv(65536)
        if not piece:
            return data
        data += piece
        if b"\r\n\r\n" in data and b"content-length: 0" in data.lower():
            return data


def body() -> bytes:
    return snappy(message("rw1", [Series({"__name__": "up"}, [(int(time.time() * 1000), 1.0)])]))


def test_a_100_MB_body_is_refused_by_its_length(serve):
    server = serve()
    before = server.child.rss_bytes_max()
    with connect(server) as connection:
        connection.sendall(head(server, 100_000_000))
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413"), answer
    assert b"limit" in answer or b"large" in answer
    assert server.child.rss_bytes_max() - before < 64 << 20
    assert server.get("/-/healthy").status == 200


def test_a_100_MB_chunked_body_is_cut_off(serve):
    server = serve()
    before = server.child.rss_bytes_max()
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers("rw1").items())
    request = f"POST /api/v1/write HTTP/1.1\r\nHost: x\r\n{fields}Transfer-Encoding: chunked\r\n\r\n".encode()
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    answer = b""
    with connect(server) as connection:
        connection.sendall(request)
        try:
            for _ in range(100):
                connection.sendall(chunk)
            answer = connection.recv(65536)
        except (BrokenPipeError, ConnectionResetError):
            # Refused while we were still sending; the answer may be lost with the connection.
            pass
    assert not answer or answer.startswith(b"HTTP/1.1 413"), answer
    assert server.child.rss_bytes_max() - before < 128 << 20
    assert server.get("/-/healthy").status == 200


def test_huge_headers_are_refused(serve):
    server = serve()
    with connect(server) as connection:
        connection.sendall(b"GET /-/healthy HTTP/1.1\r\nX-Big: " + b"x" * 200_000)
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 431"), answer


def test_what_is_not_http_is_refused(serve):
    server = serve()
    with connect(server) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00 hello\r\n\r\n")
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 400") or answer == b"", answer
    assert server.get("/-/healthy").status == 200


def test_slow_clients_do_not_hold_up_others(serve):
    """Two hundred clients that send one byte and wait; others are answered at once."""
    server = serve()
    slow = [connect(server) for _ in range(200)]
    try:
        for connection in slow:
            connection.sendall(b"P")
        started = time.monotonic()
        for _ in range(20):
            assert server.write_raw(body(), headers("rw1")).status == 204
        assert time.monotonic() - started < 10
    finally:
        for connection in slow:
            connection.close()


def test_a_half_closed_connection_gets_its_answer(serve):
    server = serve()
    content = body()
    with connect(server) as connection:
        connection.sendall(head(server, len(content), "Connection: close\r\n") + content)
        connection.shutdown(socket.SHUT_WR)
        answer = read_answer(connection)
    assert answer.startswith(b"HTTP/1.1 204"), answer


def test_a_body_that_ends_early_is_not_written(serve):
    server = serve()
    content = snappy(message("rw1", [Series({"__name__": "cut"}, [(int(time.time() * 1000), 1.0)])]))
    with connect(server) as connection:
        connection.sendall(head(server, len(content) + 10) + content)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(65536)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4"), answer
    time.sleep(0.5)
    assert server.query("cut") == []


def test_a_client_gone_before_its_answer_harms_nobody(serve):
    server = serve()
    content = body()
    for _ in range(100):
        with connect(server) as connection:
            connection.sendall(head(server, len(content)) + content)
    assert server.get("/-/healthy").status == 200
    assert server.child.alive


def test_pipelined_requests_are_answered_in_order(serve):
    server = serve()
    content = body()
    with connect(server) as connection:
        first = head(server, len(content)) + content
        last = head(server, len(content), "Connection: close\r\n") + content
        connection.sendall(first + first + last)
        data = b""
        while piece := connection.recv(65536):
            data += piece
    assert data.count(b"HTTP/1.1 204") == 3, data


def test_unknown_paths_and_methods(serve):
    server = serve()
    assert server.get("/api/v1/nothing").status == 404
    answer = server.get("/api/v1/write")
    assert answer.status == 405
    assert "POST" in answer.headers["allow"]
