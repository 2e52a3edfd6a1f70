"""A client of /api/v1/stream on plain sockets: many at once on one thread, and what each holds of its queries."""

from __future__ import annotations

import json
import selectors
import socket
import time
import urllib.parse


class Follower:
    """One connection. `held[query][labels][time]` is the value's text, kept up to date as a page would."""

    def __init__(
        self, address: str, queries: list[dict], last_event_id: str = "", tenant: str = "", receive_buffer: int = 0
    ):
        host, _, port = address.rpartition(":")
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(10)
        self.socket.connect((host, int(port)))
        body = json.dumps({"queries": queries}).encode()
        head = [
            "POST /api/v1/stream HTTP/1.1",
            f"Host: {address}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        ]
        if last_event_id:
            head.append(f"Last-Event-ID: {last_event_id}")
        if tenant:
            head.append(f"X-Scope-OrgID: {tenant}")
        self.socket.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        self.socket.setblocking(False)
        self.status = 0
        self.ended = False
        self.last_id = last_event_id
        self.retry_ms = 0
        self.events: dict[str, int] = {}
        self.failures: list[str] = []
        self.to: dict[str, float] = {}
        self.held: dict[str, dict[int, tuple[str, dict[float, str]]]] = {}
        self._raw = b""
        self._text = b""

    def continue_from(self, before: Follower) -> None:
        self.held = before.held

    def read(self) -> None:
        """Takes what is there, without waiting."""
        while not self.ended:
            try:
                got = self.socket.recv(1 << 20)
            except BlockingIOError:
                break
            except ConnectionError:
                got = b""
            if not got:
                self.ended = True
                break
            self._raw += got
        if self.status == 0:
            head, found, rest = self._raw.partition(b"\r\n\r\n")
            if not found:
                return
            self.status = int(head.split()[1])
            self._raw = rest
        if self.status != 200:
            return
        self._unchunk()
        while b"\n\n" in self._text:
            event, _, self._text = self._text.partition(b"\n\n")
            self._event(event.decode())

    def _unchunk(self) -> None:
        while True:
            size, found, rest = self._raw.partition(b"\r\n")
            if not found:
                return
            length = int(size, 16)
            if length == 0:
                self.ended = True
                return
            if len(rest) < length + 2:
                return
            self._text += rest[:length]
            self._raw = rest[length + 2 :]

    def _event(self, text: str) -> None:
        kind, data = "", ""
        for line in text.split("\n"):
            field, _, value = line.partition(": ")
            if field == "id":
                self.last_id = value
            elif field == "event":
                kind = value
            elif field == "data":
                data = value
            elif field == "retry":
                self.retry_ms = int(value)
        self.events[kind] = self.events.get(kind, 0) + 1
        if kind == "failure":
            self.failures.append(json.loads(data)["error"])
        if kind not in ("snapshot", "points"):
            return
        document = json.loads(data)
        query = document["query"]
        held = self.held.setdefault(query, {})
        if kind == "snapshot":
            held.clear()
        self.to[query] = document["to"]
        for one in document["series"]:
            if "metric" in one:
                name = ",".join(f"{k}={v}" for k, v in sorted(one["metric"].items()))
                assert one["n"] not in held, "a series was told of twice"
                held[one["n"]] = (name, {})
            points = held[one["n"]][1]
            points.update((at, value) for at, value in one.get("values", []))
            for at in one.get("gone", []):
                points.pop(at, None)
        for number in document.get("forgotten", []):
            held.pop(number, None)

    def values(self, query: str, start_s: float) -> dict[str, dict[float, str]]:
        """By labels as text: the points from `start_s` on; series without any are left out."""
        out = {}
        for name, points in self.held.get(query, {}).values():
            kept = {at: value for at, value in points.items() if at >= start_s}
            if kept:
                out[name] = kept
        return out

    def close(self) -> None:
        self.socket.close()


def read_until(followers: list[Follower], condition, what: str, timeout_s: float = 30.0) -> None:
    """Reads all of them until the condition holds; fails saying what was waited for."""
    deadline = time.monotonic() + timeout_s
    with selectors.DefaultSelector() as selector:
        for follower in followers:
            if not follower.ended:
                selector.register(follower.socket, selectors.EVENT_READ, follower)
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {timeout_s:g} s for {what}")
            for key, _ in selector.select(0.2):
                key.data.read()
                if key.data.ended:
                    selector.unregister(key.fileobj)


def range_query(server, query: str, start_s: float, end_s: float, step_s: float) -> dict[str, dict[float, str]]:
    """What /api/v1/query_range answers, in the form of Follower.values."""
    params = {"query": query, "start": start_s, "end": end_s, "step": step_s}
    answer = server.get("/api/v1/query_range?" + urllib.parse.urlencode(params))
    assert answer.status == 200, answer.text
    return {
        ",".join(f"{k}={v}" for k, v in sorted(one["metric"].items())): {at: value for at, value in one["values"]}
        for one in answer.json()["data"]["result"]
    }
