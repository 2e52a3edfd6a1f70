/** A series at the cursor. */
export interface NearSeries {
  readonly index: number;
  readonly value: number;
  /** Pixels between the cursor and the drawn point. */
  readonly distance: number;
}

/** What a tooltip lists of many series. */
export interface Nearby {
  /** By value, largest first; at most as many as asked for. */
  readonly listed: readonly NearSeries[];
  /** The one whose line the cursor is on or next to. */
  readonly nearest: NearSeries | null;
  /** Series with a value here that are not listed. */
  readonly others: number;
}

/**
 * The series whose lines pass nearest to the cursor, ordered as the eye sees them: by value from the top. With 200 lines nobody wants
 * a list of 200, but those around the cursor.
 */
export function nearby(
  values: readonly (number | null | undefined)[],
  distanceOf: (value: number, index: number) => number,
  limit: number,
): Nearby {
  const there: NearSeries[] = [];
  values.forEach((value, index) => {
    if (value === null || value === undefined || !Number.isFinite(value)) return;
    there.push({ index, value, distance: distanceOf(value, index) });
  });
  if (there.length === 0) return { listed: [], nearest: null, others: 0 };
  const ranked = there.toSorted((a, b) => a.distance - b.distance || a.index - b.index).slice(0, limit);
  const listed = ranked.toSorted((a, b) => b.value - a.value || a.index - b.index);
  return { listed, nearest: ranked[0]!, others: there.length - listed.length };
}
