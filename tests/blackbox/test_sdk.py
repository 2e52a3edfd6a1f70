"""The SDK in a game server: a real Prometheus scrapes it in three formats and agrees with the page to the value, and a page
outlives its game's kill -9."""

from __future__ import annotations

import re
import time

import pytest

import http_call
from child import free_port, wait_until
from conftest import page_values
from peer_version import prometheus_version

PROTOCOLS = {"text": "PrometheusText0.0.4", "openmetrics": "OpenMetricsText1.0.0", "protobuf": "PrometheusProto"}


def test_a_page_outlives_kill_9(world, run, tickscope):
    child, ready = world("--seconds", "60", "--hertz", "250")
    wait_until(lambda: page_values(run, tickscope, ready["page"])["game_ticks_total"] > 100, "some ticks")
    last_seen = page_values(run, tickscope, ready["page"])
    child.kill()
    first, again = (page_values(run, tickscope, ready["page"]) for _ in range(2))
    assert first == again
    assert first["game_ticks_total"] >= last_seen["game_ticks_total"]
    # The histogram and its counters are of the same ticks, but for one that was being recorded.
    assert abs(first["game_tick_duration_seconds_count"] - first["game_ticks_total"]) <= 1
    assert first["game_joins_total{platform=\"pc\"}"] > 0
    assert first["game_bot_rtt_seconds_count"] > 0


def test_kills_at_random_moments_leave_pages_that_read(world, run, tickscope):
    for attempt in range(5):
        child, ready = world("--seconds", "60", "--hertz", "1000", "--bots", "50")
        time.sleep(0.03 * (attempt + 1))
        child.kill()
        values = page_values(run, tickscope, ready["page"])
        assert abs(values["game_tick_duration_seconds_count"] - values["game_ticks_total"]) <= 1


def test_an_end_in_order_leaves_the_exact_numbers(world, run, tickscope):
    child, ready = world("--seconds", "3")
    assert child.wait_exit() == 0
    done = dict(re.findall(r"(\w+)=(\d+)", child.log_text().splitlines()[-1]))
    values = page_values(run, tickscope, ready["page"])
    assert values["game_ticks_total"] == float(done["ticks"])
    assert sum(value for series, value in values.items() if series.startswith("game_joins_total")) == float(done["joins"])
    assert sum(value for series, value in values.items() if series.startswith("game_players{")) == 0
    assert "closed" in run([tickscope, "page", "show", ready["page"]]).stdout.splitlines()[0]


def test_a_page_that_is_none_is_refused(run, tickscope, tmp_path):
    for content, complaint in ((b"", "no SDK page"), (b"TSPAGE\r\n\x02\0\0\0" + bytes(5000), "version 2, this reads 1")):
        path = tmp_path / "bad.tspage"
        path.write_bytes(content)
        shown = run([tickscope, "page", "show", path])
        assert (shown.returncode, shown.stdout) == (1, "")
        assert complaint in shown.stderr


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_prometheus_agrees(world, start, peer, run, tickscope, tmp_path, protocol):
    prometheus = peer("prometheus")
    if prometheus_version(run, prometheus) < (3, 0):
        pytest.skip("needs Prometheus 3, which can be told what to scrape: tools/install_peers.sh --current")
    # The world goes on, so what a scrape saw lies between what the page said before and after it.
    _, ready = world("--seconds", "170", "--metrics", "0")
    (tmp_path / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
        "scrape_configs:\n"
        f"- {{job_name: world, scrape_protocols: [{PROTOCOLS[protocol]}], scrape_native_histograms: true,\n"
        f"   static_configs: [{{targets: ['127.0.0.1:{ready['metrics']}']}}]}}\n"
    )
    address = f"127.0.0.1:{free_port()}"
    child = start(
        [
            prometheus, f"--config.file={tmp_path / 'prometheus.yml'}",
            f"--storage.tsdb.path={tmp_path / 'prometheus'}", f"--web.listen-address={address}",
            "--enable-feature=exemplar-storage",
        ],
        name="prometheus",
    )  # fmt: skip
    url = f"http://{address}/api/v1/query"

    def query(text: str, at: float | None = None) -> list[dict]:
        answer = http_call.get(url, {"query": text, **({} if at is None else {"time": f"{at:.3f}"})})
        return answer.json()["data"]["result"]

    child.wait_http(f"http://{address}/-/ready")
    wait_until(lambda: query("game_ticks_total"), "a first scrape", timeout_s=60)
    before = page_values(run, tickscope, ready["page"])
    at = time.time()
    wait_until(lambda: float((query("timestamp(game_ticks_total)") or [{"value": [0, "0"]}])[0]["value"][1]) > at, "a scrape after that", timeout_s=60)
    sample = query("timestamp(game_ticks_total)")[0]["value"][1]
    scraped = {labels_text(one["metric"]): one for one in query('{job="world"}', float(sample))}
    after = page_values(run, tickscope, ready["page"])
    compared = 0
    for series, one in scraped.items():
        # What moves both ways may have been anywhere in between; game_tick_budget_seconds is a gauge that stands still.
        if series not in before or "histogram" in one or series.startswith("game_players"):
            continue
        assert before[series] <= float(one["value"][1]) <= after[series], series
        compared += 1
    assert compared > 60
    if protocol == "protobuf":
        native = scraped["game_bot_rtt_seconds"]["histogram"][1]
        assert before["game_bot_rtt_seconds_count"] <= float(native["count"]) <= after["game_bot_rtt_seconds_count"]
        assert float(query("histogram_quantile(0.99, game_bot_rtt_seconds)", float(sample))[0]["value"][1]) < 10
        assert len(native["buckets"]) >= 1
    targets = http_call.get(f"http://{address}/api/v1/targets").json()["data"]["activeTargets"]
    assert [target["lastError"] for target in targets] == [""]


def labels_text(metric: dict[str, str]) -> str:
    """As `tickscope page show` writes a series, without Prometheus' own labels."""
    own = [f'{name}="{value}"' for name, value in metric.items() if name not in ("__name__", "job", "instance", "le")]
    if "le" in metric:
        own.append(f'le="{number_text(metric["le"])}"')
    return metric["__name__"] + ("{" + ",".join(own) + "}" if own else "")


def number_text(le: str) -> str:
    return le.removesuffix(".0")
