"""Stand-ins for what no package offers: the metadata service of a machine, a server that answers as told, one that is
silent, and a go-between that writes down what was asked."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

Answer = tuple[int, dict[str, str], bytes]


@contextlib.contextmanager
def http_server(answer: Callable[[http.server.BaseHTTPRequestHandler, bytes], Answer]) -> Iterator[str]:
    """Serves every request by `answer(request, body)` on a free port; gives the URL."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, content = answer(self, body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "Content-Length" not in headers:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = handle_any

        def log_message(self, *_arguments) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def metadata_service(keys: tuple[str, str], token: str, log: list[str]) -> Iterator[str]:
    """IMDSv2 of a machine whose role has these keys: a session token first, and nothing without it."""

    def answer(request, _body) -> Answer:
        log.append(f"{request.command} {request.path}")
        if request.command == "PUT" and request.path == "/latest/api/token":
            return 200, {"x-aws-ec2-metadata-token-ttl-seconds": "21600"}, b"session"
        if request.headers.get("x-aws-ec2-metadata-token") != "session":
            return 401, {}, b""
        role = "/latest/meta-data/iam/security-credentials"
        if request.path.rstrip("/") == role:
            return 200, {}, b"tickscope-role"
        if request.path == role + "/tickscope-role":
            return 200, {}, json.dumps({
                "Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": keys[0], "SecretAccessKey": keys[1], "Token": token,
                "LastUpdated": "2020-01-01T00:00:00Z", "Expiration": "2099-01-01T00:00:00Z",
            }).encode()
        if request.path == "/latest/meta-data/placement/region":
            return 200, {}, b"us-east-1"
        return 404, {}, b""

    with http_server(answer) as url:
        yield url


def s3_error(code: str, status: int) -> Answer:
    """An error as S3 words it."""
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{code} it is</Message></Error>'
    return status, {"Content-Type": "application/xml"}, body.encode()
