import type { Frame, FrameSeries, Histogram } from './frame';

/** Counts by time and range of values: what a heatmap shows, from classic histograms (`le`) or native ones. */
export interface HeatmapGrid {
  readonly times: readonly number[];
  readonly step: number;
  /** Ascending, without overlap; `upper` may be +Inf, `lower` -Inf. */
  readonly rows: readonly { readonly lower: number; readonly upper: number }[];
  /** `counts[row * times.length + column]`; NaN where nothing was observed or nothing is known. */
  readonly counts: Float64Array;
  /** The largest count; 0 when there is none. */
  readonly max: number;
  /** The count that is drawn strongest: `max`, or less where a few cells stand far above all others and would leave those invisible. */
  readonly top: number;
}

const EMPTY: HeatmapGrid = { times: [], step: 0, rows: [], counts: new Float64Array(0), max: 0, top: 0 };

/** Rows of a heatmap; native histograms of many buckets are drawn in as many, neighbours added up. */
export const ROWS_MAX = 160;

/** The grid of what a query gave: of native histograms if there are any, else of series with a label `le`, else one row a series. */
export function heatmapOf(frame: Frame): HeatmapGrid {
  if (frame.series.some((one) => one.histograms !== undefined)) return nativeHeatmap(frame);
  return classicHeatmap(frame);
}

/**
 * Of classic buckets, cumulative by `le` as `sum by (le) (rate(x_bucket[5m]))` gives them: each row is what lies between two bounds.
 * Series that share a bound are added up. Small negative differences come from buckets scraped at different moments and count as 0.
 */
export function classicHeatmap(frame: Frame): HeatmapGrid {
  const columns = frame.times.length;
  const byBound = new Map<number, FrameSeries[]>();
  for (const series of frame.series) {
    const bound = boundOf(series.labels.le);
    if (bound === null) continue;
    const there = byBound.get(bound);
    if (there === undefined) byBound.set(bound, [series]);
    else there.push(series);
  }
  const bounds = [...byBound.keys()].toSorted((a, b) => a - b);
  if (bounds.length === 0 || columns === 0) return EMPTY;
  const counts = new Float64Array(bounds.length * columns).fill(Number.NaN);
  let below = new Float64Array(columns);
  bounds.forEach((bound, row) => {
    const here = new Float64Array(columns);
    for (let column = 0; column < columns; ++column) {
      let sum = Number.NaN;
      for (const series of byBound.get(bound)!) {
        const value = series.values[column];
        if (value !== null && value !== undefined && !Number.isNaN(value)) sum = (Number.isNaN(sum) ? 0 : sum) + value;
      }
      here[column] = Number.isNaN(sum) ? below[column]! : sum;
      if (!Number.isNaN(sum)) counts[row * columns + column] = Math.max(0, sum - below[column]!);
    }
    below = here;
  });
  const rows = bounds.map((upper, row) => ({ lower: row === 0 ? Math.min(0, upper) : bounds[row - 1]!, upper }));
  return finish(frame, rows, counts);
}

/** Of native histograms; several series are added up. Rows are the bounds that occur; where there are too many, neighbours go together. */
export function nativeHeatmap(frame: Frame): HeatmapGrid {
  const columns = frame.times.length;
  const edges = new Set<number>();
  for (const series of frame.series) {
    for (const one of series.histograms ?? []) {
      for (const bucket of one?.buckets ?? []) {
        edges.add(bucket.lower);
        edges.add(bucket.upper);
      }
    }
  }
  let bounds = [...edges].toSorted((a, b) => a - b);
  if (bounds.length < 2 || columns === 0) return EMPTY;
  const every = Math.ceil((bounds.length - 1) / ROWS_MAX);
  if (every > 1) bounds = bounds.filter((_, i) => i % every === 0 || i === bounds.length - 1);
  const rows = bounds.slice(1).map((upper, i) => ({ lower: bounds[i]!, upper }));
  const counts = new Float64Array(rows.length * columns).fill(Number.NaN);
  for (const series of frame.series) {
    series.histograms?.forEach((one, column) => {
      if (one !== null) addHistogram(one, bounds, counts, columns, column);
    });
  }
  return finish(frame, rows, counts);
}

function addHistogram(
  one: Histogram,
  bounds: readonly number[],
  counts: Float64Array,
  columns: number,
  column: number,
): void {
  for (const { lower, upper, count } of one.buckets) {
    const first = rowAt(bounds, lower);
    const last = Math.max(first, rowAt(bounds, upper) - (bounds.includes(upper) ? 1 : 0));
    // A histogram of a coarser schema spans several rows: what is known of it is spread evenly.
    const share = count / (last - first + 1);
    for (let row = first; row <= last && row < bounds.length - 1; ++row) {
      const place = row * columns + column;
      counts[place] = (Number.isNaN(counts[place]!) ? 0 : counts[place]!) + share;
    }
  }
}

/** The row whose range begins at or below `value`. */
function rowAt(bounds: readonly number[], value: number): number {
  let low = 0;
  let high = bounds.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (bounds[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

function boundOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (text === '+Inf' || text === 'Inf') return Infinity;
  const bound = Number(text);
  return text.trim() === '' || Number.isNaN(bound) ? null : bound;
}

function finish(frame: Frame, rows: HeatmapGrid['rows'], counts: Float64Array): HeatmapGrid {
  const ranked = counts.filter((count) => count > 0).toSorted();
  const max = ranked[ranked.length - 1] ?? 0;
  const most = ranked[Math.floor((ranked.length - 1) * 0.98)] ?? 0;
  // A burst that was caught up with, or a restart: some cells of a hundred times the usual.
  return { times: frame.times, step: frame.step, rows, counts, max, top: max > 3 * most ? most : max };
}

/**
 * The `quantile` (0 to 1) at each time, as a line over the heatmap: linear within a bucket, the lower bound in one without end.
 * Null where nothing was observed.
 */
export function quantileLine(grid: HeatmapGrid, quantile: number): (number | null)[] {
  const columns = grid.times.length;
  return grid.times.map((_, column) => {
    let total = 0;
    for (let row = 0; row < grid.rows.length; ++row) total += grid.counts[row * columns + column]! || 0;
    if (total === 0) return null;
    let seen = 0;
    const wanted = quantile * total;
    for (let row = 0; row < grid.rows.length; ++row) {
      const count = grid.counts[row * columns + column]! || 0;
      if (count > 0 && seen + count >= wanted) {
        const { lower, upper } = grid.rows[row]!;
        if (!Number.isFinite(upper)) return lower;
        if (!Number.isFinite(lower)) return upper;
        return lower + ((wanted - seen) / count) * (upper - lower);
      }
      seen += count;
    }
    return null;
  });
}
