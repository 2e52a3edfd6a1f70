"""Random PromQL, from a seed, over the series of dataset.py.

An expression is a tree of Node, so that what differs can be cut down (shrink.py). A generator that only follows the
grammar makes empty answers: matchers that match nothing, sides that share no labels. This one knows which labels each
family has, gives both sides of an operator the same, and compares with values that occur.
"""

from __future__ import annotations

import dataclasses
import random

from dataset import BASE_S, BOUNDS, LENGTH_S, MODES, SERVERS

VECTOR, SCALAR, MATRIX, STRING, DURATION = "vector", "scalar", "matrix", "string", "duration"


@dataclasses.dataclass
class Node:
    kind: str
    parts: list  # Texts and Nodes in order.

    def text(self) -> str:
        return "".join(part if isinstance(part, str) else part.text() for part in self.parts)

    def children(self) -> list[Node]:
        return [part for part in self.parts if isinstance(part, Node)]


@dataclasses.dataclass(frozen=True)
class Query:
    node: Node
    start_ms: int
    end_ms: int  # Equal to start_ms for an instant query, whose step is 0.
    step_ms: int

    @property
    def text(self) -> str:
        return self.node.text()


FLOATS = [
    "players", "tick_ratio", "late_gauge", "ticks_total", "joins_total", "bytes_total", "gappy", "odd", "constant",
    "tick_seconds_count", "tick_seconds_sum",
]  # fmt: skip
COUNTERS = ["ticks_total", "joins_total", "bytes_total", "tick_seconds_count", "tick_seconds_sum"]
HISTOGRAMS = ["nh_tick_seconds", "nh_rtt_seconds", "nh_queue_gauge", "nhcb_rtt_seconds", "mixed_kind"]
LABELS = ["server", "region", "mode", "job", "instance"]
VALUES = {
    "server": [server for server, _ in SERVERS],
    "region": ["eu", "na", "ap"],
    "mode": MODES,
    "job": ["game"],
    "instance": [f"{server}:9100" for server, _ in SERVERS],
}

OVER_TIME = [
    "avg_over_time", "min_over_time", "max_over_time", "sum_over_time", "count_over_time", "stddev_over_time",
    "stdvar_over_time", "last_over_time", "first_over_time", "present_over_time", "mad_over_time",
    "ts_of_first_over_time", "ts_of_last_over_time", "ts_of_max_over_time", "ts_of_min_over_time",
]  # fmt: skip
RATES = ["rate", "increase", "delta", "irate", "idelta", "resets", "changes", "deriv", "integral"]
MATH = [
    "abs", "ceil", "floor", "exp", "ln", "log2", "log10", "sqrt", "sgn", "sin", "cos", "tan", "asin", "acos", "atan",
    "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "deg", "rad", "round",
]  # fmt: skip
DATES = ["day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year"]
HISTOGRAM_PARTS = ["histogram_count", "histogram_sum", "histogram_avg", "histogram_stddev", "histogram_stdvar"]
AGGREGATES = ["sum", "avg", "count", "min", "max", "group", "stddev", "stdvar"]
ARITHMETIC = ["+", "-", "*", "/", "%", "^", "atan2"]
COMPARISONS = ["==", "!=", ">", "<", ">=", "<="]


class Generator:
    def __init__(self, seed: int, mode: str = "immediate"):
        self.random = random.Random(seed)
        self.mode = mode
        self.instant = False

    # --- choices

    def _chance(self, p: float) -> bool:
        return self.random.random() < p

    def _of(self, items):
        return self.random.choice(items)

    # --- leaves

    def _number(self) -> str:
        return self._of(
            ["0", "1", "2", "-1", "0.5", "10", "100", "3.25", "1e3", "0x1F", "-0.5", "1_000", "5m", "1h30m"]
            if self._chance(0.9)
            else ["NaN", "Inf", "-Inf", "1e300", "-0", "1e-300", "9.007199254740993e15"]
        )

    def _matchers(self, with_name: str | None = None) -> str:
        out = [] if with_name is None else [with_name]
        for label in self.random.sample(LABELS, self._of([0, 0, 0, 1, 1, 2])):
            values = VALUES[label]
            value = self._of(values)
            out.append(
                self._of(
                    [
                        f'{label}="{value}"', f'{label}!="{value}"' if len(values) > 1 else f'{label}!="x"',
                        f'{label}=~"{value}|{self._of(values)}"', f'{label}!~"{value}.+"', f'{label}=~".+"',
                        f"{label}=~'{value[0]}.*'",
                    ]
                )
            )  # fmt: skip
        return "{" + ",".join(out) + "}" if out or with_name is not None else ""

    def _selector(self, names: list[str]) -> str:
        name = self._of(names)
        form = self.random.random()
        if form < 0.85:
            return name + self._matchers()
        if form < 0.92:
            return self._matchers(f'"{name}"')
        return self._matchers(f'__name__="{name}"')

    def _odd_selector(self) -> str:
        """Series outside the srv family."""
        return self._of(
            [
                "demo_memory_usage_bytes", "demo_num_cpus", 'demo_cpu_usage_seconds_total{mode!="idle"}',
                "demo_intermittent_metric", "demo_batch_last_success_timestamp_seconds", "target_info", "build_info",
                "only_a_minute", '{"game.players"}', '{"game.players","host.name"!="x y"}', "typed_total",
                "typed_total{__type__='gauge'}", '{__name__=~"(players|tick_ratio)",server="s1"}',
                '{__name__=~"nh.*",server="s2",mode="ranked"}', "nothing_there", "tick_seconds_bucket",
                '{job="game",server="s3",__name__!~"nh.*|tick_seconds_bucket"}',
            ]
            + (["game.players", 'game.players{host.name="ü"}'] if self.mode == "delayed" else [])
        )  # fmt: skip

    def _duration_text(self, low_s: int = 15) -> str:
        return self._of([t for t in ("30s", "1m", "2m", "5m", "10m", "1m30s", "7m", "20m") if t != "30s" or low_s <= 30])

    def _duration(self, signed: bool = False) -> str:
        """After [ or offset; an expression only where parentheses need not be added."""
        if self._chance(0.85):
            return self._duration_text()
        simple = [
            "300", "1m + 2m", "10m - 90s", "2 * 2m", "20m / 4", "7m % 5m", "2 ^ 8", "max_of(1m, 3m)", "min_of(5m, 1h)",
            "-(-3m)", "1m * 1.5", "max_of(step(), 2m)", "min_of(range() + 1m, 10m)", "step() + 2m", "(range() + 5m) / 2",
        ]  # fmt: skip
        return self._of(simple if not signed else simple[:10])

    def _modifiers(self) -> str:
        """offset and @, in either order; most expressions have neither."""
        out = []
        if self._chance(0.12):
            text = self._duration_text()
            out.append(
                self._of([f"offset {text}", f"offset -{text}", f"offset ({self._duration(signed=True)})", "offset 90"])
            )
        if self._chance(0.10):
            at = BASE_S + self.random.randrange(1800, LENGTH_S)
            out.append(self._of(["@ start()", "@ end()", f"@ {at}", f"@ {at}.5"]))
        self.random.shuffle(out)
        return "".join(" " + one for one in out)

    # --- range vectors

    def _matrix(self, names: list[str], depth: int, modes: bool = False) -> Node:
        if depth > 0 and self._chance(0.2):
            return self._subquery(depth)
        selector = self._odd_selector() if self._chance(0.05) else self._selector(names)
        extended = ""
        if modes and self._chance(0.3):
            extended = self._of([" anchored", " smoothed"])
        return Node(MATRIX, [f"{selector}[{self._duration()}]{extended}{self._modifiers()}"])

    def _subquery(self, depth: int) -> Node:
        step = self._of(["", "30s", "1m", "2m", "1m + 30s", "max_of(step(), 1m)"])
        return Node(MATRIX, [self._operand(depth - 1), f"[{self._duration()}:{step}]{self._modifiers()}"])

    # --- scalars

    def _scalar(self, depth: int) -> Node:
        pick = self.random.random()
        if depth <= 0 or pick < 0.6:
            return Node(SCALAR, [self._number()])
        if pick < 0.7:
            return Node(SCALAR, [self._of(["time()", "pi()", "start()", "end()", "step()", "range()"])])
        if pick < 0.85:
            return Node(SCALAR, ["scalar(", self._vector(depth - 1), ")"])
        if pick < 0.9:
            return Node(SCALAR, [self._of(["max_of(", "min_of("]), self._scalar(0), ", ", self._scalar(0), ")"])
        op = self._of(ARITHMETIC)
        return Node(SCALAR, ["(", self._scalar(depth - 1), f" {op} ", self._scalar(depth - 1), ")"])

    # --- instant vectors

    def _operand(self, depth: int) -> Node:
        """A vector that may stand in front of a modifier or an operator: in parentheses where it must."""
        node = self._vector(depth)
        return Node(VECTOR, ["(", node, ")"]) if self._chance(0.5) or not self._is_atom(node) else node

    @staticmethod
    def _is_atom(node: Node) -> bool:
        first = node.parts[0]
        if not isinstance(first, str):
            return False
        text = node.text()
        if len(node.parts) == 1:
            return " " not in text and text[0] not in "+-"
        return first.endswith("(") and text.endswith(")") and first != "("

    def _leaf(self) -> Node:
        pick = self.random.random()
        if pick < 0.72:
            text = self._selector(FLOATS)
        elif pick < 0.9:
            text = self._selector(HISTOGRAMS)
        else:
            text = self._odd_selector()
        smoothed = self._of([" smoothed", " anchored"]) if self._chance(0.04) else ""
        return Node(VECTOR, [text + smoothed + self._modifiers()])

    def _vector(self, depth: int) -> Node:
        if depth <= 0:
            return self._leaf()
        makers = (
            (self._leaf, 6),
            (lambda: self._over_time(depth), 14),
            (lambda: self._rate(depth), 14),
            (lambda: self._aggregate(depth), 18),
            (lambda: self._binary_with_scalar(depth), 9),
            (lambda: self._binary(depth), 16),
            (lambda: self._math(depth), 7),
            (lambda: self._histogram(depth), 12),
            (lambda: self._label_function(depth), 4),
            (lambda: self._special(depth), 8),
            (lambda: Node(VECTOR, ["-", self._operand(depth - 1)]), 2),
            (lambda: Node(VECTOR, ["(", self._vector(depth - 1), ")"]), 2),
        )
        return self.random.choices([maker for maker, _ in makers], [weight for _, weight in makers])[0]()

    def _names(self) -> list[str]:
        return HISTOGRAMS if self._chance(0.25) else FLOATS

    def _over_time(self, depth: int) -> Node:
        pick = self.random.random()
        matrix = self._matrix(self._names(), depth)
        if pick < 0.75:
            return Node(VECTOR, [self._of(OVER_TIME) + "(", matrix, ")"])
        if pick < 0.85:
            return Node(VECTOR, ["quantile_over_time(", self._quantile(depth), ", ", matrix, ")"])
        if pick < 0.9:
            return Node(VECTOR, ["absent_over_time(", matrix, ")"])
        if pick < 0.95:
            return Node(VECTOR, ["predict_linear(", matrix, ", ", self._scalar(depth - 1), ")"])
        return Node(
            VECTOR,
            ["double_exponential_smoothing(", matrix, f", {self._of(['0.5', '0.1', '0.9'])}, 0.3)"],
        )

    def _rate(self, depth: int) -> Node:
        names = self._of([COUNTERS, COUNTERS, FLOATS, HISTOGRAMS])
        function = self._of(RATES if self._chance(0.5) else ["rate", "increase", "delta"])
        extended = function in ("rate", "increase", "delta", "resets", "changes")
        return Node(VECTOR, [function + "(", self._matrix(names, depth, modes=extended), ")"])

    def _quantile(self, depth: int) -> Node:
        if self._chance(0.9):
            return Node(SCALAR, [self._of(["0.5", "0.9", "0.99", "0", "1", "0.25", "-0.5", "1.5", "NaN"])])
        return self._scalar(depth - 1)

    def _grouping(self) -> tuple[str, list[str]]:
        labels = self.random.sample(LABELS, self._of([0, 1, 1, 2]))
        word = self._of(["by", "by", "without"])
        return f" {word} ({', '.join(labels)}) ", labels

    def _aggregate(self, depth: int) -> Node:
        grouping = self._grouping()[0] if self._chance(0.75) else ""
        inner = self._vector(depth - 1)
        pick = self.random.random()
        if pick < 0.66:
            return Node(VECTOR, [f"{self._of(AGGREGATES)}{grouping}(", inner, ")"])
        if pick < 0.76:
            return Node(VECTOR, [f"{self._of(['topk', 'bottomk'])}{grouping}({self._of('123')}, ", inner, ")"])
        if pick < 0.84:
            return Node(VECTOR, [f"quantile{grouping}(", self._quantile(depth), ", ", inner, ")"])
        if pick < 0.9:
            return Node(VECTOR, [f'count_values{grouping}("value", ', inner, ")"])
        if pick < 0.95:
            return Node(VECTOR, [f"limitk{grouping}({self._of('012')}, ", inner, ")"])
        return Node(VECTOR, [f"limit_ratio{grouping}({self._of(['0.3', '-0.7', '0.5', '1', '-1', '1.1'])}, ", inner, ")"])

    def _binary_with_scalar(self, depth: int) -> Node:
        vector, scalar = self._operand(depth - 1), self._scalar(depth - 1)
        op = self._of(ARITHMETIC + COMPARISONS + [c + " bool" for c in COMPARISONS])
        if self._chance(0.08):
            return Node(VECTOR, [vector, f" {self._of(['</', '>/'])} ", scalar])
        sides = [vector, f" {op} ", scalar] if self._chance(0.7) else [scalar, f" {op} ", vector]
        return Node(VECTOR, sides)

    def _same_labels(self, depth: int) -> Node:
        """A vector of the srv family that keeps all its labels but the name."""
        names = self._names()
        pick = self.random.random()
        if pick < 0.4 or depth <= 0:
            return Node(VECTOR, [self._of(names) + self._modifiers()])
        if pick < 0.7:
            return Node(VECTOR, [f"{self._of(['rate', 'increase', 'delta'])}({self._of(names)}[{self._duration()}])"])
        return Node(VECTOR, [f"{self._of(OVER_TIME)}({self._of(names)}[{self._duration()}])"])

    def _fill(self) -> str:
        if not self._chance(0.12):
            return ""
        value = self._of(["0", "1", "-1", "NaN", "0.5"])
        return self._of(
            [f" fill({value})", f" fill_left({value})", f" fill_right({value})", f" fill_left({value}) fill_right(2)"]
        )

    def _binary(self, depth: int) -> Node:
        pick = self.random.random()
        op = self._of(ARITHMETIC + COMPARISONS)
        if op in COMPARISONS and self._chance(0.4):
            op += " bool"
        if pick < 0.3:
            match = self._of(["", "", " on (server, mode)", " ignoring (region)", " on (instance, mode)"])
            return Node(
                VECTOR, [self._same_labels(depth), f" {op}{match}{self._fill()} ", self._same_labels(depth)]
            )
        if pick < 0.5:
            label = self._of(LABELS)
            aggregate = self._of(AGGREGATES)
            sides = [
                Node(VECTOR, [f"{self._of(AGGREGATES)} by ({label}) (", self._vector(depth - 1), ")"]),
                Node(VECTOR, [f"{aggregate} by ({label}) (", self._vector(depth - 1), ")"]),
            ]
            match = self._of(["", f" on ({label})", " ignoring ()"])
            return Node(VECTOR, [sides[0], f" {op}{match}{self._fill()} ", sides[1]])
        if pick < 0.68:
            label = self._of(["server", "region", "instance"])
            one = Node(VECTOR, [f"{self._of(AGGREGATES)} by ({label}) (", self._vector(depth - 1), ")"])
            many = self._same_labels(depth)
            include = self._of(["", "", " ()", " (zone)"])
            if self._chance(0.5):
                return Node(VECTOR, [many, f" {op} on ({label}) group_left{include}{self._fill()} ", one])
            return Node(VECTOR, [one, f" {op} on ({label}) group_right{include}{self._fill()} ", many])
        if pick < 0.73:
            return Node(
                VECTOR,
                [self._same_labels(depth), f" {op} on (instance) group_left (version, zone) ", Node(VECTOR, ["target_info"])],
            )
        if pick < 0.92:
            op = self._of(["and", "or", "unless"])
            match = self._of(["", " on (server)", " ignoring (mode)", " on ()", " on (region, mode)"])
            return Node(VECTOR, [self._operand(depth - 1), f" {op}{match} ", self._operand(depth - 1)])
        return Node(VECTOR, [self._operand(depth - 1), f" {op}{self._fill()} ", self._operand(depth - 1)])

    def _math(self, depth: int) -> Node:
        pick = self.random.random()
        inner = self._vector(depth - 1)
        if pick < 0.6:
            return Node(VECTOR, [self._of(MATH) + "(", inner, ")"])
        if pick < 0.7:
            return Node(VECTOR, [self._of(DATES) + "(", inner, ")"])
        if pick < 0.8:
            return Node(VECTOR, [self._of(["clamp_min", "clamp_max"]) + "(", inner, ", ", self._scalar(depth - 1), ")"])
        if pick < 0.9:
            return Node(VECTOR, ["clamp(", inner, ", ", self._scalar(0), ", ", self._scalar(0), ")"])
        return Node(VECTOR, ["round(", inner, ", ", self._scalar(0), ")"])

    def _histogram_vector(self, depth: int) -> Node:
        pick = self.random.random()
        if pick < 0.25 or depth <= 0:
            return Node(VECTOR, [self._selector(HISTOGRAMS) + self._modifiers()])
        if pick < 0.6:
            function = self._of(["rate", "increase", "delta", "avg_over_time", "sum_over_time", "last_over_time"])
            return Node(VECTOR, [function + "(", self._matrix(HISTOGRAMS, depth), ")"])
        if pick < 0.8:
            grouping = self._grouping()[0]
            return Node(VECTOR, [f"{self._of(['sum', 'avg'])}{grouping}(", self._histogram_vector(depth - 1), ")"])
        if pick < 0.9:
            trim = self._of(["0.1", "1", "0.5", "-0.2", "0", "2", "Inf"])
            return Node(VECTOR, ["(", self._histogram_vector(depth - 1), f" {self._of(['</', '>/'])} {trim})"])
        op = self._of(["* 2", "/ 3", "* -1", "/ 0"])
        return Node(VECTOR, ["(", self._histogram_vector(depth - 1), f" {op})"])

    def _classic(self, depth: int) -> Node:
        pick = self.random.random()
        selector = "tick_seconds_bucket" + self._matchers()
        if pick < 0.3:
            return Node(VECTOR, [selector])
        if pick < 0.65:
            return Node(VECTOR, [f"rate({selector}[{self._duration()}])"])
        grouping = self._of(["by (le)", "by (le, server)", "without (mode)"])
        return Node(VECTOR, [f"sum {grouping} (rate({selector}[{self._duration()}]))"])

    def _histogram(self, depth: int) -> Node:
        pick = self.random.random()
        source = self._classic(depth) if self._chance(0.35) else self._histogram_vector(depth - 1)
        if pick < 0.3:
            return Node(VECTOR, ["histogram_quantile(", self._quantile(depth), ", ", source, ")"])
        if pick < 0.4:
            return Node(VECTOR, ["histogram_quantiles(", source, f', "q", 0.5, {self._of(["0.9", "1", "0", "NaN"])})'])
        if pick < 0.6:
            low = self._of(["0", "0.1", "-1", "-Inf", "0.5"])
            high = self._of(["1", "0.5", "0.01", "Inf", "5"])
            return Node(VECTOR, [f"histogram_fraction({low}, {high}, ", source, ")"])
        if pick < 0.85:
            return Node(VECTOR, [self._of(HISTOGRAM_PARTS) + "(", self._histogram_vector(depth - 1), ")"])
        return self._histogram_vector(depth)

    def _label_function(self, depth: int) -> Node:
        inner = self._vector(depth - 1)
        if self._chance(0.6):
            args = self._of(
                [
                    '"host", "$1", "instance", "(.*):.*"', '"server", "x-$1", "server", "s(.+)"', '"mode", "", "mode", ".*"',
                    '"zone", "z", "nothing", ""', '"__name__", "renamed", "job", ".*"', '"a.b", "${x}", "region", "(?P<x>..)"',
                    '"region", "$2", "region", "(e)(u)"', f'"le", "{self._of(BOUNDS)}", "mode", "ranked"',
                ]
            )  # fmt: skip
            return Node(VECTOR, ["label_replace(", inner, f", {args})"])
        args = self._of(['"id", "-", "server", "mode"', '"id", "", "nothing"', '"server", "/", "region", "server"'])
        return Node(VECTOR, ["label_join(", inner, f", {args})"])

    def _special(self, depth: int) -> Node:
        pick = self.random.random()
        inner = self._vector(depth - 1)
        if pick < 0.15:
            function = self._of(["sort", "sort_desc"])
            return Node(VECTOR, [function + "(", inner, ")"])
        if pick < 0.25:
            function = self._of(["sort_by_label", "sort_by_label_desc"])
            return Node(VECTOR, [function + "(", inner, f', "{self._of(LABELS)}", "{self._of(LABELS)}")'])
        if pick < 0.4:
            return Node(VECTOR, ["absent(", inner, ")"])
        if pick < 0.55:
            return Node(VECTOR, ["timestamp(", inner, ")"])
        if pick < 0.65:
            return Node(VECTOR, ["vector(", self._scalar(depth - 1), ")"])
        if pick < 0.9:
            matchers = self._of(
                [
                    "", "", ", {version=~'.+'}", ", {zone='eu-1'}", ", {__name__='build_info'}", ", {version='1.0'}",
                    ', {__name__=~".+_info"}', ", {__name__=~'build_info|target_info', commit!=''}", ", {nothing=''}",
                ]
            )  # fmt: skip
            return Node(VECTOR, ["info(", inner, f"{matchers})"])
        return Node(VECTOR, [self._of(DATES) + "()"])

    # --- queries

    def query(self) -> Query:
        self.instant = self._chance(0.45)
        depth = self._of([1, 1, 2, 2, 2, 3, 3, 4])
        offset_ms = self._of([0, 0, 0, 1, 7_000, 14_999, 15_000])
        start_ms = (BASE_S + self.random.randrange(30, 200) * 60) * 1000 + offset_ms
        if self.instant:
            pick = self.random.random()
            if pick < 0.08:
                node = self._matrix(self._names(), depth)
            elif pick < 0.12:
                node = self._scalar(depth)
            else:
                node = self._vector(depth)
            return Query(node, start_ms, start_ms, 0)
        step_ms = self._of([15_000, 30_000, 60_000, 60_000, 90_500, 300_000])
        count = self._of([1, 2, 5, 12, 20, 20, 40])
        node = self._scalar(depth) if self._chance(0.03) else self._vector(depth)
        return Query(node, start_ms, start_ms + step_ms * count - self._of([0, 0, 1]), step_ms)
