"""The dashboards that come with the console: every query parses, and names metrics, labels and values that exist."""

from __future__ import annotations

import json
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DASHBOARDS = sorted((ROOT / "dashboards/console").glob("*.json"))

# What each is there for; a page links to some of them by name.
NAMES = {"fleet", "region", "server", "builds", "host", "platform", "cost"}


def test_all_are_there():
    assert {path.stem for path in DASHBOARDS} >= NAMES


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_is_named_as_its_file(path):
    assert json.loads(path.read_text())["metadata"]["name"] == path.stem


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_lint_finds_nothing(tickscope, path):
    schema = ROOT / "schema/game.yaml"
    command = [str(tickscope), "lint", "dashboards", "--strict", "--format", "json", "--schema", str(schema), str(path)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert json.loads(answer.stdout)["findings"] == []


def metrics_named(path: pathlib.Path) -> set[str]:
    """Names that begin with tickscope_ in a dashboard's queries."""
    found = set()
    for panel in json.loads(path.read_text())["spec"]["panels"].values():
        for query in panel["spec"].get("queries", []):
            text = query["spec"]["plugin"]["spec"]["query"]
            found |= {word for word in _words(text) if word.startswith("tickscope_")}
    return found


def _words(text: str) -> list[str]:
    return "".join(each if each.isalnum() or each == "_" else " " for each in text).split()


def test_the_platforms_own_metrics_are_exported(serve):
    """Lint takes any tickscope_ name, so those are held to what a server says of itself."""
    page = serve().get("/metrics").text
    exported = {line.split()[2] for line in page.splitlines() if line.startswith("# TYPE ")}
    suffixes = ("", "_bucket", "_sum", "_count")
    known = {name + suffix for name in exported for suffix in suffixes}
    named = set().union(*(metrics_named(path) for path in DASHBOARDS))
    assert named - known == set()
