import type { PanelData } from './panel-data';
import { labelsText } from './legend';
import type { Cell, TableData } from './table';

/** A field as RFC 4180 quotes it. What a spreadsheet would run as a formula gets a quote before it. */
function field(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function lines(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => row.map(field).join(',')).join('\r\n') + '\r\n';
}

/** A panel's series as CSV: a line a time (UTC, RFC 3339), a column a series, headed by its whole label set. */
export function panelCsv(data: PanelData): string {
  const head = ['time', ...data.series.map((one) => labelsText(one.labels) || one.name)];
  const rows = data.times.map((time, i) => [
    new Date(time * 1000).toISOString(),
    ...data.series.map((one) => one.values[i] ?? one.histograms?.[i]?.count ?? null),
  ]);
  return lines([head, ...rows]);
}

/** A table as CSV, numbers unrounded, in the order given. */
export function tableCsv(table: TableData): string {
  return lines([table.columns.map((column) => column.title), ...table.rows]);
}
