"""Differences that are meant, each with its reason. What is explained here is counted, not passed over."""

from __future__ import annotations

import copy
import re

import compare
from servers import Answer

_LIFTED = re.compile(r"over -?\d+ samples from \S+ to \S+ \(")
_LIMITS = re.compile(r"\blimitk\b")
_DATES = re.compile(r"\b(hour|minute|month|year|day_of_month|day_of_week|day_of_year|days_in_month)\(")
_LIBM = re.compile(r"\b(a?(sin|cos|tan)h?|exp|ln|log2|log10|atan2|deg|rad|pi)\b|\^|</|>/")
_NUMBER = re.compile(r"-?\d+\.\d+(e[+-]\d+)?|-?\d{16,}")
_TIMESTAMP = re.compile(r"\btimestamp\(.*(@.*offset|offset.*@)")
_NEGATIVE = re.compile(r"\b(tick_ratio|odd|constant)\b")
_CHOSEN = re.compile(r"\b(quantile|topk|bottomk|limitk|limit_ratio)\b.*\b(time|scalar|vector)\(.*@")
_CHANGES = re.compile(r"\b(rate|increase|irate|resets|changes)\(.*\[[^]]*:[^]]*\]")
_OVERFLOWS = re.compile(r"\b(exp|sinh|cosh)\(")
_PLACES = re.compile(r"\bhistogram_(quantiles?|fraction)\(.*(nh_queue_gauge|mixed_kind)")
_WAVES = re.compile(r"\b(sin|cos|tan)\(")
_TOPS = re.compile(r"\b(topk|bottomk)\b")


def _without_counts(answer: Answer) -> Answer:
    """With the numbers of samples that histogram_quantile had to lift taken out."""
    content = copy.deepcopy(answer.content)
    if "infos" in content:
        content["infos"] = [_LIFTED.sub("over N samples (", text) for text in content["infos"]]
    return Answer(answer.status, content)


def _points(answer: Answer):
    """All (element, time, value or histogram) of an answer."""
    for element in answer.content.get("data", {}).get("result", []):
        if not isinstance(element, dict):
            return
        points = element.get("values", []) + element.get("histograms", [])
        points += [element[key] for key in ("value", "histogram") if key in element]
        for time, value in points:
            yield element, time, value


def _counts(answer: Answer) -> dict:
    """How many elements there are at each time."""
    counts: dict = {}
    for _, time, _ in _points(answer):
        counts[time] = counts.get(time, 0) + 1
    return counts


def _values(answer: Answer) -> dict:
    """The values at each time, whoever has them, in order; eight digits of them."""
    values: dict = {}
    for _, time, value in _points(answer):
        text = f"{float(value) or 0.0:.8g}" if isinstance(value, str) else str(value)
        values.setdefault(time, []).append(text)
    return {time: sorted(texts) for time, texts in values.items()}


def _in_order(answer: Answer) -> list:
    return [element.get("value", [None, None])[1] for element in answer.content["data"]["result"]]


def _incompatible(answer: Answer) -> set[str]:
    notes = answer.content.get("warnings", []) + answer.content.get("infos", [])
    return {text for text in notes if "incompatible" in text}


def _rounded(answer: Answer) -> dict:
    """What count_values counts, by time and by label set with the numbers in it cut to ten digits."""

    def cut(match: re.Match) -> str:
        return f"{float(match.group()):.10g}"

    counted: dict = {}
    for element, time, value in _points(answer):
        key = (_NUMBER.sub(cut, str(sorted(element["metric"].items()))), time)
        counted[key] = counted.get(key, 0) + (float(value) if isinstance(value, str) else 0)
    return counted


def _notes_rounded(answer: Answer) -> list[str]:
    """Notes with the numbers in them cut to ten digits."""
    notes = answer.content.get("warnings", []) + answer.content.get("infos", [])
    return sorted(_NUMBER.sub(lambda match: f"{float(match.group()):.10g}", text) for text in notes)


def _without_specks(answer: Answer) -> Answer:
    """Histograms without buckets that hold nothing but what rounding leaves of a difference of equal ones."""
    content = copy.deepcopy(answer.content)
    for _, _, value in _points(Answer(answer.status, content)):
        if isinstance(value, dict) and "buckets" in value:
            counts = [abs(float(bucket[3])) for bucket in value["buckets"]]
            least = 1e-12 * max(counts, default=0)
            value["buckets"] = [bucket for bucket, count in zip(value["buckets"], counts) if not count <= least]
            if abs(float(value["count"])) <= least:
                value["count"] = "0"
    return Answer(answer.status, content)


def _finite(answer: Answer) -> Answer:
    """What is within a third of the largest number counts as infinite."""
    content = copy.deepcopy(answer.content)
    for element in content.get("data", {}).get("result", []):
        for point in [element["value"]] if "value" in element else element.get("values", []):
            if abs(float(point[1])) > 6e307:
                point[1] = "-Inf" if point[1].startswith("-") else "+Inf"
    return Answer(answer.status, content)


def _below_zero(answer: Answer) -> bool:
    return any(isinstance(value, dict) and value["count"].startswith("-") for _, _, value in _points(answer))


def _conflicts(answer: Answer) -> int:
    return sum("conflicting counter resets" in text for text in answer.content.get("warnings", []))


def _same_but_notes(ours: Answer, theirs: Answer) -> bool:
    def bare(answer: Answer) -> Answer:
        return Answer(answer.status, {k: v for k, v in answer.content.items() if k not in ("warnings", "infos")})

    return compare.difference("", bare(ours), bare(theirs)) is None


def _within_zero_bucket(text: str, ours: Answer, theirs: Answer) -> bool:
    """Values differ by no more than the zero bucket is wide, or than it may hold of all observations."""
    most = 0.25 if "histogram_fraction" in text else 0.001
    return compare.difference("", ours, theirs, compare.Closeness(compare.TOLERANCE, most)) is None


def _side(answer: Answer) -> str:
    """An error about duplicates without the group and the two it names."""
    return re.sub(r"\{.*\}", "", answer.content.get("error", ""))


def explain(text: str, found: str, ours: Answer, theirs: Answer) -> str | None:
    """The reason of a difference, or None when there is none."""
    if found.startswith("infos") and compare.difference(text, _without_counts(ours), _without_counts(theirs)) is None:
        return "Prometheus adds a note's samples up once more at each step (annotations.Merge), until they overflow"
    if "histogram_quantiles(" in text and '""' in text and 'invalid label name ""' in found:
        return "an empty label name is refused; Prometheus takes it, and for classic histograms panics"
    if all("grouping" in one.content.get("error", "") for one in (ours, theirs)):
        return "of two things that are wrong with a grouping, Prometheus does not always tell the first"
    if ours.status != theirs.status:
        return None
    if found.startswith(("warnings", "infos")) and _LIBM.search(text) and _notes_rounded(ours) == _notes_rounded(theirs):
        return "last bits of Go's and the C library's functions, in the text of a note"
    if found.startswith("error: 'found duplicate series for the match group") and _side(ours) == _side(theirs):
        return "series come in any order, so which of several duplicates an error names is open"
    if "@" in text and re.search(r"offset -?\d[\d.]*e-\d", text):
        return "of an offset of less than a millisecond beside @ Prometheus makes a whole one, for the sign of the way to t"
    if "@" in text and _CHOSEN.search(text) and found.startswith(("warnings", "{", "series only", "values")):
        return "of an aggregation of what is fixed by @ Prometheus takes the parameter of the first step for all"
    if _LIMITS.search(text) and _counts(ours) == _counts(theirs):
        return "which elements limitk chooses is up to the server; as many are chosen"
    if _TOPS.search(text) and _values(ours) == _values(theirs):
        return "topk and bottomk choose among equal values as they come; the values are the same"
    if _TOPS.search(text) and _TOPS.match(text) is None and (
        found.startswith("series only") or "values: " in found or _counts(ours) == _counts(theirs)
    ):
        return "topk and bottomk choose among equal values as they come; what is made of them differs"
    if found.startswith("order") and _in_order(ours) == _in_order(theirs):
        return "sorting leaves equal values in any order"
    if found.startswith(("infos", "warnings")) and _incompatible(ours) > _incompatible(theirs) > set():
        return "of several kinds of operands that do not fit, Prometheus tells the last it saw at a step"
    if " % " in text and found.startswith("{") and _counts(ours) == _counts(theirs):
        return "the remainder of values that differ in their last bits"
    if _LIMITS.search(text) and found.startswith("series only"):
        return "which elements limitk chooses is up to the server; what is made of them differs"
    fixed = re.search(r"@", text) and (_DATES.search(text) or re.search(r"\b(info|timestamp)\(", text))
    if fixed and found.startswith("warnings") and "sort is ineffective" in found:
        return "whether info(), timestamp() and dates of what is fixed by @ change from step to step, for the warning of sort"
    if re.search(r"\b(stddev|stdvar|sin|cos|tan)", text) and compare.difference(text, ours, theirs, compare.Closeness(1e-4, 1e-9)) is None:
        return "last bits, made visible by a badly conditioned function"
    if _CHANGES.search(text) and _counts(ours) == _counts(theirs) and "smoothed" in text:
        return "last bits of interpolated values, taken for a reset"
    if _WAVES.search(text) and "^" in text and _counts(ours) == _counts(theirs):
        return "angles of powers, of which the last bits are many turns"
    if _WAVES.search(text) and compare.difference(text, ours, theirs, compare.Closeness(0, 1e-4)) is None:
        return "last bits of large angles"
    if "count_values" in text and (
        _rounded(ours) == _rounded(theirs)
        if text.startswith("count_values")
        else _rounded(ours).keys() == _rounded(theirs).keys()
    ):
        return "last bits of values, or of Prometheus' table of bucket bounds, in the text that count_values makes of them"
    if _TIMESTAMP.search(text):
        return "timestamp(x @ t offset o): Prometheus looks at t without the offset, among samples up to t - o"
    if compare.difference(text, _without_specks(ours), _without_specks(theirs)) is None:
        return "what rounding leaves in a bucket where two histograms are subtracted"
    if _CHANGES.search(text) and "{'count'" in found and _below_zero(theirs) and _counts(ours) == _counts(theirs):
        return "resets of histograms below zero: Prometheus knows an empty bucket from none, as its chunks happened to have it"
    if "_over_time(" in text and _conflicts(theirs) != _conflicts(ours) and _same_but_notes(ours, theirs):
        return "whether a histogram alone in its chunk says that it began anew is up to how chunks were cut"
    if _PLACES.search(text) and _within_zero_bucket(text, ours, theirs):
        return "Prometheus knows an empty bucket below zero from none, for where the zero bucket begins"
    if _OVERFLOWS.search(text) and "'+Inf'" in found and _values(_finite(ours)) == _values(_finite(theirs)):
        return "Go's exp on amd64 is infinite from 709.44 on, the true one from 709.78"
    if "smoothed" in text and _NEGATIVE.search(text):
        return "smoothed rates of what goes below zero: Prometheus takes an interpolated value above the next for a reset"
    loose = compare.Closeness(relative=1e-6, absolute=1e-12)
    if _LIBM.search(text) and compare.difference(text, ours, theirs, loose) is None:
        return "last bits of Go's and the C library's functions, made visible where what is left after a difference is small"
    return None
