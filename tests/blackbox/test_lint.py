"""`tickscope lint`: exit codes, formats and places that hooks and CI rely on; strict and scrape verdicts of the conformance set."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
GAME = ROOT / "schema/game.yaml"
CONFORMANCE = pathlib.Path(os.environ.get("TICKSCOPE_SHARED", ROOT / "../shared")) / "conformance"

GOOD_RULES = "groups:\n  - name: g\n    rules:\n      - {record: 'region:players', expr: sum by (region) (game_players)}\n"
BAD_RULES = "groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: sum by (regoin) (game_players)\n"


def run(tickscope: str, *arguments, **options) -> subprocess.CompletedProcess:
    return subprocess.run([tickscope, "lint", *map(str, arguments)], capture_output=True, text=True, timeout=60, **options)


def test_rules_in_every_format(tickscope, tmp_path):
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(GOOD_RULES)
    bad.write_text(BAD_RULES)
    assert run(tickscope, "rules", "--schema", GAME, good).returncode == 0

    text = run(tickscope, "rules", "--schema", GAME, good, bad)
    assert text.returncode == 1
    assert text.stdout == (
        f"{bad}:5:23: error: nothing aggregated here has a label regoin: did you mean region? [unknown-label]\n"
        "2 files: 1 error, 0 warnings\n"
    )
    as_json = run(tickscope, "rules", "--schema", GAME, "--format", "json", good, bad)
    assert as_json.returncode == 1
    report = json.loads(as_json.stdout)
    assert (report["files"], report["errors"], report["warnings"], report["unlisted"]) == (2, 1, 0, 0)
    assert report["findings"][0]["line"] == 5
    assert report["findings"][0]["rule"] == "unknown-label"

    sarif = json.loads(run(tickscope, "rules", "--schema", GAME, "--format", "sarif", good, bad).stdout)
    assert sarif["version"] == "2.1.0"
    (result,) = sarif["runs"][0]["results"]
    assert result["level"] == "error"
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 5, "startColumn": 23}
    assert sarif["runs"][0]["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_warnings_fail_only_where_asked(tickscope, tmp_path):
    rules = tmp_path / "rules.yaml"
    rules.write_text("groups:\n  - name: g\n    rules:\n      - {alert: A, expr: up}\n      - {alert: A, expr: up}\n")
    assert run(tickscope, "rules", rules).returncode == 0
    assert run(tickscope, "rules", "--strict", rules).returncode == 1


def test_wrong_usage(tickscope, tmp_path):
    assert run(tickscope).returncode == 2
    assert run(tickscope, "rules").returncode == 2
    assert run(tickscope, "rules", "--format", "xml", GAME).returncode == 2
    assert run(tickscope, "rules", "--schema", tmp_path / "none.yaml", GAME).returncode == 2
    missing = run(tickscope, "rules", tmp_path / "none.yaml")
    assert missing.returncode == 1
    assert "none.yaml:1:1: error: " in missing.stdout


def test_schema(tickscope):
    result = run(tickscope, "schema", "--strict", GAME)
    assert result.returncode == 0, result.stdout


def test_shipped_dashboards_fit_the_shipped_schema(tickscope):
    result = run(tickscope, "dashboards", "--schema", GAME, *sorted((ROOT / "dashboards").glob("*.json")))
    assert result.returncode == 0, result.stdout


def test_dashboards_may_use_what_rules_record(tickscope, tmp_path):
    rules, dashboard = tmp_path / "rules.yaml", tmp_path / "d.json"
    rules.write_text(GOOD_RULES)
    dashboard.write_text('{"title": "d", "panels": [{"title": "p", "queries": ["region:players"]}]}')
    assert run(tickscope, "dashboards", "--schema", GAME, dashboard).returncode == 1
    assert run(tickscope, "dashboards", "--schema", GAME, "--rules", rules, dashboard).returncode == 0


def test_exposition_from_standard_input(tickscope):
    result = run(tickscope, "exposition", "-", input="# TYPE a counter\na_total -1\n# EOF\n")
    assert result.returncode == 1
    assert result.stdout.startswith("<stdin>:2:1: error: negative value of a_total: -1 [exposition]\n")
    assert run(tickscope, "exposition", "--mode", "scrape", "-", input="# TYPE a counter\na_total -1\n# EOF\n").returncode == 0


def test_exposition_never_repeats_a_value_it_refuses(tickscope):
    text = 'game_players{platform="jane@example.com"} 1\n'
    result = run(tickscope, "exposition", "--schema", GAME, "-", input=text)
    assert result.returncode == 1
    assert "unknown-value" in result.stdout
    assert "jane" not in result.stdout + result.stderr


def test_openmetrics_verdicts(tickscope):
    table = CONFORMANCE / "openmetrics/prometheus_3.16_verdict.tsv"
    if not table.is_file():
        pytest.skip(f"no conformance material at {table}; set TICKSCOPE_SHARED")
    rows = [line.split("\t") for line in table.read_text().splitlines() if line and not line.startswith("#")]
    assert len(rows) == 152
    files = {name: str(CONFORMANCE / "openmetrics/parsers" / name / "metrics") for name, _, _ in rows}
    for mode, column in (("strict", 1), ("scrape", 2)):
        # Each finding names its file, so one run decides all.
        result = run(tickscope, "exposition", "--as", "openmetrics", "--mode", mode, "--format", "json", *files.values())
        refused = {finding["file"] for finding in json.loads(result.stdout)["findings"]}
        wrong = [row[0] for row in rows if (files[row[0]] not in refused) != (row[column] == "true")]
        assert wrong == [], f"{mode}: decided otherwise than the table"
