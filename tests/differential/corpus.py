"""Queries others wrote: the compliance templates, and the conformance scripts with the data they load.

Scripts start from an empty storage again and again, and servers cannot be emptied: each section between two `clear`
is moved to a time of its own, one after the other. Both servers see the same, so nothing else has to hold.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import pathlib
import re

import yaml

from dataset import BASE_S
from remote_write import STALE_NAN_BITS
from write_request import STALE, Histogram, Series

HERE = pathlib.Path(__file__).resolve().parent
CONFORMANCE = pathlib.Path(__file__).resolve().parents[3] / "shared/conformance"

VARIANTS = {
    "range": ["1s", "15s", "1m", "5m", "15m", "1h"],
    "offset": ["1m", "5m", "10m"],
    "simpleAggrOp": ["sum", "avg", "max", "min", "count", "stddev", "stdvar"],
    "simpleTimeAggrOp": ["sum", "avg", "max", "min", "count", "stddev", "stdvar", "absent", "last"],
    "topBottomOp": ["topk", "bottomk"],
    "quantile": ["-0.5", "0.1", "0.5", "0.75", "0.95", "0.90", "0.99", "1", "1.5"],
    "arithBinOp": ["+", "-", "*", "/", "%", "^"],
    "compBinOp": ["==", "!=", "<", ">", "<=", ">="],
    "binOp": ["+", "-", "*", "/", "%", "^", "==", "!=", "<", ">", "<=", ">="],
    "simpleMathFunc": ["abs", "ceil", "floor", "exp", "sqrt", "ln", "log2", "log10", "round"],
    "extrapolatedRateFunc": ["delta", "rate", "increase"],
    "clampFunc": ["clamp_min", "clamp_max"],
    "instantRateFunc": ["idelta", "irate"],
    "dateFunc": ["day_of_month", "day_of_week", "days_in_month", "hour", "minute", "month", "year"],
}


def compliance() -> list[tuple[str, bool]]:
    """Every query of the templates, and whether it must fail."""
    path = CONFORMANCE / "promql-compliance/promql-test-queries.yml"
    out: list[tuple[str, bool]] = []
    for case in yaml.safe_load(path.read_text())["test_cases"]:
        names = case.get("variant_args", [])
        for values in itertools.product(*(VARIANTS[name] for name in names)):
            text = str(case["query"])
            for name, value in zip(names, values):
                text = text.replace("{{." + name + "}}", value)
            out.append((text, case.get("should_fail", False)))
    return out


# --- shipped dashboards


def _texts(node: object) -> list[str]:
    """Query texts anywhere in a dashboard: Grafana's targets have `expr`, ours `queries`."""
    if isinstance(node, list):
        return [text for one in node for text in _texts(one)]
    if not isinstance(node, dict):
        return []
    own = [node["expr"]] if isinstance(node.get("expr"), str) else []
    own += [text for text in node.get("queries", []) if isinstance(text, str)]
    return own + [text for one in node.values() for text in _texts(one)]


def dashboards() -> list[str]:
    """Each query of the dashboards with its variables filled in as a viewer may."""
    out: set[str] = set()
    for path in sorted((HERE.parents[1] / "dashboards").glob("*.json")):
        for text in _texts(json.loads(path.read_text())):
            for region in (".*", "eu", "eu|na"):
                for interval in ("1m", "5m"):
                    out.add(text.replace("$region", region).replace("$__rate_interval", interval))
    assert out and not any("$" in text for text in out), "a variable that is not known here"
    return sorted(out)


# --- scripts

_DURATION = re.compile(r"(\d+)(ms|[smhdwy])")
_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000, "y": 31_536_000_000}
_LOAD = re.compile(r"load(_with_nhcb)?\s+(\S+)$", re.IGNORECASE)
_INSTANT = re.compile(r"eval(?:_\w+)?\s+instant\s+at\s+(\S+)\s+(.+)$", re.IGNORECASE)
_RANGE = re.compile(r"eval(?:_\w+)?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$", re.IGNORECASE)
_REPEATED = re.compile(r"(.+?)([+-].+)?x(\d+)$")
_GAP_MS = 900_000


def duration_ms(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    text = text.lstrip("+-")
    if re.fullmatch(r"[\d.]+", text):
        return sign * int(float(text) * 1000)
    return sign * sum(int(n) * _UNITS[unit] for n, unit in _DURATION.findall(text))


@dataclasses.dataclass
class Case:
    where: str
    text: str
    start_ms: int  # From the section's zero.
    end_ms: int
    step_ms: int


@dataclasses.dataclass
class Section:
    series: dict[str, Series] = dataclasses.field(default_factory=dict)
    cases: list[Case] = dataclasses.field(default_factory=list)
    base_ms: int = 0

    def length_ms(self) -> int:
        ends = [one.samples[-1][0] for one in self.series.values() if one.samples]
        return max(ends, default=0)

    def placed(self) -> list[Series]:
        return [
            Series(one.labels, [(time_ms + self.base_ms, value) for time_ms, value in one.samples])
            for one in self.series.values()
            if one.samples
        ]

    def query_text(self, case: Case) -> str:
        """Absolute times in the expression move as well."""

        def moved(match: re.Match) -> str:
            return f"@ {float(match.group(1)) + self.base_ms / 1000:.3f}"

        return re.sub(r"@\s*(-?\d+(?:\.\d+)?)(?![\w.])", moved, case.text)


def _float(text: str) -> float:
    lowered = text.lower()
    if lowered.lstrip("+-").startswith("0x"):
        return float(int(text, 16))
    return float(lowered)


def _histogram(body: str) -> Histogram:
    fields = dict(re.findall(r"(\w+):(\[[^\]]*\]|\S+)", body))

    def numbers(name: str) -> list[float]:
        return [_float(word) for word in fields.get(name, "[]")[1:-1].split()]

    return Histogram(
        schema=int(fields.get("schema", "0")),
        sum=_float(fields.get("sum", "0")),
        count=_float(fields.get("count", "0")),
        zero_count=_float(fields.get("z_bucket", "0")),
        zero_threshold=_float(fields.get("z_bucket_w", "0")),
        offset=int(fields.get("offset", "0")),
        buckets=numbers("buckets"),
        negative_offset=int(fields.get("n_offset", "0")),
        negative_buckets=numbers("n_buckets"),
        custom_values=numbers("custom_values"),
        hint=fields.get("counter_reset_hint", "unknown"),
    ).counted()


def _values(text: str) -> list:
    """One entry a slot, None where there is no sample. Raises ValueError on what this reader does not know."""
    out: list = []
    for token in re.findall(r"\{\{.*?\}\}(?:[+-]\{\{.*?\}\})?(?:x\d+)?|\S+", text):
        if token.startswith("{{"):
            first, times = re.match(r"\{\{(.*?)\}\}", token).group(1), re.search(r"x(\d+)$", token)
            if re.search(r"\}\}[+-]\{\{", token):
                raise ValueError("histogram progressions")
            out += [_histogram(first)] * (int(times.group(1)) + 1 if times else 1)
        elif token.startswith("_"):
            out += [None] * (int(token[2:]) if token.startswith("_x") else 1)
        elif token == "stale":
            out.append(STALE_NAN_BITS)
        elif (repeated := _REPEATED.match(token)) and not token.lower().startswith(("0x", "-0x")):
            value = _float(repeated.group(1))
            step = _float(repeated.group(2)) if repeated.group(2) else 0.0
            for _ in range(int(repeated.group(3)) + 1):
                out.append(value)
                value += step
        else:
            out.append(_float(token))
    return out


def _labels(text: str) -> dict[str, str]:
    labels: dict[str, str] = {}
    name, _, rest = text.partition("{")
    if name:
        labels["__name__"] = name.strip()
    for key, value in re.findall(r'("(?:[^"\\]|\\.)*"|[^\s,=]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|\'[^\']*\'))?', rest.rstrip("} ")):
        key = key[1:-1] if key.startswith('"') else key
        if not value:
            labels["__name__"] = key
        elif value[1:-1]:
            labels[key] = value[1:-1].encode().decode("unicode_escape").encode("latin-1", "replace").decode("utf-8", "replace")
    return labels


def _series_line(line: str, step_ms: int, section: Section) -> None:
    match = re.match(r"([^{\s]*(?:\{(?:\"(?:[^\"\\]|\\.)*\"|[^\"}])*\})?)\s+(.*)$", line)
    if match is None or "@st" in match.group(1) or match.group(2).startswith("@st"):
        raise ValueError("start times")
    labels = _labels(match.group(1))
    key = repr(sorted(labels.items()))
    one = section.series.setdefault(key, Series(labels, []))
    for slot, value in enumerate(_values(match.group(2))):
        if value is None:
            continue
        if value == STALE_NAN_BITS and one.samples and isinstance(one.samples[-1][1], Histogram):
            value = STALE
        if not one.samples or one.samples[-1][0] < slot * step_ms:
            one.samples.append((slot * step_ms, value))


def scripts() -> list[Section]:
    """All sections of all scripts, each placed after the one before. What cannot be sent is left out."""
    sections: list[Section] = []
    for path in sorted((CONFORMANCE / "promql").glob("*.test")):
        section = Section()
        sections.append(section)
        load_step_ms: int | None = None
        for number, line in enumerate(path.read_text().splitlines(), 1):
            line = line.strip()
            if not line or line.startswith("#"):
                load_step_ms = None
            elif line.lower() == "clear":
                section = Section()
                sections.append(section)
                load_step_ms = None
            elif match := _LOAD.match(line):
                load_step_ms = duration_ms(match.group(2))
            elif match := _INSTANT.match(line):
                at = duration_ms(match.group(1))
                section.cases.append(Case(f"{path.name}:{number}", match.group(2), at, at, 0))
            elif match := _RANGE.match(line):
                start, end, step = (duration_ms(match.group(i)) for i in (1, 2, 3))
                section.cases.append(Case(f"{path.name}:{number}", match.group(4), start, end, step))
            elif load_step_ms is not None:
                try:
                    _series_line(line, load_step_ms, section)
                except ValueError:
                    continue
    base_ms = (BASE_S + 86_400) * 1000
    for section in sections:
        section.base_ms = base_ms
        base_ms += math.ceil((section.length_ms() + _GAP_MS) / 60_000) * 60_000
    return [section for section in sections if section.cases]
