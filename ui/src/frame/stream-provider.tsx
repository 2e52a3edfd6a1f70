import { type ReactNode, useEffect, useState } from 'react';

import { BROWSER_HOST, PageStream, type StreamSource } from '../api/page-stream';
import { onSession } from '../api/session';
import { PageStreamContext } from '../api/use-live';

/** A tab that is hidden so long is paused; shorter looks at another one cost no reconnect. */
const HIDDEN_MS = 5_000;

/** Gives all below it one live stream that knows when nobody looks, when the machine slept and when the network is back. */
export function StreamProvider(props: { readonly source?: StreamSource; readonly children: ReactNode }): ReactNode {
  const [stream] = useState(() => new PageStream(BROWSER_HOST, props.source));
  useEffect(() => {
    let timer: number | undefined;
    const seen = (): void => {
      window.clearTimeout(timer);
      if (document.hidden) timer = window.setTimeout(() => stream.pause(), HIDDEN_MS);
      else {
        stream.resume();
        stream.checkAlive();
      }
    };
    const online = (): void => stream.retryNow();
    const endSession = onSession(online);
    document.addEventListener('visibilitychange', seen);
    window.addEventListener('pageshow', seen);
    window.addEventListener('online', online);
    return () => {
      window.clearTimeout(timer);
      endSession();
      document.removeEventListener('visibilitychange', seen);
      window.removeEventListener('pageshow', seen);
      window.removeEventListener('online', online);
      stream.pause();
    };
  }, [stream]);
  // The effect of a tree that is mounted again (as React does to find faults) finds the stream paused.
  useEffect(() => stream.resume(), [stream]);
  return <PageStreamContext value={stream}>{props.children}</PageStreamContext>;
}
