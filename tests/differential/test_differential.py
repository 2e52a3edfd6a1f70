"""A short run of the differential comparison: the kept cases and some seeded random queries, in each mode, beside a real
Prometheus 3. The long run, with the compliance queries and the conformance scripts, is ./dev check differential.
"""

from __future__ import annotations

import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "blackbox")]

import compare  # noqa: E402
import corpus  # noqa: E402
import run  # noqa: E402
import servers  # noqa: E402
from generator import Generator  # noqa: E402
from servers import Answer  # noqa: E402

SEED = 20260101
QUERIES = 400


@pytest.fixture(scope="module", params=list(servers.MODES))
def pair(request, tmp_path_factory):
    prometheus, why = servers.find_prometheus()
    if prometheus is None:
        pytest.skip(why)
    tickscope = servers.tickscope_path()
    if not pathlib.Path(tickscope).is_file():
        pytest.skip(f"no binary at {tickscope}: ./dev build")
    started = run.start_loaded(
        tmp_path_factory.mktemp("pair"), request.param, prometheus, tickscope, with_scripts=False
    )
    yield started
    started.stop()


def test_kept_cases(pair):
    tally = run.kept_cases(pair)
    assert not tally.differences, "\n".join(tally.differences)


def test_shipped_dashboards(pair):
    tally = run.dashboard_queries(pair)
    assert not tally.differences, "\n".join(tally.differences)
    assert tally.nonempty == tally.asked, tally.line("dashboards")


def test_random_queries(pair):
    tally = run.random_queries(pair, SEED, QUERIES)
    assert not tally.differences, "\n".join([f"seed {SEED}", *tally.differences])
    assert tally.nonempty * 2 > tally.asked, tally.line("random")


def test_a_seed_gives_the_same_queries():
    texts = [[Generator(7, "delayed").query().text for _ in range(1)] for _ in range(2)]
    assert texts[0] == texts[1]


def _vector(*elements: tuple[str, str], **extra) -> Answer:
    result = [{"metric": {"x": x}, "value": [1, value]} for x, value in elements]
    return Answer(200, {"status": "success", "data": {"resultType": "vector", "result": result}, **extra})


@pytest.mark.parametrize(
    "text, ours, theirs, same",
    [
        ("a", _vector(("1", "2")), _vector(("1", "2.0000000001")), True),
        ("a", _vector(("1", "2")), _vector(("1", "2.00000001")), False),
        ("a", _vector(("1", "NaN")), _vector(("1", "NaN")), True),
        ("a", _vector(("1", "NaN")), _vector(("1", "+Inf")), False),
        ("a", _vector(("1", "0")), _vector(("1", "-0")), True),
        ("a", _vector(("1", "0")), _vector(("1", "5e-324")), False),
        ("a", _vector(("1", "1"), ("2", "1")), _vector(("2", "1"), ("1", "1")), True),
        ("sort(a)", _vector(("1", "1"), ("2", "1")), _vector(("2", "1"), ("1", "1")), False),
        ("a", _vector(("1", "1")), _vector(("1", "1"), ("2", "1")), False),
        ("a", _vector(warnings=["w (1:1)"]), _vector(), False),
        ("a", _vector(infos=["a", "b"]), _vector(infos=["b", "a"]), True),
        ("a", _vector(), Answer(422, {"status": "error", "errorType": "execution", "error": "e"}), False),
    ],
)
def test_comparison(text, ours, theirs, same):
    """The comparison itself: it must see what differs, and only that."""
    assert (compare.difference(text, ours, theirs) is None) == same


def test_corpora_are_whole():
    if not corpus.CONFORMANCE.is_dir():
        pytest.skip(f"no {corpus.CONFORMANCE}")
    compliance = corpus.compliance()
    assert len(compliance) == 539
    assert sum(fails for _, fails in compliance) == 5
    assert sum(len(section.cases) for section in corpus.scripts()) == 1769
