"""`tickscope schema`: the shipped schema is right and its catalogue up to date; changes are told with the exit codes CI relies
on; what is generated compiles against the SDK and names what it left out."""

from __future__ import annotations

import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
GAME = ROOT / "schema/game.yaml"
SDK = ROOT / "sdk/include"


def run(tickscope: str, *arguments, **options) -> subprocess.CompletedProcess:
    return subprocess.run([tickscope, "schema", *map(str, arguments)], capture_output=True, text=True, timeout=60, **options)


def test_shipped_schema_is_right(tickscope):
    result = run(tickscope, "check", GAME)
    assert result.returncode == 0, result.stdout
    assert result.stdout.startswith(f"{GAME}: ok: game 1.0: ")


def test_catalogue_is_up_to_date(tickscope):
    result = run(tickscope, "gen", "markdown", "schema/game.yaml", cwd=ROOT)
    assert result.returncode == 0, result.stderr
    assert result.stdout == (ROOT / "docs/metrics/game.md").read_text(), (
        "run: tickscope schema gen markdown schema/game.yaml --out docs/metrics/game.md"
    )


def test_show(tickscope):
    listing = run(tickscope, "show", GAME)
    assert listing.returncode == 0
    assert "game_joins_total{platform}" in listing.stdout
    one = run(tickscope, "show", GAME, "game_tick_duration_seconds")
    assert "  series  22 a target at most\n" in one.stdout
    missing = run(tickscope, "show", GAME, "game_nothing")
    assert missing.returncode == 1
    assert 'no metric "game_nothing"' in missing.stderr


def test_check_tells_every_problem_with_its_place(tickscope, tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        'schema: s\nversion: "1.0"\ndefaults: {owner: o}\nmetrics:\n'
        "  - {name: joins, type: counter, help: h}\n"
        "  - {name: a, type: gauge, help: h, labels: {player_id: {budget: 5}}}\n"
        "  - {name: a, type: info, help: h}\n"
        "  - {name: b, type: meter, help: h}\n"
    )
    result = run(tickscope, "check", bad)
    assert result.returncode == 1
    places = [line.removeprefix(f"{bad}:").split(": ")[0] for line in result.stdout.splitlines()]
    assert places == ["5:5", "6:57", "7:5", "7:5", "8:21"], result.stdout
    for rule in ("[counter-suffix]", "[label-personal]", "[metric-twice]", "[info-suffix]", "[form]"):
        assert rule in result.stdout


@pytest.mark.parametrize(
    ("old", "new", "options", "exit_code"),
    [
        ("", "", [], 0),
        ("Players who joined.", "Players that joined.", [], 0),
        ("Players who joined.", "Players that joined.", ["--require-version"], 4),
        ("name: game_joins_total", "name: game_entries_total", [], 3),
        ("[pc, playstation, switch, xbox]", "[pc, playstation, xbox]", [], 3),
        ("[pc, playstation, switch, xbox]", "[pc, playstation, switch, vr, xbox]", [], 0),
        ("name: game_joins_total", "name: game_entries_total", ["--allow-declared-breaking"], 3),
    ],
)
def test_diff_exit_codes(tickscope, tmp_path, old, new, options, exit_code):
    text = GAME.read_text()
    assert old in text
    changed = tmp_path / "new.yaml"
    changed.write_text(text.replace(old, new) if old else text)
    result = run(tickscope, "diff", GAME, changed, *options)
    assert result.returncode == exit_code, result.stdout + result.stderr
    assert (": breaking: " in result.stdout) == (exit_code == 3)


def test_diff_takes_a_declared_breaking_change(tickscope, tmp_path):
    changed = tmp_path / "new.yaml"
    changed.write_text(
        GAME.read_text().replace("name: game_joins_total", "name: game_entries_total").replace('"1.0"', '"2.0"')
    )
    result = run(tickscope, "diff", GAME, changed, "--require-version", "--allow-declared-breaking")
    assert result.returncode == 0, result.stdout
    assert ": breaking: game_joins_total: removed\n" in result.stdout


def test_wrong_usage_and_unreadable_files(tickscope, tmp_path):
    assert run(tickscope, "diff", GAME).returncode == 2
    assert run(tickscope, "check", tmp_path / "none.yaml").returncode == 1
    assert run(tickscope, "gen", "rust", GAME).returncode == 2
    bad_match = run(tickscope, "gen", "c", GAME, "--match", "(")
    assert bad_match.returncode == 1
    assert "regular expression" in bad_match.stderr


MAIN = {
    "cpp": (
        '#include "game_metrics.hpp"\n'
        "int main() {\n"
        "  static game::Metrics metrics;\n"
        "  if (metrics.Register() == TS_OK) return 1;\n"  # Not started: refused, and nothing breaks.
        "  metrics.joins.Add(game::Platform::kPc);\n"
        "  metrics.join_failures.Add(game::JoinFailuresReason::kFull, 2);\n"
        "  metrics.joins.Add(static_cast<game::Platform>(77));\n"
        "  metrics.tick_duration_seconds.Observe(0.004);\n"
        "  metrics.players.Set(game::Platform::kXbox, 5);\n"
        "  metrics.matches.Set(game::PlayerBucket::k101_150, 1);\n"
        "}\n"
    ),
    "c": (
        '#include "game_metrics.h"\n'
        "int main(void) {\n"
        "  static game_metrics metrics;\n"
        "  if (game_metrics_register(&metrics) == TS_OK) return 1;\n"
        "  game_joins_add(&metrics, GAME_PLATFORM_PC, 1);\n"
        "  game_join_failures_add(&metrics, GAME_JOIN_FAILURES_REASON_FULL, 2);\n"
        "  game_joins_add(&metrics, (game_platform)77, 1);\n"
        "  game_tick_duration_seconds_observe(&metrics, 0.004);\n"
        "  game_players_set(&metrics, GAME_PLATFORM_XBOX, 5);\n"
        "  return 0;\n"
        "}\n"
    ),
}


@pytest.mark.parametrize("language", ["c", "cpp"])
def test_handles_compile_against_the_sdk(tickscope, tmp_path, language):
    header = tmp_path / ("game_metrics.hpp" if language == "cpp" else "game_metrics.h")
    made = run(tickscope, "gen", language, GAME, "--match", "game_.*", "--out", header)
    assert made.returncode == 0, made.stderr
    assert "no handle of game_build_info: the SDK has no info" in made.stderr
    text = header.read_text()
    assert "game_build_info: the SDK has no info" in text
    assert "game_join_failures_total" in text
    if not (SDK / "tickscope/inline.h").is_file():
        pytest.skip(f"no SDK at {SDK}: what was made cannot be compiled")
    compiler = shutil.which("g++" if language == "cpp" else "gcc")
    if compiler is None:
        pytest.skip("no compiler")
    source = tmp_path / ("main.cpp" if language == "cpp" else "main.c")
    source.write_text(MAIN[language])
    flags = ["-std=c++17", "-fno-exceptions", "-fno-rtti"] if language == "cpp" else ["-std=c11"]
    command = [compiler, *flags, "-O1", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{SDK}", f"-I{tmp_path}", str(source)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
