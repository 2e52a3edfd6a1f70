import { type Frame, type FrameSeries, type Histogram, type Labels } from './frame';
import { histogramValue, sampleValue, seriesKey, type WireHistogramSample, type WireSample } from './samples';

/** A series in an event of the live stream (docs/live.md). */
export interface StreamSeries {
  /** Its number within the query. */
  readonly n: number;
  /** With its first event only. */
  readonly metric?: Labels;
  readonly values?: readonly WireSample[];
  readonly histograms?: readonly WireHistogramSample[];
  /** Times that have no point any more. */
  readonly gone?: readonly number[];
}

export interface StreamSnapshot {
  readonly query: string;
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly series: readonly StreamSeries[];
  readonly warnings?: readonly string[];
}

export interface StreamPoints {
  readonly query: string;
  readonly to: number;
  readonly series: readonly StreamSeries[];
  readonly vanished?: readonly number[];
  readonly forgotten?: readonly number[];
  readonly warnings?: readonly string[];
}

interface HeldSeries {
  readonly labels: Labels;
  readonly key: string;
  values: (number | null)[];
  histograms: (Histogram | null)[] | null;
}

/**
 * What the live stream said of one query so far: begins with a snapshot, is kept up to date by `apply`, and read as
 * frames. Holds the steps from `range` seconds before the latest one on.
 */
export class LiveWindow {
  private readonly step: number;
  private readonly range: number;
  private first: number;
  private count: number;
  private readonly held = new Map<number, HeldSeries>();

  constructor(snapshot: StreamSnapshot, range: number) {
    this.step = snapshot.step;
    this.range = range;
    this.first = Math.max(snapshot.from, this.firstFor(snapshot.to));
    this.count = Math.round((snapshot.to - this.first) / this.step) + 1;
    for (const one of snapshot.series) this.take(one);
  }

  /** Takes an event in. False when it names a series that was never told of: what is held is not what the server thinks. */
  apply(points: StreamPoints): boolean {
    this.advance(points.to);
    let known = true;
    for (const one of points.series) known = this.take(one) && known;
    for (const n of points.forgotten ?? []) this.held.delete(n);
    return known;
  }

  /** The latest step, in seconds since the epoch. */
  get to(): number {
    return this.first + (this.count - 1) * this.step;
  }

  /** Series that have a point in the window, in the order of their numbers. */
  frame(): Frame {
    const times = Array.from({ length: this.count }, (_, i) => this.first + i * this.step);
    const series: FrameSeries[] = [];
    for (const one of this.held.values()) {
      const { key, labels, values, histograms } = one;
      if (histograms !== null && histograms.some((point) => point !== null)) {
        series.push({ key, labels, values: values.slice(), histograms: histograms.slice() });
      } else if (values.some((value) => value !== null)) {
        series.push({ key, labels, values: values.slice() });
      }
    }
    return { times, series, step: this.step };
  }

  private firstFor(to: number): number {
    return to - Math.floor(this.range / this.step + 1e-6) * this.step;
  }

  private advance(to: number): void {
    const more = Math.round((to - this.to) / this.step);
    if (more <= 0) return;
    const drop = Math.min(this.count, Math.max(0, Math.round((this.firstFor(to) - this.first) / this.step)));
    const add = Math.min(more, Math.floor(this.range / this.step + 1e-6) + 1);
    this.first = to - (this.count - drop + add - 1) * this.step;
    this.count += add - drop;
    const moved = <T>(points: (T | null)[]): (T | null)[] => {
      const kept = points.slice(drop);
      for (let i = 0; i < add; i++) kept.push(null);
      return kept;
    };
    for (const one of this.held.values()) {
      one.values = moved(one.values);
      if (one.histograms !== null) one.histograms = moved(one.histograms);
    }
  }

  private take(one: StreamSeries): boolean {
    let held = this.held.get(one.n);
    if (one.metric !== undefined) {
      held = { labels: one.metric, key: seriesKey(one.metric), values: this.empty(), histograms: null };
      this.held.set(one.n, held);
    }
    if (held === undefined) return false;
    for (const [at, text] of one.values ?? []) this.put(held.values, at, sampleValue(text));
    if (one.histograms !== undefined) {
      held.histograms ??= this.empty();
      for (const [at, wire] of one.histograms) this.put(held.histograms, at, histogramValue(wire));
    }
    for (const at of one.gone ?? []) {
      this.put(held.values, at, null);
      if (held.histograms !== null) this.put(held.histograms, at, null);
    }
    return true;
  }

  private empty<T>(): (T | null)[] {
    return Array.from<T | null>({ length: this.count }).fill(null);
  }

  private put<T>(points: (T | null)[], at: number, value: T | null): void {
    const index = Math.round((at - this.first) / this.step);
    if (index >= 0 && index < this.count) points[index] = value;
  }
}
