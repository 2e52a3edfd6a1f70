"""Compares Tickscope with a real Prometheus, query by query.

    ./dev check differential                                20,000 random queries and all the fixed ones
    .venv/bin/python tests/differential/run.py --queries 2000 --seed 7 --mode delayed

Fixed queries are those of the shipped dashboards, the 539 of the compliance templates, all of the conformance scripts with their data, and the cases in
cases.txt. Each difference of a random query is cut down and printed as a line that can be appended there. Differences
that are meant are in known.py, with the reason; they are counted. Exit code 1 when another one is found, or when half
or more of the random answers were empty.
"""

from __future__ import annotations

import argparse
import dataclasses
import pathlib
import re
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "blackbox")]

import compare  # noqa: E402
import corpus  # noqa: E402
import dataset  # noqa: E402
import known  # noqa: E402
import servers  # noqa: E402
from generator import MATRIX, Generator, Node, Query  # noqa: E402
from mutate import Mutator  # noqa: E402
from shrink import shrink  # noqa: E402

_AGGREGATES = re.compile(r"\b(sum|avg|count|min|max|topk|bottomk)\b")
CASES = HERE / "cases.txt"
DIFFERENCES_SHRUNK_MAX = 40


@dataclasses.dataclass
class Tally:
    asked: int = 0
    nonempty: int = 0
    refused: int = 0
    explained: dict[str, int] = dataclasses.field(default_factory=dict)
    differences: list[str] = dataclasses.field(default_factory=list)

    def line(self, name: str) -> str:
        share = 100 * self.nonempty / max(1, self.asked)
        text = (
            f"{name}: {self.asked} queries, {len(self.differences)} differences, "
            f"{share:.0f} % with a result, {self.refused} refused by both"
        )
        for reason, count in sorted(self.explained.items()):
            text += f"\n  {count} explained: {reason}"
        return text


def ask(sides: list[servers.Connection], text: str, start_ms: int, end_ms: int, step_ms: int):
    """The answer of each."""
    if step_ms == 0:
        path, params = "/api/v1/query", {"query": text, "time": f"{start_ms / 1000:.3f}"}
    else:
        path = "/api/v1/query_range"
        params = {
            "query": text, "start": f"{start_ms / 1000:.3f}", "end": f"{end_ms / 1000:.3f}",
            "step": f"{step_ms / 1000:.3f}",
        }  # fmt: skip
    return [side.ask(path, params) for side in sides]


def judge(pair: servers.Pair, query: Query, tally: Tally | None = None) -> str | None:
    """What differs and is not explained."""
    text = query.text
    asked = (text, query.start_ms, query.end_ms, query.step_ms)
    ours, theirs = ask([pair.tickscope, pair.prometheus], *asked)
    found = compare.difference(text, ours, theirs)
    reason = known.explain(text, found, ours, theirs) if found else None
    if found and not reason and _AGGREGATES.search(text):
        # That both ways of adding up agree to the last bits is for pushed_aggregate_test to show.
        (plain,) = ask([pair.oracle], *asked)
        left = compare.difference(text, plain, theirs)
        if left is None or known.explain(text, left, plain, theirs):
            reason = "last bits of a sum that was added up where columns lie, made visible by what is done with it"
    if tally is not None:
        tally.asked += 1
        tally.nonempty += not compare.is_empty(theirs)
        tally.refused += theirs.status != 200
        if reason:
            tally.explained[reason] = tally.explained.get(reason, 0) + 1
    return None if reason else found


def as_line(mode: str, query: Query) -> str:
    return f"{mode}\t{query.start_ms}\t{query.end_ms}\t{query.step_ms}\t{query.text}"


def random_queries(pair: servers.Pair, seed: int, count: int, seconds: float | None = None) -> Tally:
    tally = Tally()
    generator = Generator(seed, pair.mode)
    seen: set[str] = set()
    end = time.monotonic() + seconds if seconds else None
    for _ in range(count):
        if end is not None and time.monotonic() > end:
            break
        query = generator.query()
        found = judge(pair, query, tally)
        if not found:
            continue
        if len(seen) < DIFFERENCES_SHRUNK_MAX:
            query = shrink(query, lambda q: judge(pair, q) is not None)
            found = judge(pair, query) or found
        line = as_line(pair.mode, query)
        if line not in seen:
            seen.add(line)
            tally.differences.append(f"{line}\n    {found[:600]}")
    return tally


def kept_cases(pair: servers.Pair) -> Tally:
    tally = Tally()
    for line in CASES.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        mode, start_ms, end_ms, step_ms, text = line.split("\t", 4)
        if mode != pair.mode:
            continue
        query = Query(Node(MATRIX, [text]), int(start_ms), int(end_ms), int(step_ms))
        found = judge(pair, query, tally)
        if found:
            tally.differences.append(f"{line}\n    {found[:600]}")
    return tally


def compliance_queries(pair: servers.Pair) -> Tally:
    """As range queries over the last hour of the data."""
    tally = Tally()
    end_ms = (dataset.BASE_S + dataset.LENGTH_S) * 1000
    # Whether a template says that a query must fail is not looked at: since names may be any UTF-8, two of the five
    # do not fail any more, in Prometheus 3 neither.
    for text, _ in corpus.compliance():
        query = Query(Node(MATRIX, [text]), end_ms - 3_600_000, end_ms, 10_000)
        found = judge(pair, query, tally)
        if found:
            tally.differences.append(f"{text}\n    {found[:600]}")
    return tally


def dashboard_queries(pair: servers.Pair) -> Tally:
    """Those of the shipped dashboards, as range and instant queries."""
    tally = Tally()
    end_ms = (dataset.BASE_S + dataset.LENGTH_S) * 1000
    for text in corpus.dashboards():
        for start_ms, step_ms in ((end_ms - 3_600_000, 30_000), (end_ms - 60_000, 0)):
            query = Query(Node(MATRIX, [text]), start_ms, end_ms if step_ms else start_ms, step_ms)
            found = judge(pair, query, tally)
            if found:
                tally.differences.append(f"{as_line(pair.mode, query)}\n    {found[:600]}")
    return tally


def script_queries(pair: servers.Pair) -> Tally:
    """Every expression of the scripts, at its time in its section's data."""
    tally = Tally()
    for section in corpus.scripts():
        for case in section.cases:
            text = section.query_text(case)
            base_ms = section.base_ms
            query = Query(Node(MATRIX, [text]), base_ms + case.start_ms, base_ms + case.end_ms, case.step_ms)
            found = judge(pair, query, tally)
            if found:
                tally.differences.append(f"{case.where} {as_line(pair.mode, query)}\n    {found[:600]}")
    return tally


def mutated_queries(pair: servers.Pair, seed: int, count: int) -> Tally:
    """Changed expressions of the scripts, each in its section's data, at its time or over some steps around it."""
    tally = Tally()
    placed = [(section, case) for section in corpus.scripts() for case in section.cases]
    mutator = Mutator(seed, [case.text for _, case in placed])
    for _ in range(count):
        section, case = mutator.random.choice(placed)
        text = mutator.mutate(section.query_text(case))
        start_ms, end_ms, step_ms = section.base_ms + case.start_ms, section.base_ms + case.end_ms, case.step_ms
        if step_ms == 0 and mutator.random.random() < 0.3:
            end_ms, step_ms = start_ms + 600_000, 60_000
        query = Query(Node(MATRIX, [text]), start_ms, end_ms, step_ms)
        found = judge(pair, query, tally)
        if found:
            tally.differences.append(f"{as_line(pair.mode, query)}\n    {found[:600]}")
    return tally


def start_loaded(folder: pathlib.Path, mode: str, prometheus: str, tickscope: str, with_scripts: bool) -> servers.Pair:
    """A pair that holds the data set and, when asked, the data of the scripts."""
    pair = servers.start(folder, mode, prometheus, tickscope)
    try:
        # Together: Prometheus refuses what is more than an hour older than what it has.
        pair.load(dataset.make(with_starts=mode == servers.STARTS) + dataset.of_dashboards(corpus.dashboards()))
        if with_scripts:
            refused = sum(pair.load_what_fits(section.placed()) for section in corpus.scripts())
            print(f"{mode}: {refused} pieces of the scripts' series are refused by Prometheus and left out")
        pair.wait_until_visible()
    except BaseException:
        pair.stop()
        raise
    return pair


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=20_000, help="random queries, over all modes (20000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mode", choices=list(servers.MODES), action="append", help="settings of both (all)")
    parser.add_argument("--only", choices=["random", "scripts", "compliance", "dashboards", "cases", "mutated"], action="append")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for data and logs (a temporary one)")
    options = parser.parse_args()

    prometheus, why = servers.find_prometheus()
    if prometheus is None:
        print(why, file=sys.stderr)
        return 2
    tickscope = servers.tickscope_path()
    modes = options.mode or list(servers.MODES)
    only = options.only or ["cases", "dashboards", "compliance", "scripts", "mutated", "random"]
    if not corpus.CONFORMANCE.is_dir():
        only = [name for name in only if name not in ("compliance", "scripts", "mutated")]
        print(f"no {corpus.CONFORMANCE}: without compliance queries and scripts")
    failed = False
    with tempfile.TemporaryDirectory() as temporary:
        for n, mode in enumerate(modes):
            folder = (options.keep or pathlib.Path(temporary)) / mode
            pair = start_loaded(folder, mode, prometheus, tickscope, not {"scripts", "mutated"}.isdisjoint(only))
            try:
                runs = {
                    "cases": lambda: kept_cases(pair),
                    "compliance": lambda: compliance_queries(pair),
                    "dashboards": lambda: dashboard_queries(pair),
                    "scripts": lambda: script_queries(pair),
                    "mutated": lambda: mutated_queries(pair, options.seed + n, options.queries // len(modes)),
                    "random": lambda: random_queries(pair, options.seed + n, options.queries // len(modes)),
                }
                for name in only:
                    begun = time.monotonic()
                    tally = runs[name]()
                    for found in tally.differences:
                        print(found)
                    print(f"{mode}: {tally.line(name)}, {time.monotonic() - begun:.0f} s", flush=True)
                    sparse = name == "random" and tally.asked >= 200 and tally.nonempty * 2 <= tally.asked
                    failed = failed or bool(tally.differences) or sparse
            finally:
                pair.stop()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
