"""tickscope dashboards: files checked, compared with a server, brought there and back."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from test_console_stores import DASHBOARDS, dashboard, panel, send


@pytest.fixture
def run(tickscope):
    def run_command(*words, code: int = 0) -> str:
        done = subprocess.run([tickscope, "dashboards", *map(str, words)], capture_output=True, text=True, timeout=60)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run_command


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "boards"
    (place / "ops").mkdir(parents=True)
    (place / "a.json").write_text(json.dumps(dashboard("a")))
    (place / "ops/b.json").write_text(json.dumps(dashboard("b"), indent=1))
    return place


def test_apply_may_be_run_again_and_again(serve, run, folder):
    server = serve()
    to = ("--to", server.url)
    assert "would create a\nwould create b\n" in run("apply", folder, "--dry-run", *to)
    assert "a: not on the server" in run("diff", folder, *to, code=1)
    assert run("apply", folder, *to) == "created a\ncreated b\n0 unchanged\n"
    assert run("apply", folder, *to) == "2 unchanged\n"
    assert run("diff", folder, *to) == ""
    (folder / "a.json").write_text(json.dumps(dashboard("a", "Other")))
    told = run("diff", folder, *to, code=1)
    assert 'a: differs\n  spec.display.name: "Title" -> "Other"\n' in told
    assert run("apply", folder, *to) == "updated a\n1 unchanged\n"
    (folder / "ops/b.json").unlink()
    assert run("apply", folder, *to) == "1 unchanged\n"
    assert run("diff", folder, *to) == ""
    assert "b: only on the server" in run("diff", folder, "--prune", *to, code=1)
    assert run("apply", folder, "--prune", *to) == "removed b\n1 unchanged\n"
    assert server.get(f"{DASHBOARDS}/b").status == 404


def test_list_and_export(serve, run, folder, tmp_path):
    server = serve()
    to = ("--to", server.url)
    run("apply", folder, *to)
    assert "a " in run("list", *to) and " store " in run("list", *to)
    out = tmp_path / "out"
    assert run("export", "--out", out, *to) == "exported a\nexported b\n"
    assert json.loads((out / "b.json").read_text()) == dashboard("b")
    assert run("diff", out, *to) == "", "what was exported is what is there"
    assert "no dashboard of that name: c" in run("export", "c", "--out", out, *to, code=1)


def test_tenants_and_fixed_ones(serve, run, folder, tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "a.json").write_text(json.dumps(dashboard("a", "Theirs")))
    server = serve(config=f"console:\n  dashboards_dir: {kept}\n")
    told = run("apply", folder, "--to", server.url, "--tenant", "eu", code=1)
    assert "created b" in told and "give yours another name: a (file)" in told
    assert server.get(f"{DASHBOARDS}/b").status == 404
    assert server.get(f"{DASHBOARDS}/b", headers={"X-Scope-OrgID": "eu"}).status == 200


def test_lint(run, folder, tmp_path):
    assert run("lint", folder).endswith("2 files: 0 errors, 2 warnings\n"), "panels without a unit"
    run("lint", folder, "--strict", code=1)
    (folder / "bad.json").write_text('{"kind": "Dashboard",\n "metadata": {"name": "../up"},\n "spec": {"panels": {}, "layouts": [1]}}')
    (folder / "twice.json").write_text(json.dumps(dashboard("a")))
    (folder / "query.json").write_text(json.dumps(dashboard("q", panels={"p": panel("sum(rate(game_ticks_total[5m])")})))
    told = run("lint", folder, code=1)
    assert re.search(r"bad\.json:2:2\d: error: name: expected 1 to 75", told)
    assert "layout: expected an object, got a number [dashboard-form]" in told
    assert "twice.json" in told and "[dashboard-twice]" in told
    assert "query.json:1:" in told
    found = json.loads(run("lint", folder, "--format", "json", code=1))
    assert found["errors"] >= 4


def test_files_and_servers_that_are_not_there(run, folder, tmp_path):
    assert "nowhere" in run("apply", tmp_path / "nowhere", code=1)
    assert "127.0.0.1:1" in run("apply", folder, "--to", "http://127.0.0.1:1", code=1)
    (folder / "broken.json").write_text("{")
    assert "broken.json: line 1, column 2: not JSON" in run("apply", folder, code=1)
    run("apply", code=2)


def test_an_edit_in_between_is_not_overwritten(serve, run, folder):
    """What apply compared is what it saves over; the server says so by 412, which test_console_stores.py holds it to."""
    server = serve()
    run("apply", folder, "--to", server.url)
    revision = server.get(f"{DASHBOARDS}/a").headers["etag"]
    assert send(server, "PUT", f"{DASHBOARDS}/a", dashboard("a", "By hand"), If_Match=revision).status == 200
    assert "differs" in run("diff", folder, "--to", server.url, code=1)
