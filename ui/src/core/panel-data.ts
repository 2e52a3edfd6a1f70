import type { Frame, FrameSeries, Histogram } from './frame';
import { legendNames } from './legend';
import type { SeriesLook } from './series-look';

/** A series with the name a legend shows. */
export interface PanelSeries extends FrameSeries {
  readonly name: string;
  /** The query it comes from. */
  readonly query: string;
  readonly look?: SeriesLook | undefined;
}

/** What a panel draws: the series of all its queries on common times. */
export interface PanelData {
  readonly times: readonly number[];
  readonly step: number;
  readonly series: readonly PanelSeries[];
}

/** One query of a panel. `legend` is a format with `{{label}}`. */
export interface PanelQuery {
  readonly id: string;
  readonly frame: Frame | null;
  readonly legend?: string | undefined;
}

/** Nothing to draw. */
export const NO_DATA: PanelData = { times: [], step: 0, series: [] };

/**
 * Puts the queries of a panel together. Queries with equal times, as those of one stream have, are only listed; others are laid on the
 * times of all of them, with null where a query has no step. Keys stay unique: those past the first query begin with its id.
 */
export function panelData(queries: readonly PanelQuery[]): PanelData {
  const given = queries.filter((query): query is PanelQuery & { frame: Frame } => query.frame !== null);
  const first = given[0]?.frame;
  if (first === undefined) return NO_DATA;
  const equal = given.every((query) => sameTimes(query.frame.times, first.times));
  const times = equal
    ? first.times
    : [...new Set(given.flatMap((query) => query.frame.times))].toSorted((a, b) => a - b);
  const series = given.flatMap((query, place) => {
    const names = legendNames(query.frame.series, query.legend);
    const places = equal ? null : placesIn(query.frame.times, times);
    return query.frame.series.map((one, i): PanelSeries => {
      const laid = places === null ? one : layOn(one, places, times.length);
      return { ...laid, key: place === 0 ? one.key : `${query.id}/${one.key}`, name: names[i]!, query: query.id };
    });
  });
  const step = Math.min(...given.map((query) => query.frame.step));
  return { times, step, series: given.length > 1 ? toldApart(series) : series };
}

/** Names that series of several queries have in common begin with the query's id. */
function toldApart(series: readonly PanelSeries[]): readonly PanelSeries[] {
  const queries = new Map<string, Set<string>>();
  for (const { name, query } of series) queries.set(name, (queries.get(name) ?? new Set()).add(query));
  return series.map((one) => (queries.get(one.name)!.size > 1 ? { ...one, name: `${one.query} ${one.name}` } : one));
}

function sameTimes(a: readonly number[], b: readonly number[]): boolean {
  return a === b || (a.length === b.length && a[0] === b[0] && a.every((time, i) => time === b[i]));
}

function placesIn(times: readonly number[], all: readonly number[]): number[] {
  let at = 0;
  return times.map((time) => {
    while (all[at]! < time) ++at;
    return at;
  });
}

function layOn(series: FrameSeries, places: readonly number[], length: number): FrameSeries {
  const values = Array.from<number | null>({ length }).fill(null);
  places.forEach((place, i) => (values[place] = series.values[i] ?? null));
  if (series.histograms === undefined) return { ...series, values };
  const histograms = Array.from<Histogram | null>({ length }).fill(null);
  places.forEach((place, i) => (histograms[place] = series.histograms![i] ?? null));
  return { ...series, values, histograms };
}

/** The `limit` series with the largest values, in their order; the same object when there are no more than that. */
export function largestSeries(data: PanelData, limit: number): PanelData {
  if (data.series.length <= limit) return data;
  const peaks = data.series.map((one) => {
    let peak = -Infinity;
    for (const value of one.values) if (value !== null && value > peak) peak = value;
    return peak;
  });
  const bound = peaks.toSorted((a, b) => b - a)[limit - 1]!;
  const kept = data.series.filter((_, i) => peaks[i]! >= bound).slice(0, limit);
  return { ...data, series: kept };
}
