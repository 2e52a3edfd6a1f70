import { createContext, type ReactNode, useContext, useMemo } from 'react';

import { clockSkewMs, noteServerTime } from '../api/clock';
import { ApiError, get } from '../api/client';
import { type ConsoleConfig, type Platform, type Tsdb } from '../api/types';
import { useLoaded } from '../api/use-get';

/** What the frame asks the server about itself, every ten seconds. */
export interface ServerInfo {
  /** Null before the first answer, and of a server that has no console. */
  readonly config: ConsoleConfig | null;
  /** Time of the newest sample, seconds; null for none, undefined before the first answer. */
  readonly newest: number | null | undefined;
  /** Seconds from a write to its being seen, as the server's probe measured. */
  readonly lag: number | null;
  /** Seconds the server's clock is ahead of ours. */
  readonly skew: number;
  readonly reachable: boolean;
}

const EVERY_S = 10;
const UNKNOWN: ServerInfo = { config: null, newest: undefined, lag: null, skew: 0, reachable: true };

/** For pages that know of the server by other ways, such as those of a signed link. */
export const InfoContext = createContext<ServerInfo>(UNKNOWN);

/** What is known of the server. */
export function useServerInfo(): ServerInfo {
  return useContext(InfoContext);
}

/** The answer of a path that this server may not have, or not to this user: null then. */
async function optional<T>(path: string, params: Record<string, string>, signal: AbortSignal): Promise<T | null> {
  try {
    return await get<T>(path, params, signal);
  } catch (error) {
    if (error instanceof ApiError && (error.status === 404 || error.status === 403)) return null;
    throw error;
  }
}

async function ask(signal: AbortSignal): Promise<Omit<ServerInfo, 'reachable'>> {
  const sent = Date.now();
  const config = await optional<ConsoleConfig>('console/config', {}, signal);
  if (config !== null) noteServerTime(config.now, sent, Date.now());
  const [tsdb, platform] = await Promise.all([
    optional<Tsdb>('status/tsdb', { limit: '1' }, signal),
    optional<Platform>('status/platform', {}, signal),
  ]);
  // A head without series has the ends of time in place of its newest.
  const newest = tsdb === null || tsdb.headStats.maxTime <= 0 ? null : tsdb.headStats.maxTime / 1000;
  const lags = (platform?.partitions ?? []).map((one) => one.lag_seconds);
  return { config, newest, lag: lags.length === 0 ? null : Math.max(...lags), skew: clockSkewMs() / 1000 };
}

/** Asks about the server for all below it. */
export function ServerInfoProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const { data, error } = useLoaded('server', ask, EVERY_S);
  const reachable = error === null || error.status !== 0;
  const info = useMemo(() => ({ ...UNKNOWN, ...data, reachable }), [data, reachable]);
  return <InfoContext value={info}>{children}</InfoContext>;
}
