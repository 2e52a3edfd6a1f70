/** Seconds in each unit that PromQL writes durations in, largest first. */
const UNITS: readonly (readonly [unit: string, seconds: number])[] = [
  ['y', 365 * 86400],
  ['w', 7 * 86400],
  ['d', 86400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
  ['ms', 0.001],
];

const PART = /(\d+)(ms|[ywdhms])/y;

/** Seconds of a duration as PromQL writes it (`90s`, `1h30m`), or of a bare number; null when it is neither. */
export function parseDuration(text: string): number | null {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  let seconds = 0;
  let at = 0;
  // Each unit once and in falling order, as PromQL has it: `1m1h` is a slip of the finger, not a duration.
  let next = 0;
  while (at < text.length) {
    PART.lastIndex = at;
    const part = PART.exec(text);
    if (part === null) return null;
    const unit = UNITS.findIndex(([name]) => name === part[2]);
    if (unit < next) return null;
    next = unit + 1;
    seconds += Number(part[1]) * UNITS[unit]![1];
    at = PART.lastIndex;
  }
  return text === '' ? null : seconds;
}

/** The shortest text of a duration that `parseDuration` reads back: `1h30m`, `0s`. Weeks and years are left to days. */
export function durationText(seconds: number): string {
  let left = Math.round(seconds * 1000);
  if (left <= 0) return '0s';
  let text = '';
  for (const [unit, size] of UNITS.slice(2)) {
    const ms = Math.round(size * 1000);
    const count = Math.floor(left / ms);
    if (count > 0) text += `${count}${unit}`;
    left -= count * ms;
  }
  return text;
}

/** A duration as read at a glance, in its two largest units at most: `1 h 30 min`, `3 d`, `850 ms`. */
export function durationWords(seconds: number): string {
  const words: readonly (readonly [string, number])[] = [
    ['d', 86400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ];
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  const first = words.findIndex(([, size]) => Math.round(seconds) >= size);
  const [unit, size] = words[first]!;
  const second = words[first + 1];
  if (second === undefined) return `${Math.round(seconds)} ${unit}`;
  // Rounded in the smaller unit first, so that 59.7 s after 1 min reads 2 min and not 1 min 60 s.
  const inSecond = Math.round(seconds / second[1]);
  const ratio = size / second[1];
  const rest = inSecond % ratio;
  const text = `${Math.floor(inSecond / ratio)} ${unit}`;
  return rest === 0 ? text : `${text} ${rest} ${second[0]}`;
}
