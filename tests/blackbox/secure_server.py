"""A server over TLS that asks who comes, and how a test speaks to it."""

from __future__ import annotations

import http.client
import ssl
import time

import http_call
import remote_write

CONFIG = """\
tls:
  certificate_file: {folder}/server.pem
  key_file: {folder}/server.key
  client_ca_file: {folder}/ca.pem
  client_certificates: {wants}
  check_interval: 200ms
access:
  required: true
  trust_domain: game.example
  certificates:
    - path: /{{tenant}}/agent/{{sender}}
      scopes: [write]
    - path: /operator/{{sender}}
      tenant: eu
      scopes: [read, admin, write]
  tokens_file: {folder}/tokens
http: {{header_timeout: {header_timeout}}}
{more}
"""

WRITE_PATH = "/api/v1/write"


class Secure:
    """A server over TLS, and how to speak to it."""

    def __init__(self, child, port: int, folder, data):
        self.child, self.port, self.folder, self.data = child, port, folder, data

    def context(self, client: str | None = None, ca: str = "ca") -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.folder / f"{ca}.pem"))
        if client:
            context.load_cert_chain(self.folder / f"{client}.pem", self.folder / f"{client}.key")
        return context

    def call(self, method: str, path: str, client: str | None = None, body: bytes | None = None, headers=None, context=None):
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=context or self.context(client))
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return http_call.Answer(response.status, {n.lower(): v for n, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def write(self, client: str | None, name: str, headers=None):
        series = [remote_write.Series({"__name__": name}, samples=[(int(time.time() * 1000), 1.0)])]
        body = remote_write.snappy(remote_write.message("rw2", series))
        return self.call("POST", WRITE_PATH, client, body, {**remote_write.headers("rw2"), **(headers or {})})

    def metric(self, name: str, labels: str = "") -> float:
        text = self.call("GET", "/metrics", "operator").text
        return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name) and labels in line)

    def handshakes(self, result: str) -> float:
        return self.metric("tickscope_tls_handshakes_total", f'side="server",result="{result}"')
