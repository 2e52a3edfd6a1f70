import { useState } from 'react';

import { useLoaded } from '../../api/use-get';
import { queryRange } from '../../api/use-range';
import type { QueryState } from '../../core/frame';
import { type QueryStats, resultWords, statsWords } from '../../core/query-stats';
import classes from './explore.module.css';

interface StatsLinesProps {
  readonly asked: readonly { readonly id: string; readonly expr: string }[];
  readonly states: ReadonlyMap<string, QueryState>;
  /** The window and step that a live query is measured over; null where answers bring their statistics. */
  readonly live: { readonly start: number; readonly end: number; readonly step: number } | null;
}

/**
 * Of each query what came, and what it took. The live tail evaluates a step for all who follow it, and tells nobody what it took: there
 * the window is asked once as a whole when somebody wants to know.
 */
export function StatsLines({ asked, states, live }: StatsLinesProps) {
  const [measured, setMeasured] = useState<string | null>(null);
  const key = live === null ? null : JSON.stringify([asked, live]);
  const { data, error, loading } = useLoaded(key !== null && measured === key ? key : null, async (signal) => {
    const answers = asked.map(async ({ id, expr }): Promise<[string, QueryStats | undefined]> => {
      return [id, (await queryRange({ id, expr, ...live! }, signal)).stats];
    });
    return new Map(await Promise.all(answers));
  });
  const followed = asked.some(({ id }) => states.get(id)?.frame != null && states.get(id)?.stats === undefined);
  const shown = measured === key;
  return (
    <section className={classes.stats} aria-label="Statistics">
      <ul>
        {asked.map(({ id }) => {
          const state = states.get(id);
          const stats = state?.stats ?? (shown ? data?.get(id) : undefined);
          if (state?.frame == null) return null;
          return (
            <li key={id}>
              <strong>{id}</strong> {resultWords(state.frame)}
              {stats !== undefined && `; ${statsWords(stats)}`}
            </li>
          );
        })}
      </ul>
      {live !== null && followed && (!shown || loading || error !== null) && (
        <button type="button" className={classes.measure} disabled={shown && loading} onClick={() => setMeasured(key)}>
          {shown && loading ? 'Measuring' : 'What it takes'}
        </button>
      )}
      {shown && error !== null && <span className={classes.bad}> {error.message}</span>}
    </section>
  );
}
