import { type ReactNode, useCallback, useMemo, useState } from 'react';
import { useLocation, useSearch } from 'wouter';

import { useSame } from '../api/use-same';
import { DEFAULT_STATE, readUrlState, type UrlState, writeUrlState } from '../core/url-state';
import { BROWSER_ZONE, isZone } from '../core/zone';
import { FrameContext, type FrameState } from './frame-state';

const ZONE_KEY = 'tickscope.zone';

function keptZone(): string {
  try {
    const zone = localStorage.getItem(ZONE_KEY);
    return zone !== null && isZone(zone) ? zone : BROWSER_ZONE;
  } catch {
    return BROWSER_ZONE;
  }
}

function keepZone(zone: string): void {
  try {
    localStorage.setItem(ZONE_KEY, zone);
  } catch {
    // Then it is chosen anew next time.
  }
}

/** Holds the state that all pages share, in the URL; what a person sets for good (the time zone) in local storage. */
export function FrameProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const [location, navigate] = useLocation();
  const search = useSearch();
  const [zone, setKeptZone] = useState(keptZone);
  const [reloads, setReloads] = useState(0);
  const defaults = useMemo<UrlState>(() => ({ ...DEFAULT_STATE, zone }), [zone]);
  // The parameters of a page change without those of the frame: what is the same stays the same object.
  const state = useSame(useMemo(() => readUrlState(new URLSearchParams(search), defaults), [search, defaults]));
  const become = useCallback(
    (change: Partial<UrlState>, base: UrlState) => {
      const now = new URLSearchParams(window.location.search);
      const text = writeUrlState(now, { ...readUrlState(now, base), ...change }, base).toString();
      navigate(text === '' ? location : `${location}?${text}`);
    },
    [location, navigate],
  );
  const frame = useMemo<FrameState>(
    () => ({
      ...state,
      setRange: (range) => become({ range }, defaults),
      setFilters: (filters) => become({ filters }, defaults),
      setRefresh: (refresh) => become({ refresh }, defaults),
      setZone: (chosen) => {
        keepZone(chosen);
        setKeptZone(chosen);
        become({ zone: chosen }, { ...defaults, zone: chosen });
      },
      reloads,
      reload: () => setReloads((before) => before + 1),
      href: (path, params = {}) => {
        const text = writeUrlState(new URLSearchParams(params), state, defaults).toString();
        return text === '' ? path : `${path}?${text}`;
      },
    }),
    [state, become, defaults, reloads],
  );
  return <FrameContext value={frame}>{children}</FrameContext>;
}
