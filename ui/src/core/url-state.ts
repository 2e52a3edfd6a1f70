import { type Filters } from './filters';
import { DEFAULT_RANGE, instantText, parseRange, type TimeRange } from './time-range';
import { BROWSER_ZONE, isZone, type Zone } from './zone';

/** What every page shares and the URL holds, so that a link shows what its sender saw. */
export interface UrlState {
  readonly range: TimeRange;
  /** `5s`, `1m`...; null while nothing is asked again. */
  readonly refresh: string | null;
  readonly zone: Zone;
  readonly filters: Filters;
}

export const DEFAULT_REFRESH = '10s';
/** Before a filter's label in the URL, so that no label meets a parameter of a page. */
const FILTER_PREFIX = 'f-';
/** Most values of all filters together: what a URL and a query can hold. */
const FILTER_VALUES_MAX = 200;

export const DEFAULT_STATE: UrlState = {
  range: DEFAULT_RANGE,
  refresh: DEFAULT_REFRESH,
  zone: BROWSER_ZONE,
  filters: {},
};

/** Reads what a URL says; what it does not say, or not readably, is as in `defaults`. */
export function readUrlState(params: URLSearchParams, defaults: UrlState = DEFAULT_STATE): UrlState {
  const range = parseRange(params.get('from') ?? '', params.get('to') ?? 'now');
  const refresh = params.get('refresh');
  const zone = params.get('tz');
  const filters: Record<string, string[]> = {};
  let count = 0;
  for (const [name, value] of params) {
    const label = name.slice(FILTER_PREFIX.length);
    if (!name.startsWith(FILTER_PREFIX) || !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label)) continue;
    if (++count > FILTER_VALUES_MAX) break;
    const values = (filters[label] ??= []);
    if (!values.includes(value)) values.push(value);
  }
  return {
    range: range ?? defaults.range,
    refresh: refresh === 'off' ? null : refresh !== null && /^\d{1,4}[smh]$/.test(refresh) ? refresh : defaults.refresh,
    zone: zone !== null && isZone(zone) ? zone : defaults.zone,
    filters,
  };
}

/** `params` with the state in place of what they said of it; what is as in `defaults` is left out. Others stay. */
export function writeUrlState(
  params: URLSearchParams,
  state: UrlState,
  defaults: UrlState = DEFAULT_STATE,
): URLSearchParams {
  const out = new URLSearchParams();
  for (const [name, value] of params) {
    if (!name.startsWith(FILTER_PREFIX) && !['from', 'to', 'refresh', 'tz'].includes(name)) out.append(name, value);
  }
  const [from, to] = [instantText(state.range.from), instantText(state.range.to)];
  if (from !== instantText(defaults.range.from) || to !== instantText(defaults.range.to)) {
    out.set('from', from);
    out.set('to', to);
  }
  if (state.refresh !== defaults.refresh) out.set('refresh', state.refresh ?? 'off');
  if (state.zone !== defaults.zone) out.set('tz', state.zone);
  for (const [label, values] of Object.entries(state.filters).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    for (const value of values) out.append(FILTER_PREFIX + label, value);
  }
  return out;
}

/** The part of a URL's query that other pages take over: a link to one of them ends in it. */
export function sharedSearch(params: URLSearchParams): string {
  const kept = writeUrlState(new URLSearchParams(), readUrlState(params)).toString();
  return kept === '' ? '' : `?${kept}`;
}
