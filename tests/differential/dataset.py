"""The samples both servers hold: four hours, at fixed times, from a fixed seed.

Four families, each with one set of labels, so that a generator knows what matches what:

  demo    the series the compliance queries name: demo_cpu_usage_seconds_total and so on, three instances
  srv     labels server, region, mode, job, instance: gauges, counters that reset, gaps, staleness, NaN and
          infinities, native histograms with exponential and custom buckets, series that are float and histogram in turn
  classic as srv, with le: tick_seconds_bucket, some of its buckets not cumulative
  info    target_info and build_info, whose labels change in between

Times are absolute, so that @ in a kept case means the same for ever.
"""

from __future__ import annotations

import math
import random
import re

from remote_write import STALE_NAN_BITS
from write_request import STALE, Histogram, Series

BASE_S = 1_767_225_600  # 2026-01-01T00:00:00Z
LENGTH_S = 4 * 3600
STEP_S = 15
SERVERS = [("s1", "eu"), ("s2", "eu"), ("s3", "na"), ("s4", "ap")]
MODES = ["ranked", "casual"]
BOUNDS = ["0.01", "0.05", "0.1", "0.5", "1", "+Inf"]


def _times(step_s: float = STEP_S, start_s: float = 0, end_s: float = LENGTH_S) -> list[int]:
    count = int((end_s - start_s) / step_s)
    return [int((BASE_S + start_s + i * step_s) * 1000) for i in range(count)]


class _Maker:
    def __init__(self, seed: int, with_starts: bool):
        self.random = random.Random(seed)
        self.with_starts = with_starts
        self.starts_random = random.Random(seed)
        self.series: list[Series] = []

    def add(self, labels: dict[str, str], samples: list, starts: list[int] | None = None) -> None:
        self.series.append(Series(labels, samples, starts))

    def starts(self, samples: list, fell) -> list[int] | None:
        """When a counter began, as its samples tell: since before the first one, and anew wherever it `fell`.

        Also anew where it did not fall, which only the start tells; not told at all at times; and now and then at a time
        at which there were samples already.
        """
        if not self.with_starts:
            return None
        r = self.starts_random
        start = samples[0][0] - r.randrange(0, 60_000)
        out = []
        for n, (t, value) in enumerate(samples):
            chance = r.random()
            if n and (fell(samples[n - 1][1], value) or chance < 0.01):
                start = t - r.randrange(0, t - samples[n - 1][0])
            elif n and chance > 0.995:
                start = samples[n - 1][0] - 1000
            out.append(0 if 0.5 < chance < 0.51 else start)
        return out

    def gauge(self, labels: dict[str, str], low: float, high: float, times: list[int], digits: int = 3) -> None:
        r = self.random
        value = r.uniform(low, high)
        out = []
        for t in times:
            value = min(high, max(low, value + r.uniform(-1, 1) * (high - low) * 0.1))
            out.append((t, float(round(value, digits))))
        self.add(labels, out)

    def counter(
        self, labels: dict[str, str], per_step: float, times: list[int], reset_chance: float = 0.0, whole: bool = True
    ) -> None:
        r = self.random
        value = float(r.randrange(0, 50))
        out = []
        for t in times:
            more = r.uniform(0, 2 * per_step)
            value += math.floor(more) if whole else more
            if r.random() < reset_chance:
                value = float(r.randrange(0, 3))
            out.append((t, value))
        self.add(labels, out, self.starts(out, lambda before, now: now < before))


def _demo(m: _Maker) -> None:
    times = _times(10)
    for i, port in enumerate((10000, 10001, 10002)):
        base = {"instance": f"demo.promlabs.com:{port}", "job": "demo"}

        def named(name: str, **labels: str) -> dict[str, str]:
            return {"__name__": name, **base, **labels}

        m.add(named("demo_num_cpus"), [(t, 4.0) for t in times])
        for kind in ("buffers", "cached", "free", "used"):
            m.gauge(named("demo_memory_usage_bytes", type=kind), 1e8, 4e9, times, digits=0)
        for mode, speed in (("idle", 8.0), ("system", 1.0), ("user", 2.0)):
            m.counter(named("demo_cpu_usage_seconds_total", mode=mode), speed, times, 0.002, whole=False)
        m.gauge(named("demo_disk_usage_bytes"), 1e10, 5e10, times, digits=0)
        m.add(named("demo_disk_total_bytes"), [(t, 1e11) for t in times])
        m.add(
            named("demo_batch_last_success_timestamp_seconds"),
            [(t, float(t // 600_000 * 600 - 7 * i)) for t in times],
        )
        m.counter(named("demo_batch_last_run_processed_bytes"), 1e5, times)
        m.gauge(named("demo_items_shipped_total"), 0, 100, times)
        for path, status in (("/api/foo", "200"), ("/api/bar", "200"), ("/api/bar", "500")):
            counts = [0] * 8
            bounds = ["0.0001", "0.001", "0.01", "0.1", "0.25", "1", "10", "+Inf"]
            rows: list[list] = [[] for _ in bounds]
            total: list = []
            for t in times:
                hit = m.random.randrange(0, 8)
                for b in range(hit, 8):
                    counts[b] += m.random.randrange(1, 5) if b == hit else 0
                running = 0
                for b in range(8):
                    running = max(running, counts[b])
                    counts[b] = running
                    rows[b].append((t, float(running)))
                total.append((t, float(running)))
            for bound, row in zip(bounds, rows):
                m.add(
                    named(
                        "demo_api_request_duration_seconds_bucket", le=bound, method="GET", path=path, status=status
                    ),
                    row,
                )
            m.add(named("demo_api_request_duration_seconds_count", method="GET", path=path, status=status), total)
            m.counter(
                named("demo_api_request_duration_seconds_sum", method="GET", path=path, status=status),
                0.3, times, whole=False,
            )  # fmt: skip
        # There for some minutes, then a staleness marker, then nothing.
        intermittent: list = []
        for t in times:
            phase = (t // 1000 - BASE_S + 100 * i) % 900
            if phase < 420:
                intermittent.append((t, 1.0))
            elif phase < 430:
                intermittent.append((t, STALE_NAN_BITS))
        m.add(named("demo_intermittent_metric"), intermittent)


def _exponential(m: _Maker, schema: int, scale: float, width: int, negative: bool) -> Histogram:
    r = m.random
    return Histogram(
        schema=schema,
        sum=round(r.uniform(0, 10) * scale, 3),
        zero_count=float(r.randrange(0, 3)),
        zero_threshold=0.001,
        offset=-3,
        buckets=[float(r.randrange(1 if i == 0 else 0, 6)) for i in range(width)],
        negative_offset=-1,
        # All empty now and then.
        negative_buckets=[float(r.randrange(0, 2)) for _ in range(3)] if negative else [],
    ).counted()


def _plus(a: Histogram, b: Histogram) -> Histogram:
    def both(x: list[float], y: list[float]) -> list[float]:
        size = max(len(x), len(y))
        return [u + v for u, v in zip(x + [0.0] * (size - len(x)), y + [0.0] * (size - len(y)))]

    return Histogram(
        schema=a.schema,
        sum=a.sum + b.sum,
        zero_count=a.zero_count + b.zero_count,
        zero_threshold=a.zero_threshold,
        offset=a.offset,
        buckets=both(a.buckets, b.buckets),
        negative_offset=a.negative_offset,
        negative_buckets=both(a.negative_buckets, b.negative_buckets),
        custom_values=a.custom_values,
    ).counted()


def _histograms(m: _Maker, labels, i: int) -> None:
    r = m.random
    times = _times()
    # A counter; resets now and then, changes its schema once; one of the servers has negative buckets.
    def counter(name: str, schema_of, negative: bool) -> None:
        value = _exponential(m, schema_of(0), 1, 8, negative)
        out: list = []
        for n, t in enumerate(times):
            if r.random() < 0.01 or value.schema != schema_of(n):
                value = _exponential(m, schema_of(n), 1, 8, negative)
            elif r.random() < 0.7:
                value = _plus(value, _exponential(m, value.schema, 1, 8, negative))
            out.append((t, value))
        m.add(labels(name), out, m.starts(out, lambda before, now: now.count < before.count))

    counter("nh_tick_seconds", lambda n: 0 if i % 2 else (1 if n > 300 else 2), i == 1)
    counter("nh_rtt_seconds", lambda n: 1, False)
    gauge: list = []
    for n, t in enumerate(times):
        if n % 200 == 150:
            gauge.append((t, STALE))
        elif n % 200 > 150 and n % 200 < 170:
            continue
        else:
            h = _exponential(m, 0, 3, 6, True)
            h.hint = "gauge"
            gauge.append((t, h))
    m.add(labels("nh_queue_gauge"), gauge)

    custom: list = []
    bounds = [0.1, 0.5, 1.0, 5.0]
    value = Histogram(schema=-53, buckets=[0.0] * 5, custom_values=bounds)
    for n, t in enumerate(times):
        if i == 2 and n == 500:  # Other bounds from here on.
            value = Histogram(schema=-53, buckets=[0.0] * 4, custom_values=[0.1, 1.0, 10.0])
        if r.random() < 0.01:
            value = Histogram(schema=-53, buckets=[0.0] * len(value.buckets), custom_values=value.custom_values)
        step = Histogram(
            schema=-53,
            sum=round(r.uniform(0, 5), 3),
            buckets=[float(r.randrange(0, 4)) for _ in value.buckets],
            custom_values=value.custom_values,
        )
        value = _plus(value, step)
        custom.append((t, value))
    m.add(labels("nhcb_rtt_seconds"), custom)

    mixed: list = []
    for n, t in enumerate(times):
        mixed.append((t, float(n)) if n // 60 % 2 else (t, _exponential(m, 0, 2, 4, False)))
    m.add(labels("mixed_kind"), mixed)


def _srv(m: _Maker) -> None:
    r = m.random
    for i, (server, region) in enumerate(SERVERS):
        for j, mode in enumerate(MODES):

            def labels(name: str, **more: str) -> dict[str, str]:
                return {
                    "__name__": name, "server": server, "region": region, "mode": mode, "job": "game",
                    "instance": f"{server}:9100", **more,
                }  # fmt: skip

            times = _times()
            m.gauge(labels("players"), 0, 200, times, digits=0)
            m.gauge(labels("tick_ratio"), -1, 1, times)
            m.gauge(labels("late_gauge"), 1, 9, [t + r.randrange(0, 4000) for t in times])
            m.counter(labels("ticks_total"), 300, times, 0.005)
            m.counter(labels("joins_total"), 1, times, 0.02)
            m.counter(labels("bytes_total"), 1e6, _times(60), 0.01, whole=False)
            # Stretches without samples, some begun by a staleness marker.
            gaps: list = []
            for n, t in enumerate(times):
                phase = (n + 13 * i + 7 * j) % 80
                if phase < 55:
                    gaps.append((t, float(n % 17)))
                elif phase == 55 and n // 80 % 2:
                    gaps.append((t, STALE_NAN_BITS))
            m.add(labels("gappy"), gaps)
            # No subnormal numbers: Go's logarithms on amd64 are wrong for them (ln(1e-310) is -713.8, not -709.1).
            odd_values = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1e-300, 1e308, -5.0, 2.5, 1.0]
            m.add(labels("odd"), [(t, odd_values[(n // 7 + i + 3 * j) % 10]) for n, t in enumerate(times)])
            m.add(labels("constant"), [(t, float(i - 1)) for t in times])
            _histograms(m, labels, i)
            rows: dict[str, list] = {bound: [] for bound in BOUNDS}
            count: list = []
            total = [0.0] * len(BOUNDS)
            for n, t in enumerate(times):
                for b in range(len(BOUNDS)):
                    total[b] += r.randrange(0, 3)
                if r.random() < 0.005:
                    total = [0.0] * len(BOUNDS)
                running = 0.0
                for b, bound in enumerate(BOUNDS):
                    running += total[b]
                    # Not cumulative here: what histogram_quantile must lift, and say so.
                    flaw = 2.0 if i == 3 and b == 3 and n % 50 == 0 else 0.0
                    rows[bound].append((t, max(0.0, running - flaw * total[b])))
                count.append((t, running))
            for bound, row in rows.items():
                m.add(labels("tick_seconds_bucket", le=bound), row)
            m.add(labels("tick_seconds_count"), count)
            m.counter(labels("tick_seconds_sum"), 2, times, whole=False)


def _info(m: _Maker) -> None:
    half = LENGTH_S // 2
    for i, (server, region) in enumerate(SERVERS):
        base = {"job": "game", "instance": f"{server}:9100"}
        for version, start, end in (("1.0", 0, half), ("1.1", half, LENGTH_S)):
            samples = [(t, 1.0) for t in _times(STEP_S, start, end)]
            if end == half and i % 2:
                samples.append((int((BASE_S + half) * 1000), STALE_NAN_BITS))
            m.add({"__name__": "target_info", **base, "version": version, "zone": f"{region}-1"}, samples)
        m.add(
            {"__name__": "build_info", **base, "commit": f"c{i}"},
            [(t, 1.0) for t in _times()],
        )
    m.add({"__name__": "only_a_minute", "job": "game"}, [(t, 7.0) for t in _times(STEP_S, half, half + 60)])
    for host in ("ü", "x y"):
        m.gauge({"__name__": "game.players", "host.name": host, "region": "eu"}, 0, 10, _times())
    m.gauge({"__name__": "typed_total", "__type__": "counter", "__unit__": "bytes", "region": "eu"}, 0, 9, _times())
    m.gauge({"__name__": "typed_total", "__type__": "gauge", "__unit__": "bytes", "region": "na"}, 0, 9, _times())


def of_dashboards(queries: list[str], seed: int = 2) -> list[Series]:
    """Data for every metric that the queries name: histograms, counters and gauges, as the names say."""
    m = _Maker(seed, False)
    names = sorted({name for text in queries for name in re.findall(r"\b(?:game|process)_[a-z_]+\b(?=[{[])", text)})
    for name in names:
        for server, region in SERVERS:
            for n in range(2):
                labels = {
                    "__name__": name, "server": server, "region": region, "zone": f"{region}-{n}", "map": f"map{n}",
                    "isp_class": ("fibre", "mobile")[n], "platform": ("pc", "console")[n],
                    "player_bucket": ("small", "full")[n], "reason": ("timeout", "version")[n],
                }  # fmt: skip
                if name.endswith("_bucket"):
                    _buckets(m, labels)
                elif name.endswith("_total"):
                    m.counter(labels, 8, _times(), 0.002)
                else:
                    m.gauge(labels, 0, 100, _times())
    return m.series


def _buckets(m: _Maker, labels: dict[str, str]) -> None:
    counts = [0.0] * len(BOUNDS)
    rows: list[list] = [[] for _ in BOUNDS]
    for t in _times():
        hit = m.random.randrange(len(BOUNDS))
        for b in range(hit, len(BOUNDS)):
            counts[b] += 3
        for b, row in enumerate(rows):
            row.append((t, counts[b]))
    for bound, row in zip(BOUNDS, rows):
        m.add({**labels, "le": bound}, row)


def make(seed: int = 1, with_starts: bool = False) -> list[Series]:
    """`with_starts` gives counters start timestamps; everything else stays the same."""
    maker = _Maker(seed, with_starts)
    _demo(maker)
    _srv(maker)
    _info(maker)
    return maker.series
