"""A receiver of Loki's push API: decodes what it gets (snappy, protobuf) with nothing of ours, and can be away."""

from __future__ import annotations

import dataclasses
import http.server
import ssl
import threading


def snappy_decode(block: bytes) -> bytes:
    """One snappy block."""
    size, at = varint(block, 0)
    out = bytearray()
    while at < len(block):
        tag = block[at]
        at += 1
        if tag & 3 == 0:
            length = tag >> 2
            if length >= 60:
                extra = length - 59
                length = int.from_bytes(block[at : at + extra], "little")
                at += extra
            out += block[at : at + length + 1]
            at += length + 1
            continue
        if tag & 3 == 1:
            length, offset = 4 + (tag >> 2 & 7), (tag >> 5) << 8 | block[at]
            at += 1
        elif tag & 3 == 2:
            length, offset = 1 + (tag >> 2), int.from_bytes(block[at : at + 2], "little")
            at += 2
        else:
            length, offset = 1 + (tag >> 2), int.from_bytes(block[at : at + 4], "little")
            at += 4
        if offset >= length:
            out += out[len(out) - offset : len(out) - offset + length]
        else:
            for _ in range(length):
                out.append(out[-offset])
    assert len(out) == size, "a snappy block that lies about its size"
    return bytes(out)


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data: bytes):
    at = 0
    while at < len(data):
        head, at = varint(data, at)
        value, at = varint(data, at)
        if head & 7 == 2:
            yield head >> 3, data[at : at + value]
            at += value
        else:
            yield head >> 3, value


@dataclasses.dataclass(frozen=True)
class Entry:
    labels: str
    time_ns: int
    line: str
    metadata: tuple[tuple[str, str], ...] = ()


def decode(body: bytes) -> list[Entry]:
    entries = []
    for _, stream in fields(snappy_decode(body)):
        labels = ""
        for number, value in fields(stream):
            if number == 1:
                labels = value.decode()
                continue
            parts: dict[int, object] = {}
            metadata = []
            for part, content in fields(value):
                if part == 3:
                    pair = dict(fields(content))
                    metadata.append((pair.get(1, b"").decode(), pair.get(2, b"").decode()))
                else:
                    parts[part] = content
            time = dict(fields(parts[1]))
            entries.append(Entry(labels, time.get(1, 0) * 10**9 + time.get(2, 0), parts.get(2, b"").decode(), tuple(metadata)))
    return entries


class LokiReceiver:
    """Keeps one entry a (stream, time, line), as Loki does; `repeated` counts the others."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.entries: dict[tuple[str, int, str], Entry] = {}
        self.repeated = 0
        self.requests = 0
        self.status = 204
        self.headers: list[dict[str, str]] = []
        self._lock = threading.Lock()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.take(self.path, dict(self.headers), body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._scheme = "https" if context else "http"
        if context:
            # The handshake is made by the connection's own thread, so that one that fails costs nobody else.
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
            self._server.handle_error = lambda *_arguments: None
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}/loki/api/v1/push"

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        with self._lock:
            self.requests += 1
            if self.status != 204:
                return self.status
            if headers.get("Content-Encoding") != "snappy":
                return 400
            self.headers.append(headers)
            assert path == "/loki/api/v1/push"
            for entry in decode(body):
                key = (entry.labels, entry.time_ns, entry.line)
                self.repeated += key in self.entries
                self.entries[key] = entry
            return 204

    def all(self) -> list[Entry]:
        with self._lock:
            return list(self.entries.values())

    def lines(self) -> list[str]:
        return [entry.line for entry in self.all()]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
