import type { VariableValues } from './interpolate';

/** What the names that every dashboard has depend on; all in seconds. */
export interface QueryWindow {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  /** What `$__rate_interval` stands for. */
  readonly rateInterval: number;
}

/** `$__interval`, `$__rate_interval`, `$__range`, their `_s` and `_ms` forms, `$__from` and `$__to` (ms). */
export function builtins(window: QueryWindow): VariableValues {
  const range = Math.max(1, Math.round(window.to - window.from));
  const entries = {
    __interval: durationText(window.step),
    __interval_ms: String(Math.round(window.step * 1000)),
    __rate_interval: durationText(window.rateInterval),
    __rate_interval_ms: String(Math.round(window.rateInterval * 1000)),
    __range: `${range}s`,
    __range_s: String(range),
    __range_ms: String(range * 1000),
    __from: String(Math.round(window.from * 1000)),
    __to: String(Math.round(window.to * 1000)),
  };
  return Object.fromEntries(Object.entries(entries).map(([name, text]) => [name, { values: [text], multi: false }]));
}

/** Seconds as PromQL writes a duration; whole milliseconds. */
function durationText(seconds: number): string {
  return Number.isInteger(seconds) ? `${seconds}s` : `${Math.round(seconds * 1000)}ms`;
}
