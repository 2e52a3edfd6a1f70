import type { FrameSeries, Labels } from './frame';

/** Labels as PromQL writes them: `up{job="api"}`; empty of a series without labels. The whole identity of a series, for tooltips and exports. */
export function labelsText(labels: Labels): string {
  const { __name__: name = '', ...rest } = labels;
  const pairs = Object.keys(rest)
    .toSorted()
    .map((key) => `${key}=${JSON.stringify(rest[key])}`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(', ')}}`;
}

/** A legend format of Grafana's or Perses' with its `{{label}}` filled in; labels that are not there leave nothing. */
export function formatLegend(format: string, labels: Labels): string {
  return format.replace(/\{\{\s*([^}]*?)\s*\}\}/g, (_, name: string) => labels[name] ?? '').trim();
}

/**
 * A name for each series: by `format` when there is one; otherwise only what tells the series apart, one label if one does, since a
 * label that all of them share says nothing (`eu`, `us` rather than `game_players{env="prod", region="eu"}` twice).
 */
export function legendNames(series: readonly Pick<FrameSeries, 'labels'>[], format?: string): string[] {
  if (format !== undefined && format !== '' && format !== '__auto') {
    return series.map((one) => formatLegend(format, one.labels) || labelsText(one.labels) || '(none)');
  }
  if (series.length <= 1) return series.map((one) => labelsText(one.labels) || 'value');
  const names = new Set(series.flatMap((one) => Object.keys(one.labels)));
  const differing = [...names]
    .filter((name) => series.some((one) => one.labels[name] !== series[0]!.labels[name]))
    .toSorted((a, b) => Number(b === '__name__') - Number(a === '__name__') || a.localeCompare(b));
  // One label that is another one on each is name enough: `eu-a-00046` rather than its build, map, mode and zone as well.
  const alone = differing.find(
    (name) => name !== '__name__' && new Set(series.map((one) => one.labels[name] ?? '')).size === series.length,
  );
  if (alone !== undefined) return series.map((one) => one.labels[alone] ?? '(none)');
  if (differing.length === 1) return series.map((one) => one.labels[differing[0]!] ?? '(none)');
  return series.map((one) => {
    const kept = differing.filter((name) => one.labels[name] !== undefined).map((name) => [name, one.labels[name]!]);
    return labelsText(Object.fromEntries(kept) as Labels);
  });
}

/** What a legend's columns say of one series; null where there is no value. NaN counts as none. */
export interface SeriesStats {
  readonly last: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  readonly sum: number;
  readonly count: number;
}

/** Statistics of the values from index `from` to `to` (excluded). */
export function seriesStats(values: readonly (number | null)[], from = 0, to = values.length): SeriesStats {
  let last: number | null = null;
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  let count = 0;
  for (let i = from; i < to; ++i) {
    const value = values[i];
    if (value === null || value === undefined || Number.isNaN(value)) continue;
    last = value;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    ++count;
  }
  return count === 0
    ? { last: null, min: null, max: null, mean: null, sum: 0, count: 0 }
    : { last, min, max, mean: sum / count, sum, count };
}

/** How a panel that shows one number of a series comes by it, by Perses' and Grafana's names. */
export function reduceValues(values: readonly (number | null)[], how: string): number | null {
  const stats = seriesStats(values);
  switch (how) {
    case 'min':
      return stats.min;
    case 'max':
      return stats.max;
    case 'mean':
    case 'avg':
      return stats.mean;
    case 'sum':
    case 'total':
      return stats.count === 0 ? null : stats.sum;
    case 'count':
      return stats.count;
    case 'first':
    case 'firstNotNull':
    case 'first-number':
      return values.find((value) => value !== null && !Number.isNaN(value)) ?? null;
    case 'range':
      return stats.min === null || stats.max === null ? null : stats.max - stats.min;
    case 'delta':
    case 'diff': {
      const first = reduceValues(values, 'first');
      return first === null || stats.last === null ? null : stats.last - first;
    }
    default:
      return stats.last;
  }
}
