"""Cuts a query that differs down to a small one that still does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from generator import MATRIX, Node, Query

TRIES_MAX = 400

# Pieces of a leaf that may be left out, or made simpler.
_CUTS = [
    (re.compile(r" offset (-?\w+|\([^()]*(\([^()]*\)[^()]*)*\))"), ""),
    (re.compile(r" @ (start\(\)|end\(\)|[\d.]+)"), ""),
    (re.compile(r"\{[^{}]*\}"), ""),
    (re.compile(r',[^{},]+(?=\})'), ""),
    (re.compile(r" fill\w*\([^()]*\)"), ""),
    (re.compile(r" (anchored|smoothed)"), ""),
    (re.compile(r" (by|without) \([^()]*\) "), ""),
    (re.compile(r"\[[^\[\]:]+\]"), "[5m]"),
    (re.compile(r"\[[^\[\]:]+:[^\[\]]*\]"), "[5m:1m]"),
]


def _replaced(node: Node, target: Node, by: Node) -> Node:
    if node is target:
        return by
    return Node(node.kind, [_replaced(p, target, by) if isinstance(p, Node) else p for p in node.parts])


def _descendants(node: Node) -> Iterator[Node]:
    for child in node.children():
        yield child
        yield from _descendants(child)


def _smaller_nodes(top: Node, instant: bool) -> Iterator[Node]:
    for below in _descendants(top):
        if below.kind != MATRIX or instant:
            yield below
    for node in _descendants(top):
        for below in _descendants(node):
            if below.kind == node.kind:
                yield _replaced(top, node, below)
    for node in [top, *_descendants(top)]:
        for n, part in enumerate(node.parts):
            if not isinstance(part, str):
                continue
            for pattern, by in _CUTS:
                for match in pattern.finditer(part):
                    shorter = part[: match.start()] + by + part[match.end() :]
                    if shorter != part and shorter.strip():
                        yield _replaced(top, node, Node(node.kind, [*node.parts[:n], shorter, *node.parts[n + 1 :]]))


def _smaller(query: Query) -> Iterator[Query]:
    if query.step_ms:
        steps = (query.end_ms - query.start_ms) // query.step_ms
        for first, last in ((0, steps // 2), (steps // 2 + 1, steps), (1, steps), (0, steps - 1)):
            start_ms = query.start_ms + first * query.step_ms
            end_ms = query.start_ms + last * query.step_ms
            if start_ms <= end_ms and (start_ms, end_ms) != (query.start_ms, query.end_ms):
                yield Query(query.node, start_ms, end_ms, query.step_ms)
        if steps == 0:
            yield Query(query.node, query.start_ms, query.start_ms, 0)
    for node in _smaller_nodes(query.node, query.step_ms == 0):
        yield Query(node, query.start_ms, query.end_ms, query.step_ms)


def shrink(query: Query, differs: Callable[[Query], bool]) -> Query:
    """The smallest found; `query` itself when nothing smaller differs."""
    tries = 0
    while True:
        for candidate in _smaller(query):
            tries += 1
            if tries > TRIES_MAX:
                return query
            if differs(candidate):
                query = candidate
                break
        else:
            return query
