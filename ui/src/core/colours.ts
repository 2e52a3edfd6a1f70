/**
 * Colours of series. The first eight are Okabe and Ito's set, told apart with every common colour blindness, each in a shade that
 * stands out on the theme's ground; further ones repeat them lighter or darker, then with a dashed line, so nothing is said by hue alone.
 */

export type Scheme = 'light' | 'dark';

/** A line's look. `dash` in CSS pixels, empty for a solid line. */
export interface Stroke {
  readonly colour: string;
  readonly dash: readonly number[];
}

const LIGHT = ['#0072b2', '#c05a00', '#00805f', '#a8487f', '#2f93c9', '#a07d00', '#5b4fc0', '#6b6b6b'];
const DARK = ['#4ea8e0', '#f0913c', '#2bbf95', '#df8fbb', '#8fd0f5', '#e6c94a', '#a89cf5', '#b5b5b5'];
const LIGHT_SECOND = ['#00436b', '#7d3a00', '#00503b', '#6b2750', '#1b6288', '#665000', '#352b86', '#3d3d3d'];
const DARK_SECOND = ['#a9d6f5', '#f9c99a', '#9be6cd', '#f2cfe2', '#d2edfc', '#f5e8a8', '#d8d2fb', '#e0e0e0'];

/** Different colours; past them lines are dashed. */
const HUES = LIGHT.length * 2;
const DASHES: readonly (readonly number[])[] = [[], [6, 3], [2, 2], [8, 3, 2, 3]];

/** Looks that differ; a chart with more series repeats them. */
export const STROKES = HUES * DASHES.length;

/** The look of place `slot` (0 ..) on a ground. */
export function strokeOf(slot: number, scheme: Scheme): Stroke {
  const place = ((slot % STROKES) + STROKES) % STROKES;
  const hue = place % HUES;
  const [first, second] = scheme === 'light' ? [LIGHT, LIGHT_SECOND] : [DARK, DARK_SECOND];
  const colour = hue < first.length ? first[hue]! : second[hue - first.length]!;
  return { colour, dash: DASHES[Math.floor(place / HUES)]! };
}

/** FNV-1a: short, and the same in every browser. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; ++i) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  // Final mixing: the low bits, which choose the slot, shall depend on all of the text.
  value ^= value >>> 15;
  value = Math.imul(value, 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}

/**
 * A place in the palette for every key. What `before` has keeps its place, so a colour never moves to another line while a chart lives;
 * a new key takes the place its own hash names, so that "eu" is the same colour on every panel, and the next free one where it is taken.
 */
export function assignSlots(
  keys: readonly string[],
  before: ReadonlyMap<string, number> = new Map(),
): Map<string, number> {
  const slots = new Map<string, number>();
  const taken = new Set<number>();
  for (const key of keys) {
    const slot = before.get(key);
    if (slot === undefined) continue;
    slots.set(key, slot);
    taken.add(slot);
  }
  // Few series stay within the eight colours that differ most; of very many no look is unlike all others, and dashes only make noise.
  const few = keys.length <= LIGHT.length ? LIGHT.length : HUES;
  const range = keys.length > HUES && keys.length <= STROKES ? STROKES : few;
  for (const key of keys) {
    if (slots.has(key)) continue;
    const wanted = hash(key) % range;
    let slot = wanted;
    for (let tried = 0; taken.has(slot) && tried < range; ++tried) slot = (slot + 1) % range;
    slots.set(key, slot);
    taken.add(slot);
  }
  return slots;
}

/** What a value means. Always said in words or by shape as well. */
export type Level = 'ok' | 'warn' | 'bad' | 'none';

const LEVELS: Readonly<Record<Scheme, Readonly<Record<Level, string>>>> = {
  light: { ok: '#00805f', warn: '#a36a00', bad: '#c22a1c', none: '#5f6b7a' },
  dark: { ok: '#2bbf95', warn: '#f0b13c', bad: '#ff7a66', none: '#9aa5b1' },
};

/** The colour of a level: green, amber and red that also differ in lightness. */
export function levelColour(level: Level, scheme: Scheme): string {
  return LEVELS[scheme][level];
}

// Viridis and a lighter start for dark grounds: even steps of lightness, safe for the colour-blind.
const RAMPS: Readonly<Record<Scheme, readonly (readonly [number, number, number])[]>> = {
  light: [
    [232, 240, 247],
    [158, 202, 225],
    [65, 148, 190],
    [38, 96, 152],
    [34, 42, 104],
    [20, 10, 50],
  ],
  dark: [
    [30, 40, 60],
    [44, 75, 125],
    [34, 120, 142],
    [53, 175, 122],
    [150, 215, 60],
    [253, 231, 70],
  ],
};

/** Colour of an intensity in [0, 1]: faint for little, strong for much. */
export function rampColour(intensity: number, scheme: Scheme): string {
  const ramp = RAMPS[scheme];
  const place = Math.min(1, Math.max(0, intensity)) * (ramp.length - 1);
  const below = Math.min(ramp.length - 2, Math.floor(place));
  const part = place - below;
  const [from, to] = [ramp[below]!, ramp[below + 1]!];
  const mixed = from.map((channel, i) => Math.round(channel + (to[i]! - channel) * part));
  return `rgb(${mixed.join(',')})`;
}
