"""What counts as the same answer.

Compared are HTTP status, error type and text, result type, label sets, times, values within a relative 1e-9 (NaN and
the infinities exactly), histograms bucket by bucket, the order of a matrix, the order of an instant vector where the
expression sorts, and the texts of warnings and infos with their positions.

Not compared, since Prometheus leaves it open: the order of other instant vectors; which of several notes are shown
when there are more than it shows.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re

from servers import Answer

TOLERANCE = 1e-9  # Relative.
NOTES_SHOWN = 10
_SORTS = re.compile(r"^\(*(sort|sort_desc|sort_by_label|sort_by_label_desc)\(")


@dataclasses.dataclass(frozen=True)
class Closeness:
    relative: float = TOLERANCE
    absolute: float = 0.0


EXACT = Closeness()


def same_float(a: str, b: str, close: Closeness = EXACT) -> bool:
    if a == b:
        return True
    try:
        x, y = float(a), float(b)
    except ValueError:
        return False
    if math.isnan(x) or math.isnan(y) or math.isinf(x) or math.isinf(y):
        return math.isnan(x) and math.isnan(y) or x == y
    return abs(x - y) <= max(close.absolute, close.relative * max(abs(x), abs(y)))


def _same_histogram(a: dict, b: dict, close: Closeness) -> bool:
    if not same_float(a["count"], b["count"], close) or not same_float(a["sum"], b["sum"], close):
        return False
    x, y = a.get("buckets", []), b.get("buckets", [])
    return len(x) == len(y) and all(
        p[0] == q[0] and all(same_float(s, t, close) for s, t in zip(p[1:], q[1:])) for p, q in zip(x, y)
    )


def _same_point(a: list, b: list, close: Closeness) -> bool:
    if a[0] != b[0] or isinstance(a[1], dict) != isinstance(b[1], dict):
        return False
    return _same_histogram(a[1], b[1], close) if isinstance(a[1], dict) else same_float(a[1], b[1], close)


def _key(element: dict) -> str:
    return json.dumps(element["metric"], sort_keys=True)


def _differs_in(a: dict, b: dict, close: Closeness) -> str | None:
    """Two elements of equal labels."""
    for key in ("value", "histogram"):
        if (key in a) != (key in b):
            return f"one has a {key}: {a} {b}"
        if key in a and not _same_point(a[key], b[key], close):
            return f"{a[key]} != {b[key]}"
    for key in ("values", "histograms"):
        x, y = a.get(key, []), b.get(key, [])
        for p, q in zip(x, y):
            if not _same_point(p, q, close):
                return f"{key}: {p} != {q}"
        if len(x) != len(y):
            return f"{len(x)} != {len(y)} {key}; times {[p[0] for p in x]} {[p[0] for p in y]}"
    return None


def _results_differ(ours: list, theirs: list, ordered: bool, close: Closeness) -> str | None:
    if not ordered:
        ours, theirs = sorted(ours, key=_key), sorted(theirs, key=_key)
    keys_ours, keys_theirs = [_key(e) for e in ours], [_key(e) for e in theirs]
    if keys_ours != keys_theirs:
        only_ours = [k for k in keys_ours if k not in keys_theirs]
        only_theirs = [k for k in keys_theirs if k not in keys_ours]
        if only_ours or only_theirs:
            return f"series only ours {only_ours[:4]}, only theirs {only_theirs[:4]}"
        return f"order: ours {keys_ours[:6]}, theirs {keys_theirs[:6]}"
    for a, b in zip(ours, theirs):
        found = _differs_in(a, b, close)
        if found:
            return f"{_key(a)}: {found}"
    return None


def difference(text: str, ours: Answer, theirs: Answer, close: Closeness = EXACT) -> str | None:
    """What differs, ours first; None when nothing does."""
    a, b = ours.content, theirs.content
    for key in ("status", "errorType", "error"):
        if a.get(key) != b.get(key):
            return f"{key}: {a.get(key)!r} != {b.get(key)!r}" + (
                f" ({a.get('error')} | {b.get('error')})" if key != "error" else ""
            )
    if ours.status != theirs.status:
        return f"HTTP {ours.status} != {theirs.status}"
    if a.get("status") != "success":
        return None
    x, y = a["data"], b["data"]
    kind = x["resultType"]
    if kind != y["resultType"]:
        return f"type {kind} != {y['resultType']}"
    if kind in ("vector", "matrix"):
        ordered = kind == "matrix" or _SORTS.match(text) is not None
        found = _results_differ(x["result"], y["result"], ordered, close)
        if found:
            return found
    elif kind == "scalar":
        if not _same_point(x["result"], y["result"], close):
            return f"{x['result']} != {y['result']}"
    elif x["result"] != y["result"]:
        return f"{x['result']} != {y['result']}"
    for notes in ("warnings", "infos"):
        p, q = sorted(a.get(notes, [])), sorted(b.get(notes, []))
        if p != q and not (len(p) == len(q) > NOTES_SHOWN):
            return f"{notes}: {p} != {q}"
    return None


def is_empty(answer: Answer) -> bool:
    """Proves little: an error, or a result without a value."""
    if answer.content.get("status") != "success":
        return True
    data = answer.content["data"]
    return data["resultType"] in ("vector", "matrix") and not data["result"]
