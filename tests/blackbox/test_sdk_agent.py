"""The way of a game server's values: SDK, page, agent, gateway, store, query. The server is killed while it writes, the agent
restarted in between, and what the page said last is what a query finds."""

from __future__ import annotations

import pathlib

import pytest

import http_call
from child import free_port, wait_until
from conftest import page_values

AGENT = """\
listen: 127.0.0.1:{listen}
global: {{scrape_interval: {interval}, scrape_timeout: {interval}}}
sdk_pages:
  - directory: {pages}
    labels: {{fleet: blue}}
scrape_configs: {scrapes}
remote_write:
  - url: {url}/api/v1/write
    backoff_max: 200ms
"""


@pytest.fixture
def agent(start, tickscope, tmp_path):
    def start_agent(url: str, interval: str = "500ms", scrapes: str = "[]"):
        listen = free_port()
        config = tmp_path / "agent.yaml"
        pages = tmp_path / "pages"
        config.write_text(AGENT.format(listen=listen, pages=pages, url=url, interval=interval, scrapes=scrapes))
        child = start([tickscope, "agent", "--config", config], name="agent")
        child.wait_http(f"http://127.0.0.1:{listen}/-/ready")
        child.own_url = f"http://127.0.0.1:{listen}"
        return child

    return start_agent


def own_metric(child, series: str) -> float:
    for line in http_call.get(child.own_url + "/metrics").text.splitlines():
        if line.startswith(series + " "):
            return float(line.rpartition(" ")[2])
    return 0.0


def series_text(metric: dict[str, str]) -> str:
    """As `tickscope page show` writes a series, without what the agent adds."""
    added = ("__name__", "job", "instance", "fleet", "le")
    own = [f'{name}="{value}"' for name, value in metric.items() if name not in added]
    if "le" in metric:
        own.append('le="' + metric["le"].removesuffix(".0") + '"')
    return metric["__name__"] + ("{" + ",".join(own) + "}" if own else "")


def last_values(server, instance: str) -> dict[str, float]:
    """The newest values that were stored, ended series too; of a native histogram its count and sum."""
    found = {}
    for one in server.query(f'last_over_time({{job="game", instance="{instance}"}}[10m])'):
        name = series_text(one["metric"])
        if "histogram" in one:
            found[name + "_count"] = float(one["histogram"][1]["count"])
            found[name + "_sum"] = float(one["histogram"][1]["sum"])
        else:
            found[name] = float(one["value"][1])
    return found


def instance_of(page: str) -> str:
    return pathlib.Path(page).name.removesuffix(".tspage")


def agrees(found: dict[str, float], page: dict[str, float]) -> bool:
    """Whether every series of the page has its very value; buckets of exponential histograms are in their histogram."""
    wanted = {name: value for name, value in page.items() if not name.startswith("game_bot_rtt_seconds_bucket")}
    wanted = {name: value for name, value in wanted.items() if not name.startswith("game_isp_rtt_seconds_bucket")}
    return all(found.get(exponential_name(name, found)) == value for name, value in wanted.items())


def exponential_name(name: str, found: dict[str, float]) -> str:
    """`x_count{l="v"}` of the page is `x{l="v"}_count` here, when x is exponential."""
    head, brace, labels = name.partition("{")
    for suffix in ("_count", "_sum"):
        if brace and head.endswith(suffix) and name not in found:
            return head.removesuffix(suffix) + brace + labels + suffix
    return name


def test_a_killed_servers_last_values_arrive_then_its_series_end(serve, agent, world, run, tickscope):
    server = serve()
    shipping = agent(server.url, "2s")
    child, ready = world("--seconds", "120", "--hertz", "1000", "--bots", "50")
    instance = instance_of(ready["page"])
    wait_until(lambda: server.query(f'game_ticks_total{{instance="{instance}"}}'), "a first value", 30)
    up = server.query("up")
    assert [(one["metric"]["instance"], one["metric"]["fleet"], one["value"][1]) for one in up] == [(instance, "blue", "1")]
    child.kill()  # A thousand ticks and thousands of packets a second: in the middle of something.
    page = page_values(run, tickscope, ready["page"])
    assert page["game_ticks_total"] > 0
    wait_until(lambda: server.query("up") == [], "the series' end", 30)
    found = last_values(server, instance)
    assert agrees(found, page), {name: (value, found.get(exponential_name(name, found))) for name, value in page.items()}
    assert found["up"] == 0
    assert not pathlib.Path(ready["page"]).exists()
    assert server.query('{job="game"}') == []
    assert own_metric(shipping, 'tickscope_agent_pages_ended_total{how="crashed"}') == 1
    assert own_metric(shipping, 'tickscope_agent_pages_removed_total{outcome="ok"}') == 1
    assert own_metric(shipping, "tickscope_agent_pages") == 0


def test_a_server_that_dies_while_the_agent_is_away(serve, agent, world, run, tickscope):
    server = serve()
    first = agent(server.url)
    child, ready = world("--seconds", "120", "--hertz", "500")
    instance = instance_of(ready["page"])
    wait_until(lambda: server.query(f'game_ticks_total{{instance="{instance}"}}'), "a first value", 30)
    first.kill()
    before = page_values(run, tickscope, ready["page"])
    wait_until(
        lambda: page_values(run, tickscope, ready["page"])["game_ticks_total"] > before["game_ticks_total"] + 100,
        "the game to go on",
    )
    child.kill()
    page = page_values(run, tickscope, ready["page"])
    second = agent(server.url)
    wait_until(lambda: not pathlib.Path(ready["page"]).exists(), "the page to go", 30)
    wait_until(lambda: server.query('{job="game"}') == [], "the series' end", 30)
    assert agrees(last_values(server, instance), page)
    assert second.alive


def test_an_agent_that_starts_anew_goes_on(serve, agent, world, run, tickscope):
    server = serve()
    first = agent(server.url)
    _, ready = world("--seconds", "120")
    query = f'game_ticks_total{{instance="{instance_of(ready["page"])}"}}'
    wait_until(lambda: server.query(query), "a first value", 30)
    assert first.stop() == 0
    wait_until(lambda: server.query(query) == [], "markers of the agent's end", 30)
    agent(server.url)
    wait_until(lambda: server.query(query), "values again", 30)
    # The same series: the counter did not begin anew.
    assert server.query(f"resets({query}[5m])")[0]["value"][1] == "0"


def test_pages_arrive_as_scrapes_of_the_same_server_do(serve, agent, world):
    server = serve()
    _, ready = world("--seconds", "120", "--metrics", "0")
    scrapes = f"[{{job_name: scraped, static_configs: [{{targets: ['127.0.0.1:{ready['metrics']}']}}]}}]"
    agent(server.url, scrapes=scrapes)

    def series_of(job: str) -> dict[str, bool]:
        own = ("up", "scrape_", "tickscope_page_")
        found = server.query(f'{{job="{job}"}}')
        names = {series_text(one["metric"]): "histogram" in one for one in found}
        return {name: is_histogram for name, is_histogram in names.items() if not name.startswith(own)}

    wait_until(lambda: series_of("scraped") and series_of("game"), "both", 30)
    assert series_of("game") == series_of("scraped")
    assert sum(series_of("game").values()) >= 1
    # And the same numbers, but for what happened between the two readings.
    for query in ("rate(game_ticks_total[20s])", "histogram_quantile(0.5, rate(game_tick_duration_seconds_bucket[20s]))"):
        wait_until(lambda: len(server.query(query)) == 2, query, 30)  # noqa: B023
        one, other = (float(answer["value"][1]) for answer in server.query(query))
        assert one == pytest.approx(other, rel=0.5)


def test_hostile_files_are_counted_and_nobody_suffers(serve, agent, world, tmp_path):
    server = serve()
    _, ready = world("--seconds", "120")
    pages = tmp_path / "pages"
    good = pathlib.Path(ready["page"]).read_bytes()
    (pages / "newer.1.tspage").write_bytes(good[:8] + b"\x02" + good[9:])
    (pages / "cut.1.tspage").write_bytes(good[:5000])
    (pages / "copy.1.tspage").write_bytes(good)
    (pages / "link.1.tspage").symlink_to("/etc/passwd")
    with (pages / "hole.1.tspage").open("wb") as hole:
        hole.truncate(1 << 40)
    shipping = agent(server.url, "200ms")
    wait_until(lambda: own_metric(shipping, "tickscope_agent_page_reads_total") >= 10, "ten reads", 30)
    wait_until(lambda: server.query("up"), "the good one", 30)
    assert len(server.query("up")) == 1
    for reason in ("version", "corrupt", "misnamed", "not_a_file"):
        assert own_metric(shipping, f'tickscope_agent_pages_refused_total{{reason="{reason}"}}') >= 10, reason
    assert shipping.rss_bytes_max() < 64 << 20
    assert sorted(path.name for path in pages.iterdir()) == sorted(
        [pathlib.Path(ready["page"]).name, *(f"{name}.1.tspage" for name in ("newer", "cut", "copy", "link", "hole"))]
    )


def test_check_shows_the_defaults(run, tickscope, tmp_path):
    config = tmp_path / "agent.yaml"
    config.write_text("sdk_pages: [{}]\nremote_write: [{url: 'http://127.0.0.1:1/api/v1/write'}]\n")
    shown = run([tickscope, "agent", "--config", config, "--check"])
    assert shown.returncode == 0, shown.stderr
    for line in ("directory: /dev/shm/tickscope", "page_limit: 64", "series_limit: 100000", "memory_limit: 32MiB"):
        assert line in shown.stdout
