import { useMemo, useRef, useState } from 'react';

import { sortRows, type Cell, type Column, type Sorting, type TableData } from '../core/table';
import { unitText } from '../core/units';
import { BROWSER_ZONE, timeText, type Zone } from '../core/zone';
import classes from './charts.module.css';
import { useRows } from './use-rows';

/** A table; see `latestTable` for making one of series. */
export interface TableChartProps {
  readonly table: TableData;
  readonly label: string;
  readonly zone?: Zone | undefined;
  /** Digits behind the point of values. */
  readonly decimals?: number | undefined;
  readonly height?: number | undefined;
  /** The order at first. */
  readonly sorting?: Sorting | undefined;
  /** A click or Enter on a row. */
  readonly onRow?: ((row: readonly Cell[]) => void) | undefined;
}

const ROW = 25;

/** A table of any length: only the rows in sight are in the page. Heads sort; numbers stand right, in the unit of their column. */
export function TableChart(props: TableChartProps) {
  const { table, label, zone = BROWSER_ZONE, decimals, height, onRow } = props;
  const box = useRef<HTMLDivElement>(null);
  const [sorting, setSorting] = useState<Sorting | null>(props.sorting ?? null);
  const sorted = useMemo(() => sortRows(table, sorting), [table, sorting]);
  const rows = useRows(box, sorted.length, ROW);
  return (
    <div
      className={classes.scroll}
      ref={box}
      tabIndex={0}
      role="region"
      aria-label={label}
      style={height === undefined ? undefined : { height }}
    >
      <table className={classes.table} aria-rowcount={sorted.length + 1}>
        <thead>
          <tr>
            {table.columns.map((column) => (
              <Head key={column.key} column={column} sorting={sorting} onSort={setSorting} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.above > 0 && <tr style={{ height: rows.above }} aria-hidden />}
          {sorted.slice(rows.first, rows.last).map((row, i) => (
            <tr
              key={rows.first + i}
              aria-rowindex={rows.first + i + 2}
              {...(onRow === undefined
                ? {}
                : {
                    tabIndex: 0,
                    style: { cursor: 'pointer' },
                    onClick: () => onRow(row),
                    onKeyDown: (event: React.KeyboardEvent) => {
                      if (event.key === 'Enter') onRow(row);
                    },
                  })}
            >
              {table.columns.map((column, place) => (
                <td
                  key={column.key}
                  className={column.kind === 'value' ? classes.number : undefined}
                  title={titleOf(row[place]!)}
                >
                  {cellText(row[place]!, column, zone, decimals)}
                </td>
              ))}
            </tr>
          ))}
          {rows.below > 0 && <tr style={{ height: rows.below }} aria-hidden />}
        </tbody>
      </table>
    </div>
  );
}

interface HeadProps {
  readonly column: Column;
  readonly sorting: Sorting | null;
  readonly onSort: (sorting: Sorting | null) => void;
}

function Head({ column, sorting, onSort }: HeadProps) {
  const active = sorting?.key === column.key;
  const first = column.kind === 'value';
  const next = !active
    ? { key: column.key, descending: first }
    : sorting.descending === first
      ? { key: column.key, descending: !first }
      : null;
  return (
    <th
      scope="col"
      className={column.kind === 'value' ? undefined : classes.text}
      aria-sort={active ? (sorting.descending ? 'descending' : 'ascending') : 'none'}
      style={column.kind === 'value' ? undefined : { textAlign: 'left' }}
    >
      <button type="button" className={classes.sortButton} onClick={() => onSort(next)}>
        {column.title}
        {active ? (sorting.descending ? ' ▾' : ' ▴') : ''}
      </button>
    </th>
  );
}

function cellText(cell: Cell, column: Column, zone: Zone, decimals: number | undefined): string {
  if (cell === null) return column.kind === 'value' ? '–' : '';
  if (typeof cell === 'string') return cell;
  return column.kind === 'time' ? timeText(cell, zone) : unitText(cell, column.unit, decimals);
}

/** The whole text or the exact number, for what is cut or rounded. */
function titleOf(cell: Cell): string {
  return cell === null ? '' : String(cell);
}
