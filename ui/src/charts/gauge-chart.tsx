import { levelColour, strokeOf } from '../core/colours';
import { reduceValues } from '../core/legend';
import { levelAt } from '../core/thresholds';
import { unitText } from '../core/units';
import classes from './charts.module.css';
import type { ChartProps } from './props';
import { useScheme } from './swatch';

/** A dial a series. */
export interface GaugeChartProps extends ChartProps {
  /** Ends of the dial; 0 and 100 (1 for ratios) when left out. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly reduce?: string | undefined;
}

const GAUGES_MAX = 40;

/** Dials over three quarters of a circle, thresholds marked along the rim. */
export function GaugeChart(props: GaugeChartProps) {
  const { data, unit, decimals, thresholds = [], min = 0, reduce = 'last', label, height } = props;
  const max = props.max ?? (unit === 'percentunit' || unit === 'percent-decimal' || unit === 'ratio' ? 1 : 100);
  const scheme = useScheme();
  const place = (value: number) => Math.min(1, Math.max(0, (value - min) / (max - min || 1)));
  return (
    <div className={classes.stats} role="list" aria-label={label} style={height === undefined ? undefined : { height }}>
      {data.series.slice(0, GAUGES_MAX).map((one) => {
        const value = reduceValues(one.values, reduce);
        const level = levelAt(value, thresholds);
        const colour = level === 'none' ? strokeOf(0, scheme).colour : levelColour(level, scheme);
        return (
          <div key={one.key} role="listitem" className={classes.stat} title={one.name}>
            <svg
              viewBox="0 0 100 84"
              width="100%"
              height="100%"
              role="img"
              aria-label={`${one.name}: ${unitText(value, unit, decimals)}`}
            >
              <path d={arc(0, 1, 40)} fill="none" stroke="var(--mantine-color-default-hover)" strokeWidth="9" />
              {value !== null && Number.isFinite(value) && (
                <path d={arc(0, place(value), 40)} fill="none" stroke={colour} strokeWidth="9" />
              )}
              {thresholds.map((threshold, i) => (
                <path
                  key={threshold.value}
                  d={arc(place(threshold.value), i + 1 < thresholds.length ? place(thresholds[i + 1]!.value) : 1, 46.5)}
                  fill="none"
                  stroke={levelColour(threshold.level, scheme)}
                  strokeWidth="1.8"
                />
              ))}
              <text x="50" y="54" textAnchor="middle" fontSize="15" fontWeight="650" fill="currentColor">
                {unitText(value, unit, decimals)}
              </text>
              {data.series.length > 1 && (
                <text
                  x="50"
                  y="80"
                  textAnchor="middle"
                  fontSize="7.5"
                  fill="var(--ts-dim, var(--mantine-color-dimmed))"
                >
                  {one.name.length > 26 ? `${one.name.slice(0, 25)}…` : one.name}
                </text>
              )}
            </svg>
          </div>
        );
      })}
    </div>
  );
}

/** A piece of the dial, as shares of its 270 degrees. */
function arc(from: number, to: number, radius: number): string {
  const point = (share: number) => {
    const angle = ((135 + share * 270) * Math.PI) / 180;
    return `${(50 + radius * Math.cos(angle)).toFixed(2)},${(50 + radius * Math.sin(angle)).toFixed(2)}`;
  };
  return `M${point(from)}A${radius},${radius} 0 ${(to - from) * 270 > 180 ? 1 : 0} 1 ${point(to)}`;
}
