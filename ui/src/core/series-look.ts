/** What of a series is its own rather than the panel's. */
export interface SeriesLook {
  /** `#rrggbb`; a place in the palette when left out. */
  readonly colour?: string | undefined;
  readonly unit?: string | undefined;
  /** Drawn along an axis of its own at the right. */
  readonly right?: boolean | undefined;
}

/** Of a chart's series, what each axis is of. */
export interface Axes {
  /** [i] of series i. */
  readonly right: readonly boolean[];
  /** Whether there is a right axis at all. */
  readonly two: boolean;
  readonly leftUnit: string | undefined;
  readonly rightUnit: string | undefined;
}

/** Where the series of a chart stand: those that want the right axis, unless nothing would be left at the left one. */
export function axesOf(series: readonly { readonly look?: SeriesLook | undefined }[], unit: string | undefined): Axes {
  const wanted = series.map(({ look }) => look?.right === true);
  const two = wanted.includes(true) && wanted.includes(false);
  const right = two ? wanted : wanted.map(() => false);
  return { right, two, leftUnit: unitOf(false), rightUnit: unitOf(true) };

  // An axis has the unit that all of its series have, the first's on the right, as those were put there for it.
  function unitOf(side: boolean): string | undefined {
    const units = series.filter((_, i) => right[i] === side).map(({ look }) => look?.unit ?? unit);
    return side || units.every((one) => one === units[0]) ? (units[0] ?? unit) : unit;
  }
}

/** Unit and digits of a series' values: digits were chosen for the panel's unit, and say nothing of another. */
export function ownUnit(
  look: SeriesLook | undefined,
  unit: string | undefined,
  decimals: number | undefined,
): [unit: string | undefined, decimals: number | undefined] {
  return look?.unit === undefined || look.unit === unit ? [unit, decimals] : [look.unit, undefined];
}
