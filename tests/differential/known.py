"""Differences that are meant, each with its reason. What is explained here is counted, not passed over."""

from __future__ import annotations

import copy
import re

import compare
from servers import Answer

_LIFTED = re.compile(r"over -?\d+ samples from \S+ to \S+ \(")
_LIMITS = re.compile(r"\blimit(k|_ratio)\b")
_DATES = re.compile(r"\b(hour|minute|month|year|day_of_month|day_of_week|day_of_year|days_in_month)\(")
_LIBM = re.compile(r"\b(a?(sin|cos|tan)h?|exp|ln|log2|log10|atan2|deg|rad|pi)\b|\^|</|>/")
_NUMBER = re.compile(r"-?\d+\.\d+(e[+-]\d+)?")
_TIMESTAMP = re.compile(r"\btimestamp\(.*(@.*offset|offset.*@)")
_NEGATIVE = re.compile(r"\b(tick_ratio|odd|constant)\b")
_OCCURRENCES = re.compile(r" \(\d+ occurrences\)")
_TOPS = re.compile(r"\b(topk|bottomk)\b")


def _without_counts(answer: Answer) -> Answer:
    """With the numbers of samples that histogram_quantile had to lift taken out."""
    content = copy.deepcopy(answer.content)
    if "infos" in content:
        content["infos"] = [_LIFTED.sub("over N samples (", text) for text in content["infos"]]
    return Answer(answer.status, content)


def _values(answer: Answer) -> list:
    """How many elements there are at each time."""
    counts: dict = {}
    for element in answer.content.get("data", {}).get("result", []):
        if not isinstance(element, dict):
            return []
        points = element.get("values", []) + element.get("histograms", [])
        points += [element[key] for key in ("value", "histogram") if key in element]
        for point in points:
            counts[point[0]] = counts.get(point[0], 0) + 1
    return sorted(counts.items())


def _in_order(answer: Answer) -> list:
    return [element.get("value", [None, None])[1] for element in answer.content["data"]["result"]]


def _incompatible(answer: Answer) -> set[str]:
    return {text for text in answer.content.get("infos", []) if "incompatible sample types" in text}


def _rounded(answer: Answer) -> list[str]:
    """Label sets with the numbers in them cut to ten digits."""

    def cut(match: re.Match) -> str:
        return f"{float(match.group()):.10g}"

    result = answer.content.get("data", {}).get("result", [])
    return sorted(_NUMBER.sub(cut, str(sorted(element["metric"].items()))) for element in result)


def _notes_rounded(answer: Answer) -> list[str]:
    """Notes with the numbers in them cut to ten digits."""
    notes = answer.content.get("warnings", []) + answer.content.get("infos", [])
    return sorted(_NUMBER.sub(lambda match: f"{float(match.group()):.10g}", text) for text in notes)


def _without_occurrences(answer: Answer) -> list[str]:
    return sorted(_OCCURRENCES.sub("", text) for text in answer.content.get("warnings", []))


def _group(answer: Answer) -> str:
    """What stands before the two duplicates that an error names."""
    return answer.content.get("error", "").partition(": [")[0]


def explain(text: str, found: str, ours: Answer, theirs: Answer) -> str | None:
    """The reason of a difference, or None when there is none."""
    if found.startswith("infos") and compare.difference(text, _without_counts(ours), _without_counts(theirs)) is None:
        return "Prometheus adds a note's samples up once more at each step (annotations.Merge), until they overflow"
    if ours.status != theirs.status:
        return None
    if found.startswith("warnings") and _without_occurrences(ours) == _without_occurrences(theirs):
        return "in how many places start times overlap: Prometheus counts a place at every step, ours a series once (a gap)"
    if found.startswith(("warnings", "infos")) and _LIBM.search(text) and _notes_rounded(ours) == _notes_rounded(theirs):
        return "last bits of Go's and the C library's functions, in the text of a note"
    if "info(" in text and found.startswith("error: 'found duplicate series for the match group") and (
        _group(ours) == _group(theirs)
    ):
        return "info() gives its elements in any order, so which two of several duplicates are told is open"
    if _LIMITS.search(text) and _values(ours) == _values(theirs):
        return "which elements limitk and limit_ratio choose is up to the server; as many are chosen"
    if _TOPS.search(text) and _values(ours) == _values(theirs):
        return "topk and bottomk choose among equal values as they come; as many are chosen"
    if found.startswith("order") and _in_order(ours) == _in_order(theirs):
        return "sorting leaves equal values in any order"
    if found.startswith("infos") and _incompatible(ours) > _incompatible(theirs) > set():
        return "of several kinds of operands that do not fit, Prometheus tells the last it saw at a step"
    if " % " in text and found.startswith("{") and _values(ours) == _values(theirs):
        return "the remainder of values that differ in their last bits"
    if len(_LIMITS.findall(text)) > 1 and found.startswith("series only"):
        return "which elements limitk and limit_ratio choose is up to the server; as many are chosen"
    fixed = re.search(r"@", text) and (_DATES.search(text) or re.search(r"\b(info|timestamp)\(", text))
    if fixed and found.startswith("warnings") and "sort is ineffective" in found:
        return "whether info(), timestamp() and dates of what is fixed by @ change from step to step, for the warning of sort"
    if re.search(r"\b(stddev|stdvar|sin|cos|tan)", text) and compare.difference(text, ours, theirs, compare.Closeness(1e-4, 1e-9)) is None:
        return "last bits, made visible by a badly conditioned function"
    if "count_values" in text and _rounded(ours) == _rounded(theirs):
        return "last bits of values, or of Prometheus' table of bucket bounds, in the text that count_values makes of them"
    if _TIMESTAMP.search(text):
        return "timestamp(x @ t offset o): Prometheus looks at t without the offset, among samples up to t - o"
    if "smoothed" in text and _NEGATIVE.search(text):
        return "smoothed rates of what goes below zero: Prometheus takes an interpolated value above the next for a reset"
    loose = compare.Closeness(relative=1e-6, absolute=1e-12)
    if _LIBM.search(text) and compare.difference(text, ours, theirs, loose) is None:
        return "last bits of Go's and the C library's functions, made visible where what is left after a difference is small"
    return None
