"""A go-between that gives an S3 server a bad day: of all calls some fail before or after they had their effect, some answers
are cut or come short, some take seconds, some listings are those of a while ago. What is stored stays whole.

    with BadDayProxy(url, faults=Faults(), seed=1) as proxy:
        ...  proxy.url, proxy.set_faults(NONE), proxy.counts

The Host header goes on as it came, so the client's signature holds. With `keys` each request is signed anew at the
time of this machine: a client that lives by another clock is served all the same.
"""

from __future__ import annotations

import asyncio
import collections
import dataclasses
import hashlib
import hmac
import random
import threading
import time
import urllib.parse

HEAD_BYTES_MAX = 64 * 1024
BODY_BYTES_MAX = 64 * 1024 * 1024
# Listings kept to be given again, each as it was.
OLD_LISTINGS_MAX = 4096


@dataclasses.dataclass(frozen=True)
class Faults:
    """Shares of all calls, and of listings where it says so. One call has at most one of the first six; they are 10 % together."""

    busy: float = 0.03  # 503 SlowDown; nothing happened.
    internal: float = 0.02  # 500 InternalError; nothing happened.
    reset_after: float = 0.02  # It was done; the connection is reset in place of the answer.
    cut: float = 0.015  # The answer ends before the length it announced.
    short: float = 0.01  # A body of half the bytes, announced as that; of what has no body, a reset.
    wrong_etag: float = 0.005  # The ETag is of something else; of what has none, a 500 although it was done.
    slow: float = 0.03  # Besides: waits before the call goes on. The client gives up after three silent seconds.
    slow_s_max: float = 5.0
    old_listing: float = 0.2  # Of listings: as one that was given up to old_listing_s ago.
    old_listing_s: float = 20.0


NONE = Faults(busy=0, internal=0, reset_after=0, cut=0, short=0, wrong_etag=0, slow=0, old_listing=0)
KINDS = ("busy", "internal", "reset_after", "cut", "short", "wrong_etag")


@dataclasses.dataclass
class Message:
    """A request or an answer: its first line, its headers in order, and its body, never chunked."""

    first: str
    headers: list[tuple[str, str]]
    body: bytes = b""

    def get(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")

    def put(self, name: str, value: str) -> None:
        self.headers = [pair for pair in self.headers if pair[0].lower() != name.lower()] + [(name, value)]

    def drop(self, *names: str) -> None:
        self.headers = [pair for pair in self.headers if pair[0].lower() not in names]

    def bytes(self) -> bytes:
        lines = [self.first, *(f"{key}: {value}" for key, value in self.headers)]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.body


async def read_head(reader: asyncio.StreamReader) -> Message:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head[:-4].split("\r\n")
    return Message(first, [(name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines)])


async def read_chunked(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while True:
        size = int((await reader.readline()).split(b";")[0], 16)
        body += await reader.readexactly(size)
        if len(body) > BODY_BYTES_MAX:
            raise ValueError(f"a body of more than {BODY_BYTES_MAX} bytes")
        if size == 0:
            while (await reader.readline()).strip():
                pass
            return body
        await reader.readline()


async def read_body(message: Message, reader: asyncio.StreamReader, *, to_the_end: bool) -> None:
    if "chunked" in message.get("transfer-encoding").lower():
        message.body = await read_chunked(reader)
        message.drop("transfer-encoding")
        message.put("Content-Length", str(len(message.body)))
    elif message.get("content-length"):
        length = int(message.get("content-length"))
        if length > BODY_BYTES_MAX:
            raise ValueError(f"a body of {length} bytes")
        message.body = await reader.readexactly(length)
    elif to_the_end:
        message.body = await reader.read(BODY_BYTES_MAX)
        message.put("Content-Length", str(len(message.body)))


def quoted(text: str, safe: str = "") -> str:
    return urllib.parse.quote(text, safe=safe + "-_.~")


def sign(request: Message, keys: tuple[str, str], region: str = "us-east-1") -> None:
    """Replaces the signature by one of now: AWS Signature Version 4 over the host and all x-amz headers."""
    method, target, _ = request.first.split(" ")
    path, _, query = target.partition("?")
    now = time.gmtime()
    stamp, day = time.strftime("%Y%m%dT%H%M%SZ", now), time.strftime("%Y%m%d", now)
    request.put("x-amz-date", stamp)
    signed = sorted((n.lower(), v) for n, v in request.headers if n.lower() == "host" or n.lower().startswith("x-amz-"))
    names = ";".join(name for name, _ in signed)
    pairs = sorted((quoted(k), quoted(v)) for k, v in urllib.parse.parse_qsl(query, keep_blank_values=True))
    canonical = "\n".join([
        method, quoted(urllib.parse.unquote(path), "/"), "&".join(f"{k}={v}" for k, v in pairs),
        *(f"{name}:{value}" for name, value in signed), "", names, request.get("x-amz-content-sha256"),
    ])
    scope = f"{day}/{region}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + keys[1]).encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    request.put("Authorization", f"AWS4-HMAC-SHA256 Credential={keys[0]}/{scope}, SignedHeaders={names}, Signature={signature}")


def s3_error(code: str, status: str) -> Message:
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>a bad day</Message></Error>'.encode()
    return Message(f"HTTP/1.1 {status}", [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))], body)


class Reset(Exception):
    """The client's connection is to be reset."""


class BadDayProxy:
    """Serves on a free loopback port, on a thread and event loop of its own, until the `with` ends."""

    def __init__(self, upstream: str, *, faults: Faults = Faults(), seed: int = 1, keys: tuple[str, str] | None = None):
        host, _, port = upstream.removeprefix("http://").partition(":")
        self._upstream = (host, int(port))
        self._faults = faults
        self._random = random.Random(seed)
        self._keys = keys
        self._listings: dict[str, collections.deque[tuple[float, Message]]] = {}
        self.counts: collections.Counter[str] = collections.Counter()  # Calls by method, and faults by kind.
        self._loop = asyncio.new_event_loop()
        self._stopped: asyncio.Event | None = None
        self._port = 0
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def calls(self) -> int:
        return sum(count for name, count in self.counts.items() if name.isupper())

    @property
    def failed(self) -> int:
        """Calls that had one of the faults that make a call fail."""
        return sum(self.counts[kind] for kind in KINDS)

    def set_faults(self, faults: Faults) -> None:
        self._faults = faults

    def __enter__(self) -> BadDayProxy:
        self._thread.start()
        self._is_up.wait(10)
        return self

    def __exit__(self, *_what) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(10)

    def _run(self) -> None:
        async def serve() -> None:
            self._stopped = asyncio.Event()
            server = await asyncio.start_server(self._client, "127.0.0.1", 0, limit=HEAD_BYTES_MAX)
            self._port = server.sockets[0].getsockname()[1]
            self._is_up.set()
            await self._stopped.wait()
            server.close()

        self._loop.run_until_complete(serve())
        for task in asyncio.all_tasks(self._loop):
            task.cancel()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = await read_head(reader)
                if request.get("expect"):
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                    request.drop("expect")
                await read_body(request, reader, to_the_end=False)
                answer, sent = await self._answer(request)
                writer.write(answer.bytes()[:sent])
                await writer.drain()
                if sent is not None:
                    break
        except Reset:
            writer.transport.abort()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError, OSError):
            pass
        finally:
            writer.close()

    def _draw(self) -> str:
        """The kind of fault of this call, or ""."""
        draw = self._random.random()
        for kind in KINDS:
            draw -= getattr(self._faults, kind)
            if draw < 0:
                return kind
        return ""

    async def _answer(self, request: Message) -> tuple[Message, int | None]:
        """The answer, and after how many bytes the connection ends; None to go on."""
        method, target, _ = request.first.split(" ")
        self.counts[method] += 1
        faults = self._faults
        if self._random.random() < faults.slow:
            self.counts["slow"] += 1
            await asyncio.sleep(self._random.uniform(0.2, faults.slow_s_max))
        kind = self._draw()
        if kind:
            self.counts[kind] += 1
        if kind == "busy":
            return self._refusal(method, "SlowDown", "503 Slow Down"), None
        if kind == "internal":
            return self._refusal(method, "InternalError", "500 Internal Server Error"), None
        is_listing = method == "GET" and "list-type=2" in target
        answer = self._old_listing(target) if is_listing and self._random.random() < faults.old_listing else None
        if answer is None:
            answer = await self._ask(request)
            if is_listing and answer.first.split(" ")[1] == "200":
                kept = self._listings.setdefault(target, collections.deque(maxlen=64))
                kept.append((time.monotonic(), answer))
                while len(self._listings) > OLD_LISTINGS_MAX:
                    self._listings.pop(next(iter(self._listings)))
        return self._spoilt(kind, method, dataclasses.replace(answer, headers=list(answer.headers)))

    @staticmethod
    def _refusal(method: str, code: str, status: str) -> Message:
        refusal = s3_error(code, status)
        if method == "HEAD":
            refusal.body = b""
            refusal.put("Content-Length", "0")
        return refusal

    def _old_listing(self, target: str) -> Message | None:
        since = time.monotonic() - self._faults.old_listing_s
        old = [answer for when, answer in self._listings.get(target, ()) if when >= since]
        if not old:
            return None
        self.counts["old_listing"] += 1
        return self._random.choice(old)

    def _spoilt(self, kind: str, method: str, answer: Message) -> tuple[Message, int | None]:
        if kind == "reset_after":
            raise Reset
        if kind == "cut":
            whole = len(answer.bytes())
            return answer, whole - len(answer.body) // 2 if len(answer.body) > 1 else whole // 2
        if kind == "short":
            if method != "GET" or len(answer.body) < 2:
                raise Reset
            answer.body = answer.body[: len(answer.body) // 2]
            answer.put("Content-Length", str(len(answer.body)))
        if kind == "wrong_etag":
            if not answer.get("etag"):
                return self._refusal(method, "InternalError", "500 Internal Server Error"), None
            answer.put("ETag", '"' + "0" * 32 + '"')
        return answer, None

    async def _ask(self, request: Message) -> Message:
        """Asks the server, on a connection of its own."""
        request.put("Connection", "close")
        if self._keys:
            sign(request, self._keys)
        reader, writer = await asyncio.open_connection(*self._upstream, limit=HEAD_BYTES_MAX)
        try:
            writer.write(request.bytes())
            await writer.drain()
            answer = await read_head(reader)
            while answer.first.split(" ")[1] == "100":
                answer = await read_head(reader)
            has_body = not request.first.startswith("HEAD ") and answer.first.split(" ")[1] not in ("204", "304")
            if has_body:
                await read_body(answer, reader, to_the_end=True)
        finally:
            writer.close()
        answer.drop("connection", "keep-alive")
        if self._keys:
            answer.drop("date")  # Or the client would set its clock by it.
        return answer
