import { memo, useMemo, useRef, useState } from 'react';

import { labelsText, seriesStats, type SeriesStats } from '../core/legend';
import type { PanelData } from '../core/panel-data';
import { axesOf, ownUnit } from '../core/series-look';
import { unitText } from '../core/units';
import classes from './charts.module.css';
import type { LegendColumn } from './props';
import { Swatch } from './swatch';
import { useRows } from './use-rows';

const ROW = 20;

interface LegendTableProps {
  readonly data: PanelData;
  readonly slots: ReadonlyMap<string, number>;
  readonly hidden: ReadonlySet<string>;
  readonly columns: readonly LegendColumn[];
  readonly unit?: string | undefined;
  readonly decimals?: number | undefined;
  /** A click or Enter: only this one, or all again; with Ctrl (Cmd), this one on or off. */
  readonly onChoose: (key: string, alone: boolean) => void;
  /** The pointer or the focus is on a series; null when it left. */
  readonly onHighlight: (key: string | null) => void;
}

const TITLES: Readonly<Record<LegendColumn, string>> = {
  last: 'last',
  min: 'min',
  max: 'max',
  mean: 'mean',
  sum: 'sum',
};

/** The series of a chart as a table: what each is called and its figures over the window; sorted by a click on a column's head. */
export const LegendTable = memo(function LegendTable(props: LegendTableProps) {
  const { data, slots, hidden, columns, unit, decimals, onChoose, onHighlight } = props;
  const box = useRef<HTMLDivElement>(null);
  const [sort, setSort] = useState<{ column: LegendColumn | 'name'; descending: boolean } | null>(null);
  const stats = useMemo(() => data.series.map((one) => seriesStats(one.values)), [data]);
  const axes = useMemo(() => axesOf(data.series, unit), [data, unit]);
  const order = useMemo(() => legendOrder(data, stats, sort), [data, stats, sort]);
  const rows = useRows(box, order.length, ROW);
  const head = (column: LegendColumn | 'name', title: string) => {
    const active = sort?.column === column;
    return (
      <th key={column} aria-sort={active ? (sort.descending ? 'descending' : 'ascending') : 'none'} scope="col">
        <button
          type="button"
          className={classes.sortButton}
          onClick={() => setSort(nextSort(sort, column))}
          title={`Sort by ${title}`}
        >
          {title}
          {active ? (sort.descending ? ' ▾' : ' ▴') : ''}
        </button>
      </th>
    );
  };
  return (
    <div className={classes.legend} ref={box} onMouseLeave={() => onHighlight(null)}>
      <table className={classes.legendTable} aria-label="Legend">
        <thead>
          <tr>
            {head('name', data.series.length === 1 ? 'series' : `${data.series.length} series`)}
            {columns.map((column) => head(column, TITLES[column]))}
          </tr>
        </thead>
        <tbody>
          {rows.above > 0 && <tr style={{ height: rows.above }} aria-hidden />}
          {order.slice(rows.first, rows.last).map((place) => {
            const one = data.series[place]!;
            const off = hidden.has(one.key);
            return (
              <tr key={one.key} onMouseEnter={() => onHighlight(one.key)}>
                <td>
                  <button
                    type="button"
                    className={classes.legendName}
                    aria-pressed={!off}
                    title={`${labelsText(one.labels) || one.name}\nClick: only this one. Ctrl+click: on or off.`}
                    onClick={(event) => onChoose(one.key, !(event.ctrlKey || event.metaKey))}
                    onFocus={() => onHighlight(one.key)}
                    onBlur={() => onHighlight(null)}
                    onKeyDown={moveFocus}
                  >
                    <Swatch slot={slots.get(one.key) ?? place} fixed={one.look?.colour} />
                    <span className={off ? classes.off : undefined}>{one.name}</span>
                    {axes.right[place] && (
                      <span className={classes.legendAxis} title="On the right axis">
                        →<span className={classes.hidden}> on the right axis</span>
                      </span>
                    )}
                  </button>
                </td>
                {columns.map((column) => (
                  <td key={column} className={classes.number}>
                    {unitText(stats[place]![column], ...ownUnit(one.look, unit, decimals))}
                  </td>
                ))}
              </tr>
            );
          })}
          {rows.below > 0 && <tr style={{ height: rows.below }} aria-hidden />}
        </tbody>
      </table>
    </div>
  );
});

/** Arrow keys go from series to series; space toggles one, as Ctrl+click does. */
function moveFocus(event: React.KeyboardEvent<HTMLButtonElement>): void {
  const row = event.currentTarget.closest('tr');
  const next =
    event.key === 'ArrowDown' ? row?.nextElementSibling : event.key === 'ArrowUp' ? row?.previousElementSibling : null;
  const button = next?.querySelector('button');
  if (!button) return;
  event.preventDefault();
  button.focus();
}

function nextSort(
  now: { column: LegendColumn | 'name'; descending: boolean } | null,
  column: LegendColumn | 'name',
): { column: LegendColumn | 'name'; descending: boolean } | null {
  const first = column !== 'name';
  if (now?.column !== column) return { column, descending: first };
  return now.descending === first ? { column, descending: !first } : null;
}

function legendOrder(
  data: PanelData,
  stats: readonly SeriesStats[],
  sort: { column: LegendColumn | 'name'; descending: boolean } | null,
): number[] {
  const places = data.series.map((_, place) => place);
  if (sort === null) return places;
  const sign = sort.descending ? -1 : 1;
  const { column } = sort;
  if (column === 'name') {
    const texts = new Intl.Collator('en', { numeric: true });
    return places.toSorted((a, b) => sign * texts.compare(data.series[a]!.name, data.series[b]!.name));
  }
  // What has no value is last whichever way.
  return places.toSorted((a, b) => {
    const [left, right] = [stats[a]![column], stats[b]![column]];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    return sign * (left - right);
  });
}
