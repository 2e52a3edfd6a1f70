import { useContext, useEffect, useMemo, useState } from 'react';

import { type QueryState } from '../core/frame';
import { serverNow } from './clock';
import { type LiveQuery } from './page-stream';
import { type PolledQuery, Poller, type PollHost } from './poller';
import { useLive } from './use-live';
import { queryRange, type RangeSource, RangeSourceContext } from './use-range';
import { useSame } from './use-same';
import { useSession } from './use-session';

type States = ReadonlyMap<string, QueryState>;

const NONE: States = new Map();
/** Asked no more often, whatever a page's refresh is: a whole window is read each time. */
const SHORTEST_S = 5;

function hostOf(source: RangeSource): PollHost {
  return {
    ask: (query, signal) => {
      const end = serverNow();
      return queryRange({ ...query, start: end - query.range, end }, signal, source);
    },
    setTimeout: (run, ms) => window.setTimeout(run, ms),
    clearTimeout: (timer) => window.clearTimeout(timer),
    hidden: () => document.hidden,
  };
}

/** The states of queries that are asked again every so many seconds. */
function usePolled(queries: readonly PolledQuery[], everySeconds: number): States {
  const { tenant, token } = useSession();
  const source = useContext(RangeSourceContext);
  const request = useSame({ queries, everySeconds, who: [tenant, token] });
  const [known, setKnown] = useState<{ request: typeof request; states: States }>({ request, states: NONE });
  useEffect(() => {
    if (request.queries.length === 0) return;
    const poller = new Poller(hostOf(source), request.queries, Math.max(SHORTEST_S, request.everySeconds), () =>
      setKnown({ request, states: new Map(request.queries.map(({ id }) => [id, poller.state(id)])) }),
    );
    return () => poller.stop();
  }, [request, source]);
  return known.request === request ? known.states : NONE;
}

/**
 * The states of queries over a window that ends at now: by the page's live stream; those that it refuses are polled, if they can be
 * answered at all, and say so (`polled`). A page without PromQL of its own (a signed link) polls by its own source.
 */
export function useFollowed(queries: readonly LiveQuery[], everySeconds: number): States {
  const live = useLive(queries);
  const refused = queries.flatMap((query): PolledQuery[] => {
    const why = live.get(query.id)?.refused;
    return why === undefined ? [] : [{ ...query, why }];
  });
  const polled = usePolled(refused, everySeconds);
  const ids = useSame(refused.map(({ id }) => id));
  return useMemo(() => {
    if (ids.length === 0) return live;
    const waiting: QueryState = { frame: null, phase: 'loading', stale: false, warnings: [], error: null };
    return new Map([...live, ...ids.map((id) => [id, polled.get(id) ?? waiting] as const)]);
  }, [live, polled, ids]);
}
