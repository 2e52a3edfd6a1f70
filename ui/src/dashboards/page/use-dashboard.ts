import { useCallback, useEffect, useState } from 'react';

import { ApiError } from '../../api/client';
import type { Dashboard } from '../model/dashboard';
import type { Finding } from '../model/findings';
import { parseDashboard } from '../model/parse';
import { loadDashboard, type StoredDashboard } from '../store/dashboards';

/** A dashboard on its way from the server to the page. */
export type Loading =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly message: string; readonly missing: boolean }
  | { readonly state: 'broken'; readonly stored: StoredDashboard; readonly findings: readonly Finding[] }
  | { readonly state: 'ready'; readonly stored: StoredDashboard; readonly dashboard: Dashboard };

export interface LoadedDashboard {
  readonly loading: Loading;
  /** Takes what was just stored for what the server has. */
  adopt(stored: StoredDashboard): void;
  reload(): void;
}

export function useDashboard(name: string): LoadedDashboard {
  const [count, setCount] = useState(0);
  const [known, setKnown] = useState<{ readonly name: string; readonly loading: Loading }>({
    name,
    loading: { state: 'loading' },
  });
  useEffect(() => {
    const aborter = new AbortController();
    loadDashboard(name, aborter.signal).then(
      (stored) => !aborter.signal.aborted && setKnown({ name, loading: read(stored) }),
      (error: unknown) => {
        if (aborter.signal.aborted) return;
        const missing = error instanceof ApiError && error.status === 404;
        const message = error instanceof Error ? error.message : String(error);
        // What is shown stays when only asking again failed.
        setKnown((before) =>
          before.name === name && before.loading.state === 'ready'
            ? before
            : { name, loading: { state: 'failed', message, missing } },
        );
      },
    );
    return () => aborter.abort();
    // oxlint-disable-next-line react/exhaustive-effect-dependencies -- a higher count asks again.
  }, [name, count]);
  const adopt = useCallback((stored: StoredDashboard) => setKnown({ name, loading: read(stored) }), [name]);
  const reload = useCallback(() => setCount((before) => before + 1), []);
  return { loading: known.name === name ? known.loading : { state: 'loading' }, adopt, reload };
}

function read(stored: StoredDashboard): Loading {
  const { dashboard, findings } = parseDashboard(stored.dashboard);
  return dashboard ? { state: 'ready', stored, dashboard } : { state: 'broken', stored, findings };
}
