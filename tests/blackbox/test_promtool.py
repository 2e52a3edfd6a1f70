"""promtool's queries against Tickscope: they succeed, and print what they print against a real Prometheus 3."""

from __future__ import annotations

import re
import time
import urllib.parse

import pytest

import http_call
import remote_write
from child import free_port, wait_until
from remote_write import Series

# {t} is the time of the last samples, in seconds.
COMMANDS = [
    "query instant {url} 1 --time={t}",
    'query instant {url} "text" --time={t}',
    "query instant {url} ticks_total --time={t}",
    "query instant {url} sum(rate(ticks_total[1m])) --time={t}",
    "query instant {url} ticks_total[30s] --time={t}",
    "query instant {url} ticks_total[1m:30s] --time={t}",
    "query instant {url} nothing --time={t}",
    "query instant {url} 1e-9*ticks_total --time={t}",
    "query instant {url} sqrt(-ticks_total) --time={t}",
    "query instant {url} sum( --time={t}",
    "query instant {url} ticks_total+on()ticks_total --time={t}",
    "query instant {url} histogram_quantile(0.9,sum(rate(tick_seconds_bucket[1m]))by(le)) --time={t}",
    'query instant {url} {{"a.b","ü"="x"}} --time={t}',
    "query instant -o json {url} ticks_total --time={t}",
    "query instant -o json {url} 1 --time={t}",
    "query range {url} ticks_total --start={s} --end={t} --step=10s",
    "query range {url} rate(ticks_total[20s]) --start={s} --end={t} --step=15s",
    "query range -o json {url} ticks_total --start={s} --end={t} --step=30s",
    "query range {url} nothing --start={s} --end={t} --step=30s",
    "query range {url} ticks_total --start={t} --end={s} --step=30s",
    "query range {url} ticks_total --start=0 --end={t} --step=1s",
    "query range --header=X-Scope-OrgID=default {url} ticks_total --start={s} --end={t} --step=30s",
    "query series {url} --match=ticks_total --start={s} --end={t}",
    "query series {url} --match=ticks_total --match=up",
    'query series {url} --match={{server=~"a|b",__name__!="up"}}',
    "query series {url} --match={{",
    "query series -o json {url} --match=ticks_total",
    "query labels {url} server --start={s} --end={t}",
    "query labels {url} __name__",
    "query labels {url} nothing",
    "query labels {url} server --match=ticks_total",
    "query labels {url} a-b",
    "query labels -o json {url} server",
    "query analyze --server={url} --type=histogram --match=tick_seconds --time={t} --duration=1m",
    "query analyze --server={url} --type=histogram --match=tick_seconds_bucket --time={t} --duration=1m",
]

EXPRESSIONS = [
    "sum(rate(a[5m]))by(b)/ignoring(c)group_left(d)sum without(e)(f)",
    'histogram_quantile(0.99,sum by(le)(rate(tick_seconds_bucket{server=~"eu-.*",mode!="x"}[5m])))>bool 0.1',
    'label_replace(up{job="api-server-with-a-long-name"},"host","$1","instance","([^:]+):.*")or vector(0)unless on(a)b',
    "max_over_time(deriv(rate(distance_covered_total[5s])[30s:5s])[10m:])",
    "2*-a offset 5m @ 1603774568 + a @ start() offset -1w",
    'count_values("version",build_info)and quantile(0.9,b)',
    '{"a.b",c="d"}*3^-2^x',
]


def promtool(peer, run) -> str:
    path = peer("promtool")
    version = run([path, "--version"])
    if "version 2." in version.stdout + version.stderr:
        pytest.skip("needs promtool 3: tools/install_peers.sh --current")
    return path


def samples(end_s: int) -> list[Series]:
    def series(labels: dict[str, str], step: float) -> Series:
        return Series(labels, [((end_s - 120 + 10 * i) * 1000, i * step) for i in range(13)])

    out = [series({"__name__": "ticks_total", "server": s, "job": "game"}, 1.5 * (n + 1)) for n, s in enumerate("abc")]
    out += [series({"__name__": "up", "server": s}, 0) for s in "ab"]
    out += [series({"__name__": "a.b", "ü": "x"}, 1)]
    for n, bound in enumerate(["0.1", "0.5", "1", "+Inf"]):
        out.append(series({"__name__": "tick_seconds_bucket", "le": bound, "server": "a"}, n + 1.0))
    out.append(series({"__name__": "tick_seconds_count", "server": "a"}, 4.0))
    out.append(series({"__name__": "tick_seconds_sum", "server": "a"}, 2.5))
    return out


@pytest.fixture
def urls(serve, start, peer, tmp_path, end_s) -> dict[str, str]:
    (tmp_path / "prometheus.yml").write_text("global: {}\n")
    address = f"127.0.0.1:{free_port()}"
    child = start(
        [
            peer("prometheus"), f"--config.file={tmp_path / 'prometheus.yml'}",
            f"--storage.tsdb.path={tmp_path / 'prometheus'}", f"--web.listen-address={address}",
            "--web.enable-remote-write-receiver",
        ],
        name="prometheus",
    )  # fmt: skip
    reference = f"http://{address}"
    child.wait_http(reference + "/-/ready")
    server = serve()
    written = samples(end_s)
    assert server.write("rw2", written).status == 204
    body = remote_write.snappy(remote_write.message("rw2", written))
    answer = http_call.call("POST", reference + "/api/v1/write", body=body, headers=remote_write.headers("rw2"))
    assert answer.status == 204, answer.text
    wait_until(lambda: len(server.query("ticks_total", end_s)) == 3, "the samples")
    return {"tickscope": server.url, "prometheus": reference}


@pytest.fixture
def end_s() -> int:
    return int(time.time()) // 60 * 60


def printed(result, url: str) -> tuple[int, list[str]]:
    """Exit code and lines. promtool prints label sets of series, and what it found, in no order."""
    text = (result.stdout + result.stderr).replace(url, "URL").replace(urllib.parse.urlsplit(url).netloc, "ADDRESS")
    lines = text.splitlines()
    if len(lines) == 1 and lines[0].startswith("[{"):
        lines = re.split(r"(?<=}),(?={)", lines[0].strip("[]"))
    return result.returncode, sorted(lines)


def test_queries_print_what_they_print_of_prometheus(urls, peer, run, end_s):
    program = promtool(peer, run)
    differences = []
    succeeded = 0
    for command in COMMANDS:
        words = [word.format(url="URL", t=end_s, s=end_s - 60) for word in command.split(" ")]
        results = {}
        for name, url in urls.items():
            asked = [word.replace("URL", url) for word in words]
            results[name] = printed(run([program, *asked]), url)
        succeeded += results["prometheus"][0] == 0
        if results["tickscope"] != results["prometheus"]:
            differences.append("\n  ".join([" ".join(words), *(f"{name}: {got}" for name, got in results.items())]))
    assert not differences, "\n".join(differences)
    assert succeeded >= 25


def test_promql_format_is_that_of_the_api(urls, peer, run):
    program = promtool(peer, run)
    for expression in EXPRESSIONS:
        theirs = run([program, "--experimental", "promql", "format", expression])
        assert theirs.returncode == 0, theirs.stderr
        ours = http_call.get(urls["tickscope"] + "/api/v1/format_query", {"query": expression}).json()
        assert ours["data"] == theirs.stdout.removesuffix("\n"), expression
