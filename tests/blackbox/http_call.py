"""One bounded HTTP request on the standard library: a deadline, a cap on the answer, no redirects, no proxy."""

from __future__ import annotations

import dataclasses
import gzip
import http.client
import json
import urllib.parse

BODY_BYTES_MAX = 64 * 1024 * 1024


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]  # Names in lower case.
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.body)


def call(
    method: str,
    url: str,
    *,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    timeout_s: float = 30.0,
) -> Answer:
    """Sends one request on a connection of its own. Raises OSError or http.client.HTTPException on no answer."""
    parts = urllib.parse.urlsplit(url)
    target = parts.path or "/"
    if parts.query:
        target += "?" + parts.query
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout_s)
    try:
        connection.request(method, target, body=body, headers=headers or {})
        response = connection.getresponse()
        content = response.read(BODY_BYTES_MAX + 1)
        if len(content) > BODY_BYTES_MAX:
            raise OSError(f"{method} {url}: answer over {BODY_BYTES_MAX} bytes")
        fields = {name.lower(): value for name, value in response.getheaders()}
        if fields.get("content-encoding") == "gzip":
            content = gzip.decompress(content)
        return Answer(response.status, fields, content)
    finally:
        connection.close()


def get(url: str, params: dict | list | None = None, **options) -> Answer:
    if params:
        url += "?" + urllib.parse.urlencode(params, doseq=True)
    return call("GET", url, **options)


def post_form(url: str, params: dict | list, **options) -> Answer:
    headers = {"Content-Type": "application/x-www-form-urlencoded", **options.pop("headers", {})}
    return call("POST", url, body=urllib.parse.urlencode(params, doseq=True).encode(), headers=headers, **options)
