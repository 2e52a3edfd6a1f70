/** A moment or a stretch of time that explains what charts show: a deploy, an incident, a note. Seconds since the epoch. */
export interface Mark {
  readonly id: string;
  readonly time: number;
  readonly timeEnd?: number | undefined;
  readonly kind: string;
  readonly title: string;
  readonly text?: string | undefined;
}

/** One exemplar: a sample with the trace it was taken from. */
export interface Exemplar {
  readonly time: number;
  readonly value: number;
  /** Labels of the exemplar itself, `trace_id` among them. */
  readonly labels: Readonly<Record<string, string>>;
  readonly series: Readonly<Record<string, string>>;
}

/**
 * At most `columns` x `rows` exemplars of many, spread over the picture: in each cell the one with the largest value. A thousand
 * dots on a line hide it and tell no more.
 */
export function thinExemplars(
  exemplars: readonly Exemplar[],
  from: number,
  to: number,
  columns = 40,
  rows = 3,
): Exemplar[] {
  const inside = exemplars.filter((one) => one.time >= from && one.time <= to && Number.isFinite(one.value));
  if (inside.length <= columns) return inside;
  const [low, high] = [Math.min(...inside.map((one) => one.value)), Math.max(...inside.map((one) => one.value))];
  const cells = new Map<number, Exemplar>();
  for (const one of inside) {
    const column = Math.min(columns - 1, Math.floor(((one.time - from) / Math.max(1e-9, to - from)) * columns));
    const row = Math.min(rows - 1, Math.floor(((one.value - low) / Math.max(1e-12, high - low)) * rows));
    const key = column * rows + row;
    const there = cells.get(key);
    if (there === undefined || there.value < one.value) cells.set(key, one);
  }
  return [...cells.values()].toSorted((a, b) => a.time - b.time);
}
