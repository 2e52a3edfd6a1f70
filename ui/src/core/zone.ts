/** `browser`, `UTC`, or a name of the IANA database such as `Europe/Berlin`. */
export type Zone = string;

export const BROWSER_ZONE: Zone = 'browser';

/** How much of a time is written. */
export type TimeStyle = 'full' | 'minute' | 'clock' | 'clock-seconds' | 'day';

const STYLES: Record<TimeStyle, Intl.DateTimeFormatOptions> = {
  full: { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' },
  minute: { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' },
  clock: { hour: '2-digit', minute: '2-digit' },
  'clock-seconds': { hour: '2-digit', minute: '2-digit', second: '2-digit' },
  day: { year: 'numeric', month: '2-digit', day: '2-digit' },
};

/** Formatters are slow to make (some 50 us) and few: one a zone and style. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: Zone, style: TimeStyle): Intl.DateTimeFormat {
  const key = `${zone} ${style}`;
  let made = formatters.get(key);
  if (made === undefined) {
    // Swedish writes dates as ISO 8601 does, which nobody misreads.
    made = new Intl.DateTimeFormat('sv-SE', { ...STYLES[style], timeZone: ianaName(zone), hourCycle: 'h23' });
    formatters.set(key, made);
  }
  return made;
}

/** The IANA name: of `browser`, what the browser is set to. */
export function ianaName(zone: Zone): string {
  return zone === BROWSER_ZONE ? Intl.DateTimeFormat().resolvedOptions().timeZone : zone;
}

/** True for what can be shown: `browser`, `UTC`, or a name this browser knows. */
export function isZone(zone: string): boolean {
  if (zone === BROWSER_ZONE) return true;
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,60}$/.test(zone)) return false;
  try {
    Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** A time (seconds since the epoch) as it is in `zone`: `2026-11-26 19:03:10`. */
export function timeText(at: number, zone: Zone, style: TimeStyle = 'full'): string {
  if (!Number.isFinite(at) || Math.abs(at) > 8.64e12) return 'no time';
  return formatter(zone, style).format(at * 1000);
}

/** Seconds east of UTC that `zone` is at a time. */
export function zoneOffset(zone: Zone, at: number): number {
  const text = timeText(at, zone, 'full').replace(' ', 'T');
  return Math.round(Date.parse(`${text}Z`) / 1000 - Math.floor(at));
}

/** `UTC`, `Europe/Berlin (UTC+1)`: what stands beside every time. */
export function zoneText(zone: Zone, at: number): string {
  const name = ianaName(zone);
  const offset = zoneOffset(zone, at);
  if (name === 'UTC') return 'UTC';
  const sign = offset < 0 ? '-' : '+';
  const minutes = Math.round(Math.abs(offset) / 60);
  const rest = minutes % 60 === 0 ? '' : `:${String(minutes % 60).padStart(2, '0')}`;
  return `${name} (UTC${sign}${Math.floor(minutes / 60)}${rest})`;
}

/**
 * The time that a clock in `zone` shows as `text` (`2026-11-26 19:03`, with or without seconds); null when it is no time.
 * Of an hour that a clock shows twice, the first; of one that it skips, as far after the jump as it was written after its begin.
 */
export function parseZoneTime(text: string, zone: Zone): number | null {
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(:\d\d)?$/.exec(text.trim());
  if (match === null) return null;
  const wall = Date.parse(`${match[1]}T${match[2]}${match[3] ?? ':00'}Z`) / 1000;
  if (Number.isNaN(wall)) return null;
  // Offsets a day before and after are those on both sides of a change, if there is one between.
  const before = wall - zoneOffset(zone, wall - 86400);
  const after = wall - zoneOffset(zone, wall + 86400);
  const right = [before, after].filter((at) => at + zoneOffset(zone, at) === wall);
  return right.length > 0 ? Math.min(...right) : before;
}
