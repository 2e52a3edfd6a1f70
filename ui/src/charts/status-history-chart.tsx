import { useMemo, useRef, useState } from 'react';

import { levelColour, rampColour } from '../core/colours';
import { levelAt } from '../core/thresholds';
import { timeAxisText, TIME_INCREMENTS } from '../core/time-axis';
import { unitText } from '../core/units';
import { BROWSER_ZONE, timeText } from '../core/zone';
import classes from './charts.module.css';
import type { TimeChartProps } from './props';
import { useScheme } from './swatch';
import { useSize } from './use-size';

/** A row a series, a cell a time. */
export interface StatusHistoryChartProps extends TimeChartProps {
  /** Words in the place of numbers: what a state is called. */
  readonly mapping?: ReadonlyMap<string, string> | undefined;
}

const ROW = 22;
/** Cells a row has at most; steps beyond are put together, the worst one shown. */
const CELLS_MAX = 180;

interface Run {
  readonly from: number;
  readonly to: number;
  readonly value: number;
}

/** The states of things over time, a strip each: by thresholds where there are some, else by value. Equal neighbours are one piece. */
export function StatusHistoryChart(props: StatusHistoryChartProps) {
  const { data, unit, decimals, thresholds = [], mapping, label, zone = BROWSER_ZONE, height } = props;
  const scheme = useScheme();
  const box = useRef<HTMLDivElement>(null);
  const size = useSize(box);
  const [at, setAt] = useState<{ name: string; run: Run; left: number; top: number } | null>(null);
  const from = props.range?.from ?? (data.times[0] ?? 0) - data.step;
  const to = Math.max(from + 1, props.range?.to ?? data.times[data.times.length - 1] ?? 1);
  const rows = useMemo(
    () => data.series.map((one) => ({ one, runs: runsOf(data.times, one.values, data.step) })),
    [data],
  );
  const [low, high] = useMemo(() => extent(data.series.map((one) => one.values)), [data]);
  const colour = (value: number) =>
    thresholds.length > 0
      ? levelColour(levelAt(value, thresholds), scheme)
      : rampColour(high > low ? 0.15 + (0.75 * (value - low)) / (high - low) : 0.5, scheme);
  const say = (value: number) => {
    const word = mapping?.get(String(value)) ?? unitText(value, unit, decimals);
    return thresholds.length > 0 ? `${word} (${levelAt(value, thresholds)})` : word;
  };
  const names = Math.min(220, Math.max(60, ...data.series.map((one) => one.name.length * 7)));
  const width = Math.max(10, (size?.width ?? 400) - names - 24);
  const x = (time: number) => ((Math.min(to, Math.max(from, time)) - from) / (to - from)) * width;
  const increment =
    TIME_INCREMENTS.find((one) => (one / (to - from)) * width >= 80) ?? TIME_INCREMENTS[TIME_INCREMENTS.length - 1]!;
  const splits: number[] = [];
  for (let time = Math.ceil(from / increment) * increment; time <= to; time += increment) splits.push(time);
  const texts = timeAxisText(splits, increment, zone);
  const all = rows.length * ROW;
  return (
    <div
      className={classes.scroll}
      ref={box}
      tabIndex={0}
      role="region"
      aria-label={label}
      style={{ position: 'relative', ...(height === undefined ? {} : { height }) }}
    >
      <svg
        width="100%"
        height={all + 26}
        role="img"
        aria-label={`${label}: ${rows.length} series`}
        onMouseLeave={() => setAt(null)}
      >
        {rows.map(({ one, runs }, row) => (
          <g key={one.key} transform={`translate(0,${row * ROW})`}>
            <text x={names - 6} y={ROW / 2 + 4} textAnchor="end" fontSize="11.5" fill="currentColor">
              {one.name.length > names / 6.5 ? `${one.name.slice(0, Math.floor(names / 6.5) - 1)}…` : one.name}
              <title>{one.name}</title>
            </text>
            {runs.map((run) => (
              <rect
                key={run.from}
                x={names + x(run.from)}
                y={2}
                width={Math.max(1, x(run.to) - x(run.from) - 0.5)}
                height={ROW - 4}
                rx={1.5}
                fill={colour(run.value)}
                onMouseEnter={() => setAt({ name: one.name, run, left: names + x(run.from), top: row * ROW })}
              />
            ))}
          </g>
        ))}
        {splits.map((time, i) => (
          <text
            key={time}
            x={names + x(time)}
            y={all + 14}
            textAnchor="middle"
            fontSize="11"
            fill="var(--ts-dim, var(--mantine-color-dimmed))"
          >
            {texts[i]!.replace('\n', ' ')}
          </text>
        ))}
      </svg>
      {at !== null && (
        <div
          className={classes.tooltip}
          data-testid="tooltip"
          style={{ left: Math.min(at.left + 10, (size?.width ?? 400) - 240), top: at.top + ROW }}
        >
          <div className={classes.tooltipName}>{at.name}</div>
          <div className={classes.tooltipNear}>{say(at.run.value)}</div>
          <div className={classes.tooltipMore}>
            {timeText(at.run.from, zone)} to {timeText(at.run.to, zone, 'clock-seconds')}
          </div>
        </div>
      )}
    </div>
  );
}

function extent(all: readonly (readonly (number | null)[])[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const values of all) {
    for (const value of values) {
      if (value === null || !Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return [low, high];
}

/** Stretches of one value. Of steps that are too many to be seen, those that fall together are told by the largest. */
function runsOf(times: readonly number[], values: readonly (number | null)[], step: number): Run[] {
  const every = Math.max(1, Math.ceil(times.length / CELLS_MAX));
  const runs: Run[] = [];
  for (let i = 0; i < times.length; i += every) {
    const together = values
      .slice(i, i + every)
      .filter((value): value is number => value !== null && Number.isFinite(value));
    if (together.length === 0) continue;
    const value = Math.max(...together);
    const [from, to] = [times[i]! - step, times[Math.min(times.length, i + every) - 1]!];
    const last = runs[runs.length - 1];
    if (last !== undefined && last.value === value && Math.abs(last.to - from) < step / 2)
      runs[runs.length - 1] = { ...last, to };
    else runs.push({ from, to, value });
  }
  return runs;
}
