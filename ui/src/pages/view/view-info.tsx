import { type ReactNode, useMemo } from 'react';

import { clockSkewMs, noteServerTime } from '../../api/clock';
import { get } from '../../api/client';
import { type ViewFreshness } from '../../api/types';
import { useLoaded } from '../../api/use-get';
import { InfoContext } from '../../frame/server-info';

/** As often as the frame of the console asks. */
const EVERY_S = 10;

/** Tells all below it how new the data of a link is: what a link may know of its server, and no more. */
export function ViewInfo(props: { readonly token: string; readonly children: ReactNode }): ReactNode {
  const { token } = props;
  const load = async (signal: AbortSignal): Promise<ViewFreshness> => {
    const sent = Date.now();
    const told = await get<ViewFreshness>(`view/${encodeURIComponent(token)}/freshness`, undefined, signal);
    noteServerTime(told.now, sent, Date.now());
    return told;
  };
  const { data, error } = useLoaded(`freshness of ${token}`, load, EVERY_S);
  const reachable = error === null || error.status !== 0;
  const info = useMemo(
    () => ({
      config: null,
      newest: data === null ? undefined : data.newest === null ? null : data.newest / 1000,
      lag: data === null ? null : data.lag_seconds,
      skew: clockSkewMs() / 1000,
      reachable,
    }),
    [data, reachable],
  );
  return <InfoContext value={info}>{props.children}</InfoContext>;
}
