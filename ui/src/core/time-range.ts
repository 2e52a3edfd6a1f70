import { durationText, durationWords, parseDuration } from './durations';

/** A time that moves with the clock, so many seconds before now, or one that stays. */
export type Instant =
  | { readonly kind: 'now'; readonly before: number }
  | { readonly kind: 'at'; /** Seconds since the epoch. */ readonly at: number };

/** What a page shows. Each end moves or stays by itself: `{from: now-1h, to: now}` is live, two `at` are a frozen window. */
export interface TimeRange {
  readonly from: Instant;
  readonly to: Instant;
}

/** A range at one moment, in seconds since the epoch; `start < end`. */
export interface Window {
  readonly start: number;
  readonly end: number;
}

/** Shortest window anything is asked for, in seconds. */
export const SHORTEST_WINDOW = 10;
/** Longest window, in seconds: ten years. */
export const LONGEST_WINDOW = 10 * 365 * 86400;

/** The last so many seconds up to now. */
export function lastSeconds(seconds: number): TimeRange {
  return { from: { kind: 'now', before: seconds }, to: { kind: 'now', before: 0 } };
}

/** A window that does not move; its ends are swapped when they come the wrong way round. */
export function fixedWindow(start: number, end: number): TimeRange {
  return { from: { kind: 'at', at: Math.min(start, end) }, to: { kind: 'at', at: Math.max(start, end) } };
}

export const DEFAULT_RANGE: TimeRange = lastSeconds(3600);

/** Reads `now`, `now-1h`, milliseconds since the epoch (as Grafana's links have them) or RFC 3339; null for anything else. */
export function parseInstant(text: string): Instant | null {
  const trimmed = text.trim();
  if (trimmed === 'now') return { kind: 'now', before: 0 };
  if (trimmed.startsWith('now-')) {
    const before = parseDuration(trimmed.slice(4));
    return before === null ? null : { kind: 'now', before };
  }
  if (/^\d{9,15}$/.test(trimmed)) return { kind: 'at', at: Number(trimmed) / 1000 };
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(trimmed)) {
    const ms = Date.parse(trimmed);
    return Number.isNaN(ms) ? null : { kind: 'at', at: ms / 1000 };
  }
  return null;
}

/** What `parseInstant` reads back. */
export function instantText(instant: Instant): string {
  if (instant.kind === 'at') return String(Math.round(instant.at * 1000));
  return instant.before === 0 ? 'now' : `now-${durationText(instant.before)}`;
}

/** Reads both ends; null unless both are readable and the range is not the wrong way round at any time. */
export function parseRange(from: string, to: string): TimeRange | null {
  const range = { from: parseInstant(from), to: parseInstant(to) };
  if (range.from === null || range.to === null) return null;
  if (range.from.kind === 'now' && range.to.kind === 'now' && range.from.before <= range.to.before) return null;
  if (range.from.kind === 'at' && range.to.kind === 'at' && range.from.at >= range.to.at) return null;
  return { from: range.from, to: range.to };
}

function at(instant: Instant, now: number): number {
  return instant.kind === 'at' ? instant.at : now - instant.before;
}

/** The window of a range at `now` (seconds, the server's clock); at least `SHORTEST_WINDOW` long. */
export function resolveRange(range: TimeRange, now: number): Window {
  const end = at(range.to, now);
  return { start: Math.min(at(range.from, now), end - SHORTEST_WINDOW), end };
}

/** True when the range ends at now and begins so many seconds before it: what the live stream can follow. */
export function isLive(range: TimeRange): boolean {
  return range.from.kind === 'now' && range.to.kind === 'now' && range.to.before === 0;
}

/** Length of the range at `now`, in seconds. */
export function rangeSeconds(range: TimeRange, now: number): number {
  const window = resolveRange(range, now);
  return window.end - window.start;
}

function clampedLength(seconds: number): number {
  return Math.min(LONGEST_WINDOW, Math.max(SHORTEST_WINDOW, seconds));
}

/**
 * The range `factor` times as long: a live one stays live, any other keeps its middle and becomes fixed.
 * What would reach past now ends at now, as there is nothing to see beyond.
 */
export function zoomRange(range: TimeRange, factor: number, now: number): TimeRange {
  const window = resolveRange(range, now);
  const length = clampedLength((window.end - window.start) * factor);
  if (isLive(range)) return lastSeconds(Math.round(length));
  const middle = (window.start + window.end) / 2;
  const end = Math.min(middle + length / 2, Math.max(now, window.end));
  return fixedWindow(end - length, end);
}

/** The range moved by `share` of its length (negative: to the past) and fixed there; not past now. */
export function shiftRange(range: TimeRange, share: number, now: number): TimeRange {
  const window = resolveRange(range, now);
  const length = window.end - window.start;
  const end = Math.min(window.end + length * share, Math.max(now, window.end));
  return fixedWindow(end - length, end);
}

/** The same window as it is at `now`, not moving any more: what a link that must show the same tomorrow holds. */
export function freezeRange(range: TimeRange, now: number): TimeRange {
  const window = resolveRange(range, now);
  return fixedWindow(window.start, window.end);
}

/** `Last 1 h`, `3 h ago to 1 h ago`, or, where an end is fixed, `time(start) to time(end)`. */
export function rangeWords(range: TimeRange, time: (at: number) => string): string {
  if (isLive(range) && range.from.kind === 'now') return `Last ${durationWords(range.from.before)}`;
  const words = (instant: Instant): string => {
    if (instant.kind === 'at') return time(instant.at);
    return instant.before === 0 ? 'now' : `${durationWords(instant.before)} ago`;
  };
  return `${words(range.from)} to ${words(range.to)}`;
}
