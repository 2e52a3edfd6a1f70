/**
 * Values as text, by unit. A unit is named as Perses does ("bytes", "percent-decimal", "seconds"), as Grafana does ("s",
 * "percentunit", "Bps"), or as a metric's metadata or a schema does ("seconds", "ratio"); what is not known is written behind the number.
 */

type Family = 'number' | 'percent' | 'ratio' | 'time' | 'binary' | 'decimal' | 'rate' | 'date' | 'plain';

interface Unit {
  readonly family: Family;
  /** What a panel calls it; empty for a bare number. */
  readonly title: string;
  /** Written behind the (scaled) number. */
  readonly suffix: string;
  /** Seconds, or bytes, in one of it. */
  readonly factor: number;
}

function unit(family: Family, title: string, suffix = '', factor = 1): Unit {
  return { family, title, suffix, factor };
}

const PLAIN = unit('number', '');

const UNITS: ReadonlyMap<string, Unit> = new Map(
  (
    [
      [['', 'none', 'short', 'number', 'count', 'decimal'], PLAIN],
      [['percent', 'percent-0-100'], unit('percent', '%', '%')],
      [['percentunit', 'percent-decimal', 'ratio'], unit('ratio', '%', '%')],
      [['ns', 'nanoseconds'], unit('time', 'time', 's', 1e-9)],
      [['µs', 'us', 'microseconds'], unit('time', 'time', 's', 1e-6)],
      [['ms', 'milliseconds'], unit('time', 'time', 's', 1e-3)],
      [['s', 'sec', 'seconds', 'dtdurations', 'clocks'], unit('time', 'time', 's', 1)],
      [['m', 'minutes', 'dtdurationm'], unit('time', 'time', 's', 60)],
      [['h', 'hours'], unit('time', 'time', 's', 3600)],
      [['d', 'days'], unit('time', 'time', 's', 86_400)],
      [['weeks'], unit('time', 'time', 's', 604_800)],
      [['months'], unit('time', 'time', 's', 2_629_800)],
      [['years'], unit('time', 'time', 's', 31_557_600)],
      [['bits'], unit('decimal', 'bits', 'b')],
      [['decbits'], unit('decimal', 'bits', 'b')],
      [['bytes', 'binbytes'], unit('binary', 'bytes', 'B')],
      [['kbytes'], unit('binary', 'bytes', 'B', 1024)],
      [['mbytes'], unit('binary', 'bytes', 'B', 1024 ** 2)],
      [['gbytes'], unit('binary', 'bytes', 'B', 1024 ** 3)],
      [['decbytes'], unit('decimal', 'bytes', 'B')],
      [['binBps', 'bytes/sec', 'bytes/s'], unit('binary', 'bytes/s', 'B/s')],
      [['Bps', 'decbytes/sec'], unit('decimal', 'bytes/s', 'B/s')],
      [['bps', 'bits/sec', 'decbits/sec', 'binbps'], unit('decimal', 'bits/s', 'b/s')],
      [['KBs'], unit('decimal', 'bytes/s', 'B/s', 1e3)],
      [['MBs'], unit('decimal', 'bytes/s', 'B/s', 1e6)],
      [['cps', 'counts/sec'], unit('rate', 'counts/s', '/s')],
      [['ops', 'ops/sec'], unit('rate', 'ops/s', 'ops/s')],
      [['reqps', 'requests/sec', 'rps'], unit('rate', 'requests/s', 'req/s')],
      [['eps', 'events/sec'], unit('rate', 'events/s', 'ev/s')],
      [['iops', 'io/sec'], unit('rate', 'io/s', 'io/s')],
      [['pps', 'packets/sec'], unit('rate', 'packets/s', 'p/s')],
      [['wps', 'writes/sec'], unit('rate', 'writes/s', 'wr/s')],
      [['rps', 'reads/sec'], unit('rate', 'reads/s', 'rd/s')],
      [['mps', 'messages/sec'], unit('rate', 'messages/s', 'msg/s')],
      [['rpm', 'cpm', 'opm'], unit('rate', 'per minute', '/min')],
      [['hertz', 'rotHz', 'Hz'], unit('decimal', 'Hz', 'Hz')],
      [['celsius'], unit('plain', '°C', '°C')],
      [['volt', 'volts'], unit('decimal', 'V', 'V')],
      [['amp', 'amperes'], unit('decimal', 'A', 'A')],
      [['watt', 'watts'], unit('decimal', 'W', 'W')],
      [['joule', 'joules'], unit('decimal', 'J', 'J')],
      [['dateTimeAsIso', 'dateTimeFromNow', 'datetime-iso', 'dateTimeAsLocal'], unit('date', 'time', '', 1e-3)],
      [['timestamp', 'unix-timestamp'], unit('date', 'time')],
      [['cores'], unit('plain', 'cores', 'cores')],
    ] as const
  ).flatMap(([names, one]) => names.map((name) => [name, one] as const)),
);

function unitOf(name: string | undefined): Unit {
  const known = UNITS.get(name ?? '');
  if (known !== undefined) return known;
  // A unit of several words ("per 1,000 player-min") is told once, beside the title: behind each number it would hide them.
  return unit('plain', name ?? '', name?.includes(' ') ? '' : name);
}

/** What a panel writes beside its title: "bytes/s", "%", "time"; empty for a number without unit. */
export function unitTitle(name: string | undefined): string {
  return unitOf(name).title;
}

const DECIMAL: readonly (readonly [number, string])[] = [
  [1e15, 'P'],
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
];
const BINARY: readonly (readonly [number, string])[] = [
  [1024 ** 5, 'Pi'],
  [1024 ** 4, 'Ti'],
  [1024 ** 3, 'Gi'],
  [1024 ** 2, 'Mi'],
  [1024, 'Ki'],
];
const TIMES: readonly (readonly [number, string])[] = [
  [31_557_600, 'y'],
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
  [1e-3, 'ms'],
  [1e-6, 'µs'],
  [1e-9, 'ns'],
];

/** `value` with three significant digits, or `decimals` behind the point. No exponent between 1e-4 and 1e6. */
function digits(value: number, decimals: number | undefined): string {
  if (decimals !== undefined) return value.toFixed(decimals);
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 1e-4 || size >= 1e6) return value.toExponential(2).replace('e+', 'e');
  if (size >= 1000 || Number.isInteger(value)) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

function scaled(value: number, sizes: readonly (readonly [number, string])[]): readonly [number, string] {
  // What rounds up to the next size is written in it: 1.00 k rather than 1000.
  const size = Math.abs(value) * 1.0005;
  const found = sizes.find(([from]) => size >= from);
  return found ? [value / found[0], found[1]] : [value, ''];
}

function join(number: string, suffix: string): string {
  return suffix === '' ? number : suffix === '%' ? number + suffix : `${number} ${suffix}`;
}

function timeText(seconds: number, decimals: number | undefined): string {
  if (seconds === 0) return '0 s';
  const found = TIMES.find(([from]) => Math.abs(seconds) * 1.0005 >= from) ?? TIMES[TIMES.length - 1]!;
  return `${digits(seconds / found[0], decimals)} ${found[1]}`;
}

/**
 * `value` as people read it: "1.23 k", "45 ms", "99.9%", "1.5 MiB/s". Null is "–" (there is no value); NaN and the infinities are
 * written out. `decimals` fixes the digits behind the point; otherwise there are three significant ones.
 */
export function unitText(value: number | null | undefined, name?: string, decimals?: number): string {
  if (value === null || value === undefined) return '–';
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const { family, suffix, factor } = unitOf(name);
  switch (family) {
    case 'percent':
      return join(digits(value, decimals), suffix);
    case 'ratio':
      // 99.95 must not read as 100: what is near all or nothing gets the digits that tell it apart.
      return join(decimals === undefined ? nearWhole(value * 100) : (value * 100).toFixed(decimals), suffix);
    case 'time':
      return timeText(value * factor, decimals);
    case 'binary': {
      const [number, prefix] = scaled(value * factor, BINARY);
      return join(digits(number, decimals), prefix + suffix);
    }
    case 'date':
      return new Date(value * factor * 1000).toISOString().replace('.000Z', 'Z');
    case 'plain':
      return join(digits(value, decimals), suffix);
    default: {
      const [number, prefix] = scaled(value * factor, DECIMAL);
      if (family === 'decimal') return join(digits(number, decimals), prefix + suffix);
      return join(join(digits(number, decimals), prefix), suffix);
    }
  }
}

function nearWhole(percent: number): string {
  const missing = Math.abs(100 - percent);
  if (missing < 1e-9 || missing >= 1) return digits(percent, undefined);
  // Two digits of what is missing.
  return String(Number(percent.toFixed(Math.min(8, 1 - Math.floor(Math.log10(missing))))));
}

/**
 * Steps of an axis of values: decimal ones for most, powers of two for binary sizes, and those of clocks for times over a minute.
 * Ascending; what `axisText` writes without odd fractions.
 */
export function axisIncrements(name?: string): number[] {
  const { family, factor } = unitOf(name);
  if (family === 'binary') return Array.from({ length: 90 }, (_, i) => 2 ** (i - 30) / factor);
  if (family === 'time') return [...decimalSteps(-12, 0), ...CLOCK_STEPS].map((step) => step / factor);
  return decimalSteps(-15, 18);
}

function decimalSteps(from: number, to: number): number[] {
  const steps: number[] = [];
  // Written as text and read back: 1e-3 and not 0.001 with an error in its last bit.
  for (let power = from; power < to; ++power)
    for (const digit of [1, 2, 2.5, 5]) steps.push(Number(`${digit}e${power}`));
  return steps;
}

const CLOCK_STEPS: readonly number[] = [
  1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800,
  432_000, 864_000, 2_592_000, 8_640_000, 31_536_000, 63_072_000, 157_680_000, 315_360_000,
];

/**
 * Labels of an axis: all in the same size and with the digits that tell them apart, so that "1.5 k, 2.0 k" stand in line.
 * Falls back on `unitText` where one size does not fit (logarithmic axes).
 */
export function axisText(values: readonly number[], name?: string): string[] {
  const largest = Math.max(...values.map(Math.abs));
  const gap = values.length > 1 ? Math.abs(values[1]! - values[0]!) : largest;
  const { family, suffix, factor } = unitOf(name);
  const even = values.length > 2 && Math.abs(values[2]! - values[1]! - (values[1]! - values[0]!)) < gap * 1e-6;
  if (!even || family === 'date') return values.map((value) => unitText(value, name));
  if (family === 'time' && largest * factor >= 60) return values.map((value) => clockText(value * factor));
  const [size, prefix] = axisSize(largest * factor, family);
  const shown = (gap * factor) / size;
  const places = Math.min(6, Math.max(0, -Math.floor(Math.log10(shown) + 1e-9)));
  const extra = Math.abs(shown * 10 ** places - Math.round(shown * 10 ** places)) > 1e-6 ? 1 : 0;
  const written =
    family === 'number' || family === 'rate'
      ? [prefix, suffix].filter(Boolean).join(' ')
      : axisSuffix(family, prefix, suffix);
  return values.map((value) => (value === 0 ? '0' : join(((value * factor) / size).toFixed(places + extra), written)));
}

function axisSuffix(family: Family, prefix: string, suffix: string): string {
  return family === 'time' ? prefix : prefix + suffix;
}

/** Seconds in their two largest units: "1m20s", "2h", "1d12h". */
function clockText(seconds: number): string {
  let left = Math.round(Math.abs(seconds));
  const parts: string[] = [];
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0 && parts.length < 2) parts.push(`${count}${unit}`);
  }
  return parts.length === 0 ? '0' : (seconds < 0 ? '-' : '') + parts.join('');
}

function axisSize(largest: number, family: Family): readonly [number, string] {
  if (family === 'ratio') return [0.01, ''];
  if (family === 'percent' || family === 'plain') return [1, ''];
  const sizes = family === 'binary' ? BINARY : family === 'time' ? TIMES : DECIMAL;
  return sizes.find(([from]) => largest * 1.0005 >= from) ?? (family === 'time' ? TIMES[TIMES.length - 1]! : [1, '']);
}
