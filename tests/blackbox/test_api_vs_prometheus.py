"""The HTTP API against a real Prometheus: both hold the same samples, get the same requests, and must agree.

Compared are status, envelope, error type and text, result, warnings and infos. What is left out, and why, stands next
to the requests. Peer: Prometheus 3.x, since 2.x has other range boundaries and error texts.
"""

from __future__ import annotations

import json
import math
import pathlib
import time
import urllib.parse

import pytest

import http_call
import remote_write
from child import free_port, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
REFUSALS = ROOT / "src/api/testdata/refusals.tsv"

# {t} is the first sample's time in whole seconds, {u} a minute later, {v} two minutes later.
REQUESTS = """
query?query=1&time=1.5
query?query=1&time={t}.001
query?query=1&time=2023-11-14T22:13:20Z
query?query=1&time=2023-11-14T22:13:20.123456%2B02:00
query?query=1e-7&time=5
query?query=1e300&time=5
query?query=-0&time=5
query?query=%22a%5C%22b%3C%22&time=5
query?query=temp&time={u}
query?query=temp&time={u}&limit=0
query?query=temp{{place=~%22[qr]%22}}&time={u}&limit=2
query?query=http_requests_total[5m]&time={v}
query?query=http_requests_total[5m]&time={v}&limit=2
query?query=http_requests_total&time={v}&lookback_delta=30s
query?query=http_requests_total&time={v}&lookback_delta=0
query?query=sum(http_requests_total)&time={v}&timeout=30s
query?query=rate(http_requests_total[2m])&time={v}
query?query=rate(temp[5m])&time={v}
query?query=topk(NaN,temp)&time={u}
query?query=absent(nothing)&time={u}
query?query=nothing&time={u}
query_range?query=1&start=1&end=2&step=0.5
query_range?query=1&start=1&end=2&step=1m
query_range?query=1&start=0&end=11000&step=1
query_range?query=temp&start={t}&end={v}&step=30
query_range?query=temp{{place=%22q%22}}&start={t}&end={v}&step=30&limit=1
query_range?query=http_requests_total&start={t}.5&end={v}.7&step=20.5
query_range?query=sum+by+(job)(http_requests_total)&start={t}&end={v}&step=15s
query_range?query=nothing&start={t}&end={v}&step=15s
series?match[]=temp&start={t}&end={v}
series?match[]=temp&match[]=http_requests_total&start={t}&end={v}
series?match[]=temp&limit=6
series?match[]=temp&start=1600000000&end=1600000001
series?match[]=nothing
series?match[]=temp&start=5&end=1
series?match[]={{place%3D~%22q|r%22}}
series?match[]={{__name__%3D~%22.*_total%22,instance!%3D%22a%22}}
labels
labels?match[]=temp
labels?match[]=temp&match[]=http_requests_total
labels?limit=1
labels?limit=50
labels?start=3&end=1
labels?start=1600000000&end=1600000001
label/place/values
label/place/values?limit=6
label/place/values?match[]={{instance=%22a%22}}
label/__name__/values
label/a-b/values
label/a.b/values
label/U__a_2e_b/values
label/U__pla_63_e/values
label/U__a_zz_b/values
label/nothing/values
label/place/values?start=1600000000&end=1600000001
metadata?metric=nothing
format_query?query=sum(a)by(b)
format_query?query=a%2Bon(x)group_left(y)b
query_exemplars?query=temp&start={t}&end={v}
rules
rules?type=alert
rules?type=record&rule_name[]=x
alerts
alertmanagers
targets
targets?state=active
targets/metadata
scrape_pools
"""

EXPRESSIONS = [
    "1",
    "-1",
    "1e30",
    '"text"',
    'a{x!="1",y!~"2"} offset 5m',
    "a[5m] @ 5.5",
    "a[5m:1m] @ start() offset -3m",
    "a[5m + step()]",
    "a offset (1m + 2)",
    "sum without (x, y) (a)",
    "topk(3, a)",
    'count_values("v", a)',
    "a + on (x) group_left (y) b",
    "a and ignoring (z) b",
    "a == bool 3",
    "-(a ^ 2)",
    "rate(a[5m] smoothed)",
    'label_join(a, "b", "c", "d", "e")',
    "round(a)",
    "time()",
    "predict_linear(a[5m], 3)",
]

METHODS = [
    ("POST", "/api/v1/query", 200),
    ("POST", "/api/v1/labels", 200),
    ("DELETE", "/api/v1/query", 405),
    ("PUT", "/api/v1/query_range", 405),
    ("DELETE", "/api/v1/series", 405),
    ("POST", "/api/v1/label/place/values", 405),
    ("POST", "/api/v1/metadata", 405),
    ("POST", "/api/v1/status/buildinfo", 405),
    ("OPTIONS", "/api/v1/query", 204),
    ("GET", "/api/v1/nothing", 404),
    ("GET", "/api/v2/query", 404),
]


def samples(start_s: int) -> list[remote_write.Series]:
    def series(labels: dict[str, str], *points: tuple[float, float]) -> remote_write.Series:
        return remote_write.Series(labels, [(int((start_s + at) * 1000), value) for at, value in points])

    def requests(instance: str) -> dict[str, str]:
        return {"__name__": "http_requests_total", "instance": instance, "job": "api"}

    def place(name: str) -> dict[str, str]:
        return {"__name__": "temp", "place": name}

    return [
        series(requests("a"), (0, 1.0), (60, 11.0), (120, 21.0)),
        series(requests("b"), (0, 2.0), (60.5, 12.0)),
        series({**requests("c"), "a.b": "dotted"}, (0, 5.0), (60, 3.0), (120, 4.0)),
        series(place('x"y'), (0, math.nan)),
        series(place("z"), (60, math.inf)),
        series(place("q"), (60, 1e-7)),
        series(place("r"), (60, 1e21)),
        series(place("s"), (60, 123456789012345680000.0)),
        series(place("ü<&>"), (0, -0.0), (60, 0.1)),
    ]


@pytest.fixture(scope="module")
def start_s() -> int:
    return int(time.time()) // 60 * 60 - 600


@pytest.fixture
def servers(serve, start, peer, tmp_path, start_s):
    """Base URLs of both, holding the same samples: {"tickscope": ..., "prometheus": ...}."""
    prometheus = peer("prometheus")
    (tmp_path / "prometheus.yml").write_text("global: {}\n")
    address = f"127.0.0.1:{free_port()}"
    child = start(
        [
            prometheus,
            f"--config.file={tmp_path / 'prometheus.yml'}",
            f"--storage.tsdb.path={tmp_path / 'prometheus'}",
            f"--web.listen-address={address}",
            "--web.enable-remote-write-receiver",
        ],
        name="prometheus",
    )
    reference = f"http://{address}"
    child.wait_http(reference + "/-/ready")
    version = http_call.get(reference + "/api/v1/status/buildinfo").json()["data"]["version"]
    if version.startswith("2."):
        pytest.skip(f"needs Prometheus 3, found {version}: tools/install_peers.sh --current")

    tickscope = serve()
    written = samples(start_s)
    assert tickscope.write("rw1", written).status == 204
    body = remote_write.snappy(remote_write.message("rw1", written))
    accepted = http_call.call("POST", reference + "/api/v1/write", body=body, headers=remote_write.headers("rw1"))
    assert accepted.status == 204, accepted.text
    wait_until(
        lambda: len(tickscope.query('{__name__=~".+"}', start_s + 60)) == len(written), "every series to be visible"
    )
    return {"tickscope": tickscope.url, "prometheus": reference}


def comparable(answer: http_call.Answer) -> dict:
    """Status and content, without what two servers may order as they like."""
    content = answer.json()
    for notes in ("warnings", "infos"):
        if notes in content:
            content[notes] = sorted(content[notes])
    data = content.get("data")
    if isinstance(data, list) and data and isinstance(data[0], dict):
        data.sort(key=lambda labels: json.dumps(labels, sort_keys=True))
    if isinstance(data, dict) and data.get("resultType") == "vector":
        data["result"].sort(key=lambda element: json.dumps(element["metric"], sort_keys=True))
    return {"http": answer.status, **content}


def ask(base: str, request: str) -> dict:
    return comparable(http_call.get(f"{base}/api/v1/{request}"))


def test_answers_agree(servers, start_s):
    differences = []
    for line in REQUESTS.split():
        request = line.format(t=start_s, u=start_s + 60, v=start_s + 120)
        ours, theirs = ask(servers["tickscope"], request), ask(servers["prometheus"], request)
        if ours != theirs:
            differences.append(f"{request}\n  tickscope  {ours}\n  prometheus {theirs}")
    assert not differences, "\n".join(differences)


def test_limits_agree(servers):
    """Which ones are kept is up to the server (ours: the first in order); how many, and the warning, are not."""
    for request in ("series?match[]=temp&limit=2", "label/place/values?limit=2"):
        answers = [ask(base, request) for base in servers.values()]
        for answer in answers:
            assert len(answer.pop("data")) == 2, request
        assert answers[0] == answers[1], request


def test_refusals_agree(servers):
    """The golden table, asked of both: it says what Prometheus says, and so do we."""
    rows = [line.split("\t") for line in REFUSALS.read_text().splitlines() if not line.startswith("#")]
    assert len(rows) > 80
    differences = []
    for request, status, error_type, error in rows:
        want = {"http": int(status), "status": "error", "errorType": error_type, "error": error}
        for name, base in servers.items():
            got = ask(base, request)
            if got != want:
                differences.append(f"{request}\n  {name} {got}\n  table {want}")
    assert not differences, "\n".join(differences)


def test_syntax_trees_agree(servers):
    for expression in EXPRESSIONS:
        for endpoint in ("parse_query", "format_query"):
            request = f"{endpoint}?{urllib.parse.urlencode({'query': expression})}"
            assert ask(servers["tickscope"], request) == ask(servers["prometheus"], request), request


def test_methods_agree(servers):
    for method, path, status in METHODS:
        for name, base in servers.items():
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            body = b"query=1" if method in ("POST", "PUT") else None
            answer = http_call.call(method, base + path, body=body, headers=headers)
            assert answer.status == status, (name, method, path, answer.text)
            if status == 405:
                assert "GET" in answer.headers["allow"], (name, method, path)


def test_cross_origin_headers_agree(servers):
    """What a browser is told, for pages of no origin, of one, and before what it must ask about first."""
    asked = [("GET", "/api/v1/labels"), ("GET", "/api/v1/query?query=sum("), ("OPTIONS", "/api/v1/query")]
    for method, path in asked:
        for headers in ({}, {"Origin": "https://grafana.example"}):
            told = {}
            for name, base in servers.items():
                answer = http_call.call(method, base + path, headers=headers)
                told[name] = {
                    field: value for field, value in answer.headers.items() if field.startswith("access-control")
                }
                if name == "tickscope":  # The other sends several fields of that name.
                    assert "Origin" in answer.headers["vary"], (method, path)
            assert told["tickscope"] == told["prometheus"], (method, path, headers)
            assert bool(told["prometheus"]) == bool(headers)


def test_origins_can_be_told_apart(serve):
    server = serve(config="http: {cors_origin: 'https://(a|b)\\.example'}\n")
    for origin, allowed in (("https://a.example", "https://a.example"), ("https://c.example", None)):
        answer = http_call.call("GET", server.url + "/api/v1/labels", headers={"Origin": origin})
        assert answer.headers.get("access-control-allow-origin") == allowed


def test_a_bad_pattern_of_origins_is_named(tickscope, run, tmp_path):
    (tmp_path / "bad.yaml").write_text("http: {cors_origin: '('}\n")
    refused = run([tickscope, "config", "show", "--config", tmp_path / "bad.yaml"])
    assert refused.returncode != 0 and "cors_origin" in refused.stderr, refused.stderr


def test_compression_agrees(servers):
    for name, base in servers.items():
        plain = http_call.call("GET", base + "/api/v1/labels")
        packed = http_call.call("GET", base + "/api/v1/labels", headers={"Accept-Encoding": "gzip"})
        assert "content-encoding" not in plain.headers, name
        assert packed.headers["content-encoding"] == "gzip", name
        assert packed.body == plain.body, name
        assert packed.headers["content-type"] == "application/json", name
