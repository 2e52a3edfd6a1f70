import type { PanelData } from './panel-data';

/** What stands in a cell. */
export type Cell = string | number | null;

/** A column; numbers are written in `unit`. */
export interface Column {
  readonly key: string;
  readonly title: string;
  readonly kind: 'label' | 'value' | 'time';
  readonly unit?: string | undefined;
}

/** Rows of cells in the order of the columns. */
export interface TableData {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Order of a table: a column's key and which way. */
export interface Sorting {
  readonly key: string;
  readonly descending: boolean;
}

/** The label that holds a series' metric. */
const METRIC = '__name__';

/**
 * The latest value of each series, a row each: its labels in columns, then a value column a query. Series of different queries with
 * equal labels (the metric's name aside) share a row, so that queries stand beside one another.
 */
export function latestTable(data: PanelData, unit?: string, names: Readonly<Record<string, string>> = {}): TableData {
  const queries = [...new Set(data.series.map((one) => one.query))];
  const metricNames = new Set(data.series.map((one) => one.labels[METRIC]));
  const withName = queries.length === 1 && metricNames.size > 1;
  const labels = [...new Set(data.series.flatMap((one) => Object.keys(one.labels)))]
    .filter((name) => name !== METRIC || withName)
    .toSorted();
  const rows = new Map<string, Cell[]>();
  for (const one of data.series) {
    const cells: Cell[] = labels.map((name) => one.labels[name] ?? null);
    const key = JSON.stringify(cells);
    let row = rows.get(key);
    if (row === undefined) rows.set(key, (row = [...cells, ...queries.map(() => null)]));
    row[labels.length + queries.indexOf(one.query)] = latest(one.values) ?? latestCount(one.histograms);
  }
  const columns: Column[] = [
    ...labels.map((name): Column => ({ key: name, title: name, kind: 'label' })),
    ...queries.map((query): Column => ({
      key: `#${query}`,
      title: names[query] ?? (queries.length === 1 ? 'value' : query),
      kind: 'value',
      unit,
    })),
  ];
  return { columns, rows: [...rows.values()] };
}

function latest(values: readonly (number | null)[]): number | null {
  for (let i = values.length - 1; i >= 0; --i) if (values[i] !== null && values[i] !== undefined) return values[i]!;
  return null;
}

function latestCount(histograms: PanelData['series'][number]['histograms']): number | null {
  for (let i = (histograms?.length ?? 0) - 1; i >= 0; --i) if (histograms![i]) return histograms![i]!.count;
  return null;
}

/** Rows in another order: numbers by size, texts as people count ("eu-2" before "eu-10"), what is missing always last. Stable. */
export function sortRows(table: TableData, sorting: Sorting | null): readonly (readonly Cell[])[] {
  const place = sorting === null ? -1 : table.columns.findIndex((column) => column.key === sorting.key);
  if (sorting === null || place < 0) return table.rows;
  const texts = new Intl.Collator('en', { numeric: true });
  const sign = sorting.descending ? -1 : 1;
  return table.rows.toSorted((left, right) => {
    const [a, b] = [left[place]!, right[place]!];
    const [noA, noB] = [missing(a), missing(b)];
    if (noA || noB) return Number(noA) - Number(noB);
    if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
    return sign * texts.compare(String(a), String(b));
  });
}

function missing(cell: Cell): boolean {
  return cell === null || (typeof cell === 'number' && Number.isNaN(cell));
}
