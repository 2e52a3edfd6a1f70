/**
 * The server's clock as this browser knows it. Windows, ages and live ends go by it: a viewer's machine may be minutes off,
 * and what the page shows is not.
 */
let skewMs = 0;
let known = false;
let jumps = 0;
const listeners = new Set<() => void>();
/** A change of so many ms is another idea of what time it is; less is how long answers take. */
const JUMP_MS = 2_000;

/** Notes that the server said `serverMs` in an answer to a request sent at `sentMs` and read at `readMs` of our clock. */
export function noteServerTime(serverMs: number, sentMs: number, readMs: number): void {
  // Half the way is the best guess; a slow answer says little, so a better one is not given up for it.
  const uncertain = (readMs - sentMs) / 2;
  if (known && uncertain > 5_000) return;
  const before = skewMs;
  skewMs = serverMs - (sentMs + uncertain);
  known = true;
  if (Math.abs(skewMs - before) < JUMP_MS) return;
  ++jumps;
  for (const listener of listeners) listener();
}

/** Calls `listener` when what time it is turned out to be another; gives what ends that. */
export function onClockJump(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** How often that was: what was worked out from an older idea of now is worked out anew. */
export function clockJumps(): number {
  return jumps;
}

/** Milliseconds that the server's clock is ahead of ours; 0 until it was heard. */
export function clockSkewMs(): number {
  return skewMs;
}

/** Now by the server's clock, in seconds since the epoch. */
export function serverNow(): number {
  return (Date.now() + skewMs) / 1000;
}
