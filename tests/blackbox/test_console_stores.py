"""Dashboards, annotations and viewer links over HTTP: the whole life of each, and every way to be refused."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import pathlib
import signal
import threading
import time

import pytest

import http_call
import openapi
import remote_write
from child import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECK = openapi.Validator(openapi.load(ROOT / "docs/openapi/console.yaml"))
DASHBOARDS = "/api/v1/dashboards"
ONE = "/api/v1/dashboards/{name}"


def fits(path: str, answer, method: str = "get") -> dict:
    schema = CHECK.response_schema(path, method, answer.status)
    assert CHECK.errors(answer.json(), schema) == []
    return answer.json()


def send(server, method: str, path: str, body=None, **headers) -> http_call.Answer:
    content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    fields = {"Content-Type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return http_call.call(method, server.url + path, body=content, headers=fields)


def panel(*queries: str) -> dict:
    asked = [
        {"kind": "TimeSeriesQuery", "spec": {"plugin": {"kind": "PrometheusTimeSeriesQuery", "spec": {"query": query}}}}
        for query in queries
    ]
    return {"kind": "Panel", "spec": {"display": {"name": "$region"}, "plugin": {"kind": "TimeSeriesChart", "spec": {}}, "queries": asked}}


def dashboard(name: str, title: str = "Title", panels: dict | None = None, variables: list | None = None) -> dict:
    panels = panels or {"a": panel("up")}
    items = [
        {"x": 0, "y": 6 * i, "width": 12, "height": 6, "content": {"$ref": f"#/spec/panels/{key}"}}
        for i, key in enumerate(panels)
    ]
    spec = {"display": {"name": title}, "panels": panels, "layouts": [{"kind": "Grid", "spec": {"items": items}}]}
    if variables:
        spec["variables"] = variables
    return {"kind": "Dashboard", "metadata": {"name": name, "tags": ["t"]}, "spec": spec}


def test_a_dashboards_life(serve):
    server = serve()
    made = send(server, "POST", DASHBOARDS, dashboard("ours"))
    assert made.status == 201
    first = fits(DASHBOARDS, made, "post")["data"]
    assert made.headers["etag"] == f'"{first["revision"]}"'
    assert fits(DASHBOARDS, send(server, "POST", DASHBOARDS, dashboard("ours")), "post")["errorType"] == "conflict"

    got = server.get(f"{DASHBOARDS}/ours")
    assert fits(ONE, got)["data"]["dashboard"] == dashboard("ours")
    saved = send(server, "PUT", f"{DASHBOARDS}/ours", dashboard("ours", "Changed"), If_Match=got.headers["etag"])
    assert (saved.status, fits(ONE, saved, "put")["data"]["source"]) == (200, "store")
    entry = next(one for one in fits(DASHBOARDS, server.get(DASHBOARDS))["data"] if one["name"] == "ours")
    assert (entry["name"], entry["title"], entry["tags"], entry["readOnly"]) == ("ours", "Changed", ["t"], False)
    assert abs(entry["updated"] - time.time() * 1000) < 60_000
    other = server.get(DASHBOARDS, headers={"X-Scope-OrgID": "other"}).json()["data"]
    assert "ours" not in [one["name"] for one in other]

    server.child.kill()
    server = serve(data=server.data)
    assert server.get(f"{DASHBOARDS}/ours").json()["data"]["dashboard"]["spec"]["display"]["name"] == "Changed"
    assert fits(ONE, send(server, "DELETE", f"{DASHBOARDS}/ours"), "delete")["data"] == {"removed": "ours"}
    assert fits(ONE, server.get(f"{DASHBOARDS}/ours"))["errorType"] == "not_found"
    assert send(server, "DELETE", f"{DASHBOARDS}/ours").status == 404


def test_of_two_editors_one_is_told(serve):
    server = serve()
    etag = send(server, "POST", DASHBOARDS, dashboard("d")).headers["etag"]
    answers = []

    def save(title: str) -> None:
        answers.append(send(server, "PUT", f"{DASHBOARDS}/d", dashboard("d", title), If_Match=etag))

    editors = [threading.Thread(target=save, args=(f"by {i}",)) for i in range(8)]
    for editor in editors:
        editor.start()
    for editor in editors:
        editor.join()
    assert sorted(answer.status for answer in answers) == [200] + [412] * 7
    winner = next(answer for answer in answers if answer.status == 200)
    for loser in answers:
        if loser.status == 412:
            assert fits(ONE, loser, "put")["errorType"] == "precondition_failed"
            assert loser.headers["etag"] == winner.headers["etag"], "the present revision"
    taken = send(server, "PUT", f"{DASHBOARDS}/d", dashboard("d"), If_None_Match="*")
    assert (taken.status, fits(ONE, taken, "put")["errorType"], taken.headers["etag"]) == (412, "precondition_failed", winner.headers["etag"])
    assert send(server, "PUT", f"{DASHBOARDS}/none", dashboard("none"), If_Match="*").status == 412
    assert server.get(f"{DASHBOARDS}/none").status == 404
    assert send(server, "PUT", f"{DASHBOARDS}/d", dashboard("d", "Again"), If_Match="*").status == 200
    assert send(server, "PUT", f"{DASHBOARDS}/new", dashboard("new"), If_None_Match="*").status == 200
    assert send(server, "DELETE", f"{DASHBOARDS}/d", If_Match=etag).status == 412


@pytest.mark.parametrize(
    ("name", "body", "status", "told"),
    [
        ("x", b'{\n  "kind": "Dashboard",\n  oops\n}', 400, "line 3, column 3: not JSON"),
        ("x", b"\xff\xfe", 400, "line 1, column 1: not JSON"),
        ("x", b"", 400, "line 1, column 1: not JSON"),
        ("x", b"[" * 5000, 400, "not JSON"),
        ("x", {"kind": "Dashboard"}, 400, "metadata: required, an object"),
        ("x", dashboard("y"), 400, "metadata.name is not the address's: got y, want x"),
        ("..%2f..%2fetc%2fpasswd", dashboard("../../etc/passwd"), 400, "name: expected 1 to 75"),
        ("a%00b", dashboard("a\0b"), 400, "name: expected 1 to 75"),
        ("x", dashboard("x", "t" * 1001), 400, "name: expected at most 1000 bytes, got 1001"),
        ("x", dashboard("x", panels={"p": panel("u" * 1_100_000)}), 413, "too large"),
    ],
)
def test_dashboards_that_are_refused(serve, name, body, status, told):
    server = serve()
    answer = send(server, "PUT", f"{DASHBOARDS}/{name}", body)
    assert answer.status == status, answer.text
    assert told in fits(ONE, answer, "put")["error"]
    assert not (server.data.parent / "etc").exists()
    assert [one["source"] for one in server.get(DASHBOARDS).json()["data"]].count("store") == 0


def test_addresses_that_are_no_names(serve):
    server = serve()
    for name in ("..", "..%2f..%2fview_key", "a%00b", "%ff", "x" * 5000):
        assert server.get(f"{DASHBOARDS}/{name}").status == 404, name


def test_a_form_of_another_site_changes_nothing(serve):
    server = serve()
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        assert send(server, "POST", DASHBOARDS, dashboard("x"), Content_Type=kind).status == 406
        assert send(server, "POST", "/api/v1/annotations", {"kind": "a", "title": "t"}, Content_Type=kind).status == 406
    assert send(server, "OPTIONS", DASHBOARDS).status == 405


def test_dashboards_of_files(serve, tmp_path):
    folder = tmp_path / "boards"
    (folder / "ops").mkdir(parents=True)
    (folder / "ops/host.json").write_text(json.dumps(dashboard("my-host", "One")))
    server = serve(config=f"console:\n  dashboards_dir: {folder}\n")

    def entry() -> dict:
        return next(one for one in server.get(DASHBOARDS).json()["data"] if one["name"] == "my-host")

    assert (entry()["source"], entry()["folder"], entry()["readOnly"]) == ("file", "ops", True)
    refused = send(server, "PUT", f"{DASHBOARDS}/my-host", dashboard("my-host"))
    assert (refused.status, "another name" in refused.json()["error"]) == (403, True)
    assert send(server, "DELETE", f"{DASHBOARDS}/my-host").status == 403
    (folder / "ops/host.json").write_text(json.dumps(dashboard("my-host", "Two")))
    wait_until(lambda: entry()["title"] == "Two", "the file to be read again")
    (folder / "ops/host.json").write_text("{")
    wait_until(lambda: "warnings" in server.get(DASHBOARDS).json(), "the broken file to be told of")
    answer = fits(DASHBOARDS, server.get(DASHBOARDS))
    assert "ops/host.json: line 1, column 2" in answer["warnings"][0]
    assert entry()["title"] == "Two"
    assert server.child.alive


def test_a_full_disk_is_503_and_costs_nothing(serve, peer, tmp_path):
    data = tmp_path / "data"
    before = serve(data=data)
    assert send(before, "PUT", f"{DASHBOARDS}/first", dashboard("first")).status == 200
    before.child.stop()
    writes = "write,writev,pwrite64,pwritev,pwritev2"
    strace = [peer("strace"), "-f", "-q", "-o", "/dev/null", "-P", str(data / "console/dashboards.log")]
    server = serve(data=data, wrapper=[*strace, "-e", f"trace={writes}", "-e", f"inject={writes}:error=ENOSPC"])
    for method, name in (("PUT", "second"), ("PUT", "first"), ("DELETE", "first")):
        answer = send(server, method, f"{DASHBOARDS}/{name}", dashboard(name, "Changed") if method == "PUT" else None)
        assert answer.status == 503, answer.text
        assert fits(ONE, answer, method.lower())["errorType"] == "unavailable"
        assert "No space left" in answer.json()["error"]
    assert server.get(f"{DASHBOARDS}/second").status == 404
    assert server.get(f"{DASHBOARDS}/first").json()["data"]["dashboard"] == dashboard("first")
    # The server itself: strace keeps the signal.
    (traced,) = pathlib.Path(f"/proc/{server.child.pid}/task/{server.child.pid}/children").read_text().split()
    os.kill(int(traced), signal.SIGTERM)
    server.child.wait_exit()
    after = serve(data=data)
    assert [one["name"] for one in after.get(DASHBOARDS).json()["data"] if one["source"] == "store"] == ["first"]
    assert send(after, "PUT", f"{DASHBOARDS}/second", dashboard("second")).status == 200, "there is room again"


def test_read_only(serve):
    server = serve(config="console:\n  read_only: true\n")
    assert server.get("/api/v1/console/config").json()["data"]["readOnly"] is True
    for method, path, body in (
        ("POST", DASHBOARDS, dashboard("x")),
        ("PUT", f"{DASHBOARDS}/x", dashboard("x")),
        ("DELETE", f"{DASHBOARDS}/x", None),
        ("POST", "/api/v1/annotations", {"kind": "a", "title": "t"}),
        ("DELETE", "/api/v1/annotations/1", None),
        ("POST", "/api/v1/view_links", {"page": "overview", "ttl": "1h"}),
    ):
        assert send(server, method, path, body).status == 403, (method, path)


def test_annotations(serve):
    server = serve()
    path = "/api/v1/annotations"
    made = send(server, "POST", path, {"kind": "deploy", "title": "1.2.3", "time": 1_700_000_000_000, "labels": {"region": "eu"}})
    assert made.status == 201
    identity = fits(path, made, "post")["data"]["id"]
    send(server, "POST", path, {"kind": "incident", "title": "now", "text": "why"}, X_Tickscope_User="ann")
    listed = fits(path, server.get(path))["data"]
    assert [one["title"] for one in listed] == ["now", "1.2.3"]
    assert listed[0]["author"] == "ann"
    assert [a["title"] for a in server.get(path, {"start": 1_699_999_999, "end": 1_700_000_001}).json()["data"]] == ["1.2.3"]
    assert [a["title"] for a in server.get(path, {"kind[]": "incident"}).json()["data"]] == ["now"]
    assert [a["title"] for a in server.get(path, {"match[]": '{region="na"}'}).json()["data"]] == ["now"]
    assert server.get(path, {"match[]": "{"}).status == 400
    assert "warnings" in fits(path, server.get(path, {"limit": 1}))
    refused = fits(path, send(server, "POST", path, b'{"kind": "deploy"'), "post")
    assert "line 1, column 18" in refused["error"]
    server.child.kill()
    server = serve(data=server.data)
    assert len(server.get(path).json()["data"]) == 2
    one = "/api/v1/annotations/{id}"
    assert fits(one, send(server, "DELETE", f"{path}/{identity}"), "delete")["data"] == {"removed": identity}
    assert fits(one, send(server, "DELETE", f"{path}/{identity}"), "delete")["errorType"] == "not_found"


# Viewer links.


ADMIN = "admin-token-0123456789abcdef"
READER = "reader-token-0123456789abcdef"
VIEW = "/api/v1/view/{token}"


@pytest.fixture
def wall(serve, tmp_path):
    """A server that asks everybody who they are, with a dashboard of three queries and samples of two regions."""
    rights = ((ADMIN, "ann", "read,write,admin"), (READER, "bob", "read"))
    lines = [f"{hashlib.sha256(token.encode()).hexdigest()} tenant=eu sender={who} scopes={what}" for token, who, what in rights]
    tokens = tmp_path / "tokens"
    tokens.write_text("\n".join(lines) + "\n")
    server = serve(config=f"access:\n  required: true\n  tokens_file: {tokens}\nconsole:\n  view_requests_per_second: 1000\n")
    now = int(time.time() * 1000)
    series = [
        remote_write.Series({"__name__": "players", "region": region}, [(now - 1000, value)])
        for region, value in (("eu", 10.0), ("na", 20.0))
    ]
    body = remote_write.snappy(remote_write.message("rw2", series))
    written = server.write_raw(body, remote_write.headers("rw2") | {"Authorization": f"Bearer {ADMIN}"})
    assert written.status == 204, written.text
    board = dashboard(
        "wall",
        panels={"a": panel('players{region=~"$region"}', "sum(players)"), "b": panel("count(rate(players[$__rate_interval]) or players)")},
        variables=[{"kind": "ListVariable", "spec": {"name": "region", "allowAllValue": True, "plugin": {"kind": "P", "spec": {}}}}],
    )
    assert as_admin(server, "POST", DASHBOARDS, board).status == 201
    wait_until(lambda: len(values(server.get("/api/v1/query", {"query": "players"}, headers=bearer(READER)))) == 2, "the samples to show")
    return server


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def as_admin(server, method: str, path: str, body=None) -> http_call.Answer:
    return send(server, method, path, body, **bearer(ADMIN))


def link(server, **wanted) -> tuple[str, str]:
    """The id and the token of a new link."""
    answer = as_admin(server, "POST", "/api/v1/view_links", {"page": "dashboard", "dashboard": "wall", "ttl": "1h"} | wanted)
    assert answer.status == 201, answer.text
    made = fits("/api/v1/view_links", answer, "post")["data"]
    return made["id"], made["url"].removeprefix("/view/")


def values(answer) -> list[str]:
    assert answer.status == 200, answer.text
    return sorted(one["value"][1] for one in answer.json()["data"]["result"])


def test_changes_need_the_scope_admin(wall):
    for method, path, body in (
        ("POST", DASHBOARDS, dashboard("x")),
        ("DELETE", f"{DASHBOARDS}/wall", None),
        ("POST", "/api/v1/annotations", {"kind": "a", "title": "t"}),
        ("POST", "/api/v1/view_links", {"page": "overview", "ttl": "1h"}),
    ):
        assert send(wall, method, path, body).status == 401
        assert send(wall, method, path, body, **bearer(READER)).status == 403, path
    assert wall.get(DASHBOARDS, headers=bearer(READER)).status == 200
    added = as_admin(wall, "POST", "/api/v1/annotations", {"kind": "a", "title": "t", "author": "somebody else"})
    assert added.json()["data"]["author"] == "ann", "who is proven, not who is said"


def test_a_link_shows_its_page_and_asks_its_queries_without_a_login(wall):
    _, token = link(wall, variables={"region": "eu"})
    page = fits(VIEW, wall.get(f"/api/v1/view/{token}"))["data"]
    spec = page["dashboard"]["spec"]
    assert "variables" not in spec
    assert spec["panels"]["a"]["spec"]["display"]["name"] == "eu"
    asked = send(wall, "POST", f"/api/v1/view/{token}/query", {"panel": "a", "query": 0})
    fits(VIEW + "/query", asked, "post")
    assert values(asked) == ["10"]
    assert values(send(wall, "POST", f"/api/v1/view/{token}/query", {"panel": "a", "query": 1})) == ["30"]
    assert values(send(wall, "POST", f"/api/v1/view/{token}/query", {"panel": "b", "query": 0, "step": 10})) == ["2"]
    now = time.time()
    ranged = send(wall, "POST", f"/api/v1/view/{token}/query_range", {"panel": "a", "query": 1, "start": now - 60, "end": now, "step": 15})
    assert fits(VIEW + "/query_range", ranged, "post")["data"]["resultType"] == "matrix"
    _, both = link(wall, variables={"region": ["eu", "na"]})
    assert values(send(wall, "POST", f"/api/v1/view/{both}/query", {"panel": "a", "query": 0})) == ["10", "20"]
    _, any_region = link(wall)
    assert values(send(wall, "POST", f"/api/v1/view/{any_region}/query", {"panel": "a", "query": 0})) == ["10", "20"]


def test_a_link_tells_how_new_its_data_is(wall):
    _, token = link(wall)
    answer = wall.get(f"/api/v1/view/{token}/freshness")
    told = fits(VIEW + "/freshness", answer)["data"]
    shown = wall.get("/api/v1/status/tsdb", headers=bearer(READER)).json()["data"]["headStats"]
    assert told["newest"] == shown["maxTime"], "as whoever is logged in sees it"
    assert abs(told["now"] - time.time() * 1000) < 60_000 and told["lag_seconds"] >= 0
    later = fits(VIEW + "/freshness", wall.get(f"/api/v1/view/{token}/freshness"))["data"]
    assert later["newest"] == told["newest"], "time that goes on makes no data newer"
    assert later["now"] >= told["now"]
    assert wall.get(f"/api/v1/view/{token[:-1]}/freshness").status == 404


def test_a_link_shows_what_its_dashboard_has_become(wall):
    _, token = link(wall)
    asked = lambda: send(wall, "POST", f"/api/v1/view/{token}/query", {"panel": "a", "query": 0})  # noqa: E731
    assert values(asked()) == ["10", "20"]
    changed = as_admin(wall, "PUT", f"{DASHBOARDS}/wall", dashboard("wall", panels={"a": panel("max(players)"), "c": panel("up")}))
    assert changed.status == 200
    assert values(asked()) == ["20"]
    assert send(wall, "POST", f"/api/v1/view/{token}/query", {"panel": "b", "query": 0}).status == 404, "it has gone"
    assert as_admin(wall, "DELETE", f"{DASHBOARDS}/wall").status == 200
    assert asked().status == 404


def test_a_link_asks_nothing_else(wall):
    _, token = link(wall)
    refused = {
        404: [{"panel": "a", "query": 2}, {"panel": "c", "query": 0}],
        400: [{"panel": "a", "query": 0, "promql": "up"}, {"query": 0}, {"panel": "a", "query": -1}, {"panel": "a", "query": "0"}, []],
    }
    for status, bodies in refused.items():
        for body in bodies:
            answer = send(wall, "POST", f"/api/v1/view/{token}/query", body)
            assert answer.status == status, body
            fits(VIEW + "/query", answer, "post")
    assert send(wall, "POST", f"/api/v1/view/{token}/query", {"panel": "a", "query": 0}, Content_Type="text/plain").status == 406
    assert send(wall, "POST", f"/api/v1/view/{token}/query?query=up", {"panel": "c", "query": 0}).status == 404
    for path in ("/api/v1/query?query=up", "/api/v1/dashboards/wall", "/api/v1/view_links", f"/api/v1/view/{token}/../../query?query=up"):
        assert wall.get(path).status in (401, 404), path
    for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), token[:16], "x", "..%2f", "%00"):
        assert wall.get(f"/api/v1/view/{wrong}").status == 404, wrong


def test_a_link_follows_live_until_it_is_revoked(wall):
    identity, token = link(wall)
    connection = http.client.HTTPConnection(wall.address, timeout=20)
    body = json.dumps({"queries": [{"id": "q", "panel": "a", "query": 1, "range": "1m", "step": "1s"}]})
    connection.request("POST", f"/api/v1/view/{token}/stream", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    assert (response.status, response.getheader("Content-Type")) == (200, "text/event-stream; charset=utf-8")
    lines = iter(response.readline, b"")
    assert any(line.startswith(b'data: {"query":"q"') and b'"30"' in line for line in lines)
    listed = fits("/api/v1/view_links", wall.get("/api/v1/view_links", headers=bearer(READER)))["data"]
    assert [(one["id"], one["dashboard"], one["author"]) for one in listed] == [(identity, "wall", "ann")]
    assert token not in wall.get("/api/v1/view_links", headers=bearer(READER)).text
    assert as_admin(wall, "DELETE", f"/api/v1/view_links/{identity}").status == 200
    try:
        for _ in lines:  # Ends, though it was asked to go on for ever.
            pass
    except (http.client.IncompleteRead, ConnectionError):
        pass
    assert wall.get(f"/api/v1/view/{token}").status == 404
    assert as_admin(wall, "DELETE", f"/api/v1/view_links/{identity}").status == 404
    connection.close()


def test_the_key_is_a_secret_and_survives_a_restart(wall, serve, tmp_path):
    _, token = link(wall)
    key = wall.data / "console/view_key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(key.read_bytes()) == 32
    wall.child.kill()
    config = (tmp_path / "tickscope.yaml").read_text()
    again = serve(data=wall.data, config=config)
    assert again.get(f"/api/v1/view/{token}").status == 200
    again.child.kill()
    key.unlink()
    other = serve(data=wall.data, config=config)
    assert other.get(f"/api/v1/view/{token}").status == 404, "another key, other tokens"


def test_all_viewers_of_a_link_share_its_rate(serve):
    server = serve(config="console:\n  view_requests_per_second: 5\n")
    made = send(server, "POST", "/api/v1/view_links", {"page": "overview", "ttl": "1m"}).json()["data"]
    answers = [server.get("/api/v1" + made["url"]) for _ in range(30)]
    assert {answer.status for answer in answers} == {200, 429}
    assert next(answer for answer in answers if answer.status == 429).headers["retry-after"] == "1"


def test_a_link_to_the_overview(serve):
    server = serve()
    made = send(server, "POST", "/api/v1/view_links", {"page": "overview", "ttl": "1h", "variables": {"region": ["eu", "na"]}})
    url = "/api/v1" + made.json()["data"]["url"]
    page = fits(VIEW, server.get(url))["data"]
    names = {one["sli"]["name"]: one["queries"] for one in page["slis"]}
    assert [query["by"] for query in names["players"]] == [[], ["region"], ["mode"], ["build"], ["map"]]
    for name, queries in names.items():
        for place in range(len(queries)):
            answer = send(server, "POST", url + "/query", {"panel": name, "query": place})
            assert answer.status == 200, answer.text
    assert send(server, "POST", url + "/query", {"panel": "players", "query": 5}).status == 404
    refused = send(server, "POST", "/api/v1/view_links", {"page": "overview", "ttl": "1h", "variables": {"no_label": "x"}})
    assert refused.status == 400


def test_links_that_are_not_made(serve):
    server = serve()
    for body, status, told in (
        ({"page": "dashboard", "dashboard": "none", "ttl": "1h"}, 404, "no dashboard of that name"),
        ({"page": "overview", "ttl": "91d"}, 400, "ttl: expected a duration from 1m to 90d"),
        ({"page": "overview", "ttl": "10s"}, 400, "ttl"),
        ({"page": "overview"}, 400, "ttl: required"),
        ({"page": "all", "ttl": "1h"}, 400, "page: expected overview or dashboard"),
    ):
        answer = send(server, "POST", "/api/v1/view_links", body)
        assert answer.status == status and told in answer.json()["error"], answer.text
        fits("/api/v1/view_links", answer, "post")
