"""tickscope objects against directories and real S3 servers, and against servers that refuse, lie low or are not there.

What is pinned: the ObjectStore contract holds over the wire; every way to be refused says what it is and what to do; and no
secret is in any of it."""

from __future__ import annotations

import os
import pathlib
import socket

import pytest

from child import free_port
from components import fakes, s3_servers
from components.s3_servers import ADMIN, READER, WRITER


def environment(keys: tuple[str, str] | None = None, **more: str) -> dict[str, str]:
    """Ours without anything of AWS but what is given."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    clean |= {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}
    if keys:
        clean |= {"AWS_ACCESS_KEY_ID": keys[0], "AWS_SECRET_ACCESS_KEY": keys[1]}
    return clean | more


@pytest.fixture
def objects(run, tickscope):
    def call(*words, store: str, keys=ADMIN, **more):
        done = run([tickscope, "objects", *words, "--store", store], env=environment(keys, **more))
        for _, secret in (ADMIN, WRITER, READER):
            assert secret not in done.stdout + done.stderr
        assert "hunter2" not in done.stdout + done.stderr
        return done

    return call


@pytest.fixture
def seaweedfs(start, tmp_path):
    url, child = s3_servers.start_seaweedfs(start, tmp_path)
    yield url
    child.kill()  # Told to end, it takes fifteen seconds.


def exercise(objects, store: str, tmp_path: pathlib.Path, keys=ADMIN) -> None:
    """The way of whole files in and out; sizes below, at and above one part of an upload."""
    checked = objects("check", store=store, keys=keys)
    assert checked.returncode == 0 and checked.stdout.endswith("all works\n"), checked.stdout + checked.stderr
    sizes = {"empty": 0, "a/small": 1000, "a/tenant=x%2fy/part": 10 << 20, "a/b/large": (25 << 20) + 7}
    source, back = tmp_path / "source", tmp_path / "back"
    for name, size in sizes.items():
        source.write_bytes(os.urandom(size))
        for _ in range(2):  # Putting again is fine.
            put = objects("put", source, name, store=store, keys=keys)
            assert put.returncode == 0, put.stderr
        got = objects("get", name, back, store=store, keys=keys)
        assert got.returncode == 0, got.stderr
        assert back.read_bytes() == source.read_bytes()
        source.unlink()
    listed = objects("ls", store=store, keys=keys)
    assert [line.split() for line in listed.stdout.splitlines()[:-1]] == [[str(sizes[n]), n] for n in sorted(sizes)]
    assert listed.stdout.splitlines()[-1] == f"4 objects, {sum(sizes.values())} bytes"
    assert objects("ls", "a/t", store=store, keys=keys).stdout.count("\n") == 2
    for _ in range(2):
        assert objects("rm", "a/small", store=store, keys=keys).returncode == 0
    gone = objects("get", "a/small", back, store=store, keys=keys)
    assert gone.returncode == 1 and "no such" in gone.stderr.lower()
    bad = objects("put", back, "../x", store=store, keys=keys)
    assert bad.returncode == 1 and "bad object name" in bad.stderr


def test_directory(objects, tmp_path):
    exercise(objects, f"file://{tmp_path}/objects", tmp_path)


def test_seaweedfs(objects, seaweedfs, tmp_path):
    exercise(objects, f"s3://metrics/eu/prod?endpoint={seaweedfs}", tmp_path)


def test_moto(objects, start, tmp_path):
    exercise(objects, f"s3://metrics/eu?endpoint={s3_servers.start_moto(start)}&region=us-east-1", tmp_path)


def test_who_is_refused_is_told_why(objects, seaweedfs, tmp_path):
    store = f"s3://metrics?endpoint={seaweedfs}"
    cases = [
        ("wrong secret", (ADMIN[0], "hunter2"), store, "check the secret key"),
        ("unknown key", ("AKNOBODY", "hunter2"), store, "does not know the access key"),
        ("no bucket", WRITER, f"s3://nowhere?endpoint={seaweedfs}", "the bucket does not exist"),
    ]
    for name, keys, where, says in cases:
        for words in (["ls"], ["get", "a/b", tmp_path / "x"], ["check"]):
            done = objects(*words, store=where, keys=keys)
            assert done.returncode == 1, (name, words, done.stdout)
            assert says in done.stdout + done.stderr, (name, words, done.stdout + done.stderr)


def test_who_may_only_read(objects, seaweedfs):
    checked = objects("check", store=f"s3://metrics?endpoint={seaweedfs}", keys=READER)
    lines = {line.split()[1]: line for line in checked.stdout.splitlines()[:-1]}
    assert checked.returncode == 1
    assert lines["put"].startswith("FAILED") and "s3:PutObject" in lines["put"]
    assert lines["list"].startswith("ok") and lines["absent"].startswith("ok")


def test_a_server_that_is_down_or_silent(objects):
    down = objects("ls", store=f"s3://metrics?endpoint=http://127.0.0.1:{free_port()}")
    assert down.returncode == 1 and "takes no connection" in down.stderr
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        done = objects("ls", "--attempts", "1", store=f"s3://metrics?endpoint=http://127.0.0.1:{silent.getsockname()[1]}")
    assert done.returncode == 1 and "the server is silent" in done.stderr, done.stderr


def test_what_the_server_says_is_turned_into_advice(objects):
    cases = [
        ("RequestTimeTooSkewed", 403, "set this one right"),
        ("ExpiredToken", 400, "have expired"),
        ("AccessDenied", 403, "not allowed"),
        ("PermanentRedirect", 301, "another region"),
        ("SlowDown", 503, "slow down"),
    ]
    for code, status, says in cases:
        with fakes.http_server(lambda request, body: fakes.s3_error(code, status)) as url:
            done = objects("ls", "--attempts", "1", store=f"s3://metrics?endpoint={url}")
        assert done.returncode == 1 and says in done.stderr, (code, done.stderr)


@pytest.mark.parametrize("last", [b"\x00", b"\xa5", b"\x5a"], ids=["zero", "one mark", "other mark"])
def test_an_answer_that_came_short_is_asked_for_again(objects, tmp_path, last):
    """The client library says that it got all it asked for; whatever the content ends in, half of it is not taken for the whole."""
    content = os.urandom(20_000)[:-1] + last
    gets = 0

    def answer(request, _body):
        nonlocal gets
        whole = {"ETag": '"x"', "Content-Range": f"bytes 0-{len(content) - 1}/{len(content)}"}
        if request.command == "HEAD":
            return 200, {"Content-Length": str(len(content))}, b""
        gets += 1
        return 206, whole, content if gets > 2 else content[: len(content) // 2]

    with fakes.http_server(answer) as url:
        done = objects("get", "a/b", tmp_path / "back", store=f"s3://metrics?endpoint={url}")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "back").read_bytes() == content and gets >= 3


def test_keys_of_the_machines_role(objects):
    """Without keys, the machine's metadata service is asked, in its second version, and its token goes with each request."""
    asked: list[str] = []
    seen: list[tuple[str, str]] = []

    def answer(request, _body):
        seen.append((request.headers.get("authorization", ""), request.headers.get("x-amz-security-token", "")))
        if request.command == "HEAD":
            return 200, {}, b""
        return 200, {"Content-Type": "application/xml"}, b"<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>"

    with fakes.metadata_service(("AKROLE", "hunter2"), "role-token", asked) as metadata, fakes.http_server(answer) as url:
        done = objects(
            "ls", store=f"s3://metrics?endpoint={url}", keys=None,
            AWS_EC2_METADATA_DISABLED="false", AWS_EC2_METADATA_SERVICE_ENDPOINT=metadata,
        )
    assert done.returncode == 0, done.stderr
    assert asked[0] == "PUT /latest/api/token"
    assert seen and all("Credential=AKROLE/" in by and token == "role-token" for by, token in seen)


def test_wrong_clock(objects, seaweedfs):
    """SeaweedFS refuses a request signed an hour ago; the client takes the server's time from the answer and signs anew."""
    faketime = s3_servers.component("libfaketime.so.1")
    done = objects(
        "check", store=f"s3://metrics?endpoint={seaweedfs}",
        LD_PRELOAD=str(faketime), FAKETIME="-1h", FAKETIME_DONT_FAKE_MONOTONIC="1",
    )
    assert done.returncode == 0 or "clock" in done.stdout, done.stdout + done.stderr


def test_urls_that_are_not_taken(objects):
    for store, says in [("gs://metrics", "want a path, file:///PATH or s3://"), ("s3://AK:hunter2@metrics", "do not go into the URL")]:
        done = objects("ls", store=store)
        assert done.returncode == 1 and says in done.stderr
