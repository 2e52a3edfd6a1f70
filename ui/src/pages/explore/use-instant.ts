import { send } from '../../api/client';
import { useLoaded } from '../../api/use-get';
import type { QueryState } from '../../core/frame';
import { queryStats, type WireStats } from '../../core/query-stats';
import { instantFrame, type InstantAnswer } from '../../core/instant';

/** Queries evaluated at one moment; `at` null for now, then asked again every `every` seconds. */
export function useInstant(
  queries: readonly { readonly id: string; readonly expr: string }[],
  at: number | null,
  every: number | null,
  again: number,
): ReadonlyMap<string, QueryState> {
  const key = queries.length === 0 ? null : JSON.stringify(['instant', queries, at, again]);
  const loaded = useLoaded(
    key,
    async (signal) => {
      const asked = queries.map(async ({ id, expr }): Promise<[string, QueryState]> => [
        id,
        await one(expr, at, signal),
      ]);
      return new Map(await Promise.all(asked));
    },
    every,
  );
  const loading: QueryState = { frame: null, phase: 'loading', stale: false, warnings: [], error: null };
  return new Map(queries.map(({ id }) => [id, loaded.data?.get(id) ?? loading]));
}

async function one(query: string, at: number | null, signal: AbortSignal): Promise<QueryState> {
  const form = { query, stats: 'true', ...(at === null ? {} : { time: at }) };
  try {
    const { data, warnings, headers } = await send<InstantAnswer & { stats?: WireStats }>(
      'query',
      { method: 'POST', form },
      signal,
    );
    const time = at ?? Math.floor(Date.now() / 1000);
    const stats = queryStats(data.stats, headers);
    return { frame: instantFrame(data, time), phase: 'ready', stale: false, warnings, error: null, stats };
  } catch (error) {
    const { type = 'unknown', message = String(error) } = error as { type?: string; message?: string };
    return { frame: null, phase: 'failed', stale: false, warnings: [], error: { type, message } };
  }
}
