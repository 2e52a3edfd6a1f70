"""The SDK as a studio gets it: installed into a place of its own, found by CMake and by pkg-config, from C, C++ without
exceptions and RTTI, and C#; each game runs, and its page says what it did."""

from __future__ import annotations

import pathlib
import shutil
import subprocess

import pytest

from conftest import ROOT, page_values

CONSUMERS = ROOT / "tests/blackbox/sdk_consumers"


def output_of(command: list, **options) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
        **options,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory) -> pathlib.Path:
    """Built alone, without the rest of the repository, and installed elsewhere than it was configured for."""
    build = tmp_path_factory.mktemp("build")
    installed = tmp_path_factory.mktemp("installed") / "sdk"
    output_of(["cmake", "-S", ROOT / "sdk", "-B", build, "-DCMAKE_BUILD_TYPE=Release", "-DTICKSCOPE_SDK_EXAMPLES=OFF"])
    output_of(["cmake", "--build", build, "--parallel", "2"])
    output_of(["cmake", "--install", build, "--prefix", installed])
    return installed


@pytest.fixture
def play(run, tickscope, tmp_path):
    """Runs a game and returns what its page says."""

    def play_one(command: list, **options) -> dict[str, float]:
        pages = tmp_path / "pages"
        pages.mkdir(exist_ok=True)
        page = output_of([*command, pages], **options).strip()
        return page_values(run, tickscope, page)

    return play_one


def check_game(values: dict[str, float]) -> None:
    assert values["game_ticks_total"] == values["game_tick_duration_seconds_count"] == 100
    assert values['game_spells_total{school="fire"}'] == 200
    assert values['game_spells_total{school="frost"}'] == 0


def test_found_by_cmake(prefix, play, tmp_path):
    build = tmp_path / "consumer"
    output_of(["cmake", "-S", CONSUMERS, "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}"])
    output_of(["cmake", "--build", build])
    for game in ("cpp_static", "cpp_shared", "c_static", "c_shared"):
        check_game(play([build / game]))


@pytest.mark.parametrize(
    ("source", "compiler"),
    [
        ("game.c", ["cc", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]),
        ("game.cc", ["c++", "-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fno-exceptions", "-fno-rtti"]),
    ],
)
def test_found_by_pkg_config(prefix, play, tmp_path, source, compiler):
    (package,) = prefix.rglob("tickscope-sdk.pc")
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PKG_CONFIG_PATH": str(package.parent)}
    flags = output_of(["pkg-config", "--cflags", "--libs", "tickscope-sdk"], env=environment).split()
    assert output_of(["pkg-config", "--modversion", "tickscope-sdk"], env=environment).strip() == "0.1.0"
    library = package.parent.parent
    output_of([*compiler, CONSUMERS / source, "-o", tmp_path / "game", *flags, f"-Wl,-rpath,{library}"])
    check_game(play([tmp_path / "game"]))


def test_the_csharp_binding(prefix, play, tmp_path):
    if shutil.which("mcs") is None or shutil.which("mono") is None:
        pytest.skip("no C# compiler: apt-get install mono-mcs mono-runtime")
    game = tmp_path / "game.exe"
    binding = ROOT / "sdk/examples/engines/Tickscope.cs"
    output_of(["mcs", "-warnaserror", f"-out:{game}", binding, CONSUMERS / "Game.cs"])
    (package,) = prefix.rglob("tickscope-sdk.pc")
    values = play(["mono", game], env={"PATH": "/usr/bin:/bin", "LD_LIBRARY_PATH": str(package.parent.parent)})
    assert values["game_ticks_total"] == values["game_tick_duration_seconds_count"] == 100
    assert values["game_casts_total"] == 200
    assert values['game_joins_total{platform="xbox"}'] == 1
    assert values["game_join_duration_seconds_sum"] == 0.25
    assert values['game_disconnects_total{reason="server_shutdown"}'] == 1
    assert values['game_players{platform="xbox"}'] == 0
    assert values['tickscope_sdk_refused_total{reason="registration"}'] == 1
