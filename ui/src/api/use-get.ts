import { useCallback, useEffect, useEffectEvent, useState } from 'react';

import { ApiError, get, type Params } from './client';
import { useSame } from './use-same';
import { useSession } from './use-session';

/** What is known of one answer. */
export interface Loaded<T> {
  /** The latest; kept while another is on its way and when that failed. */
  readonly data: T | null;
  readonly error: ApiError | null;
  readonly loading: boolean;
  /** Asks again now. */
  reload(): void;
}

/**
 * What `load` gives, asked when `key` or the session change, and every `every` seconds while the tab is seen (never when
 * null). A null key asks for nothing. What was there for another key is kept until its successor comes.
 */
export function useLoaded<T>(
  key: string | null,
  load: (signal: AbortSignal) => Promise<T>,
  every: number | null = null,
): Loaded<T> {
  const { tenant, token } = useSession();
  const [count, setCount] = useState(0);
  const request = useSame({ key, count, who: [tenant, token] });
  const [known, setKnown] = useState<{ data: T | null; error: ApiError | null; of: unknown }>({
    data: null,
    error: null,
    of: null,
  });
  const loadNow = useEffectEvent(load);
  useEffect(() => {
    if (request.key === null) return;
    const aborter = new AbortController();
    loadNow(aborter.signal).then(
      (data) => {
        if (!aborter.signal.aborted) setKnown({ data, error: null, of: request });
      },
      (error: unknown) => {
        if (aborter.signal.aborted) return;
        const said = error instanceof ApiError ? error : new ApiError('unknown', String(error), 0);
        setKnown((before) => ({ data: before.data, error: said, of: request }));
      },
    );
    return () => aborter.abort();
  }, [request]);
  useEffect(() => {
    if (key === null || every === null) return;
    const again = (): void => {
      if (!document.hidden) setCount((before) => before + 1);
    };
    const timer = setInterval(again, every * 1000);
    document.addEventListener('visibilitychange', again);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', again);
    };
  }, [key, every]);
  const reload = useCallback(() => setCount((before) => before + 1), []);
  return { data: known.data, error: known.error, loading: key !== null && known.of !== request, reload };
}

/** The data of a path below `/api/v1/`, as `useLoaded` has it. A null path asks for nothing. */
export function useGet<T>(path: string | null, params?: Params, every: number | null = null): Loaded<T> {
  const key = path === null ? null : JSON.stringify([path, params]);
  return useLoaded<T>(key, (signal) => get<T>(path!, params, signal), every);
}
