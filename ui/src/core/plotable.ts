const known = new WeakMap<readonly (number | null)[], (number | null)[]>();

/**
 * The values that can be drawn: NaN and the infinities, and with `positive` what a logarithmic scale cannot show, become gaps. The very
 * array where nothing has to go, and the same one for the same values: a redraw of unchanged series copies nothing.
 */
export function plotable(values: readonly (number | null)[], positive = false): (number | null)[] {
  if (positive) return values.map((value) => (value !== null && Number.isFinite(value) && value > 0 ? value : null));
  const before = known.get(values);
  if (before !== undefined) return before;
  let drawn = values as (number | null)[];
  if (values.some((value) => value !== null && !Number.isFinite(value))) {
    drawn = values.map((value) => (value !== null && Number.isFinite(value) ? value : null));
  }
  known.set(values, drawn);
  return drawn;
}

/** Places of values that stand alone, gaps on both sides: a line does not show them, so they need a dot. Null when there is none. */
export function lonePlaces(values: ArrayLike<number | null | undefined>, first: number, last: number): number[] | null {
  let places: number[] | null = null;
  for (let i = first; i <= last; ++i) {
    if (values[i] == null || values[i - 1] != null || values[i + 1] != null) continue;
    (places ??= []).push(i);
  }
  return places;
}
