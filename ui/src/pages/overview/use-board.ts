import { serverNow } from '../../api/clock';
import { get } from '../../api/client';
import { type Sli } from '../../api/types';
import { useLoaded } from '../../api/use-get';
import { parseDuration } from '../../core/durations';
import { type Filters, withFilter } from '../../core/filters';
import { type Labels } from '../../core/frame';
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
  const load = async (signal: AbortSignal): Promise<string[]> => {
    const params = { query: expr, time: serverNow() };
    const { result } = await get<{ result: { metric: Labels }[] }>('query', params, signal);
    return result.map(({ metric }) => metric[by] ?? '').toSorted();
  };
  const { data } = useLoaded(asked ? expr : null, load, WORST_EVERY);
  return asked ? data : null;
}

/** The board of the frame's range and filters. `chosen` is the SLI the worst are chosen by. */
export function useBoard(slis: readonly Sli[], by: DrillLabel, chosen: Sli | undefined): Board & { waits: boolean } {
  const { filters, refresh } = useFrame();
  const { start, end } = useWindow();
  const step = stepFor(end - start, COURSE_PIXELS, Math.max(1, parseDuration(refresh ?? '5s') ?? 5));
  const worst = useWorst(chosen ?? slis.find(({ warn }) => warn !== null), by, filters, step);
  const rowFilters = worst === null ? filters : withFilter(filters, by, worst);
  const hasRows = by !== 'server' || (worst !== null && worst.length > 0);
  const states = useQueries([
    ...slis.map((sli) => ({ id: boardId('total', sli.name), expr: sliQuery(sli, [], filters, step), step })),
    ...(hasRows
      ? slis.map((sli) => ({ id: boardId('by', sli.name), expr: sliQuery(sli, [by], rowFilters, step), step }))
      : []),
  ]);
  const waits = by === 'server' && worst === null;
  return { slis, by, totals: boardStates(states, 'total'), rows: boardStates(states, 'by'), waits };
}
