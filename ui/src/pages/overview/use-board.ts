import { useRef } from 'react';

import { serverNow } from '../../api/clock';
import { get } from '../../api/client';
import { type Sli } from '../../api/types';
import { useLoaded } from '../../api/use-get';
import { parseDuration } from '../../core/durations';
import { type Filters, withFilter } from '../../core/filters';
import { type Labels, type QueryState } from '../../core/frame';
import { type DrillLabel, sliQuery, worstQuery } from '../../core/sli';
import { stepFor } from '../../core/steps';
import { useFrame } from '../../frame/frame-state';
import { useQueries, useWindow } from '../../frame/use-queries';
import { type Board, boardId, boardStates } from './board';

/** Rows shown of a label with thousands of values: the worst by the chosen SLI. */
export const WORST_MAX = 20;
/** How often the worst are chosen anew, in seconds: rows that come and go faster cannot be read. */
const WORST_EVERY = 60;
/** Points of a sparkline and of the chart below: twice what a small picture shows, so a refresh shows at once. */
const COURSE_PIXELS = 800;

/** Values of a label that are worst by an SLI now; null while unknown. */
function useWorst(sli: Sli | undefined, by: DrillLabel, filters: Filters, step: number): readonly string[] | null {
  const asked = by === 'server' && sli !== undefined;
  const expr = asked ? worstQuery(sli, by, filters, step, WORST_MAX) : '';
  const last = useRef<{ readonly expr: string; readonly names: readonly string[] } | null>(null);
  const load = async (signal: AbortSignal): Promise<readonly string[]> => {
    const params = { query: expr, time: serverNow() };
    const { result } = await get<{ result: { metric: Labels }[] }>('query', params, signal);
    const names = result.map(({ metric }) => metric[by] ?? '').toSorted();
    // When all senders stopped nobody is worst: those that were last are shown as late.
    if (names.length === 0 && last.current?.expr === expr) return last.current.names;
    last.current = { expr, names };
    return names;
  };
  const { data } = useLoaded(asked ? expr : null, load, WORST_EVERY);
  return asked ? data : null;
}

/** The SLI that is looked at when nobody chose one: the first with limits that has data, as far as is known. */
function firstWithData(slis: readonly Sli[], totals: ReadonlyMap<string, QueryState>): Sli | undefined {
  const limited = slis.filter(({ warn, bad }) => warn !== null || bad !== null);
  const hasData = ({ name }: Sli): boolean => (totals.get(name)?.frame?.series.length ?? 0) > 0;
  return limited.find(hasData) ?? slis.find(hasData) ?? limited[0] ?? slis[0];
}

/** A board and the SLI that its worst rows are chosen by. */
export interface UsedBoard extends Board {
  readonly chosen: Sli | undefined;
  /** Which rows there are is not known yet. */
  readonly waits: boolean;
}

/** The board of the frame's range and filters; `name` is the SLI that was chosen, null for none. */
export function useBoard(slis: readonly Sli[], by: DrillLabel, name: string | null): UsedBoard {
  const { filters, refresh } = useFrame();
  const { start, end } = useWindow();
  const step = stepFor(end - start, COURSE_PIXELS, Math.max(1, parseDuration(refresh ?? '5s') ?? 5));
  const totals = boardStates(
    useQueries(slis.map((sli) => ({ id: boardId('total', sli.name), expr: sliQuery(sli, [], filters, step), step }))),
    'total',
  );
  const chosen = slis.find((sli) => sli.name === name) ?? firstWithData(slis, totals);
  const worst = useWorst(chosen, by, filters, step);
  const rowFilters = worst === null ? filters : withFilter(filters, by, worst);
  const hasRows = by !== 'server' || (worst !== null && worst.length > 0);
  const rowQueries = hasRows
    ? slis.map((sli) => ({ id: boardId('by', sli.name), expr: sliQuery(sli, [by], rowFilters, step), step }))
    : [];
  const rows = boardStates(useQueries(rowQueries), 'by');
  return { slis, by, totals, rows, chosen, waits: by === 'server' && worst === null };
}
