import { useMemo } from 'react';

import { levelColour, strokeOf, type Scheme } from '../core/colours';
import { reduceValues } from '../core/legend';
import type { PanelSeries } from '../core/panel-data';
import { levelAt } from '../core/thresholds';
import { ownUnit } from '../core/series-look';
import { unitText } from '../core/units';
import classes from './charts.module.css';
import type { ChartProps } from './props';
import { useScheme } from './swatch';

/** A number a series. */
export interface StatChartProps extends ChartProps {
  /** How it comes from the series' values: 'last' (when left out), 'mean', 'min', 'max', 'sum', 'delta', ... */
  readonly reduce?: string | undefined;
  /** The course of the values behind it; true when left out. */
  readonly sparkline?: boolean | undefined;
  /** Words in the place of numbers. */
  readonly mapping?: ReadonlyMap<string, string> | undefined;
}

/** Large numbers, one a series, readable on a wall; coloured by thresholds, which are said in words as well. */
export function StatChart(props: StatChartProps) {
  const { data, unit, decimals, thresholds = [], reduce = 'last', sparkline = true, mapping, label, height } = props;
  const scheme = useScheme();
  return (
    <div className={classes.stats} role="list" aria-label={label} style={height === undefined ? undefined : { height }}>
      {data.series.slice(0, STATS_MAX).map((one) => {
        const value = reduceValues(one.values, reduce);
        const level = levelAt(value, thresholds);
        const text = mapping?.get(String(value)) ?? unitText(value, ...ownUnit(one.look, unit, decimals));
        const named = data.series.length > 1;
        return (
          <div key={one.key} role="listitem" className={classes.stat} title={one.name}>
            {sparkline && <Sparkline series={one} colour={one.look?.colour ?? sparkColour(level, scheme)} />}
            <div
              className={classes.statValue}
              style={level === 'none' ? undefined : { color: levelColour(level, scheme) }}
            >
              {text}
              {(level === 'warn' || level === 'bad') && <span className={classes.hidden}> ({level})</span>}
            </div>
            {named && <div className={classes.statName}>{one.name}</div>}
          </div>
        );
      })}
    </div>
  );
}

/** Numbers on one panel; more are a table's work. */
const STATS_MAX = 60;

function sparkColour(level: ReturnType<typeof levelAt>, scheme: Scheme): string {
  return level === 'none' ? strokeOf(0, scheme).colour : levelColour(level, scheme);
}

/** Points of a sparkline; it is some hundred pixels wide. */
const POINTS = 120;

function Sparkline({ series, colour }: { readonly series: PanelSeries; readonly colour: string }) {
  const path = useMemo(() => sparkPath(series.values), [series]);
  if (path === null) return null;
  return (
    <svg className={classes.spark} viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden>
      <path d={path.area} fill={colour} opacity="0.12" />
      <path d={path.line} fill="none" stroke={colour} strokeWidth="1" vectorEffect="non-scaling-stroke" opacity="0.7" />
    </svg>
  );
}

function sparkPath(values: readonly (number | null)[]): { line: string; area: string } | null {
  const every = Math.max(1, Math.floor(values.length / POINTS));
  const points = values.flatMap((value, i) =>
    i % every === 0 && value !== null && Number.isFinite(value)
      ? [[(i / Math.max(1, values.length - 1)) * 100, value] as const]
      : [],
  );
  if (points.length < 2) return null;
  const low = Math.min(...points.map(([, value]) => value));
  const high = Math.max(...points.map(([, value]) => value));
  const flat = high - low <= Math.abs(high) * 1e-9;
  const line = points
    .map(
      ([x, value], i) =>
        `${i === 0 ? 'M' : 'L'}${x.toFixed(2)},${(flat ? 15 : 28 - ((value - low) / (high - low)) * 26).toFixed(2)}`,
    )
    .join('');
  return { line, area: `${line}L${points[points.length - 1]![0].toFixed(2)},30L${points[0]![0].toFixed(2)},30Z` };
}
