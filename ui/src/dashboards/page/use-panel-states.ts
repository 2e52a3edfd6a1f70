import { useMemo } from 'react';

import { useFollowed } from '../../api/use-followed';
import { useRange } from '../../api/use-range';
import type { QueryState } from '../../core/frame';
import { parseDuration } from '../../core/durations';
import { isLive } from '../../core/time-range';
import { useFrame } from '../../frame/frame-state';
import { useWindow } from '../../frame/use-queries';
import type { AskedQuery } from './panel-queries';

/**
 * The states of the panels' queries, by id: all live ones on the page's one stream. What looks at another time than now is asked
 * once, as are all when the range does not end at now.
 */
export function usePanelStates(queries: readonly AskedQuery[]): ReadonlyMap<string, QueryState> {
  const { range, refresh, reloads } = useFrame();
  const live = isLive(range) && refresh !== null;
  const window = useWindow();
  const length = window.end - window.start;
  const followed = useFollowed(
    useMemo(
      () =>
        live
          ? queries
              .filter((query) => query.shift === undefined)
              .map(({ id, expr, step, own }) => ({ id, expr, step, range: own ?? length }))
          : [],
      [live, queries, length],
    ),
    parseDuration(refresh ?? '') ?? 0,
  );
  const asked = useRange(
    useMemo(
      () =>
        queries
          .filter((query) => !live || query.shift !== undefined)
          .map(({ id, expr, step, own, shift = 0 }) => {
            const end = window.end - shift;
            return { id, expr, step, start: end - (own ?? length), end };
          }),
      [live, queries, length, window],
    ),
    reloads,
  );
  return useMemo(() => (asked.size === 0 ? followed : new Map([...followed, ...asked])), [followed, asked]);
}
