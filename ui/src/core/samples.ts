import { type Histogram, type Labels } from './frame';

/** A sample as the Prometheus API writes it: seconds since the epoch, and the value as text. */
export type WireSample = readonly [number, string];
/** A native histogram as the API writes it. */
export interface WireHistogram {
  readonly count: string;
  readonly sum: string;
  readonly buckets?: readonly (readonly [number, string, string, string])[];
}
export type WireHistogramSample = readonly [number, WireHistogram];

/** A value's text as a number: `+Inf`, `-Inf` and `NaN` as the API writes them. */
export function sampleValue(text: string): number {
  if (text === '+Inf') return Infinity;
  if (text === '-Inf') return -Infinity;
  return Number(text);
}

/** The histogram of a sample, with its numbers as numbers. */
export function histogramValue(wire: WireHistogram): Histogram {
  const buckets = (wire.buckets ?? []).map(([, lower, upper, count]) => ({
    lower: sampleValue(lower),
    upper: sampleValue(upper),
    count: sampleValue(count),
  }));
  return { count: sampleValue(wire.count), sum: sampleValue(wire.sum), buckets };
}

/** What stays the same for a series in every frame: its labels in order, as text. */
export function seriesKey(labels: Labels): string {
  return Object.keys(labels)
    .toSorted()
    .map((name) => `${name}=${JSON.stringify(labels[name])}`)
    .join(',');
}
