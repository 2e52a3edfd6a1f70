import { type Frame, type FrameSeries, type Labels } from './frame';
import { histogramValue, sampleValue, seriesKey, type WireHistogramSample, type WireSample } from './samples';

/** A series of a range query's answer. */
export interface WireSeries {
  readonly metric: Labels;
  readonly values?: readonly WireSample[];
  readonly histograms?: readonly WireHistogramSample[];
}

/** Most steps a frame may have: what the server answers at most, and one for the first. */
const STEPS_MAX = 11_001;

/** The answer of a range query from `start` to `end` as a frame; samples beside its steps are left out. */
export function matrixFrame(result: readonly WireSeries[], start: number, end: number, step: number): Frame {
  const count = Math.min(STEPS_MAX, Math.max(1, Math.floor((end - start) / step + 1e-6) + 1));
  const times = Array.from({ length: count }, (_, i) => start + i * step);
  const indexOf = (at: number): number => {
    const index = Math.round((at - start) / step);
    return index >= 0 && index < count && Math.abs(start + index * step - at) < step / 2 ? index : -1;
  };
  const series = result.map((one): FrameSeries => {
    const values = Array.from<number | null>({ length: count }).fill(null);
    for (const [at, text] of one.values ?? []) {
      const index = indexOf(at);
      if (index >= 0) values[index] = sampleValue(text);
    }
    const made = { key: seriesKey(one.metric), labels: one.metric, values };
    if (one.histograms === undefined || one.histograms.length === 0) return made;
    const histograms = Array.from<ReturnType<typeof histogramValue> | null>({ length: count }).fill(null);
    for (const [at, wire] of one.histograms) {
      const index = indexOf(at);
      if (index >= 0) histograms[index] = histogramValue(wire);
    }
    return { ...made, histograms };
  });
  return { times, series, step };
}
