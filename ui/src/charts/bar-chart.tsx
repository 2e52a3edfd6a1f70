import { useMemo } from 'react';

import { levelColour, strokeOf } from '../core/colours';
import { reduceValues } from '../core/legend';
import { levelAt } from '../core/thresholds';
import { ownUnit } from '../core/series-look';
import { unitText } from '../core/units';
import classes from './charts.module.css';
import type { ChartProps } from './props';
import { useScheme } from './swatch';

/** A bar a series. */
export interface BarChartProps extends ChartProps {
  readonly reduce?: string | undefined;
  /** Largest first unless false. */
  readonly sorted?: boolean | undefined;
  /** The full length; the largest value when left out. */
  readonly max?: number | undefined;
}

/** Bars beyond these are not drawn, and the panel says so: nobody compares more. */
const BARS_MAX = 200;

/** Horizontal bars with names and numbers, for comparing few to many series at one moment. */
export function BarChart(props: BarChartProps) {
  const { data, unit, decimals, thresholds = [], reduce = 'last', sorted = true, label, height } = props;
  const scheme = useScheme();
  const bars = useMemo(() => {
    const all = data.series.map(({ key, name, values, look }) => ({
      key,
      name,
      look,
      value: reduceValues(values, reduce),
    }));
    return sorted ? all.toSorted((a, b) => (b.value ?? -Infinity) - (a.value ?? -Infinity)) : all;
  }, [data, reduce, sorted]);
  const largest =
    props.max ??
    Math.max(0, ...bars.map(({ value }) => (value === null || !Number.isFinite(value) ? 0 : Math.abs(value))));
  return (
    <div
      className={classes.scroll}
      tabIndex={0}
      role="region"
      aria-label={label}
      style={height === undefined ? undefined : { height }}
    >
      <div className={classes.bars}>
        {bars.slice(0, BARS_MAX).map(({ key, name, look, value }) => {
          const level = levelAt(value, thresholds);
          const share =
            value === null || !Number.isFinite(value) || largest === 0 ? 0 : Math.min(1, Math.abs(value) / largest);
          const plain = look?.colour ?? strokeOf(0, scheme).colour;
          const colour = level === 'none' ? plain : levelColour(level, scheme);
          return [
            <span key={`${key} name`} className={classes.tooltipName} title={name}>
              {name}
            </span>,
            <div key={`${key} bar`} className={classes.barTrack}>
              <div className={classes.bar} style={{ width: `${share * 100}%`, background: colour }} />
            </div>,
            <span key={`${key} value`} className={classes.number}>
              {unitText(value, ...ownUnit(look, unit, decimals))}
            </span>,
          ];
        })}
      </div>
      {bars.length > BARS_MAX && <div className={classes.tooltipMore}>and {bars.length - BARS_MAX} more</div>}
    </div>
  );
}
