import { type Level } from './colours';
import { fillExpression, type Filters } from './filters';
import { type Frame } from './frame';
import { type Reading, readingOf } from './reading';
import { type Threshold } from './thresholds';

/** What of an SLI of `schema/slis` the core needs. */
export interface SliRule {
  readonly name: string;
  readonly expr: string;
  readonly good: 'high' | 'low';
  /** Where it begins to be worth a look, and to be bad; null for a plain number. */
  readonly warn: number | null;
  readonly bad: number | null;
}

/** Labels a page drills down along, each row of one leading to the rows of the next. */
export const DRILL_LABELS = ['region', 'mode', 'build', 'server'] as const;
export type DrillLabel = (typeof DRILL_LABELS)[number];

/** What a value means for players. */
export function sliLevel(sli: SliRule, value: number | null): Level {
  if (value === null || Number.isNaN(value) || (sli.warn === null && sli.bad === null)) return 'none';
  const past = (limit: number | null): boolean =>
    limit !== null && (sli.good === 'high' ? value < limit : value > limit);
  if (past(sli.bad)) return 'bad';
  return past(sli.warn) ? 'warn' : 'ok';
}

function line(value: number | null, level: Level): Threshold[] {
  return value === null ? [] : [{ value, level }];
}

/** The limits as lines on a chart: from each on upwards what it means; for what is good when high, the other way round. */
export function sliThresholds(sli: SliRule): Threshold[] {
  if (sli.good === 'low') return [...line(sli.warn, 'warn'), ...line(sli.bad, 'bad')];
  return [...line(sli.bad, 'warn'), ...line(sli.warn, 'ok')];
}

/** The label below `by` that is not yet narrowed to one value: where a click on a row leads; null at the bottom. */
export function nextDrill(by: DrillLabel, filters: Filters): DrillLabel | null {
  const below = DRILL_LABELS.slice(DRILL_LABELS.indexOf(by) + 1);
  return below.find((label) => filters[label]?.length !== 1) ?? null;
}

/** The window of rates: a minute, or two steps where these are longer, so that no sample is between windows. */
export function sliWindow(step: number): string {
  return `${Math.max(60, Math.round(step * 2))}s`;
}

/** The PromQL of an SLI, by `by`. */
export function sliQuery(sli: SliRule, by: readonly string[], filters: Filters, step: number): string {
  return fillExpression(sli.expr, { filters, window: sliWindow(step), by });
}

/** The rows that are worst by an SLI, at most `limit`: of thousands of servers nobody looks at all. */
export function worstQuery(sli: SliRule, by: string, filters: Filters, step: number, limit: number): string {
  return `${sli.good === 'high' ? 'bottomk' : 'topk'}(${limit}, ${sliQuery(sli, [by], filters, step)})`;
}

/** One cell of a grid of rows and SLIs. */
export interface SliCell {
  readonly reading: Reading;
  /** What the reading's value means, a late one's too: what was bad is not good because nobody says more. */
  readonly level: Level;
  readonly course: readonly (number | null)[];
}

/** One row: a value of the label that the grid is by. */
export interface SliRow {
  readonly name: string;
  readonly cells: ReadonlyMap<string, SliCell>;
  /** The worst of its cells. */
  readonly level: Level;
  /** The newest reading of its cells where none is fresh: nobody there sends any more. Null while somebody does. */
  readonly silent: Reading | null;
}

const SEVERITY: Record<Level, number> = { none: 0, ok: 1, warn: 2, bad: 3 };

/** The worst of levels. */
export function worst(levels: Iterable<Level>): Level {
  let found: Level = 'none';
  for (const level of levels) if (SEVERITY[level] > SEVERITY[found]) found = level;
  return found;
}

/** Rows of a grid, by name: a row that jumps about as its values change cannot be read on a wall. */
export function sliRows(slis: readonly SliRule[], by: string, frames: ReadonlyMap<string, Frame | null>): SliRow[] {
  const rows = new Map<string, Map<string, SliCell>>();
  for (const sli of slis) {
    const frame = frames.get(sli.name) ?? null;
    for (const series of frame?.series ?? []) {
      const name = series.labels[by] ?? '';
      const reading = readingOf(frame!, series);
      const cells = rows.get(name) ?? new Map<string, SliCell>();
      cells.set(sli.name, { reading, level: sliLevel(sli, reading.value), course: series.values });
      rows.set(name, cells);
    }
  }
  return [...rows]
    .map(([name, cells]) => {
      const all = [...cells.values()];
      return { name, cells, level: worst(all.map(({ level }) => level)), silent: silence(all) };
    })
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

function silence(cells: readonly SliCell[]): Reading | null {
  const readings = cells.map(({ reading }) => reading);
  if (readings.some(({ state }) => state === 'fresh')) return null;
  return readings.reduce<Reading | null>(
    (newest, one) => (newest === null || (one.at ?? 0) > (newest.at ?? 0) ? one : newest),
    null,
  );
}

/** The SLI a row's level comes from, the first of equals; undefined where none of its cells has a level. */
export function worstSli<T extends SliRule>(slis: readonly T[], row: SliRow): T | undefined {
  return row.level === 'none' ? undefined : slis.find(({ name }) => row.cells.get(name)?.level === row.level);
}
