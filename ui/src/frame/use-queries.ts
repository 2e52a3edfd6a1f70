import { useMemo, useState, useSyncExternalStore } from 'react';

import { clockJumps, onClockJump, serverNow } from '../api/clock';
import { useFollowed } from '../api/use-followed';
import { useRange } from '../api/use-range';
import { parseDuration } from '../core/durations';
import { type QueryState } from '../core/frame';
import { isLive, resolveRange, type Window } from '../core/time-range';
import { useFrame } from './frame-state';

/** A query of a page over the frame's range. */
export interface PageQuery {
  readonly id: string;
  readonly expr: string;
  /** Seconds; at least so long as a refresh where the range is live. */
  readonly step: number;
}

/**
 * The states of queries over the frame's range: by the live stream when it ends at now and refreshes, else asked once
 * (and again when the user says so). What a page shows should be asked through this.
 */
export function useQueries(queries: readonly PageQuery[]): ReadonlyMap<string, QueryState> {
  const { range, refresh, reloads } = useFrame();
  const live = isLive(range) && refresh !== null;
  const window = useWindow();
  const shortest = (refresh === null ? null : parseDuration(refresh)) ?? 0;
  const followed = useFollowed(
    live
      ? queries.map(({ id, expr, step }) => ({
          id,
          expr,
          step: Math.max(step, shortest),
          range: window.end - window.start,
        }))
      : [],
    shortest,
  );
  const asked = useRange(live ? [] : queries.map((query) => ({ ...query, ...window })), reloads);
  return live ? followed : asked;
}

/**
 * The frame's range in seconds, as it was when it was chosen or last reloaded; a live one moves on from there. It is another one when
 * the server's clock turns out not to be this computer's: a page may be drawn before that is known.
 */
export function useWindow(): Window {
  const { range, reloads } = useFrame();
  const jumps = useSyncExternalStore(onClockJump, clockJumps);
  const resolve = (): Window => resolveRange(range, Math.floor(serverNow()));
  const [resolved, setResolved] = useState(() => ({ range, reloads, jumps, window: resolve() }));
  const stays = resolved.range === range && resolved.reloads === reloads && resolved.jumps === jumps;
  const window = useMemo(
    () => (stays ? resolved.window : resolveRange(range, Math.floor(serverNow()))),
    [stays, resolved.window, range],
  );
  if (!stays) setResolved({ range, reloads, jumps, window });
  return window;
}
