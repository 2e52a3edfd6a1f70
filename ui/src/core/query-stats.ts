import { type Frame } from './frame';
import { unitText } from './units';

/** What of an answer's `stats` is told (docs/http-api.md). */
export interface WireStats {
  readonly timings: { readonly evalTotalTime?: number; readonly execQueueTime?: number };
  readonly samples: {
    readonly samplesRead: number;
    readonly seriesTouched: number;
    readonly peakSamples: number;
    readonly sharedResults: number;
  };
}

/** What an answered query read and took. */
export interface QueryStats {
  readonly seconds: number;
  /** Waiting for its turn. */
  readonly queuedSeconds: number;
  readonly seriesRead: number;
  readonly samplesRead: number;
  readonly peakSamples: number;
  /** `hit`, `partial`, `miss` or `bypass`; null where the server does not say. */
  readonly cache: string | null;
  /** Where samples came from: `raw=1h`; empty where the server does not say. */
  readonly tiers: string;
}

/** The statistics of an answer; undefined of one without. */
export function queryStats(
  wire: WireStats | undefined,
  headers: { get(name: string): string | null },
): QueryStats | undefined {
  if (wire === undefined) return undefined;
  const { timings, samples } = wire;
  return {
    seconds: timings.evalTotalTime ?? 0,
    queuedSeconds: timings.execQueueTime ?? 0,
    seriesRead: samples.seriesTouched,
    samplesRead: samples.samplesRead,
    peakSamples: samples.peakSamples,
    cache: headers.get('X-Tickscope-Cache'),
    tiers: headers.get('X-Tickscope-Tiers') ?? '',
  };
}

const CACHE: Readonly<Record<string, string>> = {
  hit: 'all from the cache',
  partial: 'partly from the cache',
  miss: 'nothing in the cache',
  bypass: 'not kept in the cache',
};

/** Series and points of a result: `3 series, 1,083 points`. */
export function resultWords(frame: Frame): string {
  let points = 0;
  for (const { values, histograms } of frame.series) {
    const filled = histograms ?? values;
    for (const value of filled) if (value !== null) ++points;
  }
  return `${frame.series.length.toLocaleString('en')} series, ${points.toLocaleString('en')} point${points === 1 ? '' : 's'}`;
}

/** What it took, in words: `read 36 series, 12.3 k samples in 4.1 ms; partly from the cache`. */
export function statsWords(stats: QueryStats): string {
  const waited = stats.queuedSeconds >= 0.001 ? ` after ${unitText(stats.queuedSeconds, 's')} in the queue` : '';
  const read = `read ${unitText(stats.seriesRead)} series, ${unitText(stats.samplesRead)} samples`;
  const parts = [`${read} in ${unitText(stats.seconds, 's')}${waited}`];
  if (stats.cache !== null) parts.push(CACHE[stats.cache] ?? stats.cache);
  if (stats.tiers !== '') parts.push(`from ${stats.tiers.split(',').join(', ')}`);
  return parts.join('; ');
}
