import { useCallback, useMemo } from 'react';
import { useLocation, useSearch } from 'wouter';

import { readExplore, writeExplore, type ExploreState } from '../../core/explore-state';
import { useSame } from '../../api/use-same';

/** Explore's state, which is in the URL; a change is an entry of the browser's history. */
export function useExploreState(): readonly [ExploreState, (change: Partial<ExploreState>) => void] {
  const search = useSearch();
  const [, navigate] = useLocation();
  const state = useSame(useMemo(() => readExplore(new URLSearchParams(search)), [search]));
  const become = useCallback(
    (change: Partial<ExploreState>) => {
      const now = new URLSearchParams(window.location.search);
      const next = writeExplore(now, { ...readExplore(now), ...change });
      navigate(`${window.location.pathname}?${next}`);
    },
    [navigate],
  );
  return [state, become];
}
