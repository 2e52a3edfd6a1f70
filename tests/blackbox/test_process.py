"""The command line and the configuration file: complete help, exact refusals, reload, logs that machines read."""

from __future__ import annotations

import json
import signal

import pytest

from child import free_port, wait_until

COMMANDS = ("serve", "agent", "fleet", "query", "test", "config", "version")


def test_help_lists_every_command(tickscope, run):
    done = run([tickscope, "--help"])
    assert done.returncode == 0
    for command in COMMANDS:
        assert f"\n  {command} " in done.stdout


@pytest.mark.parametrize("command", ["serve", "agent", "fleet", "query"])
def test_each_command_has_help(tickscope, run, command):
    done = run([tickscope, command, "--help"])
    assert done.returncode == 0, done.stderr
    assert "--help" in done.stdout


def test_unknown_command(tickscope, run):
    done = run([tickscope, "sreve"])
    assert done.returncode == 2
    assert "sreve" in done.stderr


def test_unknown_flag(tickscope, run):
    done = run([tickscope, "serve", "--lsiten", "127.0.0.1:0"])
    assert done.returncode == 2
    assert "--lsiten" in done.stderr


def test_address_in_use(tickscope, serve, start, tmp_path):
    server = serve()
    second = start([tickscope, "serve", "--data", str(tmp_path / "other"), "--listen", server.address], name="second")
    assert second.wait_exit() == 1
    assert server.address in second.log_text()


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.1:http", "127.0.0.1:65536", "nohost.invalid:1", ""])
def test_bad_address(tickscope, run, tmp_path, address):
    done = run([tickscope, "serve", "--data", str(tmp_path / "data"), "--listen", address])
    assert done.returncode in (1, 2)
    assert "listen" in done.stderr + done.stdout or address in done.stderr + done.stdout


def test_data_directory_that_cannot_be(tickscope, run, tmp_path):
    blocker = tmp_path / "file"
    blocker.write_text("not a directory")
    done = run([tickscope, "serve", "--data", str(blocker), "--listen", f"127.0.0.1:{free_port()}"])
    assert done.returncode == 1
    assert str(blocker) in done.stderr


def test_config_show_reads_back(tickscope, run, tmp_path):
    shown = run([tickscope, "config", "show"])
    assert shown.returncode == 0, shown.stderr
    assert "# " in shown.stdout, "each setting has a comment"
    path = tmp_path / "shown.yaml"
    path.write_text(shown.stdout)
    again = run([tickscope, "config", "show", "--config", str(path)])
    assert (again.returncode, again.stdout) == (0, shown.stdout)


def test_hours_are_kept_as_long_as_five_minutes_unless_said(tickscope, run, tmp_path):
    path = tmp_path / "keep.yaml"
    for keep, want in [("{5m: 30d}", "30d"), ("{5m: 30d, 1h: 90d}", "90d"), ("{raw: 1d}", "400d")]:
        path.write_text(f"tiers: {{keep: {keep}}}\n")
        shown = run([tickscope, "config", "show", "--config", str(path)]).stdout
        kept = [line.strip() for line in shown.splitlines() if line.strip().startswith("1h:")]
        assert kept == [f"1h: {want}"], keep


# name, file, what the message must say; the file's name and place come first.
BAD_CONFIGS = [
    ("unknown key", "lisen: 127.0.0.1:9280\n", ['1:1: unknown key "lisen"', 'did you mean "listen"?']),
    ("not YAML", "listen: [1\n", ["not valid YAML"]),
    ("not a map", "- listen\n", ["1:1: expected a map"]),
    ("key twice", "listen: 127.0.0.1:1\nlisten: 127.0.0.1:2\n", ["2:1:", "twice"]),
    ("alias", "listen: &a 127.0.0.1:1\n", ["1:9:", "anchors"]),
]


@pytest.mark.parametrize("case", BAD_CONFIGS, ids=lambda case: case[0].replace(" ", "-"))
def test_bad_config(tickscope, run, tmp_path, case):
    _, text, words = case
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    done = run([tickscope, "serve", "--config", str(path), "--data", str(tmp_path / "data")])
    assert done.returncode in (1, 2)
    assert "bad.yaml:" in done.stderr
    for word in words:
        assert word in done.stderr
    assert not (tmp_path / "data").exists(), "nothing is made before the configuration is known to be good"


def test_config_that_is_not_there(tickscope, run, tmp_path):
    done = run([tickscope, "serve", "--config", str(tmp_path / "none.yaml")])
    assert done.returncode in (1, 2)
    assert "none.yaml" in done.stderr


def test_sighup_reloads_and_keeps_the_old_config_when_the_new_one_is_bad(serve, tmp_path):
    server = serve(config="log:\n  level: info\n")
    path = tmp_path / "tickscope.yaml"

    path.write_text("log:\n  levle: debug\n")
    server.child.signal(signal.SIGHUP)
    server.child.wait_for(lambda: "levle" in server.child.log_text(), "the mistake to be logged")
    assert server.get("/-/ready").status == 200

    path.write_text("log:\n  level: info\n  format: json\n")
    server.child.signal(signal.SIGHUP)

    def json_line() -> bool:
        for line in server.child.log_text().splitlines():
            if line.startswith("{"):
                return "msg" in json.loads(line)
        return False

    wait_until(json_line, "a JSON log line")
    assert server.get("/-/ready").status == 200


def test_own_metrics_are_told_with_help(serve):
    server = serve()
    text = server.get("/metrics").text
    names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE tickscope_")}
    helps = {line.split()[2] for line in text.splitlines() if line.startswith("# HELP tickscope_")}
    assert names and names == helps
