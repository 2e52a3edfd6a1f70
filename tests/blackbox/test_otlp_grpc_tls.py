"""OTLP over gRPC at a server with TLS: who may come in, with the OpenTelemetry SDK and plain stubs as clients."""

from __future__ import annotations

import os
import socket

import pytest

from certificates import Authority
from child import free_port, wait_until

grpc = pytest.importorskip("grpc")
pytest.importorskip("opentelemetry.exporter.otlp.proto.grpc")

from opentelemetry.proto.collector.logs.v1 import logs_service_pb2_grpc  # noqa: E402
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2_grpc  # noqa: E402

from test_otlp_grpc import gauge, logs  # noqa: E402

UNAUTHENTICATED, PERMISSION_DENIED = grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED


@pytest.fixture
def doors(secure):
    """A server with gRPC over TLS, and channels to it: channel("agent"), channel(None) without a certificate."""
    channels = []

    def open_doors(wants: str = "required"):
        port = free_port()
        server = secure(wants, f"otlp: {{grpc: {{listen: '127.0.0.1:{port}'}}}}")

        def credentials(client: str | None, ca: str = "ca") -> grpc.ChannelCredentials:
            def read(name: str) -> bytes:
                return (server.folder / name).read_bytes()

            shown = (read(f"{client}.key"), read(f"{client}.pem")) if client else (None, None)
            return grpc.ssl_channel_credentials(read(f"{ca}.pem"), *shown)

        def channel(client: str | None, ca: str = "ca") -> grpc.Channel:
            # One of its own: channels to the same place share a connection.
            made = grpc.secure_channel(f"127.0.0.1:{port}", credentials(client, ca), options=[("grpc.use_local_subchannel_pool", 1)])
            channels.append(made)
            return made

        server.grpc_port, server.credentials, server.channel = port, credentials, channel
        return server

    yield open_doors
    for channel in channels:
        channel.close()


def export(channel: grpc.Channel, name: str, metadata=()) -> tuple[grpc.StatusCode, str]:
    try:
        metrics_service_pb2_grpc.MetricsServiceStub(channel).Export(gauge(name, 1), timeout=20, metadata=metadata)
    except grpc.RpcError as error:
        return error.code(), error.details()
    return grpc.StatusCode.OK, ""


def names(server, pattern: str) -> list[str]:
    answer = server.call("GET", f"/api/v1/series?match[]=%7B__name__%3D~%22{pattern}%22%7D", "operator").json()
    return sorted(one["__name__"] for one in answer["data"])


def test_who_a_certificate_is_decides_the_tenant(doors, authority, tmp_path):
    server = doors()
    other = Authority(tmp_path / "other", "other-ca").issue("stranger", ["URI:spiffe://game.example/eu/agent/x"])
    (authority.folder / "stranger.pem").write_bytes(other.certificate.read_bytes())
    (authority.folder / "stranger.key").write_bytes(other.key.read_bytes())
    authority.issue("expired", ["URI:spiffe://game.example/eu/agent/old"], days=-1)
    authority.issue("two", ["URI:spiffe://game.example/eu/agent/a", "URI:spiffe://game.example/us/agent/a"])
    authority.issue("domain", ["URI:spiffe://game.example.evil/eu/agent/a"])
    authority.issue("none", ["DNS:host-17"])
    agent = server.channel("agent")
    for _ in range(2):
        assert export(agent, "mine") == (grpc.StatusCode.OK, "")
    assert export(agent, "named", (("x-scope-orgid", "eu"),)) == (grpc.StatusCode.OK, "")
    for client, code, why in (
        ("expired", UNAUTHENTICATED, "certificate has expired"),
        ("stranger", UNAUTHENTICATED, "unable to get local issuer certificate"),
        (None, UNAUTHENTICATED, "want a client certificate"),
        ("two", PERMISSION_DENIED, "several URI names"),
        ("domain", PERMISSION_DENIED, "another trust domain"),
        ("none", PERMISSION_DENIED, "no URI name"),
    ):
        got, said = export(server.channel(client), "refused")
        assert (got, why in said) == (code, True), (client, got, said)
    code, said = export(agent, "refused", (("x-scope-orgid", "us"),))
    assert code == PERMISSION_DENIED and "names another tenant" in said
    for result in ("expired", "unknown_ca", "no_certificate"):
        assert server.handshakes(result) == 1, result
    for reason in ("several_uris", "trust_domain", "no_uri", "other_tenant"):
        assert server.metric("tickscope_access_requests_total", f'result="{reason}"') == 1, reason
    assert names(server, "mine|named|refused") == ["mine", "named"]
    refused = [line for line in server.child.log_text().splitlines() if "msg=refused" in line and "door=grpc" in line]
    assert len(refused) == 7, refused
    assert any("certificate has expired" in line for line in refused)


def test_tokens_come_as_metadata(doors):
    server = doors("optional")
    channel = server.channel(None)
    assert export(channel, "nobody")[0] == UNAUTHENTICATED
    assert export(channel, "guess", (("authorization", "Bearer guess-of-mine"),))[0] == UNAUTHENTICATED
    token = ("authorization", "Bearer secret-of-prom")
    assert export(channel, "prom", (token,))[0] == grpc.StatusCode.OK
    assert export(channel, "prom", (token, ("x-scope-orgid", "eu")))[0] == PERMISSION_DENIED
    assert "guess-of-mine" not in server.child.log_text() and "secret-of-prom" not in server.child.log_text()
    # A certificate that is shown has to be good, also where none is wanted.
    Authority(server.folder / "another", "ca").issue("stranger", ["URI:spiffe://game.example/eu/agent/x"])
    assert export(server.channel("another/stranger"), "refused", (token,))[0] == UNAUTHENTICATED


def test_a_refused_call_is_not_read(doors):
    """Whoever may not come in is told so before the server has its message, however large."""
    server = doors()
    before = server.metric("process_resident_memory_bytes")
    stub = logs_service_pb2_grpc.LogsServiceStub(server.channel(None))
    request = logs("x" * (8 << 20))
    for _ in range(3):
        with pytest.raises(grpc.RpcError) as caught:
            stub.Export(request, timeout=20)
        assert caught.value.code() == UNAUTHENTICATED
    assert server.metric("process_resident_memory_bytes") - before < 32 << 20


def test_certificates_are_taken_up_while_connections_live(doors, authority, tmp_path):
    server = doors()
    kept = server.channel("agent")
    assert export(kept, "before")[0] == grpc.StatusCode.OK
    other = Authority(tmp_path / "pki2", "ca2")
    renewed = other.issue("server", ["IP:127.0.0.1", "DNS:gateway"])
    (authority.folder / "ca2.pem").write_bytes(other.certificate.read_bytes())
    # The key first: between the two writes they do not fit, which changes nothing.
    os.replace(renewed.key, authority.folder / "server.key")
    server.child.wait_for(lambda: "credentials stay as they were" in server.child.log_text(), "the key that does not fit")
    assert export(server.channel("agent"), "between")[0] == grpc.StatusCode.OK
    os.replace(renewed.certificate, authority.folder / "server.pem")
    wait_until(lambda: export(server.channel("agent", "ca2"), "after")[0] == grpc.StatusCode.OK, "the new certificate")
    assert export(server.channel("agent"), "old")[0] == grpc.StatusCode.UNAVAILABLE, "the old CA does not vouch for it"
    assert export(kept, "kept")[0] == grpc.StatusCode.OK
    # A CA that is gone from the file vouches for nobody any more, at once.
    host = other.issue("host", ["URI:spiffe://game.example/eu/agent/host-18"])
    for suffix, path in (("pem", host.certificate), ("key", host.key)):
        (authority.folder / f"host.{suffix}").write_bytes(path.read_bytes())
    (authority.folder / "ca.pem").write_bytes(other.certificate.read_bytes())
    wait_until(lambda: export(server.channel("host", "ca2"), "next")[0] == grpc.StatusCode.OK, "the new CA of clients")
    assert export(kept, "gone")[0] == UNAUTHENTICATED
    assert server.child.alive


def test_plain_text_is_not_spoken_there(doors):
    server = doors()
    plain = grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}")
    assert export(plain, "plain")[0] == grpc.StatusCode.UNAVAILABLE
    plain.close()
    with socket.create_connection(("127.0.0.1", server.grpc_port), timeout=20) as silent:
        assert silent.recv(1024) == b"", "ended by header_timeout"
    assert export(server.channel("agent"), "secure")[0] == grpc.StatusCode.OK


def test_without_client_certificates_it_is_tls_all_the_same(doors):
    server = doors("off")
    token = (("authorization", "Bearer secret-of-prom"),)
    assert export(server.channel(None), "prom", token)[0] == grpc.StatusCode.OK
    assert export(server.channel("agent"), "agent")[0] == UNAUTHENTICATED, "nobody looks at it"


def test_a_real_exporter(doors):
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    server = doors()
    exporter = OTLPMetricExporter(f"https://127.0.0.1:{server.grpc_port}", credentials=server.credentials("agent"))
    provider = MeterProvider([PeriodicExportingMetricReader(exporter, 3_600_000)])
    provider.get_meter("game").create_counter("joins").add(7)
    provider.shutdown()
    found = server.call("GET", "/api/v1/query?query=joins_total", "operator").json()["data"]["result"]
    assert [one["value"][1] for one in found] == ["7"]


def test_a_version_grpc_cannot_refuse_is_not_promised(run, tickscope, tmp_path):
    config = tmp_path / "serve.yaml"
    config.write_text(
        "tls: {certificate_file: a.pem, key_file: a.key, min_version: '1.3'}\notlp: {grpc: {listen: '127.0.0.1:4317'}}\n"
    )
    done = run([tickscope, "config", "check", "--config", config])
    assert done.returncode != 0 and "TLS 1.2 as well" in done.stdout + done.stderr
