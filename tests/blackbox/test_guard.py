"""The guard and the tokenizer from outside: private data that is planted shows up nowhere; a refused series takes nothing with it."""

from __future__ import annotations

import http.server
import os
import pathlib
import re
import resource
import signal
import subprocess
import threading
import time

import http_call
import remote_write
from child import free_port, wait_until
from remote_write import Exemplar, Series

KEY = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
SECRETS = [
    "jane.doe@example.com",
    "203.0.113.77",
    "4111111111111111",
    "GB82WEST12345698765432",
    "76561198012345678",
    "123e4567-e89b-12d3-a456-426614174000",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "+15550109999",
]
SCHEMA = """\
schema: game
version: "1.0"
defaults: {owner: gameplay, class: ops, cadence: 10s}
target_labels:
  region: {values: [na, eu], help: Where.}
metrics:
  - name: game_joins_total
    type: counter
    help: Players who joined.
    owner: lobby
    labels: {platform: {values: [pc, xbox], help: On what.}}
  - name: game_players
    type: gauge
    help: Players.
"""


def now_ms() -> int:
    return int(time.time() * 1000)


def rejects(server, tenant: str = "default") -> dict:
    answer = server.get("/api/v1/guard/rejects", headers={"X-Scope-OrgID": tenant})
    assert answer.status == 200, answer.text
    return answer.json()["data"]


def assert_nowhere(secrets: list[str], *places) -> None:
    """None of the secrets is in a text, or in a file at or below a path."""
    for place in places:
        files = [p for p in place.rglob("*") if p.is_file()] if isinstance(place, pathlib.Path) else []
        for text in [p.read_bytes() for p in files] or [place.encode() if isinstance(place, str) else b""]:
            for secret in secrets:
                assert secret.encode() not in text, secret


def guarded(serve, tmp_path, **settings):
    schema = tmp_path / "game.yaml"
    schema.write_text(SCHEMA)
    return serve(config=f"guard: {{schema: {schema}}}\n", **settings)


def test_a_refused_series_takes_nothing_with_it(serve, tmp_path):
    server = guarded(serve, tmp_path)
    at = now_ms()
    good = {"__name__": "game_joins_total", "region": "eu", "platform": "pc"}
    bad = [
        ({"__name__": "game_kills_total", "region": "eu"}, "unknown_metric"),
        ({**good, "match": "m1"}, "unknown_label"),
        ({**good, "platform": "amiga"}, "label_value"),
        ({"__name__": "game_joins_total", "region": "eu"}, "missing_label"),
        ({**good, "who": "jane.doe@example.com"}, "pii"),
    ]
    for protocol in ("rw1", "rw2"):
        for turn in range(3):
            series = [Series(labels, [(at + turn, 1.0)]) for labels, _ in bad]
            series.insert(2, Series({**good, "platform": "xbox"}, [(at + turn, 5.0)]))
            series.append(Series(good, [(at + turn, 7.0)]))
            answer = server.write(protocol, series)
            assert answer.status == 400 and "5 of 7" in answer.text, answer.text
            assert "jane" not in answer.text and "amiga" not in answer.text
        at += 1000
    wait_until(lambda: len(server.query("game_joins_total", at / 1000)) == 2, "what was right", 10)
    shown = rejects(server)
    assert shown["mode"] == "enforce"
    assert {one["reason"] for one in shown["rejects"]} == {reason for _, reason in bad}
    assert all(one["owner"] == ("" if one["reason"] == "unknown_metric" else "lobby") for one in shown["rejects"])
    samples = {one["reason"]: (one["source"], one["samples"][0]["labels"], one["samples"][0].get("value")) for one in shown["rejects"]}
    assert samples == {
        "unknown_metric": ("metrics", ["region"], None),
        "unknown_label": ("metrics", ["match", "platform", "region"], "a0"),
        "label_value": ("metrics", ["platform", "region"], "amiga"),
        "missing_label": ("metrics", ["region"], None),
        "pii": ("metrics", ["platform", "region", "who"], "[email]"),
    }
    assert rejects(server, "other")["rejects"] == []
    # A series is judged once, however it is sent on; by the bytes of each protocol.
    assert server.metric("tickscope_guard_rejected_series_total") == 2 * len(bad)
    assert server.metric("tickscope_ingest_refused_samples_total") == 2 * 3 * len(bad)
    judged = server.metric("tickscope_guard_judged_series_total")
    assert 2 * len(bad) + 2 <= judged <= 2 * (len(bad) + 2)
    for protocol in ("rw1", "rw2"):
        server.write(protocol, [Series(labels, [(at + 1, 1.0)]) for labels in [good, *(labels for labels, _ in bad)]])
    assert server.metric("tickscope_guard_judged_series_total") == judged


def test_private_data_is_nowhere(serve, tmp_path):
    server = serve(config="guard: {mode: enforce}\n")
    at = now_ms()
    for index, secret in enumerate(SECRETS):
        series = [
            Series({"__name__": "m", "who": secret}, [(at, 1.0)]),
            Series({"__name__": f"m {secret} x"}, [(at, 1.0)]),
            Series({"__name__": "m", f"l {secret} x": "1"}, [(at, 1.0)]),
            Series({"__name__": "clean", "n": f"s{index}"}, [(at, 1.0)], [Exemplar({"who": secret}, 1.0, at)]),
        ]
        answer = server.write("rw2", series)
        assert answer.status == 400, answer.text
        assert_nowhere(SECRETS, answer.text)
    wait_until(lambda: len(server.query("clean", at / 1000)) == len(SECRETS), "what is clean", 10)
    shown = rejects(server)
    assert {one["reason"] for one in shown["rejects"]} == {"pii"}
    values = {sample["value"] for one in shown["rejects"] for sample in one["samples"] if "value" in sample}
    kinds = {one["kind"] for one in shown["rejects"] if one.get("label") == "who"}
    assert values and values <= {f"[{kind}]" for kind in kinds}, "only which kind it was"
    assert server.metric("tickscope_guard_exemplars_total") == len(SECRETS)
    texts = [server.get(path).text for path in ("/api/v1/guard/rejects", "/metrics", "/api/v1/labels", "/api/v1/status/tsdb")]
    server.child.stop()
    assert_nowhere(SECRETS, *texts, server.data, server.child.log_text())


def test_a_schema_is_read_again_and_series_are_judged_by_it(serve, tmp_path):
    server = guarded(serve, tmp_path)
    at = now_ms()
    series = {
        "old": {"__name__": "game_players", "region": "eu"},
        "new": {"__name__": "game_bots", "region": "eu"},
    }

    def write(step: int) -> str:
        return server.write("rw1", [Series(labels, [(at + step, 1.0)]) for labels in series.values()]).text

    assert "game_bots" in write(0) and "1 of 2" in write(1)
    schema = tmp_path / "game.yaml"
    schema.write_text(SCHEMA.replace("game_players", "game_bots"))
    server.child.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "configuration reloaded" in server.child.log_text(), "the reload", 10)
    refused = write(2)
    assert "game_players" in refused and "1 of 2" in refused
    wait_until(lambda: len(server.query("game_bots", (at + 2) / 1000)) == 1, "what the new schema names", 10)
    # What cannot be read leaves all as it is.
    schema.write_text("schema: [")
    server.child.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "the guard's rules stay as they were" in server.child.log_text(), "the refusal", 10)
    assert "1 of 2" in write(3)


def test_a_schema_budget_folds_what_is_over_it(serve, tmp_path):
    schema = tmp_path / "game.yaml"
    schema.write_text(
        SCHEMA.replace(
            "metrics:\n",
            '  server: {pattern: "s[0-9]+", budget: 3, optional: true, help: Which.}\nmetrics:\n',
        )
    )
    server = serve(config=f"guard: {{schema: {schema}}}\n")
    at = now_ms() - 20_000

    def write(tenant: str, protocol: str, series: list[Series]) -> None:
        body = remote_write.snappy(remote_write.message(protocol, series))
        answer = server.write_raw(body, {**remote_write.headers(protocol), "X-Scope-OrgID": tenant})
        assert answer.status == 204, answer.text

    def joins(name: str, value: float, step: int) -> Series:
        labels = {"__name__": "game_joins_total", "region": "eu", "platform": "pc", "server": name}
        return Series(labels, [(at + step, value)])

    for step, protocol in ((0, "rw1"), (10_000, "rw2")):
        more = step / 10_000
        # Two over the budget in one request, of one time.
        write("a", protocol, [joins(f"s{n}", n + more, step) for n in range(1, 6)])
    write("b", "rw1", [joins("s9", 1.0, 0)])

    def stored(tenant: str) -> dict[str, float]:
        answer = server.get(
            "/api/v1/query",
            {"query": "game_joins_total", "time": str((at + 10_000) / 1000)},
            headers={"X-Scope-OrgID": tenant},
        )
        return {one["metric"]["server"]: float(one["value"][1]) for one in answer.json()["data"]["result"]}

    want = {"s1": 2.0, "s2": 3.0, "s3": 4.0, "__overflow__": 11.0}
    wait_until(lambda: stored("a") == want, "the folded total", 10)
    assert stored("b") == {"s9": 1.0}
    shown = rejects(server, "a")["rejects"]
    assert [(one["reason"], one["label"], one["owner"], one["series"]) for one in shown] == [("budget", "server", "lobby", 2)]
    assert rejects(server, "b")["rejects"] == []
    metrics = server.get("/metrics").text
    assert 'tickscope_guard_rejected_series_total{reason="budget",owner="lobby"} 2' in metrics
    assert "tickscope_guard_budget_values 4" in metrics


def test_labels_that_are_no_text_or_too_long_are_told_as_that(serve, tmp_path):
    server = guarded(serve, tmp_path)
    at = now_ms()
    good = {"__name__": "game_joins_total", "region": "eu", "platform": "pc"}
    answer = server.write("rw1", [Series({**good, "platform": "x" * (1 << 20)}, [(at, 1.0)]), Series(good, [(at, 2.0)])])
    assert answer.status == 400 and "1 of 2" in answer.text and "too_long" in answer.text and len(answer.text) < 1000
    wait_until(lambda: len(server.query("game_joins_total", at / 1000)) == 1, "what was right", 10)
    (shown,) = rejects(server)["rejects"]
    assert (shown["reason"], shown["label"], shown["owner"]) == ("too_long", "platform", "lobby")
    assert server.metric("tickscope_guard_rejected_series_total") == 1


def test_observing_is_the_default_and_lets_all_in(serve):
    server = serve()
    at = now_ms()
    assert server.write("rw2", [Series({"__name__": "m", "who": SECRETS[0]}, [(at, 1.0)])]).status == 204
    wait_until(lambda: len(server.query("m", at / 1000)) == 1, "the series", 10)
    shown = rejects(server)
    assert shown["mode"] == "observe" and shown["rejects"][0]["kind"] == "email"
    assert_nowhere(SECRETS, server.get("/api/v1/guard/rejects").text)


def test_a_bad_schema_keeps_the_server_from_starting(tickscope, tmp_path):
    schema = tmp_path / "bad.yaml"
    schema.write_text("schema: game\nmetrics:\n  - name: Bad Name\n    nonsense: 1\n")
    config = tmp_path / "config.yaml"
    config.write_text(f"guard: {{schema: {schema}}}\n")
    run = subprocess.run(
        [tickscope, "serve", "--config", config, "--data", tmp_path / "data", "--listen", "127.0.0.1:0"],
        capture_output=True, text=True, timeout=60, check=False,
    )
    assert run.returncode != 0
    assert f"{schema}:" in run.stderr


class Target(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802: the library's name
        body = (
            "# HELP game_players Ask jane.doe@example.com.\n# TYPE game_players gauge\n"
            'game_players{region="eu"} 3\n'
            'game_players{region="eu",who="203.0.113.77"} 4\n'
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_the_agent_lets_nothing_private_out(serve, start, tickscope, tmp_path):
    server = serve()
    target = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Target)
    threading.Thread(target=target.serve_forever, daemon=True).start()
    port = free_port()
    config = tmp_path / "agent.yaml"
    config.write_text(
        f"listen: 127.0.0.1:{port}\nglobal: {{scrape_interval: 500ms, scrape_timeout: 400ms}}\nguard: {{mode: enforce}}\n"
        f"scrape_configs: [{{job_name: game, static_configs: [{{targets: ['127.0.0.1:{target.server_port}']}}]}}]\n"
        f"remote_write: [{{url: {server.url}/api/v1/write}}]\n"
    )
    agent = start([tickscope, "agent", "--config", config], name="agent")
    wait_until(lambda: len(server.query("game_players")) == 1, "the series that may go out", 20)
    metrics = http_call.get(f"http://127.0.0.1:{port}/metrics").text
    assert 'tickscope_guard_rejected_series_total{reason="pii",owner=""} 1' in metrics
    shown = http_call.get(f"http://127.0.0.1:{port}/api/v1/guard/rejects?limit=5")
    assert shown.status == 200, shown.text
    data = shown.json()["data"]
    assert data["mode"] == "enforce"
    (refused,) = data["rejects"]
    assert set(refused) == {"source", "reason", "kind", "owner", "metric", "label", "series", "firstSeen", "lastSeen", "samples"}
    assert [(one["labels"], one["value"]) for one in refused["samples"]] == [(["instance", "job", "region", "who"], "[ip]")]
    assert (refused["reason"], refused["kind"], refused["metric"], refused["label"]) == ("pii", "ip", "game_players", "who")
    assert_nowhere(SECRETS, shown.text)
    assert http_call.get(f"http://127.0.0.1:{port}/api/v1/guard/rejects?limit=no").status == 400
    agent.stop()
    target.shutdown()
    texts = [server.get(path).text for path in ("/api/v1/metadata", "/api/v1/labels", "/metrics")]
    assert_nowhere(SECRETS, *texts, metrics, agent.log_text(), server.data)


def tokenize(tickscope, tmp_path, text: str, mode: int = 0o600, tenant: str = "default") -> subprocess.CompletedProcess:
    keys = tmp_path / "keys"
    keys.write_text(f"* k1 0 {KEY}\n")
    keys.chmod(mode)
    return subprocess.run(
        [tickscope, "guard", "tokenize", "--keys", keys, "--tenant", tenant],
        input=text, capture_output=True, text=True, timeout=60, check=False,
    )


def test_lines_are_rewritten(tickscope, tmp_path):
    lines = "".join(f"{n} a {secret}, b\n" for n, secret in enumerate(SECRETS)) + "match 7 began\nno end"
    run = tokenize(tickscope, tmp_path, lines)
    assert run.returncode == 0, run.stderr
    assert_nowhere([*SECRETS, KEY], run.stdout, run.stderr)
    out = run.stdout.splitlines()
    assert out[-2:] == ["match 7 began", "no end"] and not run.stdout.endswith("\n")
    assert all(re.fullmatch(r"\d a [a-z]+_k1_\d+_[a-z2-7_]+, b", line) for line in out[: len(SECRETS)]), out
    assert tokenize(tickscope, tmp_path, lines).stdout == run.stdout
    assert tokenize(tickscope, tmp_path, run.stdout).stdout == run.stdout
    other = tokenize(tickscope, tmp_path, lines, tenant="eu").stdout
    assert not set(out[: len(SECRETS)]) & set(other.splitlines())


def test_a_line_that_is_too_long_is_left_out_whole(tickscope, tmp_path):
    run = tokenize(tickscope, tmp_path, "x" * (1 << 20) + " " + SECRETS[0] + "\nafter\n")
    assert run.stdout == f"[line of {(1 << 20) + 1 + len(SECRETS[0])} bytes left out]\nafter\n"


def test_keys_that_others_may_read_are_refused(tickscope, tmp_path):
    run = tokenize(tickscope, tmp_path, SECRETS[0], mode=0o640)
    assert run.returncode == 2 and run.stdout == "" and "0600" in run.stderr
    assert_nowhere([*SECRETS, KEY], run.stderr)


def test_tokenize_leaves_no_core_dump(tickscope, tmp_path):
    keys = tmp_path / "keys"
    keys.write_text(f"* k1 0 {KEY}\n")
    keys.chmod(0o600)
    work = tmp_path / "work"
    work.mkdir()
    with (tmp_path / "out").open("wb") as out:
        run = subprocess.Popen(
            [tickscope, "guard", "tokenize", "--keys", keys], stdin=subprocess.PIPE, stdout=out, cwd=work,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)),
        )  # fmt: skip
        # More than is kept back, so that something comes out once lines are read.
        run.stdin.write(f"to {SECRETS[0]}\n".encode() * 20_000)
        run.stdin.flush()
        wait_until(lambda: (tmp_path / "out").stat().st_size > 0, "the first lines", 10)
        os.kill(run.pid, signal.SIGABRT)
        _, status = os.waitpid(run.pid, 0)
        run.returncode = 0
    assert os.WIFSIGNALED(status) and not os.WCOREDUMP(status)
    assert list(work.iterdir()) == []
    assert_nowhere(SECRETS, (tmp_path / "out").read_text())


def test_lint_finds_what_the_guard_would_refuse(tickscope, tmp_path):
    body = tmp_path / "body.txt"
    body.write_text(
        "# HELP m Ask jane.doe@example.com.\n# TYPE m gauge\n"
        + "".join(f'm{{who{n}="{secret}"}} 1\n' for n, secret in enumerate(SECRETS)) + 'm{who="ranked",instance="10.0.0.7:9100"} 1\n'
    )  # fmt: skip
    run = subprocess.run([tickscope, "lint", "exposition", "--as", "text", body], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 1
    assert run.stdout.count("[private-data]") == len(SECRETS) + 1, run.stdout
    assert_nowhere(SECRETS, run.stdout, run.stderr)


def test_scan_says_where_and_never_what(tickscope):
    run = subprocess.run(
        [tickscope, "guard", "scan"], input=f"clean\nto {SECRETS[0]} now\n", capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 1 and run.stdout == "2:4-23: email\n"
    assert_nowhere(SECRETS, run.stdout, run.stderr)
    clean = subprocess.run([tickscope, "guard", "scan"], input="clean\n", capture_output=True, text=True, timeout=60, check=False)
    assert clean.returncode == 0 and clean.stdout == ""
