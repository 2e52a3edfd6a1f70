import { createContext, useCallback, useContext, useMemo, useSyncExternalStore } from 'react';

import { type QueryState } from '../core/frame';
import { type LiveQuery, type PageStream, type StreamStatus } from './page-stream';
import { useSame } from './use-same';

/** The stream of the page; the frame gives each page its own. */
export const PageStreamContext = createContext<PageStream | null>(null);

/** The page's stream. Throws outside of a page. */
export function usePageStream(): PageStream {
  const stream = useContext(PageStreamContext);
  if (stream === null) throw new Error('no stream here: the component is not on a page');
  return stream;
}

/** How the page's stream is, kept up to date. */
export function useStreamStatus(): StreamStatus {
  const stream = usePageStream();
  const subscribe = useCallback((listener: () => void) => stream.onStatus(listener), [stream]);
  return useSyncExternalStore(subscribe, () => stream.status);
}

type States = ReadonlyMap<string, QueryState>;

/** Gives the same map for as long as none of the states in it is another object. */
function statesReader(stream: PageStream, queries: readonly LiveQuery[]): () => States {
  let last: States | null = null;
  return () => {
    if (last === null || queries.some((query) => last?.get(query.id) !== stream.state(query))) {
      last = new Map(queries.map((query) => [query.id, stream.state(query)]));
    }
    return last;
  };
}

/**
 * The states of queries by their ids, kept up to date by the one stream of the page; none are asked while the list is
 * empty. The map is another object when any of them changed.
 */
export function useLive(queries: readonly LiveQuery[]): States {
  const stream = usePageStream();
  const asked = useSame(queries);
  const subscribe = useCallback(
    (listener: () => void) => {
      const ends = asked.map((query) => stream.follow(query, listener));
      return () => {
        for (const end of ends) end();
      };
    },
    [stream, asked],
  );
  const read = useMemo(() => statesReader(stream, asked), [stream, asked]);
  return useSyncExternalStore(subscribe, read);
}
