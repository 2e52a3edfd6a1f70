import { createContext, useContext, useEffect, useState } from 'react';

import { type QueryState } from '../core/frame';
import { matrixFrame, type WireSeries } from '../core/matrix';
import { queryStats, type WireStats } from '../core/query-stats';
import { ApiError, send, type Sending } from './client';
import { useSame } from './use-same';
import { useSession } from './use-session';

/** A query over a window that does not move; times in seconds since the epoch. */
export interface RangeQuery {
  readonly id: string;
  readonly expr: string;
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** Where range queries are asked: by PromQL, or (pages of a signed link) by the place of a query in a page that the server knows. */
export interface RangeSource {
  readonly path: string;
  /** What is sent for a query. */
  sending(query: RangeQuery): Sending;
}

export const PROMQL_RANGES: RangeSource = {
  path: 'query_range',
  sending: ({ expr, start, end, step }) => ({ method: 'POST', form: { query: expr, start, end, step, stats: 'true' } }),
};

/** The source of a page's range queries. */
export const RangeSourceContext = createContext(PROMQL_RANGES);

type States = ReadonlyMap<string, QueryState>;

const LOADING: QueryState = { frame: null, phase: 'loading', stale: false, warnings: [], error: null };

/** Asks one range query; its ends are moved onto multiples of the step, so that equal queries share what is kept. */
export async function queryRange(
  query: RangeQuery,
  signal?: AbortSignal,
  source: RangeSource = PROMQL_RANGES,
): Promise<QueryState> {
  const start = Math.floor(query.start / query.step) * query.step;
  const end = Math.floor(query.end / query.step) * query.step;
  const { data, warnings, headers } = await send<{ result: readonly WireSeries[]; stats?: WireStats }>(
    source.path,
    source.sending({ ...query, start, end }),
    signal,
  );
  return {
    frame: matrixFrame(data.result, start, end, query.step),
    phase: 'ready',
    stale: false,
    warnings,
    error: null,
    stats: queryStats(data.stats, headers),
  };
}

/** What was there stays to be seen, as old, until its successor comes. */
function awaited(queries: readonly RangeQuery[], before: States): States {
  return new Map(
    queries.map(({ id }) => {
      const old = before.get(id) ?? LOADING;
      return [id, { ...old, phase: old.frame === null ? 'loading' : old.phase, stale: old.frame !== null }];
    }),
  );
}

function failed(before: QueryState, error: unknown): QueryState {
  const { type, message } = error instanceof ApiError ? error : new ApiError('unknown', String(error), 0);
  return { ...before, phase: 'failed', stale: before.frame !== null, error: { type, message } };
}

/** The states of range queries by their ids: each is asked once, and again when it, the session or `again` changes. */
export function useRange(queries: readonly RangeQuery[], again = 0): States {
  const session = useSession();
  const source = useContext(RangeSourceContext);
  const request = useSame({ queries, again, who: [session.tenant, session.token] });
  const [known, setKnown] = useState<{ request: typeof request; states: States }>(() => ({
    request,
    states: awaited(queries, new Map()),
  }));
  if (known.request !== request) setKnown({ request, states: awaited(request.queries, known.states) });
  useEffect(() => {
    const aborter = new AbortController();
    const put = (id: string, next: (before: QueryState) => QueryState): void => {
      if (aborter.signal.aborted) return;
      setKnown((before) => ({
        ...before,
        states: new Map(before.states).set(id, next(before.states.get(id) ?? LOADING)),
      }));
    };
    for (const query of request.queries) {
      queryRange(query, aborter.signal, source).then(
        (state) => put(query.id, () => state),
        (error: unknown) => put(query.id, (before) => failed(before, error)),
      );
    }
    return () => aborter.abort();
  }, [request, source]);
  return known.states;
}
