"""The kept cases and seeded random queries over blocks, segments and memory, asked of a server with every shortcut (columns added up in
the scan, equal parts evaluated once, windows for samples) and of one that evaluates series by series: no Prometheus needed."""

from __future__ import annotations

import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "blackbox")]

import compare  # noqa: E402
import dataset  # noqa: E402
import run  # noqa: E402
import servers  # noqa: E402
from child import Child, free_port  # noqa: E402
from generator import MATRIX, Generator, Node, Query  # noqa: E402
from write_request import in_time_order  # noqa: E402

SEED = 20260202
QUERIES = 600
STORE = "store: {retention: 100y, seal_interval: 1s, block_range: 10s, block_delay: 0s}\ntiers: {enabled: false}\n"
PLAIN = "pushes_down: false, shares_subexpressions: false, uses_windows: false"
# Sums are added up in another order, which is the sixteenth digit; what is done with them may show it.
ROUNDING = compare.Closeness(relative=1e-11, absolute=1e-11)
SHOWN_MAX = 0.02  # Of all queries.


@pytest.fixture(scope="module")
def sides(tmp_path_factory):
    tickscope = servers.tickscope_path()
    if not pathlib.Path(tickscope).is_file():
        pytest.skip(f"no binary at {tickscope}: ./dev build")
    folder = tmp_path_factory.mktemp("both")
    children, connections = [], []
    try:
        for name, query in (("fast", "query: {samples_max: 50000000}"), ("plain", f"query: {{{PLAIN}}}")):
            (folder / f"{name}.yaml").write_text(f"{STORE}{query}\n")
            listen = f"127.0.0.1:{free_port()}"
            command = [tickscope, "serve", "--data", str(folder / name), "--listen", listen, "--config", str(folder / f"{name}.yaml")]
            children.append(Child(command, folder / f"{name}.log"))
            children[-1].wait_http(f"http://{listen}/-/ready", 60)
            connections.append(servers.Connection(f"http://{listen}"))
        parts = list(in_time_order(dataset.make(), servers.SLICE_MS))
        newest = len(parts) - 4
        for n, part in enumerate(parts):
            if n == newest:
                # What is there is in blocks before the rest comes.
                for name, child in zip(("fast", "plain"), children):
                    child.wait_for(lambda name=name: len(list((folder / name).rglob("*.block"))) >= 3, "blocks", 60)
            for connection in connections:
                status, text = connection.write("rw2", part)
                assert status // 100 == 2, text
        marker = [servers.Series({"__name__": "loaded"}, [((dataset.BASE_S + dataset.LENGTH_S) * 1000, 1.0)])]
        for connection, child in zip(connections, children):
            assert connection.write("rw2", marker)[0] // 100 == 2
            ask = {"query": "loaded", "time": str(dataset.BASE_S + dataset.LENGTH_S)}
            child.wait_for(lambda c=connection: c.ask("/api/v1/query", ask).content["data"]["result"], "the last sample", 60)
        yield connections
    finally:
        for child in children:
            child.close()


def differs(sides, query: Query) -> tuple[str | None, bool, bool]:
    """What differs; whether only in what rounding shows; whether the answer is empty."""
    fast, plain = run.ask(sides, query.text, query.start_ms, query.end_ms, query.step_ms)
    found = compare.difference(query.text, fast, plain, ROUNDING)
    is_rounding = bool(found) and bool(run._AGGREGATES.search(query.text)) and fast.status == plain.status == 200
    return found, is_rounding, compare.is_empty(plain)


def judge(sides, queries) -> None:
    asked = nonempty = shown = 0
    differences = []
    for query in queries:
        found, is_rounding, is_empty = differs(sides, query)
        asked += 1
        nonempty += not is_empty
        shown += is_rounding
        if found and not is_rounding:
            differences.append(f"{run.as_line('both', query)}\n    {found[:600]}")
    assert not differences, "\n".join(differences)
    assert nonempty * 2 > asked, f"{nonempty} of {asked} have an answer"
    assert shown <= SHOWN_MAX * asked, f"rounding shows in {shown} of {asked}"


def kept() -> list[Query]:
    lines = [line for line in run.CASES.read_text().splitlines() if line and not line.startswith("#")]
    rows = [line.split("\t", 4) for line in lines]
    return [Query(Node(MATRIX, [row[4]]), int(row[1]), int(row[2]), int(row[3])) for row in rows]


def test_kept_cases(sides):
    judge(sides, kept())


def test_random_queries(sides):
    generator = Generator(SEED, "immediate")
    judge(sides, (generator.query() for _ in range(QUERIES)))


def test_columns_were_asked(sides):
    # It is of the shortcuts that this tells something.
    ask = {"query": "sum by (region) (rate(joins_total[5m]))", "time": str(dataset.BASE_S + 3600)}
    methods = [side.ask("/api/v1/explain", ask).content["data"]["plan"]["method"] for side in sides]
    assert methods == ["columns", "series by series"]
