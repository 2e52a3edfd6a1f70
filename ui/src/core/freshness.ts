import { durationWords } from './durations';

export type FreshnessLevel = 'ok' | 'warn' | 'bad' | 'none';

/** What the frame knows of how new its data is. */
export interface FreshnessInput {
  /** Now by the server's clock, seconds. */
  readonly now: number;
  /** The newest sample of the tenant, seconds; null when there is none, undefined when it was not heard yet. */
  readonly newest: number | null | undefined;
  /** The server's own probe: seconds from a write to its being seen. */
  readonly lag: number | null;
  /** Seconds the server's clock is ahead of the browser's. */
  readonly skew: number;
  readonly stream: 'idle' | 'connecting' | 'open' | 'waiting' | 'paused';
  /** False when the last question about it was not answered. */
  readonly reachable: boolean;
}

/** What a badge says of it. */
export interface Freshness {
  readonly level: FreshnessLevel;
  /** Short: `4 s old`. */
  readonly text: string;
  /** The whole story, a line each. */
  readonly details: readonly string[];
}

/** Beyond these ages of the newest sample, in seconds, data is late, and too late to act on. Twice and six times a scrape. */
const LATE = 30;
const TOO_LATE = 90;
/** A clock this far off is worth a line. */
const SKEW = 5;

/** How new what the page shows is, in words. */
export function freshness(input: FreshnessInput): Freshness {
  const details: string[] = [];
  if (Math.abs(input.skew) >= SKEW) {
    const side = input.skew > 0 ? 'behind' : 'ahead of';
    const off = durationWords(Math.abs(input.skew));
    details.push(`This computer's clock is ${off} ${side} the server's. Times on this page are the server's.`);
  }
  if (input.lag !== null) details.push(`What is written is seen after ${durationWords(input.lag)}.`);
  if (!input.reachable || input.stream === 'waiting') {
    details.unshift('The server does not answer. What you see is the last that came; it goes on by itself.');
    return { level: 'bad', text: 'Reconnecting', details };
  }
  if (input.newest === undefined) return { level: 'none', text: 'Connecting', details };
  if (input.newest === null) {
    return { level: 'none', text: 'No samples yet', details: ['Nothing was written for this tenant.', ...details] };
  }
  const age = input.now - input.newest;
  if (age < -SKEW) {
    details.unshift(
      `The newest sample is ${durationWords(-age)} ahead of the server's clock: a sender's clock is off.`,
    );
    return { level: 'warn', text: 'Ahead of time', details };
  }
  const old = durationWords(Math.max(0, age));
  details.unshift(`The newest sample is ${old} old.`);
  if (input.stream === 'paused') return { level: 'none', text: 'Paused', details };
  const level = age > TOO_LATE ? 'bad' : age > LATE ? 'warn' : 'ok';
  return { level, text: level === 'ok' ? (age < 1 ? 'Live' : `${old} old`) : `Late: ${old}`, details };
}
