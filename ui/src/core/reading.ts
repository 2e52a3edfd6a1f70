import { type Frame, type FrameSeries } from './frame';

/**
 * How the newest value of a series stands to the end of its frame: `fresh` is one of the last steps, `late` one of before that is still
 * worth showing, `gone` one that says nothing of now any more, `never` none in the window.
 */
export type ReadingState = 'fresh' | 'late' | 'gone' | 'never';

/** What is known of a series at the end of its frame. */
export interface Reading {
  readonly state: ReadingState;
  /** The newest value; null when it is not a number, and when it is `gone` or `never`. */
  readonly value: number | null;
  /** When it was, in seconds since the epoch; null for `never`. */
  readonly at: number | null;
  /** Seconds from then to the end of the frame. */
  readonly age: number;
}

/** The newest steps may not be evaluated for all yet: a value of one of the last so many is as of now. */
const FRESH_STEPS = 3;
/** So many seconds a value is shown as the last known one; six steps where those are longer. */
const LATE_MAX_S = 900;
const LATE_STEPS = 6;

export const NO_READING: Reading = { state: 'never', value: null, at: null, age: 0 };

/** The newest value of a series. One that is not a number (no joins: 0 / 0) is fresh all the same: its sender is there. */
export function readingOf(frame: Frame, series: FrameSeries): Reading {
  const { values } = series;
  const end = values.length - 1;
  const fresh = values.slice(-FRESH_STEPS);
  const among = fresh.findLastIndex(isNumber);
  const index = among >= 0 ? end + 1 - fresh.length + among : values.findLastIndex((value) => value !== null);
  const at = frame.times[index];
  if (at === undefined) return NO_READING;
  const age = frame.times[end]! - at;
  const value = isNumber(values[index]) ? values[index]! : null;
  if (index > end - FRESH_STEPS) return { state: 'fresh', value, at, age };
  return age <= Math.max(LATE_MAX_S, LATE_STEPS * frame.step)
    ? { state: 'late', value, at, age }
    : { state: 'gone', value: null, at, age };
}

function isNumber(value: number | null | undefined): boolean {
  return value !== null && value !== undefined && !Number.isNaN(value);
}

/** The reading in words, where they say more than its value: `late 2 min`, `no data since 19:03`; empty for a fresh one. */
export function readingWords(reading: Reading, time: (at: number) => string, age: (seconds: number) => string): string {
  if (reading.state === 'late') return `late ${age(reading.age)}`;
  if (reading.state === 'gone') return `no data since ${time(reading.at!)}`;
  return reading.state === 'never' ? 'no data' : '';
}
