import { useCallback, useEffect, useState } from 'react';

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

/** How something is asked for: `get`, or another function of the client. */
export type Fetcher = <T>(path: string, params: Params | undefined, signal: AbortSignal) => Promise<T>;

/**
 * The data of a path below `/api/v1/`, asked when it, the session or `params` change, and every `every` seconds while the
 * tab is seen (never when null). A null path asks for nothing.
 */
export function useGet<T>(
  path: string | null,
  params?: Params,
  every: number | null = null,
  fetcher: Fetcher = get,
): Loaded<T> {
  const { tenant, token } = useSession();
  const [count, setCount] = useState(0);
  const request = useSame({ path, params, count, who: [tenant, token] });
  const [known, setKnown] = useState<{ data: T | null; error: ApiError | null; of: unknown }>({
    data: null,
    error: null,
    of: null,
  });
  useEffect(() => {
    if (request.path === null) return;
    const aborter = new AbortController();
    fetcher<T>(request.path, request.params, aborter.signal).then(
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
  }, [request, fetcher]);
  useEffect(() => {
    if (path === null || every === null) return;
    const timer = setInterval(() => {
      if (!document.hidden) setCount((before) => before + 1);
    }, every * 1000);
    return () => clearInterval(timer);
  }, [path, every]);
  const reload = useCallback(() => setCount((before) => before + 1), []);
  return { data: known.data, error: known.error, loading: path !== null && known.of !== request, reload };
}
