import { createContext, useContext } from 'react';

import { type Filters } from '../core/filters';
import { type TimeRange } from '../core/time-range';
import { type Zone } from '../core/zone';

/** What every page shares, as it is in the URL, and how a page changes it. */
export interface FrameState {
  readonly range: TimeRange;
  /** A new range is a new entry of the browser's history: back undoes a zoom. */
  setRange(range: TimeRange): void;
  /** Label filters; pages put them into their queries by `matchers` or `fillExpression`. */
  readonly filters: Filters;
  setFilters(filters: Filters): void;
  /** `5s`, `10s`, ...; null while nothing is asked again by itself. */
  readonly refresh: string | null;
  setRefresh(refresh: string | null): void;
  readonly zone: Zone;
  setZone(zone: Zone): void;
  /** Goes up when the user asks for everything anew. */
  readonly reloads: number;
  reload(): void;
  /** The address of another page with the shared state kept: `href('/explore', {expr: 'up'})`. */
  href(path: string, params?: Readonly<Record<string, string>>): string;
}

export const FrameContext = createContext<FrameState | null>(null);

/** The state all pages share. Throws outside of the frame. */
export function useFrame(): FrameState {
  const frame = useContext(FrameContext);
  if (frame === null) throw new Error('no frame here');
  return frame;
}
