import { durationText, parseDuration } from './durations';

/** One query of Explore. */
export interface ExploreQuery {
  /** 'A', 'B', ...: its place. */
  readonly id: string;
  readonly expr: string;
  /** False for one that is kept in the list but not asked. */
  readonly shown: boolean;
}

export const VIEWS = ['graph', 'table', 'heatmap', 'explain'] as const;
export type ExploreView = (typeof VIEWS)[number];

/** All that Explore shows besides the frame's range, zone and filters; the URL holds it. */
export interface ExploreState {
  readonly queries: readonly ExploreQuery[];
  readonly view: ExploreView;
  /** Seconds between points; null to follow range and width. */
  readonly step: number | null;
  readonly scale: 'linear' | 'log2' | 'log10';
  readonly stacked: boolean;
  readonly exemplars: boolean;
  /** See core/units.ts; null to go by the queries' names. */
  readonly unit: string | null;
}

/** Queries side by side; what a legend and a stream's bound allow for. */
export const QUERIES_MAX = 12;
/** The server's bound of one query's text. */
const EXPR_MAX = 16 * 1024;

const OWN = ['expr', 'off', 'view', 'step', 'scale', 'stacked', 'exemplars', 'unit'];

/** The id of the query at a place. */
export function queryId(place: number): string {
  return String.fromCharCode(65 + place);
}

/** Reads a URL's parameters; what is not there or not readable is as in an empty Explore: one empty query, a graph. */
export function readExplore(params: URLSearchParams): ExploreState {
  const off = new Set((params.get('off') ?? '').split(','));
  const texts = params.getAll('expr').slice(0, QUERIES_MAX);
  const queries = (texts.length === 0 ? [''] : texts).map((expr, place) => {
    const id = queryId(place);
    return { id, expr: expr.slice(0, EXPR_MAX), shown: !off.has(id) };
  });
  const step = parseDuration(params.get('step') ?? '');
  const scale = params.get('scale');
  return {
    queries,
    view: VIEWS.find((view) => view === params.get('view')) ?? 'graph',
    step: step !== null && step >= 1 ? step : null,
    scale: scale === 'log2' || scale === 'log10' ? scale : 'linear',
    stacked: params.get('stacked') === '1',
    exemplars: params.get('exemplars') === '1',
    unit: params.get('unit'),
  };
}

/** `params` with Explore's in place of what they said of it; others, those of the frame, stay. */
export function writeExplore(params: URLSearchParams, state: ExploreState): URLSearchParams {
  const out = new URLSearchParams();
  for (const { expr } of state.queries) out.append('expr', expr);
  const off = state.queries.filter(({ shown }) => !shown).map(({ id }) => id);
  if (off.length > 0) out.set('off', off.join(','));
  if (state.view !== 'graph') out.set('view', state.view);
  if (state.step !== null) out.set('step', durationText(state.step));
  if (state.scale !== 'linear') out.set('scale', state.scale);
  if (state.stacked) out.set('stacked', '1');
  if (state.exemplars) out.set('exemplars', '1');
  if (state.unit !== null) out.set('unit', state.unit);
  for (const [name, value] of params) if (!OWN.includes(name)) out.append(name, value);
  return out;
}

/** `queries` with ids by their places again, after one was put in or taken out; never empty. */
export function renumbered(queries: readonly Omit<ExploreQuery, 'id'>[]): ExploreQuery[] {
  const given = queries.length === 0 ? [{ expr: '', shown: true }] : queries.slice(0, QUERIES_MAX);
  return given.map(({ expr, shown }, place) => ({ id: queryId(place), expr, shown }));
}
