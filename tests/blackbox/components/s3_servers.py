"""S3 servers: SeaweedFS and moto."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import pathlib
import time

import pytest

import http_call
from child import free_port

ROOT = pathlib.Path(__file__).resolve().parents[3]
COMPONENTS = pathlib.Path(os.environ.get("TICKSCOPE_COMPONENTS", ROOT / ".cache/components"))

ADMIN = ("AKADMIN", "admin-secret-1")
WRITER = ("AKWRITER", "writer-secret-2")
READER = ("AKREADER", "reader-secret-3")


def component(name: str, how: str = "tools/install_components.sh") -> pathlib.Path:
    """Path of an installed component, or the test is skipped saying how to get it."""
    path = COMPONENTS / name
    if not path.exists():
        pytest.skip(f"{name} is not installed: {how}")
    return path


def signed(method: str, url: str, path: str, keys: tuple[str, str]) -> http_call.Answer:
    """A request of no body signed by AWS Signature Version 4, written from its description; enough to make buckets."""
    host = url.removeprefix("http://")
    now = time.gmtime()
    stamp, day = time.strftime("%Y%m%dT%H%M%SZ", now), time.strftime("%Y%m%d", now)
    payload = hashlib.sha256(b"").hexdigest()
    headers = {"host": host, "x-amz-content-sha256": payload, "x-amz-date": stamp}
    names = ";".join(sorted(headers))
    canonical = "\n".join([method, path, "", *(f"{name}:{headers[name]}" for name in sorted(headers)), "", names, payload])
    scope = f"{day}/us-east-1/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + keys[1]).encode()
    for part in (day, "us-east-1", "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={keys[0]}/{scope}, SignedHeaders={names}, Signature={signature}"
    del headers["host"]
    return http_call.call(method, url + path, headers=headers, body=b"", timeout_s=5)


def make_bucket(url: str, bucket: str, keys: tuple[str, str]) -> bool:
    try:
        return signed("PUT", url, f"/{bucket}", keys).status in (200, 409)
    except OSError:
        return False


def start_seaweedfs(start, folder: pathlib.Path) -> tuple[str, object]:
    """Starts SeaweedFS with the bucket "metrics" and three users; returns its URL and the child."""
    weed = component("weed")
    data = folder / "seaweedfs"
    data.mkdir()
    users = {ADMIN: ["Admin", "Read", "Write", "List", "Tagging"], WRITER: ["Read", "Write", "List"], READER: ["Read", "List"]}
    identities = [
        {"name": key.lower(), "credentials": [{"accessKey": key, "secretKey": secret}], "actions": actions}
        for (key, secret), actions in users.items()
    ]
    config = folder / "seaweedfs.json"
    config.write_text(json.dumps({"identities": identities}))
    names = ["master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc", "s3.port", "s3.port.grpc"]
    ports = {name: free_port() for name in names}
    child = start(
        [weed, "server", f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", *(f"-{n}={p}" for n, p in ports.items()),
         "-master.volumeSizeLimitMB=64", "-volume.max=1000", "-volume.preStopSeconds=0", "-filer", "-s3", "-s3.port.iceberg=0",
         "-s3.port.lance=0", f"-s3.config={config}"],
        name="seaweedfs",
    )
    url = f"http://127.0.0.1:{ports['s3.port']}"
    child.wait_for(lambda: make_bucket(url, "metrics", ADMIN), "SeaweedFS to make a bucket", 60)
    return url, child


def start_moto(start) -> str:
    """Starts moto with the bucket "metrics"; it takes any keys."""
    python = component("moto", "tools/install_components.sh --all") / "bin/moto_server"
    port = free_port()
    child = start([python, "-H", "127.0.0.1", "-p", str(port)], name="moto")
    url = f"http://127.0.0.1:{port}"
    child.wait_for(lambda: make_bucket(url, "metrics", ADMIN), "moto to make a bucket", 60)
    return url
