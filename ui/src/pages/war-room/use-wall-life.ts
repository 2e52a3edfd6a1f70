import { useEffect, useState } from 'react';

import { useServerInfo } from '../../frame/server-info';

/** A page on a wall is loaded anew so often, in ms, when its server was updated meanwhile: nobody is there to do it. */
const LOOK_MS = 30_000;

/**
 * Keeps a page on a wall alive: asks again for what it could not begin with, keeps the screen on where the browser can,
 * and loads itself anew when the server has newer pages.
 */
export function useWallLife(retry: () => void, begun: boolean): void {
  const { config } = useServerInfo();
  const revision = config?.revision ?? '';
  const [first, setFirst] = useState('');
  if (first === '' && revision !== '') setFirst(revision);
  const updated = first !== '' && revision !== '' && revision !== first;
  useEffect(() => {
    if (begun) return;
    const timer = setInterval(retry, 5_000);
    return () => clearInterval(timer);
  }, [begun, retry]);
  useEffect(() => {
    if (!updated) return;
    // Not all walls of a company in one moment.
    const timer = setTimeout(() => window.location.reload(), Math.random() * LOOK_MS);
    return () => clearTimeout(timer);
  }, [updated]);
  useEffect(() => {
    const lock = (): void => {
      // Refused on battery, or where it is not to be had: then the screen's own settings hold.
      if (!document.hidden) navigator.wakeLock?.request('screen').catch(() => undefined);
    };
    lock();
    document.addEventListener('visibilitychange', lock);
    return () => document.removeEventListener('visibilitychange', lock);
  }, []);
}
