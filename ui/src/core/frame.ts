import { type QueryStats } from './query-stats';

/** Labels of a series, `__name__` among them when it has one. */
export type Labels = Readonly<Record<string, string>>;

/** A native histogram at one time: count, sum and buckets that do not overlap, ascending. */
export interface Histogram {
  readonly count: number;
  readonly sum: number;
  readonly buckets: readonly Bucket[];
}

/** A bucket of a native histogram; which of its ends belong to it does not show in a picture. */
export interface Bucket {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

/** One series of a frame. `values[i]` is the value at `Frame.times[i]`; null where there is none. */
export interface FrameSeries {
  /** The same for the same series in every frame of a query: what colours and hidden lines go by. */
  readonly key: string;
  readonly labels: Labels;
  readonly values: readonly (number | null)[];
  /** Native histograms, in place of values; of the same length. */
  readonly histograms?: readonly (Histogram | null)[];
}

/**
 * What a query gave over a range. All series share `times` (seconds since the epoch, ascending, a step apart), as uPlot wants it.
 * Frames are never changed in place: a new one is another object, so that what draws them can compare by identity.
 */
export interface Frame {
  readonly times: readonly number[];
  readonly series: readonly FrameSeries[];
  /** Seconds between times. */
  readonly step: number;
}

/** What a panel knows of one query. */
export interface QueryState {
  /** The latest frame; kept while a newer one is on its way and when it failed, then with `stale`. */
  readonly frame: Frame | null;
  readonly phase: 'loading' | 'ready' | 'failed';
  /** True when `frame` is older than it should be: the stream is away, or the last evaluation failed. */
  readonly stale: boolean;
  /** What the server said of parts it could not read or values that are not exact. */
  readonly warnings: readonly string[];
  readonly error: { readonly type: string; readonly message: string } | null;
  /** What the answer took, where it says so. */
  readonly stats?: QueryStats | undefined;
  /** Why the live stream does not follow it; such a query may be polled. */
  readonly refused?: string;
  /** It is polled, as the live stream does not follow it: for this reason. */
  readonly polled?: string;
}
