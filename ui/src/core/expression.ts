import { durationText } from './durations';
import { fillExpression, type Filters } from './filters';
import { rateInterval } from './steps';

/** What the variables of an expression stand for. */
export interface Setting {
  readonly filters: Filters;
  /** Seconds between points. */
  readonly step: number;
  /** Seconds of the range. */
  readonly range: number;
  /** Seconds between scrapes. */
  readonly scrape: number;
}

/** The expression as the server is asked: `$filter`, `$window`, `$__rate_interval`, `$__interval`, `$__range` filled in. */
export function askedExpression(expr: string, { filters, step, range, scrape }: Setting): string {
  const window = durationText(rateInterval(step, scrape));
  const filled = expr
    .replaceAll(/\$__rate_interval\b|\$\{__rate_interval\}/g, window)
    .replaceAll(/\$__interval\b|\$\{__interval\}/g, durationText(step))
    .replaceAll(/\$__range\b|\$\{__range\}/g, durationText(range));
  return fillExpression(filled, { filters, window, by: [] });
}

/** True when the filters of the frame have a place in it. */
export function takesFilters(expr: string): boolean {
  return /\$filter\b/.test(expr);
}

/**
 * The unit an expression's values are likely in, by the conventions of names: base units at the end of a metric's, a rate of a
 * counter is a second's. Undefined when the names do not tell, or the operation changes what they say.
 */
export function likelyUnit(expr: string): string | undefined {
  const text = expr.replaceAll(/"[^"]*"|'[^']*'|\{[^}]*\}/g, '');
  if (/\/(?!\/)/.test(text) && !/histogram_quantile|histogram_avg/.test(text)) return undefined;
  if (/\bcount(_values)?\b|\bchanges\b|\bresets\b/.test(text)) return undefined;
  const names =
    text.match(/\b[a-zA-Z_:][a-zA-Z0-9_:]*_(seconds|bytes|ratio|percent|celsius)(_total|_bucket|_sum|_count)?\b/g) ??
    [];
  const units = new Set(names.map(unitOfName));
  if (units.size !== 1) return undefined;
  const [unit] = units;
  const rated = /\b(rate|irate|deriv)\s*\(/.test(text);
  const quantile = /histogram_(quantile|avg|stddev)/.test(text);
  // Buckets and counts are numbers of observations, whatever was observed.
  if (!quantile && names.some((name) => /_(bucket|count)$/.test(name))) return undefined;
  if (!rated || quantile) return unit;
  // Seconds a second are a share: of a core, of the time.
  return unit === 'bytes' ? 'binBps' : unit === 's' ? undefined : unit;
}

function unitOfName(name: string): string {
  const found = /_(seconds|bytes|ratio|percent|celsius)(?:_total|_bucket|_sum|_count)?$/.exec(name)?.[1];
  return (
    { seconds: 's', bytes: 'bytes', ratio: 'percentunit', percent: 'percent', celsius: 'celsius' }[found ?? ''] ?? ''
  );
}

/** The unit of what a histogram's expression observed: that of the metric whose buckets it reads. */
export function observedUnit(expr: string): string | undefined {
  const name = /\b[a-zA-Z_:][a-zA-Z0-9_:]*_(?:seconds|bytes|ratio|percent|celsius)(?:_bucket)?\b/.exec(expr)?.[0];
  return name === undefined ? undefined : unitOfName(name);
}
