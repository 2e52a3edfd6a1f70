#!/usr/bin/env python3
"""Writes the figures of the newest benchmark records (docs/benchmarks/data/*.jsonl) into README.md.

  ./dev bench ingest --record && tools/benchmark_table.py

The block between the two "benchmarks" comments is replaced; nothing is typed by hand.
"""

from __future__ import annotations

import json
import pathlib
import statistics
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
DATA = ROOT / "docs/benchmarks/data"
README = ROOT / "README.md"
BEGIN = "<!-- benchmarks: the records in docs/benchmarks, written by ./dev bench -->\n"
END = "<!-- /benchmarks -->\n"


def newest(name: str) -> dict | None:
    path = DATA / f"{name}.jsonl"
    lines = path.read_text().splitlines() if path.is_file() else []
    return json.loads(lines[-1]) if lines else None


def table(rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|" + " --- |" * len(rows[0]))
    return "\n".join(lines) + "\n"


def source(name: str, entry: dict) -> str:
    machine = entry["machine"]
    return (
        f"`./dev bench {name}`, commit {entry['commit']}, {entry['time'][:10]}, {machine['cores']} cores"
        f" ({machine['cpu']}), load average {machine['load_average']:.1f} at the time.\n"
    )


def ingest_text(entry: dict) -> str:
    workload = entry["workload"]
    rows = [["server", "CPU-s per million samples", "samples/s", "RSS, most", "disk bytes a sample", "an answer means"]]
    for one in entry["results"]:
        cpu = one["cpu_s_per_million"]
        rows.append(
            [
                one["name"],
                f"{statistics.median(cpu):.2f} ({min(cpu):.2f}-{max(cpu):.2f})",
                f"{statistics.median(one['samples_per_s']):,.0f}",
                f"{one['rss_bytes_max'] / 1e6:,.0f} MB",
                f"{statistics.median(one['written_bytes_per_sample']):.1f}",
                one["acknowledged_means"],
            ]
        )
    head = (
        f"**Taking in.** {workload['servers'] * 300:,} series, one point a series in a request,"
        f" {workload['protocol']}, as fast as each server takes it; median (lowest-highest) of {workload['rounds']}"
        " rounds in turn.\n\n"
    )
    return head + table(rows) + "\n" + source("ingest", entry)


def paced_text(entry: dict) -> str:
    workload = entry["workload"]
    rows = [["server", "samples/s", "cores", "answer p50 / p99", "freshness p99", "RSS, most", "errors"]]
    for one in entry["results"]:
        sent = one["since_sent_ms"]
        fresh = one["freshness_p99_s"]
        rows.append(
            [
                one["name"],
                f"{one['samples_per_s']:,.0f}",
                f"{one['cores']:.2f}",
                f"{sent['p50']:.1f} / {sent['p99']:.1f} ms",
                "-" if fresh is None else f"{fresh:.2f} s",
                f"{one['rss_bytes_max'] / 1e6:,.0f} MB",
                str(one["errors"] or "none"),
            ]
        )
    head = (
        f"**A whole fleet in real time.** {workload['servers']:,} game servers, {workload['servers'] * 300:,} series"
        f" every 10 s, {workload['minutes']:g} minutes.\n\n"
    )
    return head + table(rows) + "\n" + source("paced", entry)


def block() -> str:
    parts = []
    for name, text in (("ingest", ingest_text), ("paced", paced_text)):
        entry = newest(name)
        if entry is not None:
            parts.append(text(entry))
    return "\n" + "\n".join(parts) + "\n" if parts else ""


def updated(readme: str) -> str:
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not after:
        sys.exit("README.md: the benchmarks comments are gone")
    return before + BEGIN + block() + END + after


def main() -> int:
    readme = README.read_text()
    README.write_text(updated(readme))
    return 0


if __name__ == "__main__":
    sys.exit(main())
