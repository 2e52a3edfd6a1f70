import type { Level } from './colours';

/** From `value` on a number means `level`; lines on charts, colours of numbers. Ascending. */
export interface Threshold {
  readonly value: number;
  readonly level: Level;
  /** Said beside the line; the level otherwise. */
  readonly label?: string;
}

/** What `value` means: the level of the last threshold at or below it; `base` below all of them, `none` without a value. */
export function levelAt(value: number | null, thresholds: readonly Threshold[], base: Level = 'ok'): Level {
  if (value === null || Number.isNaN(value) || thresholds.length === 0) return 'none';
  let level = base;
  for (const one of thresholds) if (value >= one.value) level = one.level;
  return level;
}
