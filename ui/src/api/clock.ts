/**
 * The server's clock as this browser knows it. Windows, ages and live ends go by it: a viewer's machine may be minutes off,
 * and what the page shows is not.
 */
let skewMs = 0;
let known = false;

/** Notes that the server said `serverMs` in an answer to a request sent at `sentMs` and read at `readMs` of our clock. */
export function noteServerTime(serverMs: number, sentMs: number, readMs: number): void {
  // Half the way is the best guess; a slow answer says little, so a better one is not given up for it.
  const uncertain = (readMs - sentMs) / 2;
  if (known && uncertain > 5_000) return;
  skewMs = serverMs - (sentMs + uncertain);
  known = true;
}

/** Milliseconds that the server's clock is ahead of ours; 0 until it was heard. */
export function clockSkewMs(): number {
  return skewMs;
}

/** Now by the server's clock, in seconds since the epoch. */
export function serverNow(): number {
  return (Date.now() + skewMs) / 1000;
}
