import type { Level } from '../../core/colours';
import { rgbOf } from '../../core/css-colour';
import type { Threshold } from '../../core/thresholds';
import type { Thresholds } from '../model/options';

// Dashboards name colours; the console shows meanings, in colours that everybody can tell apart. So a colour is read as what it is
// commonly meant to say.

/** What a colour says: red is bad, yellow and orange warn, green is fine, others say nothing. */
export function levelOfColour(colour: string | undefined): Level | undefined {
  const rgb = rgbOf(colour);
  if (!rgb) return undefined;
  const [r, g, b] = rgb;
  const most = Math.max(r, g, b);
  const spread = most - Math.min(r, g, b);
  if (most === 0 || spread / most < 0.25) return 'none';
  const hue = hueOf(r, g, b, most, spread);
  if (hue < 18 || hue >= 335) return 'bad';
  if (hue < 66) return 'warn';
  if (hue < 175) return 'ok';
  return 'none';
}

function hueOf(r: number, g: number, b: number, most: number, spread: number): number {
  const sixth = most === r ? ((g - b) / spread + 6) % 6 : most === g ? (b - r) / spread + 2 : (r - g) / spread + 4;
  return sixth * 60;
}

/**
 * Thresholds as charts take them. Steps without a telling colour warn, and the last is bad. `floor` adds what is below the first
 * step, for numbers whose low values are the bad ones. Percents are of the range from `min` to `max`.
 */
export function levelsOf(
  thresholds: Thresholds,
  options: { readonly floor: boolean; readonly min?: number; readonly max?: number },
): readonly Threshold[] {
  const { min = 0, max = 100 } = options;
  const scaled = (value: number) => (thresholds.mode === 'percent' ? min + ((max - min) * value) / 100 : value);
  const steps = thresholds.steps.map((step, index): Threshold => ({
    value: scaled(step.value),
    level: levelOfColour(step.color) ?? (index === thresholds.steps.length - 1 ? 'bad' : 'warn'),
    ...(step.name ? { label: step.name } : {}),
  }));
  const base = levelOfColour(thresholds.base);
  if (!options.floor || base === undefined || base === 'ok' || steps.length === 0) return steps;
  return [{ value: -Infinity, level: base }, ...steps];
}
