"""Every command that asks a server reaches one that asks who comes: by a certificate, and by a token."""

from __future__ import annotations

import hashlib
import json

import pytest

DASHBOARD = {"title": "d", "range": "5m", "panels": [{"title": "p", "queries": ["vector(1)"]}]}

# Name -> words after `tickscope`. {url}, {folder}; {ledger} is written by `fleet`, which comes before `fleet verify`.
COMMANDS = {
    "query instant": "query instant vector(1) --to {url}",
    "query range": "query range vector(1) --to {url}",
    "query series": "query series --match up --to {url}",
    "query labels": "query labels --to {url}",
    "query explain": "query explain vector(1) --to {url}",
    "query follow": "query follow vector(1) --step 1s --range 5s --steps 1 --to {url}",
    "queries list": "queries list --to {url}",
    "tiers": "tiers --to {url}",
    "delete": "delete --match up --dry-run --to {url}",
    "snapshot": "snapshot --server {url}",
    "import openmetrics": "import openmetrics {folder}/in.om --work {folder} --tenant eu --server {url}",
    "export": "export --tenant eu --start now-1d --server {url}",
    "incident status": "incident status --to {url}",
    "inventory": "inventory --to {url}",
    "dashboards list": "dashboards list --to {url}",
    "stream tail": "stream tail --limit 1 --to {url}",
    "sql": "sql --to {url} DESCRIBE\tmetrics",
    "viewers": "viewers --count 1 --refresh 1s --for 3s --progress 0s --dashboards {folder}/dashboard.json --to {url}",
    "fleet": "fleet --servers 1 --cadence 1s --start now-10s --duration 3s --retry-for 1s --progress 0s --ledger {ledger} --to {url}",
    "fleet verify": "fleet verify --progress 0s --ledger {ledger} --to {url}",
}


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "in.om").write_text("# TYPE came gauge\ncame 1 1700000000\n# EOF\n")
    (folder / "dashboard.json").write_text(json.dumps(DASHBOARD))
    return folder


@pytest.mark.timeout(600)
@pytest.mark.parametrize("way", ["certificate", "token"])
def test_every_command_says_who_it_is(secure, authority, files, run, tickscope, way):
    folder = authority.folder
    with (folder / "tokens").open("a") as tokens:
        tokens.write(f"{hashlib.sha256(b'operator-token').hexdigest()} tenant=eu sender=ann scopes=read,write,admin\n")
    (files / "token").write_text("operator-token\n")
    # An import has the lowest priority there is: on a busy machine its handshakes take long.
    server = secure("required" if way == "certificate" else "optional", "admin_api: true", "30s")
    trust = ["--ca-file", folder / "ca.pem"]
    proof = {
        "certificate": ["--cert-file", folder / "operator.pem", "--key-file", folder / "operator.key"],
        "token": ["--token-file", files / "token"],
    }[way]

    def call(line: str, flags: list):
        places = {"url": f"https://127.0.0.1:{server.port}", "folder": files, "ledger": files / "ledger"}
        words = [word.format(**places).replace("\t", " ") for word in line.split(" ")]
        return run([tickscope, *words, *flags], timeout_s=120)

    for name, line in COMMANDS.items():
        done = call(line, trust + proof)
        assert done.returncode == 0, (name, done.stdout, done.stderr)
        assert "operator-token" not in done.stdout + done.stderr, name
        if name not in ("query follow", "fleet", "fleet verify"):  # These come again until they are let in, or need what the good run left.
            unknown = call(line, trust)
            assert unknown.returncode != 0, (name, unknown.stdout)
    assert server.metric("tickscope_access_requests_total", f'result="{way}"') >= len(COMMANDS) - 1
    # A server that nobody vouches for is told nothing.
    doubted = call(COMMANDS["query instant"], proof)
    assert doubted.returncode != 0 and "certificate" in doubted.stderr
    # Import's source is another server, with flags of its own.
    remote = "import remote {url}/api/v1/read --start now-1h --dry-run --work {folder} --tenant eu --source-tenant eu"
    source = [f"--source-{flag[2:]}" if str(flag).startswith("--") else flag for flag in trust + proof]
    assert call(remote, source).returncode == 0
    assert call(remote, trust + proof).returncode != 0, "those of the server are not shown to the source"


def test_flags_are_in_the_help_and_go_together(run, tickscope, tmp_path):
    for name, line in COMMANDS.items():
        words = [word for word in line.split(" ")[:2] if not word.startswith("-")]
        if words[0] in ("tiers", "delete", "snapshot", "export", "inventory", "sql", "viewers", "query", "queries") or name == "fleet":
            words = words[:1]
        shown = run([tickscope, *words, "--help"])
        for flag in ("--ca-file", "--cert-file", "--key-file", "--server-name", "--token-file"):
            assert flag in shown.stdout, (name, flag)
    half = run([tickscope, "tiers", "--cert-file", "a.pem"])
    assert half.returncode == 2 and "--key-file" in half.stderr
    empty = tmp_path / "token"
    empty.write_text("\n")
    none = run([tickscope, "tiers", "--token-file", empty])
    assert none.returncode != 0 and "want a token" in none.stderr
